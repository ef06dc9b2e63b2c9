//! One instant of all disks of a machine, readable while the machine goes on.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base::{Code, Result, TrackerName};
use block::{BlockSource, ExtentSet};
use serde::{Deserialize, Serialize};

use crate::{Definition, Disk, Machine};

/// A host's hypervisor.
#[async_trait]
pub trait Hypervisor: Send + Sync + Debug {
    /// All machines, running or not. A machine that can't be described is left out with a
    /// warning in the log, so that one broken machine does not hide the others.
    ///
    /// # Errors
    /// `Unavailable` if the hypervisor does not answer.
    async fn list(&self) -> Result<Vec<Machine>>;

    /// The machine of this name or UUID.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    async fn find(&self, name_or_uuid: &str) -> Result<Machine>;

    /// The machine's definition, to be stored with its point.
    ///
    /// # Errors
    /// `NotFound`, `Unavailable`.
    async fn definition(&self, machine: &Machine) -> Result<Definition>;

    /// Takes an instant of the chosen disks, running machine or stopped. First removes what
    /// an earlier run of the same vault left behind: jobs, exports, scratch, and trackers
    /// that are neither in `request.trackers` nor new.
    ///
    /// Not cancel-safe in the sense of leaving nothing behind (a dropped call may leave what
    /// the next one removes), but the guest is never left frozen or held.
    ///
    /// # Errors
    /// `FreezeFailed`, `ScratchTooSmall`, `HypervisorDenied`, `MachineVanished`, `Busy`
    /// (another backup job of the machine), `HypervisorError`.
    async fn snapshot(&self, request: SnapshotRequest) -> Result<Box<dyn Snapshot>>;
}

/// What to take an instant of, and how.
#[derive(Clone, Debug)]
pub struct SnapshotRequest {
    /// The machine, as found just now.
    pub machine: Machine,
    /// Names of the disks to take; not empty.
    pub disks: Vec<String>,
    /// The tracker to start at this instant.
    pub tracker: TrackerName,
    /// For each disk the trackers whose point the store can build on, best first. The driver
    /// uses the first that is there and consistent.
    pub trackers: BTreeMap<String, Vec<TrackerName>>,
    /// Whether to freeze the guest's file systems.
    pub quiesce: Quiesce,
    /// The longest time the guest may be frozen.
    pub freeze_budget: Duration,
    /// Where copy-before-write keeps old contents.
    pub scratch: ScratchPlace,
}

/// Whether to freeze the guest's file systems for the instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Quiesce {
    /// Freeze if the agent answers; otherwise the point is crash-consistent and says so.
    Try,
    /// Freeze, or fail.
    Require,
    /// Don't (SNAP-22).
    Skip,
}

/// The host-side scratch for copy-before-write.
#[derive(Clone, Debug)]
pub struct ScratchPlace {
    /// A folder where QEMU may create and write files.
    pub dir: PathBuf,
    /// The most bytes that all scratch files of this snapshot may take together.
    pub limit: u64,
}

/// How far a point is consistent (SNAP-16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Consistency {
    /// As after a power cut.
    CrashConsistent,
    /// All file systems were frozen.
    FileSystemConsistent,
    /// The machine was off, and its hypervisor knows that the guest had shut it down itself.
    /// libvirt does; bare QEMU leaves no word of how it ended.
    Offline,
}

/// What taking the instant cost the guest.
#[derive(Clone, Debug)]
pub struct SnapshotReport {
    /// The instant, by the monotonic clock: right after it at most, never before it, so that
    /// all that was written after `taken` is missing from the snapshot.
    pub taken: Instant,
    /// What was got, which may be less than was asked.
    pub consistency: Consistency,
    /// Why it is less than the guest could have given; `None` if nothing was lost.
    pub downgrade: Option<Code>,
    /// How long the file systems were frozen, from the agent's answer to freeze to its
    /// answer to thaw; zero if they were not.
    pub frozen: Duration,
    /// How long the processors stood still.
    pub paused: Duration,
    /// What people should know: a downgrade and its cause, a tracker that was lost.
    pub warnings: Vec<String>,
}

/// What changed on a disk since a point.
#[derive(Clone, Debug)]
pub enum Changed {
    /// Only these bytes may differ from the point of this tracker.
    Since {
        /// Which tracker recorded it.
        tracker: TrackerName,
        /// Where writes went. What is in it and reads as zero is reported by the source's
        /// runs. Of a disk that grew, bytes beyond its earlier size are zero unless they are
        /// in it.
        extents: ExtentSet,
    },
    /// Anything may differ.
    Unknown {
        /// Why, for people: `no earlier point`, `bitmap inconsistent after a crash`, …
        reason: String,
    },
}

/// One disk at the instant.
#[derive(Clone, Debug)]
pub struct SnapshotDisk {
    /// The disk.
    pub disk: Disk,
    /// Its contents at the instant. Reads fail with `SnapshotBroken` or `ScratchFull` once
    /// the snapshot is given up.
    pub source: Arc<dyn BlockSource>,
    /// What changed on it.
    pub changed: Changed,
}

/// How a snapshot ended, which decides what becomes of the trackers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The point is durable in the first store: the new tracker stays, those of the vault's
    /// other points go from the disks that were taken. One that spans several disks may stay
    /// whole while `trackers` of the request names it for a disk that was not taken.
    Committed,
    /// What was read so far was kept as an attempt that the next run can build on: the new
    /// tracker stays beside the others.
    Kept,
    /// Nothing was kept: the new tracker goes, the others stay as they were.
    Discarded,
}

/// An instant that is being read.
#[async_trait]
pub trait Snapshot: Send + Sync + Debug {
    /// What taking it cost.
    fn report(&self) -> &SnapshotReport;

    /// The disks.
    fn disks(&self) -> &[SnapshotDisk];

    /// Whether the instant still holds. Call it before a point is committed: a read that
    /// succeeded after the snapshot broke must not count.
    ///
    /// # Errors
    /// `SnapshotBroken`, `ScratchFull`, `MachineVanished`.
    async fn check(&self) -> Result<()>;

    /// Ends it: exports, jobs, filters and scratch go; trackers follow `ending`. Can be
    /// called after a failed `check`. Tries everything even when one step fails. Gives the
    /// warnings that arose since the report.
    ///
    /// # Errors
    /// `HypervisorError`, `MachineVanished`: something may be left, which the next
    /// `snapshot` of the same vault removes.
    async fn finish(self: Box<Self>, ending: Ending) -> Result<Vec<String>>;
}
