//! What a test says to the stores, and asks of them.

use base::{Code, PointId, VaultId};
use jiff::SignedDuration;
use uuid::Uuid;

use super::stores::{StoredPoint, index};
use crate::plane::{ScratchRule, Tier};

/// What a machine's backup does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Its snapshot.
    Snapshot,
    /// Its transfer.
    Transfer,
    /// A restore of one of its points.
    Restore,
    /// That a machine is made of restored disks: by the UUID of the new one.
    Machine,
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
    /// A snapshot: as after a power cut, for this reason; it fails where that will not do.
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

    /// The machine and the id of each point of a tier of a vault.
    #[must_use]
    pub fn ids(&self, vault: VaultId, tier: Tier) -> Vec<(Uuid, PointId)> {
        let inner = self.stores.inner();
        let points = inner.tiers.get(&vault).map(|t| &t[index(tier)]);
        let all = points.into_iter().flatten();
        all.map(|(id, point)| (point.machine, *id)).collect()
    }

    /// The rules that were broken so far.
    #[must_use]
    pub fn broken(&self) -> Vec<String> {
        self.stores.inner().broken.clone()
    }

    /// How much scratch the last snapshot might take.
    #[must_use]
    pub fn last_scratch(&self) -> Option<ScratchRule> {
        self.stores.inner().scratch
    }

    /// How often stores were asked for something.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.stores.inner().calls
    }

    /// Waits until more work waits, or did since the last wait.
    pub async fn more_waits(&self) {
        self.stores.waits.notified().await;
    }

    /// How many pieces of work wait for the clock, or to be cancelled.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.stores.inner().waiting
    }
}
