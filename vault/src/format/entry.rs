//! An entry of the log, object `log/NUMBER`: the only place where a store's state changes.
//!
//! Numbers start at 1 and have no gaps. An entry is made only by put-if-absent at the next
//! number, by someone who has read all before it; `prev` proves that. Its number is the order
//! of everything in the store (ADR 0005).

use base::PointId;
use serde::{Deserialize, Serialize};

use super::id::Id;
use super::manifest::{MachineKey, PointState};

/// The clear body of a log entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its number, which is also in its name.
    pub number: u64,
    /// The checksum of the entry before; zero for the first.
    pub prev: Id,
    /// Random, so that a writer that got no answer recognises its own entry.
    pub nonce: String,
    /// When it was written, by the writer's clock; for people only.
    pub at: String,
    /// What happened.
    #[serde(flatten)]
    pub event: Event,
}

/// What an entry records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(
    rename_all = "camelCase",
    rename_all_fields = "camelCase",
    tag = "event"
)]
pub enum Event {
    /// A session begins; its number is this entry's. It ends every other open session of the
    /// same machine and phase, and takes over the packs of those in `inherits`.
    Open {
        /// The machine.
        machine: MachineKey,
        /// What the session does.
        phase: Phase,
        /// Sessions that ended without a commit, whose packs this one may use.
        inherits: Vec<u64>,
    },
    /// A point exists from here on. Ends the session.
    Commit {
        /// The session.
        session: u64,
        /// The point.
        point: PointId,
        /// The machine, as in the manifest.
        machine: MachineKey,
        /// Whole, or an attempt. An attempt is dropped by the machine's next commit.
        state: PointState,
        /// The manifest's checksum.
        manifest: Id,
        /// The index segments that list what the session stored.
        segments: Vec<SegmentName>,
        /// Bytes the session stored, packs and segments.
        stored: u64,
    },
    /// A session ends without a point. Its packs are garbage unless a later one inherits them.
    Close {
        /// The session.
        session: u64,
    },
    /// These points, or attempts, exist no more.
    Remove {
        /// The points.
        points: Vec<PointId>,
    },
    /// A collector's result: other index segments list what is in use. Ends its session
    /// (ADR 0006).
    Collect {
        /// The session.
        session: u64,
        /// Segments that no longer count.
        drop: Vec<SegmentName>,
        /// Segments that count from here on.
        add: Vec<SegmentName>,
        /// All packs that are to be deleted once no session needs them.
        doomed: Vec<DoomedPack>,
        /// Ended sessions whose packs nobody takes over any more.
        given_up: Vec<u64>,
    },
}

/// A pack of which nothing is listed any more. It is deleted when no session is open that is
/// older than the entry that dropped it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DoomedPack {
    /// The session that wrote it.
    pub session: u64,
    /// Its number there.
    pub number: u32,
    /// The number of the entry that dropped it; 0 = the one that says this.
    pub since: u64,
}

/// What a session does. One machine has at most one open session a phase (JOB-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Phase {
    /// Reads a machine's disks into the store.
    Snapshot,
    /// Copies points from another store.
    Transfer,
    /// Collects garbage; its machine is [`MachineKey::NONE`].
    Collect,
}

/// An index segment's name: object `index/SESSION/NUMBER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SegmentName {
    /// The session that wrote it.
    pub session: u64,
    /// Its number there, from 1.
    pub number: u32,
}

impl std::fmt::Display for SegmentName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "index/{:016x}/{:08x}", self.session, self.number)
    }
}

/// The object name of log entry `number`.
#[must_use]
pub fn log_name(number: u64) -> String {
    format!("log/{number:016x}")
}
