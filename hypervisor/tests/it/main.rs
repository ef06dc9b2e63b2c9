//! The crate's tests with other processes: real guests, a real watchdog.

#![allow(clippy::unwrap_used, reason = "helpers of tests are tests")]

mod bench;
mod fake_agent;
mod guests;
mod hostile;
mod odd;
mod qemu;
mod suite;
mod watchdog;
