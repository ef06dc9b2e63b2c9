//! What a backup stores with its point, sealed: the sealed body of a manifest, as JSON.

use base::{Code, PointId, Result, TrackerName};
use block::ExtentSet;
use hypervisor::{Changed, Consistency, Definition, Disk, Machine};
use jiff::Timestamp;
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
    /// The name of the code that says why it is less than the guest could have given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub downgrade: Option<String>,
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
    /// Whose point it is, and what was promised of it; `None` if no server took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// Whose point it is and what was promised when it was taken, so that a server without records
/// knows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Origin {
    /// The machine's resource group.
    pub group: String,
    /// The machine's name as a resource.
    pub name: String,
    /// When the run was due by its policy; `None` if a user asked for it.
    pub due: Option<Timestamp>,
    /// Until when it was to be kept, as things were when it was taken.
    pub keep_until: Option<Timestamp>,
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
    /// Bytes compared although nothing said that they had changed; not in `read`.
    #[serde(default)]
    pub sampled: u64,
    /// Where the next sample begins, in chunks of the round that samples go over the disk.
    #[serde(default)]
    pub sampled_to: u64,
    /// Bytes of the disk that hold data, in whole chunks; `None`: not counted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<u64>,
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

/// A disk in an earlier point or attempt, which a backup can build on.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    /// The disk there.
    pub(crate) root: DiskRoot,
    /// What that one has not read.
    pub(crate) unread: ExtentSet,
    /// Where the next sample begins; zero if that can't be told.
    pub(crate) sampled_to: u64,
    /// Bytes there that hold data; `None`: not known.
    pub(crate) data: Option<u64>,
    /// The point; `None` for an attempt.
    point: Option<PointId>,
    /// Whether all was read for it.
    whole: bool,
    /// The tracker that counts from there; `None` if it must not be used.
    tracker: Option<TrackerName>,
}

/// What the next backup of a disk can build on, newest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Bases {
    bases: Vec<Base>,
    /// Whether there are points, but damaged ones.
    damaged: bool,
}

impl Bases {
    /// Nothing, since what there is can't be read.
    pub(crate) fn damaged() -> Self {
        Self {
            bases: Vec::new(),
            damaged: true,
        }
    }

    /// The trackers that the driver may use, best first.
    pub(crate) fn trackers(&self) -> Vec<TrackerName> {
        self.bases.iter().filter_map(|b| b.tracker).collect()
    }

    /// Why no tracker may be used although there are points.
    pub(crate) fn refusal(&self) -> Option<&'static str> {
        if self.damaged {
            return Some("the point before is damaged");
        }
        let refused = !self.bases.is_empty() && self.bases.iter().all(|b| b.tracker.is_none());
        refused.then_some("the disk is another image than at its last point")
    }

    /// What to build on, given what the driver found out. A tracker's extents say what
    /// differs from *its* point, and from no other: points can be in a store in another order
    /// than they were taken, and an image can have been put back to an older state.
    pub(crate) fn under(&self, changed: &Changed) -> Option<&Base> {
        match changed {
            Changed::Since { tracker, .. } => {
                self.bases.iter().find(|b| b.tracker == Some(*tracker))
            }
            Changed::Unknown { .. } => self.bases.first(),
        }
    }

    /// The points that may hold older contents, newest first, when bytes that the tracker of
    /// `base` does not name differ from it: those that were not read whole, back to the last
    /// one that was. And whether that one is among what was looked at.
    pub(crate) fn suspects(&self, base: &Base) -> (Vec<PointId>, bool) {
        let mut points = Vec::new();
        let mut passed = false;
        for b in &self.bases {
            passed |= b.tracker == base.tracker;
            match (b.whole, b.point) {
                (true, _) if passed => return (points, true),
                (false, Some(point)) => points.push(point),
                _ => {}
            }
        }
        (points, false)
    }
}

/// Finds what a disk's next backup can build on, among a machine's points, newest first. All
/// disks of a machine share a point's tracker name, so a tracker counts only for the image
/// that had it: if the disk of this name is another image now, all of it is read.
pub(crate) async fn bases_of(
    vault: &Vault,
    newest_first: &[PointInfo],
    key: MachineKey,
    disk: &Disk,
    definition: &Definition,
) -> Result<Bases> {
    let mut bases = Vec::new();
    for info in newest_first {
        let Some(place) = info.manifest.disks.iter().position(|d| d.key == key) else {
            continue;
        };
        let record = match PointRecord::of(vault, info).await {
            Ok(record) => Some(record),
            // Sealed with a data key that this host lacks: its tree can be built on all the
            // same, if the point is whole.
            Err(e) if e.code() == Code::KeyMissing && info.entry.state == PointState::Whole => None,
            Err(e) if e.code() == Code::KeyMissing => continue,
            Err(e) => return Err(e),
        };
        let then = record
            .iter()
            .flat_map(|r| &r.machine.disks)
            .find(|d| d.name == disk.name);
        let same_image =
            *definition == Definition::Image || then.is_some_and(|d| d.path == disk.path);
        let disk = record.and_then(|r| r.disks.into_iter().nth(place));
        bases.push(Base {
            root: info.manifest.disks[place].clone(),
            sampled_to: disk.as_ref().map_or(0, |d| d.sampled_to),
            data: disk.as_ref().and_then(|d| d.data),
            whole: disk.as_ref().is_some_and(|d| d.tracker.is_none()),
            unread: disk.map(|d| d.unread).unwrap_or_default(),
            point: (info.entry.state == PointState::Whole).then_some(info.entry.point),
            tracker: same_image.then(|| TrackerName::new(vault.id(), info.entry.point)),
        });
    }
    Ok(Bases {
        bases,
        damaged: false,
    })
}
