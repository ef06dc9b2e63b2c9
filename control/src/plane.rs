//! The data plane: what jobs and reconcilers do to hosts and stores.
//!
//! It is handed in. [`HostPlane`] works on real hypervisors and stores; a simulation's works on
//! none. Whatever it does can be done again: a job that is resumed asks anew.

mod disks;
mod hosts;
mod machine;
mod points;
mod restore;
mod stores;
mod survey;

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use base::{PointId, Result, VaultId};
use hypervisor::{Machine, Quiesce};
use jiff::Timestamp;
use mover::{Events, Origin};
use state::protected_items::DiskSelection;
use state::recovery_points::{Consistency, PointDisk};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use vault::{Owner, StoreUsage};
use zeroize::Zeroizing;

pub use disks::disk_numbers;
pub use hosts::HostPlane;
pub use machine::{MachineTarget, MachineWork};
pub use restore::{RestoreTarget, RestoreWork, RestoredDisk};
pub use survey::{FoundPoint, Ownership};

/// What jobs and reconcilers do to hosts and stores.
#[async_trait]
pub trait DataPlane: Send + Sync + Debug {
    /// What is on the host that is reached at `connection`.
    ///
    /// # Errors
    /// `BadArgument` for a connection that is none; `HypervisorUnavailable`,
    /// `HypervisorDenied`.
    async fn discover(&self, connection: &str) -> Result<Discovered>;

    /// Phase 1, Snapshot: an instant of a machine's disks into the snapshot store. The point is
    /// durable when this returns.
    ///
    /// # Errors
    /// Those of [`mover::backup`]; `Cancelled`.
    async fn snapshot(
        &self,
        stores: &Stores,
        work: &SnapshotWork,
        over: &Over<'_>,
    ) -> Result<PointFacts>;

    /// A point as the snapshot store has it; `None` if it does not.
    ///
    /// # Errors
    /// Those of the store.
    async fn point(&self, stores: &Stores, point: PointId) -> Result<Option<PointFacts>>;

    /// Phase 2, Transfer data to vault. The point is in the vault, durable, when this returns;
    /// it may have been there before. Gives the bytes that were stored.
    ///
    /// # Errors
    /// Those of [`mover::transfer`]; `BackupInProgress` if another transfer of the machine runs
    /// on this host; `Cancelled`.
    async fn transfer(
        &self,
        stores: &Stores,
        machine: Uuid,
        point: PointId,
        over: &Over<'_>,
    ) -> Result<u64>;

    /// Removes points from a tier. Those that are not there count as removed.
    ///
    /// # Errors
    /// Those of the store.
    async fn remove(&self, stores: &Stores, tier: Tier, points: &[PointId]) -> Result<()>;

    /// Gives back the space of what was removed from a tier. The store decides what is safe: a
    /// part may come back with a later call.
    ///
    /// # Errors
    /// Those of the store.
    async fn collect(&self, stores: &Stores, tier: Tier) -> Result<()>;

    /// Counts what is in a tier's store, by the owners of points. As much is read as a collection
    /// reads.
    ///
    /// # Errors
    /// Those of [`vault::count_usage`].
    async fn usage(
        &self,
        stores: &Stores,
        tier: Tier,
        owners: &BTreeMap<PointId, i64>,
    ) -> Result<StoreUsage>;

    /// Who owns a tier's store: a small read.
    ///
    /// # Errors
    /// Those of the store; `StoreUnavailable` if it was there and is not.
    async fn owner(&self, stores: &Stores, tier: Tier) -> Result<Ownership>;

    /// Makes this the owner of a tier's store; false if somebody else took the generation.
    /// Durable when this returns.
    ///
    /// # Errors
    /// Those of the store.
    async fn own(&self, stores: &Stores, tier: Tier, owner: &Owner) -> Result<bool>;

    /// All points of a tier, those of every machine.
    ///
    /// # Errors
    /// Those of the store.
    async fn points(&self, stores: &Stores, tier: Tier) -> Result<Vec<PointId>>;

    /// A point of a tier, with all that records can be made from; `None` if it is not there.
    ///
    /// # Errors
    /// Those of the store, and those of a point that is damaged.
    async fn found(
        &self,
        stores: &Stores,
        tier: Tier,
        point: PointId,
    ) -> Result<Option<FoundPoint>>;

    /// Refuses a machine that is not off, or not there (RESTORE-7). Whether an earlier restore has
    /// left disks of it half written.
    ///
    /// # Errors
    /// `MachineRunning`, `MachineNotFound`; those of the hypervisor.
    async fn check_off(&self, connection: &str, machine: Uuid) -> Result<bool>;

    /// Restores disks of a point, from the nearest tier that holds it.
    ///
    /// # Errors
    /// Those of [`mover::restore_disks`]; `InstantPointNotFound`, `PointNotFound`; before
    /// anything is written, `MachineExists` and those of [`mover::NewMachine`] for disks that a
    /// machine will be made of.
    async fn restore(
        &self,
        stores: &Stores,
        work: &RestoreWork,
        over: &Over<'_>,
    ) -> Result<Vec<RestoredDisk>>;

    /// Defines a machine over disks that [`Self::restore`] restored for it, and starts it. It
    /// may have been done before, wholly or in part.
    ///
    /// # Errors
    /// `MachineExists`; those of [`mover::NewMachine`] and of the hypervisor.
    async fn make_machine(&self, stores: &Stores, work: &MachineWork) -> Result<()>;
}

/// The two stores of a vault on a host, and what opens them.
#[derive(Clone)]
pub struct Stores {
    /// The vault in both.
    pub id: VaultId,
    /// The folder of the vault.
    pub vault: std::path::PathBuf,
    /// The folder of the host's snapshot store, which need not be there before the first backup.
    pub snapshots: std::path::PathBuf,
    /// Whether the records know that the snapshot store was made: then a folder that is missing
    /// is one that can't be reached, and not one without points.
    pub snapshots_made: bool,
    /// The text of the key file that opens both.
    pub key: Zeroizing<String>,
}

impl Debug for Stores {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stores({})", self.id)
    }
}

/// One of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// The host's snapshot store.
    Snapshot,
    /// The vault.
    Vault,
}

/// What is told while work goes on, and what ends it early.
pub struct Over<'a> {
    /// Who is told of progress.
    pub events: &'a dyn Events,
    /// Ends it.
    pub cancel: &'a CancellationToken,
}

/// What to take a snapshot of.
#[derive(Clone, Debug)]
pub struct SnapshotWork {
    /// How the machine's host is reached.
    pub connection: String,
    /// The machine.
    pub machine: Uuid,
    /// The id of the new point, which no earlier attempt had.
    pub point: PointId,
    /// Which disks; `None`: all.
    pub disks: Option<DiskSelection>,
    /// Whether to freeze the guest's file systems.
    pub quiesce: Quiesce,
    /// Whether the records know of no snapshot of the machine: then its store may be made.
    pub first: bool,
    /// Bytes of scratch that it may take; `None`: by the machine's disks.
    pub scratch_limit: Option<u64>,
    /// Whose point it is, and what is promised of it: kept with the point.
    pub origin: Option<Origin>,
}

/// A point, as its store tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PointFacts {
    /// Its id.
    pub point: PointId,
    /// The instant that it shows.
    pub taken_at: Timestamp,
    /// How consistent it is.
    pub consistency: Consistency,
    /// The name of the code that says why it is not as consistent as was asked.
    pub downgrade: Option<String>,
    /// Its disks.
    pub disks: Vec<PointDisk>,
    /// The disks that the machine had and that are not in it.
    pub excluded: Vec<PointDisk>,
    /// Bytes of data on its disks, without what is empty; `None`: not known.
    pub data: Option<u64>,
    /// What people should know.
    pub warnings: Vec<String>,
}

/// What is on a host.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// Its machines, running or not.
    pub machines: Vec<Machine>,
    /// The networks that a machine can be put in; `None` if they could not be asked for.
    pub networks: Option<Vec<FoundNetwork>>,
}

/// A network of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundNetwork {
    /// What it is there.
    pub source: state::networks::NetworkSource,
    /// Its addresses, such as `192.168.122.0/24`, as far as they are known.
    pub addresses: Option<String>,
}
