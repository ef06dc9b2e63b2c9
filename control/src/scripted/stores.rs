//! Stores in memory, with work that takes the time and ends the way that a test says, and the
//! rules that whoever uses a data plane must keep (JOB-6).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::{Code, Error, PointId, Result, VaultId};
use hypervisor::Quiesce;
use mover::{Event, Origin, Progress};
use state::recovery_points::{Consistency, PointDisk};
use tokio::sync::Notify;
use uuid::Uuid;
use vault::Owner;

use super::play::{Act, Ends, Phase};
use super::sleeper::Sleeper;
use crate::plane::{
    MachineTarget, Over, PointFacts, RestoreTarget, RestoreWork, RestoredDisk, ScratchRule,
    SnapshotWork, Tier,
};

/// A point in a store.
#[derive(Clone, Debug)]
pub struct StoredPoint {
    /// Its machine.
    pub machine: Uuid,
    /// What its store tells of it.
    pub facts: PointFacts,
    /// Bytes that the machine had written until then.
    pub written: u64,
    /// Whose point it is.
    pub origin: Option<Origin>,
}

/// The points of a tier.
type Points = BTreeMap<PointId, StoredPoint>;
/// What decides how work goes for which no act was queued.
type Director = Box<dyn FnMut(Uuid, Phase) -> Act + Send>;
/// What is called before and after whatever a store does.
type Watcher = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub(super) struct Inner {
    pub(super) tiers: HashMap<VaultId, [Points; 2]>,
    pub(super) acts: HashMap<(Uuid, Phase), VecDeque<Act>>,
    pub(super) director: Option<Director>,
    running: HashMap<(Uuid, Phase), u32>,
    pub(super) written: HashMap<Uuid, u64>,
    pub(super) broken: Vec<String>,
    pub(super) calls: u64,
    pub(super) waiting: usize,
    /// How much scratch the last snapshot might take.
    pub(super) scratch: Option<ScratchRule>,
    /// Owners of stores by their folders.
    pub(super) owners: HashMap<PathBuf, Owner>,
}

/// The stores of all vaults.
pub(super) struct MemoryStores {
    inner: Mutex<Inner>,
    /// Told when a piece of work begins to wait.
    pub(super) waits: Notify,
    watcher: Mutex<Option<Watcher>>,
}

impl std::fmt::Debug for MemoryStores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryStores")
    }
}

/// Work that goes on; dropped, it has ended.
struct Running<'a>(&'a MemoryStores, (Uuid, Phase));

impl Drop for Running<'_> {
    fn drop(&mut self) {
        if let Some(count) = self.0.inner().running.get_mut(&self.1) {
            *count -= 1;
        }
    }
}

/// Work that waits for the clock, or to be cancelled.
struct Waiting<'a>(&'a MemoryStores);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.inner().waiting -= 1;
    }
}

impl MemoryStores {
    pub(super) fn new() -> Self {
        Self {
            inner: Mutex::default(),
            waits: Notify::new(),
            watcher: Mutex::default(),
        }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn watch(&self, watcher: Watcher) {
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
    }

    pub(super) fn step(&self) {
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watcher) = &*watcher {
            watcher();
        }
    }

    /// Work that takes no time, and fails if a test says so.
    pub(super) fn directed(&self, machine: Uuid, phase: Phase) -> Result<()> {
        let act = self.inner().director.as_mut().map(|d| d(machine, phase));
        match act.map(|act| act.ends) {
            Some(Ends::Fails(code)) => Err(Error::new(code, "it was to fail")),
            _ => Ok(()),
        }
    }

    /// Lets the time pass that a piece of work takes; gives how it ends.
    async fn act(
        &self,
        sleeper: &Sleeper,
        what: (Uuid, Phase),
        over: &Over<'_>,
    ) -> Result<(Ends, Running<'_>)> {
        let cancelled = || Error::new(Code::Cancelled, "it was cancelled");
        let (act, running, waiting) = {
            let mut inner = self.inner();
            let queued = inner.acts.get_mut(&what).and_then(VecDeque::pop_front);
            let directed = || Some(inner.director.as_mut()?(what.0, what.1));
            let act = queued.or_else(directed).unwrap_or(Act::well(0));
            inner.waiting += 1;
            self.waits.notify_one();
            let count = inner.running.entry(what).or_default();
            *count += 1;
            if *count > 1 {
                let many = format!("{count} at once: {:?} of {}", what.1, what.0);
                inner.broken.push(many);
            }
            (act, Running(self, what), Waiting(self))
        };
        tokio::select! {
            biased;
            () = over.cancel.cancelled() => return Err(cancelled()),
            () = sleeper.sleep(act.takes) => {}
        }
        if act.ends == Ends::Hangs {
            over.cancel.cancelled().await;
            return Err(cancelled());
        }
        drop(waiting);
        match act.ends {
            Ends::Fails(code) => Err(Error::new(code, "it was to fail")),
            ends => Ok((ends, running)),
        }
    }

    pub(super) async fn snapshot(
        &self,
        sleeper: &Sleeper,
        vault: VaultId,
        work: &SnapshotWork,
        disks: Vec<PointDisk>,
        over: &Over<'_>,
    ) -> Result<PointFacts> {
        self.step();
        {
            let mut inner = self.inner();
            inner.calls += 1;
            inner.scratch = Some(work.scratch);
        }
        let what = (work.machine, Phase::Snapshot);
        let (ends, _running) = self.act(sleeper, what, over).await?;
        let (consistency, downgrade) = match ends {
            Ends::Downgraded(code) if work.quiesce == Quiesce::Require => {
                return Err(Error::new(
                    code,
                    "the point was to be file-system consistent",
                ));
            }
            Ends::Downgraded(code) => {
                let code = code.name().to_owned();
                (Consistency::CrashConsistent, Some(code))
            }
            _ if work.quiesce == Quiesce::Skip => (Consistency::CrashConsistent, None),
            _ => (Consistency::FileSystemConsistent, None),
        };
        let data = disks.iter().map(|d| d.bytes / 4 * 3).sum();
        let facts = PointFacts {
            point: work.point,
            taken_at: sleeper.now(),
            consistency,
            downgrade,
            disks,
            excluded: Vec::new(),
            data: Some(data),
            warnings: Vec::new(),
        };
        let mut inner = self.inner();
        let written = inner.written.get(&work.machine).copied().unwrap_or(0);
        let point = StoredPoint {
            machine: work.machine,
            facts: facts.clone(),
            written,
            origin: work.origin.clone(),
        };
        let tier = &mut inner.tiers.entry(vault).or_default()[0];
        if tier.insert(work.point, point).is_some() {
            let twice = format!("point {} was taken twice", work.point);
            inner.broken.push(twice);
        }
        drop(inner);
        self.step();
        match ends {
            Ends::FailsAfter(code) => Err(Error::new(code, "it was to fail once it was done")),
            _ => Ok(facts),
        }
    }

    pub(super) async fn transfer(
        &self,
        sleeper: &Sleeper,
        vault: VaultId,
        machine: Uuid,
        id: PointId,
        over: &Over<'_>,
    ) -> Result<u64> {
        self.step();
        self.inner().calls += 1;
        let what = (machine, Phase::Transfer);
        let (ends, _running) = self.act(sleeper, what, over).await?;
        let stored = {
            let mut inner = self.inner();
            let [snapshots, points] = inner.tiers.entry(vault).or_default();
            if points.contains_key(&id) {
                0
            } else {
                let Some(point) = snapshots.get(&id).cloned() else {
                    let gone = format!("point {id} was transferred and is no snapshot");
                    inner.broken.push(gone);
                    return Err(Error::new(Code::PointNotFound, "there is no such snapshot"));
                };
                let of_machine = points.values().filter(|p| p.machine == machine);
                // What changed since the last point in the vault (JOB-8).
                let before = of_machine.max_by_key(|p| p.facts.taken_at);
                let before = before.map_or(0, |p| p.written);
                let bytes = point.written.saturating_sub(before);
                points.insert(id, point);
                bytes
            }
        };
        self.step();
        match ends {
            Ends::FailsAfter(code) => Err(Error::new(code, "it was to fail once it was done")),
            _ => Ok(stored),
        }
    }

    /// A restore's disks. Nothing is written anywhere.
    pub(super) async fn restore(
        &self,
        sleeper: &Sleeper,
        vault: VaultId,
        work: &RestoreWork,
        over: &Over<'_>,
    ) -> Result<Vec<RestoredDisk>> {
        self.step();
        let gone = || Error::new(Code::PointNotFound, format!("point {} is gone", work.point));
        let point = {
            let mut inner = self.inner();
            inner.calls += 1;
            let tiers = inner.tiers.entry(vault).or_default();
            let mut places = work.tiers.iter().map(|tier| &tiers[index(*tier)]);
            let found = places.find_map(|points| points.get(&work.point).cloned());
            found.ok_or_else(gone)?
        };
        let total: u64 = point.facts.disks.iter().map(|d| d.bytes).sum();
        let done = total / 4;
        // For as long as it works: a quarter, at 1 MiB a second.
        over.events.tell(Event::Progress(Progress {
            done,
            total,
            rate: 1 << 20,
            seconds_left: Some((total - done) >> 20),
            counted: mover::Counted::default(),
        }));
        let what = (point.machine, Phase::Restore);
        let (ends, _running) = self.act(sleeper, what, over).await?;
        let folder = match &work.target {
            RestoreTarget::Folder(folder)
            | RestoreTarget::Machine(MachineTarget { folder, .. }) => folder.clone(),
            RestoreTarget::InPlace(_) => std::path::PathBuf::new(),
        };
        let wanted = |d: &&PointDisk| match (&work.disks, d.lun) {
            (Some(luns), Some(lun)) => luns.contains(&lun),
            _ => true,
        };
        let disks = point.facts.disks.iter().filter(wanted);
        let disks = disks.map(|d| RestoredDisk {
            name: d.name.clone(),
            path: folder.join(&d.name),
            written: d.bytes,
        });
        self.step();
        match ends {
            Ends::FailsAfter(code) => Err(Error::new(code, "it was to fail once it was done")),
            _ => Ok(disks.collect()),
        }
    }

    pub(super) fn point(&self, vault: VaultId, id: PointId) -> Option<PointFacts> {
        self.step();
        let mut inner = self.inner();
        inner.calls += 1;
        let found = inner.tiers.entry(vault).or_default()[0].get(&id);
        found.map(|p| p.facts.clone())
    }

    pub(super) fn remove(&self, vault: VaultId, tier: Tier, ids: &[PointId]) {
        self.step();
        let mut inner = self.inner();
        inner.calls += 1;
        let tier = &mut inner.tiers.entry(vault).or_default()[index(tier)];
        tier.retain(|id, _| !ids.contains(id));
        drop(inner);
        self.step();
    }
}

pub(super) fn index(tier: Tier) -> usize {
    match tier {
        Tier::Snapshot => 0,
        Tier::Vault => 1,
    }
}
