//! Restoring disks of a point.

use std::path::{Path, PathBuf};

use base::{Code, Error, Kind, PointId, Result, durable};
use hypervisor::{Host, ImageFormat, Machine, MachineState};
use mover::{DiskRestore, NewMachine, PointRecord, RestoredPlaces, TargetSpec, file_part};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vault::{PointDisk, Vault};

use super::hosts::HostPlane;
use super::machine::{MachineTarget, own_format};
use super::{Over, Stores, Tier, disk_numbers};

/// What to restore, and where to.
#[derive(Clone, Debug)]
pub struct RestoreWork {
    /// How the host is reached.
    pub connection: String,
    /// The point.
    pub point: PointId,
    /// The tiers that hold it, the nearest first.
    pub tiers: Vec<Tier>,
    /// Numbers of data disks beside the disk of the operating system; `None`: all disks.
    pub disks: Option<Vec<u16>>,
    /// Where to.
    pub target: RestoreTarget,
}

/// Where disks are restored to.
#[derive(Clone, Debug)]
pub enum RestoreTarget {
    /// New images in a folder, which is made.
    Folder(PathBuf),
    /// Over the disks of this machine, which must be off (RESTORE-7).
    InPlace(Uuid),
    /// New images that a machine will be made of ([`super::DataPlane::make_machine`]).
    Machine(MachineTarget),
}

/// A restored disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoredDisk {
    /// Its name in its machine.
    pub name: String,
    /// Where it is.
    pub path: PathBuf,
    /// Bytes written.
    pub written: u64,
}

impl HostPlane {
    /// Tries the tiers in their order: the next one where one is damaged or away.
    pub(super) async fn restore_point(
        &self,
        stores: &Stores,
        work: &RestoreWork,
        over: &Over<'_>,
    ) -> Result<Vec<RestoredDisk>> {
        let mut last = Error::new(
            Code::PointNotFound,
            format!("point {} is in no store", work.point),
        );
        for tier in &work.tiers {
            match self.restore_from(stores, *tier, work, over).await {
                Err(e)
                    if matches!(e.kind(), Kind::Integrity | Kind::Unavailable)
                        || matches!(e.code(), Code::PointNotFound | Code::NotAVault) =>
                {
                    tracing::warn!("restoring point {} from {tier:?}: {e}", work.point);
                    last = e;
                }
                done => return done,
            }
        }
        Err(last)
    }

    async fn restore_from(
        &self,
        stores: &Stores,
        tier: Tier,
        work: &RestoreWork,
        over: &Over<'_>,
    ) -> Result<Vec<RestoredDisk>> {
        let store = self.tier(stores, tier).await?;
        let info = store.point(work.point).await?;
        let record = PointRecord::of(&store, &info).await?;
        let reader = store.reader().await?;
        let host = self.host(&work.connection)?;
        let targets = self.targets(&host, work, &record).await?;
        let place = |(name, spec): &(String, TargetSpec)| {
            let place = (spec.path.clone(), own_format(&record, name));
            (name.clone(), place)
        };
        let images: RestoredPlaces = targets.iter().map(place).collect();
        if let RestoreTarget::Machine(machine) = &work.target {
            self.check_machine(&host, &record, machine, &images).await?;
        }
        let (mut disks, mut places) = (Vec::new(), Vec::new());
        for (name, target) in targets {
            let (root, _) = record.disk(&info, &name).ok_or_else(|| {
                let detail = format!("point {} has no disk {name}", work.point);
                Error::new(Code::DiskNotFound, detail)
            })?;
            places.push((name.clone(), target.path.clone()));
            disks.push(DiskRestore {
                disk: PointDisk::new(reader.clone(), root, Vault::chunk_size(&store)),
                name,
                target,
            });
        }
        let reports = mover::restore_disks(disks, None, over.cancel, over.events).await?;
        if let RestoreTarget::Folder(folder) = &work.target {
            define(&record, folder, &images);
        }
        let done = places.into_iter().zip(reports);
        Ok(done
            .map(|((name, path), report)| RestoredDisk {
                name,
                path,
                written: report.written,
            })
            .collect())
    }

    /// The disks to restore, by name, and where each goes.
    async fn targets(
        &self,
        host: &Host,
        work: &RestoreWork,
        record: &PointRecord,
    ) -> Result<Vec<(String, TargetSpec)>> {
        let numbers = disk_numbers(&record.machine.disks);
        let all = record.machine.disks.iter().zip(numbers);
        let wanted: Vec<_> = all
            .filter(|(disk, _)| record.disks.iter().any(|d| d.name == disk.name))
            .filter(|(_, number)| match (&work.disks, number) {
                (Some(luns), Some(number)) => luns.contains(number),
                (None, _) | (Some(_), None) => true,
            })
            .map(|(disk, _)| disk)
            .collect();
        let spec = |path, format: ImageFormat, overwrite| TargetSpec {
            path,
            format: word(format).to_owned(),
            overwrite,
            state_dir: self.folder.clone(),
        };
        match &work.target {
            RestoreTarget::Folder(folder)
            | RestoreTarget::Machine(MachineTarget { folder, .. }) => {
                if let Some(of_group) = folder.parent() {
                    durable::make_passable_folder(of_group)?;
                }
                durable::make_passable_folder(folder)?;
                let each = wanted.into_iter().map(|disk| {
                    let format = own_format(record, &disk.name);
                    // What an earlier try of the same job has left may be written over.
                    let file = format!("{}.{}", file_part(&disk.name), word(format));
                    let path = folder.join(file);
                    let overwrite = path.exists();
                    (disk.name.clone(), spec(path, format, overwrite))
                });
                Ok(each.collect())
            }
            RestoreTarget::InPlace(uuid) => {
                let machine = host.hypervisor().find(&uuid.to_string()).await?;
                check_off(&machine)?;
                let mut targets = Vec::new();
                for disk in wanted {
                    let now = machine.disks.iter().find(|d| d.name == disk.name);
                    let path = now.and_then(|d| d.path.clone());
                    let (Some(now), Some(path)) = (now, path) else {
                        let detail =
                            format!("machine {} has no disk {} now", machine.name, disk.name);
                        return Err(Error::new(Code::DiskNotFound, detail));
                    };
                    targets.push((disk.name.clone(), spec(path, now.format, true)));
                }
                Ok(targets)
            }
        }
    }
}

/// Refuses a machine that is not off.
pub(super) fn check_off(machine: &Machine) -> Result<()> {
    if machine.state == MachineState::Stopped {
        return Ok(());
    }
    let detail = format!("machine {} is not off", machine.name);
    Err(Error::new(Code::MachineRunning, detail))
}

/// Writes, beside its disks, what defines their machine as it was (RESTORE-5). Disks are there
/// without it, too.
fn define(record: &PointRecord, folder: &Path, disks: &RestoredPlaces) {
    let machine = NewMachine {
        record,
        folder,
        home: None,
        name: &record.machine.name,
        identity: None,
        network: None,
        disks,
    };
    if let Err(e) = machine.write() {
        let name = &record.machine.name;
        tracing::warn!("the definition of {name} is not beside its restored disks: {e}");
    }
}

/// A format's name; what can't be written becomes qcow2.
fn word(format: ImageFormat) -> &'static str {
    match format {
        ImageFormat::Raw => "raw",
        ImageFormat::Qcow2 | ImageFormat::Other => "qcow2",
    }
}
