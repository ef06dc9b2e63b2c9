//! The libvirt driver on a real guest, under a libvirtd of the test's own.

#![allow(
    clippy::unwrap_used,
    reason = "a test helper that fails should fail the test"
)]
#![allow(
    clippy::await_holding_lock,
    reason = "one test at a time has the guest, from its start to its end"
)]

#[path = "libvirt/bench.rs"]
mod bench;
#[path = "libvirt/conformance.rs"]
mod conformance;
#[path = "libvirt/killed.rs"]
mod killed;
#[path = "libvirt/networks.rs"]
mod networks;
#[path = "libvirt/restore.rs"]
mod restore;
#[path = "libvirt/running.rs"]
mod running;
#[path = "libvirt/scratch.rs"]
mod scratch;
#[path = "libvirt/stopped.rs"]
mod stopped;
