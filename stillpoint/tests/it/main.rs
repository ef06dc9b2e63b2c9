//! The command on image files: no machines.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod command;

mod api_fuzz;
mod busy;
mod collect;
mod damage;
mod denied;
mod export;
mod full;
mod image;
mod keys;
mod killed;
mod killed_server;
mod lost;
mod powercut;
mod remote;
mod repair;
mod server;
mod serving;
mod shapes;
mod space;
mod tiers;
mod two_servers;
mod unfinished;
mod user;
