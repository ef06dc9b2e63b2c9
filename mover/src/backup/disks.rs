//! Reading all disks of a snapshot.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use base::{ByteSize, Result};
use block::{Extent, ExtentSet};
use hypervisor::{Changed, Machine, Snapshot, SnapshotDisk};
use vault::{Session, Vault};

use super::BackupOptions;
use crate::plan::to_look_at;
use crate::progress::{DiskPlan, Event, Events, Meter};
use crate::read::{DiskDone, DiskRead};
use crate::record::{Base, Bases, DiskRecord};
use crate::sample::{Sample, Sampled, cut_off};
use crate::throttle::Throttle;

pub(super) struct Run<'a> {
    pub(super) store: &'a Arc<Vault>,
    pub(super) session: &'a Arc<Session>,
    pub(super) snapshot: &'a dyn Snapshot,
    pub(super) bases: &'a BTreeMap<String, Bases>,
    pub(super) options: &'a BackupOptions,
    pub(super) events: &'a dyn Events,
}

/// What is to be done with a disk.
struct Plan<'a> {
    disk: &'a SnapshotDisk,
    /// What it builds on.
    base: Option<&'a Base>,
    /// What is believed of what changed on it.
    changed: Cow<'a, Changed>,
    sampled: Sampled,
}

impl Plan<'_> {
    fn bytes(&self, chunk: u64) -> ExtentSet {
        to_look_at(self.disk.source.size(), chunk, self.base, &self.changed)
    }
}

/// Each disk in the order of the manifest, and warnings.
type All = (Vec<(DiskRecord, DiskDone)>, Vec<String>);

impl Run<'_> {
    fn base_of(&self, disk: &SnapshotDisk, changed: &Changed) -> Option<&Base> {
        self.bases.get(&disk.disk.name)?.under(changed)
    }

    /// Reads the disks one after another. Once one ends early the others are not begun: they
    /// stay as in their base, with all that was planned unread.
    pub(super) async fn read_all(&self, machine: &Machine) -> Result<All> {
        let throttle = Throttle::new(self.options.rate);
        let (plans, warnings) = self.plan(machine, &throttle).await?;
        let chunk = u64::from(self.store.chunk_size());
        let planned = plans.iter().map(|p| p.bytes(chunk).bytes());
        let planned: u64 = planned.fold(0, u64::saturating_add);
        let what = format!("Reading {} of {}", ByteSize(planned), machine.name);
        let meter = Meter::new(self.events, &what, planned);
        for plan in &plans {
            let (tracker, reason) = self.tracker(plan.disk, &plan.changed, plan.base);
            self.events.tell(Event::Disk(DiskPlan {
                name: plan.disk.disk.name.clone(),
                tracked: tracker.is_some(),
                reason,
                bytes: plan.bytes(chunk).bytes(),
            }));
        }
        let mut all: Vec<(DiskRecord, DiskDone)> = Vec::new();
        let mut ended = false;
        for plan in plans {
            let disk = plan.disk;
            let read = DiskRead {
                session: self.session,
                key: self.store.disk_key(&machine.uuid, &disk.disk.name),
                disk,
                changed: &plan.changed,
                base: plan.base,
                throttle: &throttle,
                meter: &meter,
                cancel: &self.options.cancel,
                changed_before: all.iter().map(|(_, done)| done.stats.changed).sum(),
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
            let data = self.data_of(plan.base, &done).await?;
            let (tracker, reason) = self.tracker(disk, read.changed, read.base);
            let record = DiskRecord {
                name: disk.disk.name.clone(),
                tracker,
                reason,
                read: done.read,
                changed: done.stats.changed,
                sampled: plan.sampled.bytes,
                sampled_to: plan.sampled.to,
                data: Some(data),
                unread: done.unread.clone(),
            };
            all.push((record, done));
        }
        Ok((all, warnings))
    }

    /// The tracker that a disk is read by; or why it is read by none.
    fn tracker(
        &self,
        disk: &SnapshotDisk,
        changed: &Changed,
        base: Option<&Base>,
    ) -> (Option<String>, Option<String>) {
        let refusal = self.bases.get(&disk.disk.name).and_then(Bases::refusal);
        match (changed, base) {
            (Changed::Since { tracker, .. }, Some(_)) => (Some(tracker.to_string()), None),
            (Changed::Since { .. }, None) => (None, Some("no earlier point".to_owned())),
            (Changed::Unknown { reason }, _) => {
                let why = refusal.map_or_else(|| reason.clone(), str::to_owned);
                (None, Some(why))
            }
        }
    }

    /// Bytes of a disk that hold data, in whole chunks: what its base had and what has changed
    /// since. All of its tree is walked where that is not known of the base.
    async fn data_of(&self, base: Option<&Base>, done: &DiskDone) -> Result<u64> {
        let chunk = u64::from(self.store.chunk_size());
        let was = match base {
            None => 0,
            Some(Base {
                data: Some(data), ..
            }) => *data,
            Some(base) => {
                let tree = vault::TreeRef::of(&base.root, self.store.chunk_size());
                let slots = 0..tree.chunks;
                chunk * vault::count_data(self.session.reader(), tree, slots).await?
            }
        };
        let more = done.stats.data_chunks.saturating_mul(chunk.cast_signed());
        Ok(was.saturating_add_signed(more))
    }

    /// What to read of each disk: what its tracker names, unless a sample of the rest shows
    /// that the tracker is wrong.
    async fn plan(
        &self,
        machine: &Machine,
        throttle: &Throttle,
    ) -> Result<(Vec<Plan<'_>>, Vec<String>)> {
        let mut plans: Vec<Plan<'_>> = Vec::new();
        for disk in self.snapshot.disks() {
            let base = self.base_of(disk, &disk.changed);
            plans.push(Plan {
                disk,
                base,
                changed: Cow::Borrowed(&disk.changed),
                sampled: Sampled {
                    to: base.map_or(0, |b| b.sampled_to),
                    ..Sampled::default()
                },
            });
        }
        let tracked = |p: &Plan<'_>| matches!(*p.changed, Changed::Since { .. });
        let chunk = u64::from(self.store.chunk_size());
        for plan in plans.iter_mut() {
            let (Some(base), true) = (plan.base, tracked(plan)) else {
                continue;
            };
            let planned = plan.bytes(chunk);
            if let Some(cut) = cut_off(self.session, plan.disk, base, &planned).await? {
                let at = ByteSize(cut.offset);
                let reason = format!(
                    "data at {at} is gone that was called unchanged, as when a disk is made \
                     smaller and larger again"
                );
                self.distrust(plan, reason);
            }
        }
        let count = plans.iter().filter(|p| tracked(p)).count() as u64;
        let (budget, mut warnings) = (self.options.sample, Vec::new());
        if budget == 0 || count == 0 {
            return Ok((plans, warnings));
        }
        let what = format!("Comparing a sample of {} with its last point", machine.name);
        let total = budget.saturating_mul(count);
        let meter = Meter::new(self.events, &what, total);
        for plan in plans.iter_mut() {
            let (Some(base), true) = (plan.base, tracked(plan)) else {
                continue;
            };
            let sample = Sample {
                session: self.session,
                disk: plan.disk,
                base,
                planned: &plan.bytes(chunk),
                budget,
                throttle,
                meter: &meter,
                cancel: &self.options.cancel,
            };
            plan.sampled = sample.run().await?;
            let name = &plan.disk.disk.name;
            if let Some(e) = &plan.sampled.trouble {
                warnings.push(format!("disk {name}: the sample was cut short: {e}"));
            }
            if let Some(first) = plan.sampled.stale.extents().first() {
                warnings.push(self.alarm(name, *first, base));
                let reason = "bytes that were called unchanged had changed".to_owned();
                self.distrust(plan, reason);
            }
        }
        meter.set(total);
        for message in warnings.clone() {
            self.events.tell(Event::Warning { message });
        }
        Ok((plans, warnings))
    }

    /// All of the disk is read, since what its tracker says is not so.
    fn distrust<'a>(&'a self, plan: &mut Plan<'a>, reason: String) {
        plan.changed = Cow::Owned(Changed::Unknown { reason });
        plan.base = self.base_of(plan.disk, &plan.changed);
    }

    /// What a person must know when the tracker of `base` left out `stale`.
    fn alarm(&self, name: &str, stale: Extent, base: &Base) -> String {
        let (points, known) = self.bases[name].suspects(base);
        let names: Vec<String> = points.iter().map(ToString::to_string).collect();
        let hurt = match (names.is_empty(), known) {
            (true, true) => "No earlier point is wrong: all was read for the last one".to_owned(),
            (_, known) => format!(
                "Earlier points that were not read whole may hold older contents in places: {}{}",
                names.join(", "),
                if known { "" } else { ", and those before them" },
            ),
        };
        format!(
            "disk {name}: bytes {} to {} were called unchanged, but differ from the last point. \
             All of the disk was read, so this point is right. {hurt}",
            stale.offset,
            stale.end(),
        )
    }
}
