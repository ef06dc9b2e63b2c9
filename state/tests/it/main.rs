//! What the records promise, on both engines: `conformance` is the suite, `sqlite` and `postgres`
//! run it.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic, and so may what it is built of"
)]

mod backups;
mod build;
mod conformance;
mod crash;
mod fixtures;
mod model;
mod postgres;
mod powercut;
mod sqlite;
