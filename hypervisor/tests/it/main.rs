//! The crate's tests with other processes: real guests, a real watchdog.

mod bench;
mod fake_agent;
mod qemu;
mod watchdog;
