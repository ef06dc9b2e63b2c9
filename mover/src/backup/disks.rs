//! Reading all disks of a snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{ByteSize, Result};
use hypervisor::{Changed, Machine, Snapshot, SnapshotDisk};
use vault::{Session, Vault};

use super::BackupOptions;
use crate::plan::to_look_at;
use crate::progress::{Events, Meter};
use crate::read::{DiskDone, DiskRead};
use crate::record::{Base, Bases, DiskRecord};
use crate::throttle::Throttle;

pub(super) struct Run<'a> {
    pub(super) store: &'a Arc<Vault>,
    pub(super) session: &'a Arc<Session>,
    pub(super) snapshot: &'a dyn Snapshot,
    pub(super) bases: &'a BTreeMap<String, Bases>,
    pub(super) options: &'a BackupOptions,
    pub(super) events: &'a dyn Events,
}

impl Run<'_> {
    fn base_of(&self, disk: &SnapshotDisk) -> Option<&Base> {
        self.bases.get(&disk.disk.name)?.under(&disk.changed)
    }

    /// Reads the disks one after another. Once one ends early the others are not begun: they
    /// stay as in their base, with all that was planned unread.
    pub(super) async fn read_all(&self, machine: &Machine) -> Result<Vec<(DiskRecord, DiskDone)>> {
        let throttle = Throttle::new(self.options.rate);
        let chunk = u64::from(self.store.chunk_size());
        let planned: u64 = self
            .snapshot
            .disks()
            .iter()
            .map(|d| {
                let base = self.base_of(d);
                to_look_at(d.source.size(), chunk, base, &d.changed).bytes()
            })
            .fold(0, u64::saturating_add);
        let what = format!("Reading {} of {}", ByteSize(planned), machine.name);
        let meter = Meter::new(self.events, &what, planned);
        let mut all = Vec::new();
        let mut ended = false;
        for disk in self.snapshot.disks() {
            let read = DiskRead {
                session: self.session,
                key: self.store.disk_key(&machine.uuid, &disk.disk.name),
                disk,
                base: self.base_of(disk),
                throttle: &throttle,
                meter: &meter,
                cancel: &self.options.cancel,
            };
            let done = if ended {
                let key = read.key;
                let size = read.disk.source.size();
                let base = read.base.map(|b| &b.root);
                let (root, stats) = vault::DiskWriter::new(self.session, key, size, base)
                    .finish()
                    .await?;
                DiskDone {
                    root,
                    stats,
                    read: 0,
                    unread: read.planned(),
                    error: None,
                }
            } else {
                read.run().await?
            };
            ended |= done.error.is_some();
            let refusal = self.bases.get(&disk.disk.name).and_then(Bases::refusal);
            let (tracker, reason) = match (&read.disk.changed, read.base) {
                (Changed::Since { tracker, .. }, Some(_)) => (Some(tracker.to_string()), None),
                (Changed::Since { .. }, None) => (None, Some("no earlier point".to_owned())),
                (Changed::Unknown { reason }, _) => (
                    None,
                    Some(refusal.map_or_else(|| reason.clone(), str::to_owned)),
                ),
            };
            let record = DiskRecord {
                name: read.disk.disk.name.clone(),
                tracker,
                reason,
                read: done.read,
                changed: done.stats.changed,
                unread: done.unread.clone(),
            };
            all.push((record, done));
        }
        Ok(all)
    }
}
