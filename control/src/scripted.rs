//! A data plane whose hosts are what a test says, for tests of what uses one.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base::{Code, Error, PointId, Result};
use hypervisor::{AgentStatus, Disk, DiskChoice, Firmware, ImageFormat, Machine, MachineState};
use uuid::Uuid;

use crate::plane::{
    DataPlane, Discovered, Over, PointFacts, RestoreWork, RestoredDisk, SnapshotWork, Stores, Tier,
};

/// Hosts by connection, each as it was set last. One that was not set does not answer.
#[derive(Debug, Default)]
pub struct Scripted {
    hosts: Mutex<HashMap<String, Discovered>>,
}

impl Scripted {
    /// From now on this is at `connection`.
    pub fn set(&self, connection: &str, found: Discovered) {
        self.hosts().insert(connection.to_owned(), found);
    }

    /// From now on nothing answers at `connection`.
    pub fn silence(&self, connection: &str) {
        self.hosts().remove(connection);
    }

    fn hosts(&self) -> MutexGuard<'_, HashMap<String, Discovered>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl DataPlane for Scripted {
    async fn discover(&self, connection: &str) -> Result<Discovered> {
        let found = self.hosts().get(connection).cloned();
        found.ok_or_else(|| {
            let detail = format!("nothing answers at {connection}");
            Error::new(Code::HypervisorUnavailable, detail)
        })
    }

    async fn snapshot(&self, _: &Stores, _: &SnapshotWork, _: &Over<'_>) -> Result<PointFacts> {
        Err(no_stores())
    }

    async fn point(&self, _: &Stores, _: PointId) -> Result<Option<PointFacts>> {
        Err(no_stores())
    }

    async fn transfer(&self, _: &Stores, _: Uuid, _: PointId, _: &Over<'_>) -> Result<u64> {
        Err(no_stores())
    }

    async fn remove(&self, _: &Stores, _: Tier, _: &[PointId]) -> Result<()> {
        Err(no_stores())
    }

    async fn collect(&self, _: &Stores, _: Tier) -> Result<()> {
        Err(no_stores())
    }

    async fn restore(
        &self,
        _: &Stores,
        _: &RestoreWork,
        _: &Over<'_>,
    ) -> Result<Vec<RestoredDisk>> {
        Err(no_stores())
    }
}

fn no_stores() -> Error {
    let detail = "a scripted host has machines and networks, and no stores";
    Error::new(Code::HypervisorUnavailable, detail)
}

/// A machine that runs, with disks of these sizes in bytes: `vda`, `vdb` and so on.
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
        disks: disks.collect(),
        agent: AgentStatus::NotConfigured,
    }
}
