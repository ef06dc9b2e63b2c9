//! A data plane that a test plays: its hosts are what the test says, its stores are in memory,
//! and its work takes the time and ends the way that the test says. For tests and simulations of
//! what uses one.

mod play;
mod sleeper;
mod stores;
mod survey;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base::{Code, Error, ManualClock, PointId, Result};
use hypervisor::{
    AgentStatus, Disk, DiskChoice, Firmware, Hardware, ImageFormat, Machine, MachineState,
};
use jiff::Timestamp;
use state::recovery_points::PointDisk;
use uuid::Uuid;
use vault::{Owner, StoreUsage};

use crate::plane::{
    DataPlane, Discovered, FoundPoint, MachineWork, Over, Ownership, PointFacts, RestoreTarget,
    RestoreWork, RestoredDisk, SnapshotWork, Stores, Tier, disk_numbers,
};

pub use play::{Act, Ends, Phase};
pub use sleeper::Sleeper;
pub use stores::StoredPoint;

/// Hosts by connection, each as it was set last: one that was not set does not answer. Stores by
/// vault, empty at first.
#[derive(Debug)]
pub struct Scripted {
    hosts: Mutex<HashMap<String, Discovered>>,
    stores: stores::MemoryStores,
    sleeper: Sleeper,
    /// Folders of snapshot stores that do not answer.
    lost: Mutex<HashSet<PathBuf>>,
}

impl Default for Scripted {
    /// With a clock of its own, which nobody moves.
    fn default() -> Self {
        Self::new(Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)))
    }
}

impl Scripted {
    /// With the test's clock.
    #[must_use]
    pub fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            hosts: Mutex::default(),
            stores: stores::MemoryStores::new(),
            sleeper: Sleeper::new(clock),
            lost: Mutex::default(),
        }
    }

    /// Who waits for the clock.
    #[must_use]
    pub fn sleeper(&self) -> &Sleeper {
        &self.sleeper
    }

    /// From now on this is at `connection`.
    pub fn set(&self, connection: &str, found: Discovered) {
        self.hosts().insert(connection.to_owned(), found);
    }

    /// From now on nothing answers at `connection`.
    pub fn silence(&self, connection: &str) {
        self.hosts().remove(connection);
    }

    /// From now on nothing can be removed from the stores in this folder.
    pub fn lose(&self, folder: impl Into<PathBuf>) {
        self.lost().insert(folder.into());
    }

    /// From now on it can.
    pub fn find(&self, folder: impl AsRef<Path>) {
        self.lost().remove(folder.as_ref());
    }

    fn lost(&self) -> MutexGuard<'_, HashSet<PathBuf>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Discovered>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn found(&self, connection: &str) -> Result<Discovered> {
        let found = self.hosts().get(connection).cloned();
        found.ok_or_else(|| {
            let detail = format!("nothing answers at {connection}");
            Error::new(Code::HypervisorUnavailable, detail)
        })
    }
}

#[async_trait]
impl DataPlane for Scripted {
    async fn discover(&self, connection: &str) -> Result<Discovered> {
        self.found(connection)
    }

    async fn snapshot(
        &self,
        stores: &Stores,
        work: &SnapshotWork,
        over: &Over<'_>,
    ) -> Result<PointFacts> {
        let machines = self.found(&work.connection)?.machines;
        let uuid = work.machine.to_string();
        let machine = machines.into_iter().find(|m| m.uuid == uuid);
        let machine = machine
            .ok_or_else(|| Error::new(Code::MachineNotFound, format!("there is no {uuid}")))?;
        let disks = machine.disks.iter().zip(disk_numbers(&machine.disks));
        let disks = disks.map(|(disk, lun)| PointDisk {
            lun,
            name: disk.name.clone(),
            bytes: disk.size,
        });
        let (all, id) = (disks.collect(), stores.id);
        let taken = self.stores.snapshot(&self.sleeper, id, work, all, over);
        taken.await
    }

    async fn point(&self, stores: &Stores, point: PointId) -> Result<Option<PointFacts>> {
        Ok(self.stores.point(stores.id, point))
    }

    async fn transfer(
        &self,
        stores: &Stores,
        machine: Uuid,
        point: PointId,
        over: &Over<'_>,
    ) -> Result<u64> {
        let id = stores.id;
        let sent = self
            .stores
            .transfer(&self.sleeper, id, machine, point, over);
        sent.await
    }

    async fn remove(&self, stores: &Stores, tier: Tier, points: &[PointId]) -> Result<()> {
        let store = match tier {
            Tier::Snapshot => &stores.snapshots,
            Tier::Vault => &stores.vault,
        };
        if store.parent().is_some_and(|f| self.lost().contains(f)) {
            let detail = format!("nothing answers at {}", store.display());
            return Err(Error::new(Code::StoreUnavailable, detail));
        }
        self.stores.remove(stores.id, tier, points);
        Ok(())
    }

    async fn collect(&self, _: &Stores, _: Tier) -> Result<()> {
        Ok(())
    }

    async fn usage(
        &self,
        stores: &Stores,
        tier: Tier,
        owners: &BTreeMap<PointId, i64>,
    ) -> Result<StoreUsage> {
        Ok(self.stores.usage(stores.id, tier, owners))
    }

    async fn owner(&self, stores: &Stores, tier: Tier) -> Result<Ownership> {
        Ok(self.stores.owner(stores, tier))
    }

    async fn own(&self, stores: &Stores, tier: Tier, owner: &Owner) -> Result<bool> {
        Ok(self.stores.own(stores, tier, owner))
    }

    async fn points(&self, stores: &Stores, tier: Tier) -> Result<Vec<PointId>> {
        Ok(self.stores.all(stores.id, tier))
    }

    async fn found(
        &self,
        stores: &Stores,
        tier: Tier,
        point: PointId,
    ) -> Result<Option<FoundPoint>> {
        Ok(self.stores.found(stores.id, tier, point))
    }

    async fn restore(
        &self,
        stores: &Stores,
        work: &RestoreWork,
        over: &Over<'_>,
    ) -> Result<Vec<RestoredDisk>> {
        match &work.target {
            RestoreTarget::InPlace(machine) => {
                self.check_off(&work.connection, *machine).await?;
            }
            RestoreTarget::Machine(new) => {
                let all = self.found(&work.connection)?.machines;
                absent(&all, &new.name)?;
            }
            RestoreTarget::Folder(_) => {}
        }
        self.stores
            .restore(&self.sleeper, stores.id, work, over)
            .await
    }

    async fn check_off(&self, connection: &str, machine: Uuid) -> Result<bool> {
        let uuid = machine.to_string();
        let all = self.found(connection)?.machines;
        match all.iter().find(|m| m.uuid == uuid) {
            Some(m) if m.state == MachineState::Stopped => Ok(false),
            Some(m) => Err(Error::new(Code::MachineRunning, m.name.clone())),
            None => Err(Error::new(Code::MachineNotFound, uuid)),
        }
    }

    async fn make_machine(&self, _: &Stores, work: &MachineWork) -> Result<()> {
        self.stores.step();
        self.stores.directed(work.machine.uuid, Phase::Machine)?;
        let mut found = self.found(&work.connection)?;
        let (uuid, name) = (work.machine.uuid, &work.machine.name);
        if !found.machines.iter().any(|m| m.uuid == uuid.to_string()) {
            absent(&found.machines, name)?;
            let sizes: Vec<u64> = work.disks.iter().map(|d| d.written).collect();
            found.machines.push(machine(uuid, name, &sizes));
            self.set(&work.connection, found);
        }
        self.stores.step();
        Ok(())
    }
}

fn absent(all: &[Machine], name: &str) -> Result<()> {
    match all.iter().any(|m| m.name == name) {
        true => Err(Error::new(Code::MachineExists, name.to_owned())),
        false => Ok(()),
    }
}

/// A machine that runs, with two processors, 2 GiB of memory and an agent that answers, and with
/// disks of these sizes in bytes: `vda`, `vdb` and so on.
#[must_use]
pub fn machine(uuid: Uuid, name: &str, sizes: &[u64]) -> Machine {
    let disks = sizes.iter().zip('a'..).map(|(size, letter)| Disk {
        name: format!("vd{letter}"),
        path: None,
        format: ImageFormat::Qcow2,
        size: *size,
        bus: "virtio".to_owned(),
        boot_order: None,
        choice: DiskChoice::Included,
    });
    Machine {
        uuid: uuid.to_string(),
        name: name.to_owned(),
        state: MachineState::Running,
        firmware: Firmware::Bios,
        hardware: Hardware {
            processors: Some(2),
            memory: Some(2 << 30),
            architecture: Some("x86_64".to_owned()),
        },
        disks: disks.collect(),
        agent: AgentStatus::Responding {
            version: "9.0".to_owned(),
        },
    }
}
