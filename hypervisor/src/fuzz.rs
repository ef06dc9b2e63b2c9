//! Targets for fuzzing: each takes hostile bytes to one of this crate's readers. A target
//! must return, whatever the bytes.

use crate::{agent, libvirt, qemu, qmp};

/// A function that takes hostile bytes.
pub type Target = fn(&[u8]);

/// All targets, with their names.
pub const TARGETS: &[(&str, Target)] = &[
    ("qmp-lines", qmp::fuzz::lines),
    ("block-graph", qemu::fuzz::graph),
    ("command-line", qemu::fuzz::command_line),
    ("remembered", qemu::fuzz::remembered),
    ("agent-socket", agent::fuzz::socket),
    ("agent-libvirt", libvirt::fuzz::agent),
    ("domain-xml", libvirt::fuzz::domain),
    ("job-xml", libvirt::fuzz::job),
];
