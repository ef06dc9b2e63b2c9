//! What a backup stores with its point, sealed: the sealed body of a manifest, as JSON.

use base::{Result, TrackerName};
use block::ExtentSet;
use hypervisor::{Consistency, Definition, Machine};
use serde::{Deserialize, Serialize};
use vault::{DiskRoot, MachineKey, PointInfo, PointState, Vault};

/// The sealed body of a manifest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PointRecord {
    /// The machine as it was found, all its disks with it.
    pub machine: Machine,
    /// What defines it again.
    pub definition: Definition,
    /// How far the point is consistent.
    pub consistency: Consistency,
    /// The tracker that was started at the point's instant.
    pub tracker: String,
    /// How long the guest was frozen, in milliseconds.
    pub frozen_ms: u64,
    /// How long its processors stood still, in milliseconds.
    pub paused_ms: u64,
    /// The disks that are in the point, in the order of the manifest's.
    pub disks: Vec<DiskRecord>,
    /// What people should know of this backup.
    pub warnings: Vec<String>,
}

/// A disk in a point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskRecord {
    /// The disk's name in its machine.
    pub name: String,
    /// Which tracker told what to read; `None` if all was read.
    pub tracker: Option<String>,
    /// Why all was read.
    pub reason: Option<String>,
    /// Bytes read from the disk.
    pub read: u64,
    /// Bytes that differ from the point before.
    pub changed: u64,
    /// What an attempt has not read. Empty in a point.
    #[serde(default, skip_serializing_if = "ExtentSet::is_empty")]
    pub unread: ExtentSet,
}

impl PointRecord {
    /// The record of a point.
    ///
    /// # Errors
    /// `Integrity`; `Denied` without the data key.
    pub async fn of(vault: &Vault, info: &PointInfo) -> Result<Self> {
        let sealed = vault.sealed(info).await?;
        serde_json::from_slice(&sealed).map_err(|e| {
            base::Error::new(
                base::Code::VaultDamaged,
                format!("the record of point {} can't be read", info.entry.point),
            )
            .because(e)
        })
    }

    /// The stored form.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("plain data becomes JSON")
    }

    /// The manifest's entry and the record of the disk of this name.
    #[must_use]
    pub fn disk<'a>(
        &'a self,
        info: &'a PointInfo,
        name: &str,
    ) -> Option<(&'a DiskRoot, &'a DiskRecord)> {
        info.manifest
            .disks
            .iter()
            .zip(&self.disks)
            .find(|(_, d)| d.name == name)
    }
}

/// What the next backup of a disk can build on.
#[derive(Clone, Debug)]
pub(crate) struct DiskBase {
    /// The disk in the newest point or attempt that has it.
    pub(crate) root: DiskRoot,
    /// What that one has not read.
    pub(crate) unread: ExtentSet,
    /// The trackers of this and all older points that have the disk, newest first. What
    /// changed since an older point includes what changed since a newer one.
    pub(crate) trackers: Vec<TrackerName>,
}

/// Finds what a disk's next backup can build on, among a machine's points, newest first.
pub(crate) async fn base_of(
    vault: &Vault,
    newest_first: &[PointInfo],
    key: MachineKey,
) -> Result<Option<DiskBase>> {
    let mut base: Option<DiskBase> = None;
    for info in newest_first {
        let Some(place) = info.manifest.disks.iter().position(|d| d.key == key) else {
            continue;
        };
        let tracker = TrackerName::new(vault.id(), info.entry.point);
        match &mut base {
            Some(base) => base.trackers.push(tracker),
            None => {
                // A point has nothing unread. Its record may be sealed with a data key that
                // this host lacks; building on it takes none.
                let unread = match info.entry.state {
                    PointState::Whole => ExtentSet::new(),
                    PointState::Attempt => {
                        let record = PointRecord::of(vault, info).await?;
                        let disk = record.disks.get(place);
                        disk.map(|d| d.unread.clone()).unwrap_or_default()
                    }
                };
                let root = info.manifest.disks[place].clone();
                base = Some(DiskBase {
                    root,
                    unread,
                    trackers: vec![tracker],
                });
            }
        }
    }
    Ok(base)
}
