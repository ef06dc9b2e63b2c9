//! Tests of the data mover: backup, transfer and restore against a hypervisor in memory and
//! vaults in memory or in a folder.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is built of"
)]

mod backup;
mod broken;
mod disks;
mod faulty;
mod host;
mod hostile;
mod image;
mod liar;
mod model;
mod restore;
mod sample;
mod stale;
mod support;
mod transfer;
