//! The command on real guests (testkit): everything from finding a machine to booting it
//! again.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

#[path = "../it/command.rs"]
mod command;
#[path = "../it/serving.rs"]
mod serving;
#[path = "../it/user.rs"]
mod user;

mod azure;
mod bare;
mod buckets;
mod clock;
mod denied;
mod histories;
mod host;
mod killed_server;
mod libvirt;
#[cfg(feature = "portal")]
mod portal;
mod real_time;
mod sdk;
mod trouble;
