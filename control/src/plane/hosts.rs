//! The data plane of real hosts and stores.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base::{Clock, Code, Error, PointId, Random, Result};
use hypervisor::libvirt::Network;
use hypervisor::watchdog::WatchdogProgram;
use hypervisor::{Host, Machine};
use mover::{BackupOptions, DEFAULT_SAMPLE, DiskFilter};
use state::networks::NetworkSource;
use state::protected_items::DiskSelection;
use tokio::sync::OnceCell;
use uuid::Uuid;
use vault::{CollectOptions, Owner, StoreUsage, Surroundings, Vault};

use super::restore::{RestoreWork, RestoredDisk};
use super::stores::never_made;
use super::survey::{FoundPoint, Ownership};
use super::{
    DataPlane, Discovered, FoundNetwork, MachineWork, Over, PointFacts, SnapshotWork, Stores, Tier,
    disk_numbers,
};

/// The longest time that a guest may be frozen (SNAP-19).
const FREEZE_BUDGET: Duration = Duration::from_secs(10);

/// The data plane of real hosts and stores. Connections and stores are kept open.
#[derive(Debug)]
pub struct HostPlane {
    /// Where locks and scratch are.
    pub(super) folder: PathBuf,
    pub(super) around: Surroundings,
    watchdog: WatchdogProgram,
    hosts: Mutex<HashMap<String, Arc<Host>>>,
    /// The stores that are open, by their folders.
    pub(super) open: Mutex<HashMap<PathBuf, Arc<OnceCell<Arc<Vault>>>>>,
}

impl HostPlane {
    /// With locks and scratch in `folder`.
    #[must_use]
    pub fn new(folder: PathBuf, clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            folder,
            around: Surroundings { clock, random },
            watchdog: WatchdogProgram::default(),
            hosts: Mutex::default(),
            open: Mutex::default(),
        }
    }

    /// With another program that runs the watchdogs than the one that runs now.
    #[must_use]
    pub fn with_watchdog(self, watchdog: WatchdogProgram) -> Self {
        Self { watchdog, ..self }
    }

    /// The host that is reached at `connection`.
    pub(super) fn host(&self, connection: &str) -> Result<Arc<Host>> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(host) = hosts.get(connection) {
            return Ok(Arc::clone(host));
        }
        let host = Arc::new(Host::open_with(connection, self.watchdog.clone())?);
        hosts.insert(connection.to_owned(), Arc::clone(&host));
        Ok(host)
    }

    pub(super) fn locks(&self) -> PathBuf {
        self.folder.join("locks")
    }
}

#[async_trait]
impl DataPlane for HostPlane {
    async fn discover(&self, connection: &str) -> Result<Discovered> {
        let host = self.host(connection)?;
        Ok(Discovered {
            machines: host.hypervisor().list().await?,
            networks: networks(&host).await,
        })
    }

    async fn snapshot(
        &self,
        stores: &Stores,
        work: &SnapshotWork,
        over: &Over<'_>,
    ) -> Result<PointFacts> {
        let host = self.host(&work.connection)?;
        let uuid = work.machine.to_string();
        let machine = host.hypervisor().find(&uuid).await?;
        let options = BackupOptions {
            point: Some(work.point),
            disks: chosen(&machine, work.disks.as_ref()),
            quiesce: work.quiesce,
            freeze_budget: FREEZE_BUDGET,
            scratch: mover::scratch_place(&host, &machine, None, work.scratch_limit, &self.folder)?,
            rate: None,
            sample: DEFAULT_SAMPLE,
            lock_dir: self.locks(),
            cancel: over.cancel.clone(),
            origin: work.origin.clone(),
        };
        let store = self.snapshot_store(stores, work.first).await?;
        let done = mover::backup(
            host.hypervisor(),
            &uuid,
            &store,
            &self.around,
            &options,
            over.events,
        )
        .await?;
        self.facts(&store, done.point).await
    }

    async fn point(&self, stores: &Stores, point: PointId) -> Result<Option<PointFacts>> {
        if never_made(stores)? {
            return Ok(None);
        }
        let store = self.tier(stores, Tier::Snapshot).await?;
        match self.facts(&store, point).await {
            Err(e) if e.code() == Code::PointNotFound => Ok(None),
            found => found.map(Some),
        }
    }

    async fn transfer(
        &self,
        stores: &Stores,
        machine: Uuid,
        point: PointId,
        over: &Over<'_>,
    ) -> Result<u64> {
        let from = self.tier(stores, Tier::Snapshot).await?;
        let to = self.tier(stores, Tier::Vault).await?;
        let (uuid, locks) = (machine.to_string(), self.locks());
        // Cut short at any moment it hurts nothing (XFER-12).
        let done = tokio::select! {
            biased;
            () = over.cancel.cancelled() => {
                return Err(Error::new(Code::Cancelled, "the transfer was cancelled"));
            }
            done = mover::transfer(&from, &to, &uuid, point, &locks, over.events) => done?,
        };
        if done.skipped {
            let detail = "another transfer of this machine is running on its host";
            return Err(Error::new(Code::BackupInProgress, detail));
        }
        Ok(done.stored)
    }

    async fn remove(&self, stores: &Stores, tier: Tier, points: &[PointId]) -> Result<()> {
        if tier == Tier::Snapshot && never_made(stores)? {
            return Ok(());
        }
        let store = self.tier(stores, tier).await?;
        store.remove_points(points).await.map(|_| ())
    }

    async fn collect(&self, stores: &Stores, tier: Tier) -> Result<()> {
        if tier == Tier::Snapshot && never_made(stores)? {
            return Ok(());
        }
        let store = self.tier(stores, tier).await?;
        let options = CollectOptions::default();
        vault::collect(&store, &options).await.map(|_| ())
    }

    async fn usage(
        &self,
        stores: &Stores,
        tier: Tier,
        owners: &BTreeMap<PointId, i64>,
    ) -> Result<StoreUsage> {
        if tier == Tier::Snapshot && never_made(stores)? {
            return Ok(StoreUsage::default());
        }
        let store = self.tier(stores, tier).await?;
        vault::count_usage(&store, owners).await
    }

    async fn owner(&self, stores: &Stores, tier: Tier) -> Result<Ownership> {
        self.ownership(stores, tier).await
    }

    async fn own(&self, stores: &Stores, tier: Tier, owner: &Owner) -> Result<bool> {
        self.take(stores, tier, owner).await
    }

    async fn points(&self, stores: &Stores, tier: Tier) -> Result<Vec<PointId>> {
        self.all_points(stores, tier).await
    }

    async fn found(
        &self,
        stores: &Stores,
        tier: Tier,
        point: PointId,
    ) -> Result<Option<FoundPoint>> {
        self.found_point(stores, tier, point).await
    }

    async fn restore(
        &self,
        stores: &Stores,
        work: &RestoreWork,
        over: &Over<'_>,
    ) -> Result<Vec<RestoredDisk>> {
        self.restore_point(stores, work, over).await
    }

    async fn check_off(&self, connection: &str, machine: Uuid) -> Result<bool> {
        let host = self.host(connection)?;
        let machine = host.hypervisor().find(&machine.to_string()).await?;
        super::restore::check_off(&machine)?;
        let mut paths = machine.disks.iter().filter_map(|d| d.path.as_deref());
        Ok(paths.any(|path| mover::unfinished_restore(path, &self.folder).is_some()))
    }

    async fn make_machine(&self, stores: &Stores, work: &MachineWork) -> Result<()> {
        HostPlane::make_machine(self, stores, work).await
    }
}

/// Disks by their names, of those that were chosen by number. The disk of the operating system
/// is always in (DISK-1).
fn chosen(machine: &Machine, selection: Option<&DiskSelection>) -> DiskFilter {
    let Some(selection) = selection else {
        return DiskFilter::default();
    };
    let numbers = disk_numbers(&machine.disks);
    let out = machine.disks.iter().zip(numbers).filter(|(_, number)| {
        number.is_some_and(|n| selection.luns.contains(&n) != selection.include)
    });
    DiskFilter {
        include: Vec::new(),
        exclude: out.map(|(disk, _)| disk.name.clone()).collect(),
    }
}

/// The networks of a host. The machines don't wait for what gives out networks.
async fn networks(host: &Host) -> Option<Vec<FoundNetwork>> {
    let Host::Libvirt(host) = host else {
        return Some(Vec::new());
    };
    let found = match host.networks().await {
        Ok(found) => found,
        Err(e) => {
            tracing::debug!("the networks can't be listed: {e}");
            return None;
        }
    };
    let network = |n: Network| FoundNetwork {
        source: NetworkSource::Libvirt(n.name),
        addresses: n.addresses,
    };
    Some(found.into_iter().map(network).collect())
}
