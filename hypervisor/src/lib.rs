//! Virtual machines: finding them, and taking an instant of their disks while they run.
//!
//! [`Hypervisor`] is the one trait; its drivers are `libvirt` (through libvirt's own
//! checkpoint and backup API) and `qemu` (bare QEMU through QMP and guest-agent sockets).
//! Every driver passes the same conformance suite.
//!
//! Rules that every driver keeps:
//! - The guest comes first: a full scratch, a slow reader or a dead store costs the
//!   snapshot, never the guest.
//! - A freeze is issued and ended by a separate watchdog process, which thaws when the
//!   budget runs out whatever becomes of this one.
//! - Nothing is left behind that the next run does not know by its name and own: bitmaps and
//!   checkpoints are called by [`base::TrackerName`], everything else starts `stillpoint-`.
//! - A dirty bitmap is a hint: a driver that doubts one says [`Changed::Unknown`].

pub mod agent;
pub mod fake;
#[doc(hidden)]
pub mod fuzz;
mod host;
pub mod libvirt;
mod machine;
mod network;
mod qemu;
pub mod qmp;
pub mod scripted;
mod snapshot;
pub mod suite;
mod unix;
pub mod watchdog;
mod words;

pub use host::Host;
pub use machine::{
    AgentStatus, Definition, Disk, DiskChoice, Firmware, Hardware, ImageFormat, Machine,
    MachineState,
};
pub use network::NetworkTarget;
pub use qemu::{QemuHost, QemuHostOptions, RewriteArguments, rewrite_arguments};
pub use snapshot::{
    Changed, Consistency, Ending, Hypervisor, Quiesce, ScratchPlace, Snapshot, SnapshotDisk,
    SnapshotReport, SnapshotRequest,
};
