//! A restore of disks (RESTORE-5, 7, 16, 22).

use std::path::PathBuf;

use base::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use state::jobs::JobStatus;
use state::recovery_points::{self as points, Tiers};
use uuid::Uuid;

use super::held::{Held, Outcome};
use super::{end, shown};
use crate::plane::{Over, RestoreTarget, RestoreWork, RestoredDisk, Tier};

/// The task of a restore.
pub(crate) const FROM_VAULT: &str = "Transfer data from vault";

/// A restore.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RestorePlan {
    /// The number of the item.
    pub(crate) item: i64,
    /// The number of the point.
    pub(crate) point: i64,
    /// Numbers of data disks beside the disk of the operating system; `None`: all.
    pub(crate) disks: Option<Vec<u16>>,
    /// Where to.
    pub(crate) place: Place,
}

/// Where a restore writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// New images in this folder.
    Folder(PathBuf),
    /// Over the disks of this machine.
    InPlace(Uuid),
}

pub(super) async fn run(held: &Held<'_>, plan: RestorePlan) -> Result<Outcome> {
    let begun = async {
        let (mut tx, mut job) = held.write().await?;
        let now = tx.now();
        for task in &mut job.body.tasks {
            super::set_task(task, policy::TaskStatus::InProgress, now);
        }
        let point = points::get(&mut tx, plan.item, plan.point).await?;
        held.commit(tx, job).await?;
        point.ok_or_else(|| {
            let detail = format!("recovery point {} is gone", plan.point);
            Error::new(Code::RecoveryPointNotFound, detail)
        })
    };
    let point = begun.await?;
    let done = restore(held, &plan, &point).await;
    let (tx, job) = match done {
        Err(e) if held.cancel.is_cancelled() => {
            if !held.is_cancelled_by_user().await? {
                return Err(e);
            }
            let (tx, mut job) = held.write().await?;
            end(&mut job, JobStatus::Cancelled, tx.now());
            (tx, job)
        }
        Err(e) => {
            tracing::warn!("restore job {}: {e:?}", held.id);
            let (tx, mut job) = held.write().await?;
            job.body.errors.push(shown(&e));
            end(&mut job, JobStatus::Failed, tx.now());
            (tx, job)
        }
        Ok(disks) => {
            let (tx, mut job) = held.write().await?;
            for disk in &disks {
                let name = format!("Restored disk {}", disk.name);
                let place = disk.path.display().to_string();
                job.body.properties.insert(name, place);
            }
            let bytes = disks.iter().map(|d| d.written).sum();
            for task in &mut job.body.tasks {
                task.bytes_done = bytes;
                task.bytes_total = bytes;
            }
            end(&mut job, JobStatus::Completed, tx.now());
            (tx, job)
        }
    };
    held.commit(tx, job).await?;
    Ok(Outcome::Ended)
}

async fn restore(
    held: &Held<'_>,
    plan: &RestorePlan,
    point: &points::RecoveryPoint,
) -> Result<Vec<RestoredDisk>> {
    let control = held.control;
    let ground = control.ground(plan.item).await?;
    if matches!(plan.place, Place::InPlace(_)) {
        ground.check_one_host()?;
    }
    let permit = control
        .engine
        .permit("restore", &ground.connection, &held.cancel);
    let cancelled = || Error::new(Code::Cancelled, "the restore was cancelled");
    let _permit = permit.await.ok_or_else(cancelled)?;
    let work = RestoreWork {
        connection: ground.connection,
        point: point.point,
        // The nearest first (SNAP-3).
        tiers: match point.tiers {
            Tiers::Snapshot => vec![Tier::Snapshot],
            Tiers::SnapshotAndVault => vec![Tier::Snapshot, Tier::Vault],
            Tiers::Vault => vec![Tier::Vault],
        },
        disks: plan.disks.clone(),
        target: match &plan.place {
            Place::Folder(folder) => RestoreTarget::Folder(folder.clone()),
            Place::InPlace(machine) => RestoreTarget::InPlace(*machine),
        },
    };
    let over = Over {
        events: held.live,
        cancel: &held.cancel,
    };
    control.plane.restore(&ground.stores, &work, &over).await
}
