//! Making a machine of restored disks (RESTORE-2 to 4).

use std::path::PathBuf;

use base::{Code, Error, PointId, Result, durable};
use hypervisor::{Host, ImageFormat, Machine, MachineState, NetworkTarget};
use mover::{NewMachine, PointRecord, RestoredPlaces};
use serde::{Deserialize, Serialize};
use state::networks::NetworkSource;
use uuid::Uuid;

use super::hosts::HostPlane;
use super::restore::RestoredDisk;
use super::{Stores, Tier};

/// A machine that is to be made of a point's disks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineTarget {
    /// The folder of its disks and its definition.
    pub folder: PathBuf,
    /// Its name on the host, which no other machine there has.
    pub name: String,
    /// Its UUID, which no other machine has.
    pub uuid: Uuid,
    /// What its network cards are connected to.
    pub network: NetworkSource,
}

/// What a machine is made of.
#[derive(Clone, Debug)]
pub struct MachineWork {
    /// How its host is reached.
    pub connection: String,
    /// The point.
    pub point: PointId,
    /// The tiers that hold it, the nearest first.
    pub tiers: Vec<Tier>,
    /// The machine.
    pub machine: MachineTarget,
    /// Its disks, restored.
    pub disks: Vec<RestoredDisk>,
}

impl HostPlane {
    /// Refuses a machine that can't be made in the end: its name is taken, or the definition
    /// can't be changed so.
    pub(super) async fn check_machine(
        &self,
        host: &Host,
        record: &PointRecord,
        target: &MachineTarget,
        disks: &RestoredPlaces,
    ) -> Result<()> {
        absent(host, &target.name).await?;
        with(host, record, target, disks, |new| new.check())
    }

    /// Defines the machine and starts it; again, if that was cut short.
    pub(super) async fn make_machine(&self, stores: &Stores, work: &MachineWork) -> Result<()> {
        let host = self.host(&work.connection)?;
        let (target, uuid) = (&work.machine, work.machine.uuid.to_string());
        match find(&host, &uuid).await? {
            Some(machine) if machine.state != MachineState::Stopped => return Ok(()),
            Some(_) => {}
            None => absent(&host, &target.name).await?,
        }
        let record = self.record(stores, &work.tiers, work.point).await?;
        let place = |d: &RestoredDisk| {
            let format = own_format(&record, &d.name);
            (d.name.clone(), (d.path.clone(), format))
        };
        let disks: RestoredPlaces = work.disks.iter().map(place).collect();
        let files = with(&host, &record, target, &disks, |new| {
            if let Some(home) = new.home {
                durable::make_folder(home)?;
            }
            new.write()
        })?;
        files.define(&host).await?;
        files.start(&host, &uuid).await
    }

    /// What is stored with a point, in the nearest of the tiers that answers.
    async fn record(&self, stores: &Stores, tiers: &[Tier], point: PointId) -> Result<PointRecord> {
        let mut last = Error::new(Code::PointNotFound, format!("point {point} is in no store"));
        for tier in tiers {
            let read = async {
                let store = self.tier(stores, *tier).await?;
                PointRecord::of(&store, &store.point(point).await?).await
            };
            match read.await {
                Ok(record) => return Ok(record),
                Err(e) => last = e,
            }
        }
        Err(last)
    }
}

/// The format that a disk is restored in: as it was, if that can be written.
pub(super) fn own_format(record: &PointRecord, disk: &str) -> ImageFormat {
    let disk = record.machine.disks.iter().find(|d| d.name == disk);
    match disk.map(|d| d.format) {
        Some(ImageFormat::Raw) => ImageFormat::Raw,
        _ => ImageFormat::Qcow2,
    }
}

/// Hands over the machine that is to be made.
fn with<T>(
    host: &Host,
    record: &PointRecord,
    target: &MachineTarget,
    disks: &RestoredPlaces,
    then: impl FnOnce(&NewMachine<'_>) -> Result<T>,
) -> Result<T> {
    let home = match host {
        Host::Qemu(host) => Some(host.home_of(&record.definition, &target.name)),
        Host::Libvirt(_) | Host::Scripted(_) => None,
    };
    let network = match &target.network {
        NetworkSource::Libvirt(name) => NetworkTarget::Network(name.clone()),
        NetworkSource::Bridge(name) => NetworkTarget::Bridge(name.clone()),
        NetworkSource::User => NetworkTarget::User,
    };
    let uuid = target.uuid.to_string();
    then(&NewMachine {
        record,
        folder: &target.folder,
        home: home.as_deref(),
        name: &target.name,
        identity: Some(&uuid),
        network: Some(&network),
        disks,
    })
}

async fn find(host: &Host, name_or_uuid: &str) -> Result<Option<Machine>> {
    match host.hypervisor().find(name_or_uuid).await {
        Err(e) if e.code() == Code::MachineNotFound => Ok(None),
        found => found.map(Some),
    }
}

async fn absent(host: &Host, name: &str) -> Result<()> {
    match find(host, name).await? {
        None => Ok(()),
        Some(machine) => {
            let detail = format!("machine {} ({}) is there", machine.name, machine.uuid);
            Err(Error::new(Code::MachineExists, detail))
        }
    }
}
