//! Stores in memory, with work that takes the time and ends the way that a test says, and the
//! rules that whoever uses a data plane must keep (JOB-6).

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base::{Code, Error, PointId, Result, VaultId};
use hypervisor::Quiesce;
use jiff::SignedDuration;
use state::recovery_points::{Consistency, PointDisk};
use uuid::Uuid;

use super::sleeper::Sleeper;
use crate::plane::{Over, PointFacts, SnapshotWork, Tier};

/// What a machine's backup does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Its snapshot.
    Snapshot,
    /// Its transfer.
    Transfer,
}

/// How a piece of work goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// How long it takes.
    pub takes: SignedDuration,
    /// How it ends.
    pub ends: Ends,
}

/// How a piece of work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// As it should.
    Well,
    /// A snapshot: as after a power cut, for this reason.
    Downgraded(Code),
    /// It fails, and has done nothing.
    Fails(Code),
    /// It has done its work, and fails all the same.
    FailsAfter(Code),
    /// Not before it is cancelled.
    Hangs,
}

impl Act {
    /// It goes well and takes so many minutes.
    #[must_use]
    pub fn well(minutes: i64) -> Self {
        let takes = SignedDuration::from_mins(minutes);
        Self {
            takes,
            ends: Ends::Well,
        }
    }

    /// It ends so, at once.
    #[must_use]
    pub fn ends(ends: Ends) -> Self {
        Self {
            takes: SignedDuration::ZERO,
            ends,
        }
    }
}

/// A point in a store.
#[derive(Clone, Debug)]
pub struct StoredPoint {
    /// Its machine.
    pub machine: Uuid,
    /// What its store tells of it.
    pub facts: PointFacts,
    /// Bytes that the machine had written until then.
    written: u64,
}

/// The points of a tier.
type Points = BTreeMap<PointId, StoredPoint>;
/// What decides how work goes for which no act was queued.
type Director = Box<dyn FnMut(Uuid, Phase) -> Act + Send>;
/// What is called before and after whatever a store does.
type Watcher = Box<dyn Fn() + Send + Sync>;

#[derive(Default)]
pub(super) struct Inner {
    tiers: HashMap<VaultId, [Points; 2]>,
    acts: HashMap<(Uuid, Phase), VecDeque<Act>>,
    director: Option<Director>,
    running: HashMap<(Uuid, Phase), u32>,
    written: HashMap<Uuid, u64>,
    broken: Vec<String>,
    calls: u64,
    waiting: usize,
}

/// The stores of all vaults.
pub(super) struct MemoryStores {
    inner: Mutex<Inner>,
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
            watcher: Mutex::default(),
        }
    }

    pub(super) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn watch(&self, watcher: Watcher) {
        *self.watcher.lock().unwrap_or_else(PoisonError::into_inner) = Some(watcher);
    }

    fn step(&self) {
        let watcher = self.watcher.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(watcher) = &*watcher {
            watcher();
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
        self.inner().calls += 1;
        let what = (work.machine, Phase::Snapshot);
        let (ends, _running) = self.act(sleeper, what, over).await?;
        let (consistency, downgrade) = match ends {
            Ends::Downgraded(code) => {
                let code = code.name().to_owned();
                (Consistency::CrashConsistent, Some(code))
            }
            _ if work.quiesce == Quiesce::Skip => (Consistency::CrashConsistent, None),
            _ => (Consistency::FileSystemConsistent, None),
        };
        let facts = PointFacts {
            point: work.point,
            taken_at: sleeper.now(),
            consistency,
            downgrade,
            disks,
            excluded: Vec::new(),
            warnings: Vec::new(),
        };
        let mut inner = self.inner();
        let written = inner.written.get(&work.machine).copied().unwrap_or(0);
        let point = StoredPoint {
            machine: work.machine,
            facts: facts.clone(),
            written,
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

fn index(tier: Tier) -> usize {
    match tier {
        Tier::Snapshot => 0,
        Tier::Vault => 1,
    }
}

/// What a test says and asks.
impl super::Scripted {
    /// Queues how the next works of a machine's phase go; then they go well and at once, or as
    /// the director says.
    pub fn play(&self, machine: Uuid, phase: Phase, acts: &[Act]) {
        let mut inner = self.stores.inner();
        inner.acts.entry((machine, phase)).or_default().extend(acts);
    }

    /// From now on this decides how work goes for which nothing is queued.
    pub fn direct(&self, director: impl FnMut(Uuid, Phase) -> Act + Send + 'static) {
        self.stores.inner().director = Some(Box::new(director));
    }

    /// From now on this is called before and after whatever a store does.
    pub fn watch(&self, watcher: impl Fn() + Send + Sync + 'static) {
        self.stores.watch(Box::new(watcher));
    }

    /// A machine writes so many bytes that it had not written since its last point.
    pub fn write(&self, machine: Uuid, bytes: u64) {
        *self.stores.inner().written.entry(machine).or_default() += bytes;
    }

    /// The points of a tier of a vault, by id.
    #[must_use]
    pub fn points(&self, vault: VaultId, tier: Tier) -> Vec<StoredPoint> {
        let inner = self.stores.inner();
        let tiers = inner.tiers.get(&vault);
        tiers.map_or_else(Vec::new, |t| t[index(tier)].values().cloned().collect())
    }

    /// The rules that were broken so far.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        self.stores.inner().broken.clone()
    }

    /// How often stores were asked for something.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.stores.inner().calls
    }

    /// How many pieces of work wait for the clock, or to be cancelled.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.stores.inner().waiting
    }
}
