//! What a store tells of a point.

use base::{ByteSize, Code, Error, PointId, Result};
use mover::PointRecord;
use state::recovery_points::{Consistency, PointDisk};
use vault::Vault;

use super::hosts::HostPlane;
use super::{PointFacts, disk_numbers};

impl HostPlane {
    /// What `store` tells of a point.
    ///
    /// # Errors
    /// `PointNotFound`; those of the store.
    pub(super) async fn facts(&self, store: &Vault, point: PointId) -> Result<PointFacts> {
        let info = store.point(point).await?;
        let record = PointRecord::of(store, &info).await?;
        let taken_at = info.manifest.created_at.parse().map_err(|e| {
            let detail = format!("point {point} has no time that can be read");
            Error::new(Code::VaultDamaged, detail).because(e)
        })?;
        let numbers = disk_numbers(&record.machine.disks);
        let all = record.machine.disks.iter().zip(numbers);
        let (mut disks, mut excluded) = (Vec::new(), Vec::new());
        for (disk, lun) in all {
            let here = info.manifest.disks.iter().zip(&record.disks);
            let size = here.clone().find(|(_, d)| d.name == disk.name);
            let shown = PointDisk {
                lun,
                name: disk.name.clone(),
                bytes: size.map_or(disk.size, |(root, _)| root.size),
            };
            match size {
                Some(_) => disks.push(shown),
                None => excluded.push(shown),
            }
        }
        let data = data_of(&record);
        Ok(PointFacts {
            point,
            taken_at,
            consistency: match record.consistency {
                hypervisor::Consistency::FileSystemConsistent => Consistency::FileSystemConsistent,
                // Clean or not, a machine that is off gives no more (SNAP-5).
                hypervisor::Consistency::CrashConsistent | hypervisor::Consistency::Offline => {
                    Consistency::CrashConsistent
                }
            },
            downgrade: record.downgrade,
            disks,
            excluded,
            data,
            warnings: record.warnings,
        })
    }
}

/// The data on the disks of a machine, without those that are not captured (PRICE-4); `None` if
/// it is not known of one.
fn data_of(record: &PointRecord) -> Option<u64> {
    let mut disks = Vec::new();
    for disk in &record.machine.disks {
        let captured = record.disks.iter().find(|d| d.name == disk.name);
        disks.push(policy::Disk {
            used: ByteSize(captured.map_or(Some(disk.size), |d| d.data)?),
            temporary: captured.is_none(),
        });
    }
    Some(policy::instance_size(&disks).0)
}
