//! Restoring disks of a point.

use std::path::PathBuf;

use base::{Code, Error, Kind, PointId, Result};
use hypervisor::{Host, ImageFormat, MachineState};
use mover::{DiskRestore, PointRecord, TargetSpec};
use uuid::Uuid;
use vault::{PointDisk, Vault};

use super::hosts::HostPlane;
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
}

/// A restored disk.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let spec = |path, format: &str, overwrite| TargetSpec {
            path,
            format: format.to_owned(),
            overwrite,
            state_dir: self.folder.clone(),
        };
        match &work.target {
            RestoreTarget::Folder(folder) => {
                base::durable::make_folder(folder)?;
                let image = |name: &str, format: &str| {
                    let safe = |c: char| if c == '/' || c.is_control() { '_' } else { c };
                    let file: String = name.chars().map(safe).collect();
                    folder.join(format!("{file}.{format}"))
                };
                let each = wanted.into_iter().map(|disk| {
                    let format = match disk.format {
                        ImageFormat::Raw => "raw",
                        ImageFormat::Qcow2 | ImageFormat::Other => "qcow2",
                    };
                    // What an earlier try of the same job has left may be written over.
                    let path = image(&disk.name, format);
                    let overwrite = path.exists();
                    (disk.name.clone(), spec(path, format, overwrite))
                });
                Ok(each.collect())
            }
            RestoreTarget::InPlace(uuid) => {
                let machine = host.hypervisor().find(&uuid.to_string()).await?;
                if machine.state != MachineState::Stopped {
                    let detail = format!("machine {} is not off", machine.name);
                    return Err(Error::new(Code::MachineRunning, detail));
                }
                let mut targets = Vec::new();
                for disk in wanted {
                    let now = machine.disks.iter().find(|d| d.name == disk.name);
                    let path = now.and_then(|d| d.path.clone());
                    let (Some(now), Some(path)) = (now, path) else {
                        let detail =
                            format!("machine {} has no disk {} now", machine.name, disk.name);
                        return Err(Error::new(Code::DiskNotFound, detail));
                    };
                    let format = match now.format {
                        ImageFormat::Raw => "raw",
                        ImageFormat::Qcow2 | ImageFormat::Other => "qcow2",
                    };
                    targets.push((disk.name.clone(), spec(path, format, true)));
                }
                Ok(targets)
            }
        }
    }
}
