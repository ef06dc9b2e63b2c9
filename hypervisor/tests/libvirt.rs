//! The libvirt driver on a real guest, under a libvirtd of the test's own.

#[path = "libvirt/bench.rs"]
mod bench;
#[path = "libvirt/killed.rs"]
mod killed;
#[path = "libvirt/running.rs"]
mod running;
#[path = "libvirt/scratch.rs"]
mod scratch;
#[path = "libvirt/stopped.rs"]
mod stopped;
