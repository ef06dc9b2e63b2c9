//! What a backup tells of itself.

use std::time::Duration;

use base::PointId;
use serde::Serialize;

use crate::read::DiskDone;
use crate::record::DiskRecord;

/// What a backup did.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BackupReport {
    /// The new point.
    pub point: PointId,
    /// The machine's name.
    pub machine: String,
    /// The machine's UUID.
    pub uuid: String,
    /// The instant, RFC 3339 in UTC.
    pub created_at: String,
    /// How far it is consistent.
    pub consistency: hypervisor::Consistency,
    /// The name of the code that says why it is less than the guest could have given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub downgrade: Option<String>,
    /// How long the guest was frozen, in milliseconds.
    pub frozen_ms: u64,
    /// How long its processors stood still, in milliseconds.
    pub paused_ms: u64,
    /// Each disk.
    pub disks: Vec<DiskReport>,
    /// Bytes put into the store, index and manifest included.
    pub stored: u64,
    /// Seconds it took.
    pub seconds: f64,
    /// What people should know.
    pub warnings: Vec<String>,
}

/// What a backup did with a disk.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskReport {
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// The tracker that told what to read, or `None` if all was read.
    pub tracker: Option<String>,
    /// Why all was read.
    pub reason: Option<String>,
    /// Bytes read.
    pub read: u64,
    /// Bytes compared with the point before although nothing said that they had changed; not
    /// in `read`.
    pub sampled: u64,
    /// Bytes that differ from the point before.
    pub changed: u64,
    /// Chunks stored.
    pub new_chunks: u64,
    /// Chunks stored as patches of their older selves.
    pub patches: u64,
}

pub(super) fn disk_report(record: &DiskRecord, done: &DiskDone) -> DiskReport {
    DiskReport {
        name: record.name.clone(),
        size: done.root.size,
        tracker: record.tracker.clone(),
        reason: record.reason.clone(),
        read: done.read,
        sampled: record.sampled,
        changed: done.stats.changed,
        new_chunks: done.stats.new_chunks,
        patches: done.stats.patches,
    }
}

pub(super) fn millis(d: Duration) -> u64 {
    u64::try_from(d.as_millis()).unwrap_or(u64::MAX)
}
