//! A restore (RESTORE-2 to 5, 7, 16, 22).
//!
//! ```text
//! in place: is it off? ─► a backup of what is there ─► disks
//! of a new machine: can it be made? ─► disks ─► define and start it
//! ```

use std::path::PathBuf;

use base::{Code, Error, Result};
use policy::TaskStatus;
use serde::{Deserialize, Serialize};
use state::hosts::Host;
use state::jobs::{self, JobStatus};
use state::recovery_points::{self as points, Tiers};
use state::resources;
use uuid::Uuid;

use super::backup::Run;
use super::held::{Held, Outcome};
use super::{Plan, SNAPSHOT, end, shown, to_json};
use crate::plane::{
    MachineTarget, MachineWork, Over, RestoreTarget, RestoreWork, RestoredDisk, Tier,
};
use crate::protected_items::in_the_way;
use crate::vaults::refused;

/// The tasks of a restore.
pub(crate) const FROM_VAULT: &str = "Transfer data from vault";
pub(crate) const CREATE_MACHINE: &str = "Create the restored virtual machine";

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
    /// Where it goes on.
    pub(crate) stage: Stage,
}

/// Where a restore goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// With whether it can be done.
    Check,
    /// With the disks, once this backup has its snapshot.
    Disks(Option<Uuid>),
    /// With the machine that these disks become.
    Machine(Vec<RestoredDisk>),
}

/// Where a restore writes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Place {
    /// New images in this folder.
    Folder(PathBuf),
    /// Over the disks of this machine.
    Original(Uuid),
    /// New images of a new machine.
    Machine(NewPlace),
}

/// Where a new machine comes to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewPlace {
    /// The id of its host.
    pub(crate) host: String,
    /// The folded id of its group.
    pub(crate) group: String,
    /// The machine.
    pub(crate) machine: MachineTarget,
}

pub(super) async fn run(held: &Held<'_>, plan: RestorePlan) -> Result<Outcome> {
    let done = match &plan.stage {
        Stage::Check | Stage::Disks(_) if held.cancel.is_cancelled() => {
            Err(Error::new(Code::Cancelled, "the restore was cancelled"))
        }
        Stage::Check => check(held, &plan).await,
        Stage::Disks(before) => disks(held, &plan, *before).await,
        Stage::Machine(disks) => machine(held, &plan, disks).await,
    };
    let error = match done {
        Ok(Next::Ended) => return Ok(Outcome::Ended),
        Ok(Next::Later(seconds)) => return Ok(Outcome::Later(seconds)),
        Ok(Next::Stage(stage)) => {
            let plan = RestorePlan { stage, ..plan };
            return Box::pin(run(held, plan)).await;
        }
        // The records may answer again; the job goes on where it was.
        Err(e) if matches!(e.code(), Code::LeaseLost | Code::StateUnavailable) => return Err(e),
        Err(e) => e,
    };
    let status = match held.cancel.is_cancelled() {
        true if !held.is_cancelled_by_user().await? => return Err(error),
        true => JobStatus::Cancelled,
        false => JobStatus::Failed,
    };
    let (tx, mut job) = held.write().await?;
    if status == JobStatus::Failed {
        tracing::warn!("restore job {}: {error:?}", held.id);
        job.body.errors.push(shown(&error));
    }
    end(&mut job, status, tx.now());
    held.commit(tx, job).await?;
    Ok(Outcome::Ended)
}

/// What comes after a stage.
enum Next {
    Stage(Stage),
    Later(i64),
    Ended,
}

/// Seconds until a restore that waits for a backup looks again.
const LOOK: i64 = 3;

/// Looks whether the restore can be done. One in place begins a backup of what it writes over.
async fn check(held: &Held<'_>, plan: &RestorePlan) -> Result<Next> {
    let control = held.control;
    let mut before = None;
    if let Place::Original(machine) = plan.place {
        let ground = control.ground(plan.item).await?;
        ground.check_one_host()?;
        let plane = &control.plane;
        if plane.check_off(&ground.connection, machine).await? {
            // An earlier restore was cut short: it had its backup, and only a restore helps.
            return Ok(Next::Stage(Stage::Disks(None)));
        }
        let (mut tx, mut job) = held.write().await?;
        if in_the_way(&mut tx, &ground.item, false).await?.is_some() {
            return Ok(Next::Later(LOOK));
        }
        let until =
            policy::on_demand_until(None, tx.now()).map_err(|r| refused(Code::InvalidInput, &r))?;
        let run = Run::OnDemand { until };
        let backup = control.start_backup(&mut tx, &ground.item, run).await?;
        let named = ("Backup before the restore".to_owned(), backup.to_string());
        job.body.properties.extend([named]);
        before = Some(backup);
        job.body.step = step(plan, Stage::Disks(before));
        held.commit(tx, job).await?;
        control.engine.wake.notify_one();
    }
    Ok(Next::Stage(Stage::Disks(before)))
}

/// Restores the disks.
async fn disks(held: &Held<'_>, plan: &RestorePlan, before: Option<Uuid>) -> Result<Next> {
    if let Some(backup) = before
        && !has_snapshot(held, backup).await?
    {
        return Ok(Next::Later(LOOK));
    }
    let (mut tx, mut job) = held.write().await?;
    let now = tx.now();
    if let Some(task) = job.body.tasks.first_mut() {
        super::set_task(task, TaskStatus::InProgress, now);
    }
    let point = points::get(&mut tx, plan.item, plan.point).await?;
    held.commit(tx, job).await?;
    let point = point.ok_or_else(|| {
        let detail = format!("recovery point {} is gone", plan.point);
        Error::new(Code::RecoveryPointNotFound, detail)
    })?;
    let disks = restore(held, plan, &point).await?;
    let (mut tx, mut job) = held.write().await?;
    let now = tx.now();
    for disk in &disks {
        let name = format!("Restored disk {}", disk.name);
        let place = disk.path.display().to_string();
        job.body.properties.insert(name, place);
    }
    if let Some(task) = job.body.tasks.first_mut() {
        let bytes = disks.iter().map(|d| d.written).sum();
        (task.bytes_done, task.bytes_total) = (bytes, bytes);
        super::set_task(task, TaskStatus::Completed, now);
    }
    let Place::Machine(new) = &plan.place else {
        end(&mut job, JobStatus::Completed, now);
        held.commit(tx, job).await?;
        return Ok(Next::Ended);
    };
    if let Some(task) = job.body.tasks.get_mut(1) {
        super::set_task(task, TaskStatus::InProgress, now);
    }
    // Its group is known before it can be found.
    if let Some(mut host) = resources::get::<Host>(&mut tx, &new.host).await?
        && host.body.group != new.group
    {
        let groups = &mut host.body.machine_groups;
        groups.insert(new.machine.uuid, new.group.clone());
        resources::update(&mut tx, host).await?;
    }
    let stage = Stage::Machine(disks);
    job.body.step = step(plan, stage.clone());
    held.commit(tx, job).await?;
    Ok(Next::Stage(stage))
}

/// Makes the machine of its disks, which stay if it can't be made (RESTORE-3). That is not cut
/// short by a cancel (RESTORE-17).
async fn machine(held: &Held<'_>, plan: &RestorePlan, disks: &[RestoredDisk]) -> Result<Next> {
    let Place::Machine(new) = &plan.place else {
        return Err(Error::new(Code::Internal, "a restore without a machine"));
    };
    let control = held.control;
    let ground = control.ground(plan.item).await?;
    let mut tx = control.state.read().await?;
    let point = points::get(&mut tx, plan.item, plan.point).await?;
    let stores = control.stores_of_point(&mut tx, &ground, point.as_ref());
    let stores = stores.await?;
    drop(tx);
    let point = point.ok_or_else(|| {
        let detail = format!("recovery point {} is gone", plan.point);
        Error::new(Code::RecoveryPointNotFound, detail)
    })?;
    let work = MachineWork {
        connection: control.host(&new.host).await?.body.connection,
        point: point.point,
        tiers: tiers(&point),
        machine: new.machine.clone(),
        disks: disks.to_vec(),
    };
    control.plane.make_machine(&stores, &work).await?;
    // Clients look for it as soon as the job has ended.
    if let Err(e) = control.discover().await {
        tracing::info!("machine {} is found later: {e}", new.machine.name);
    }
    let (tx, mut job) = held.write().await?;
    end(&mut job, JobStatus::Completed, tx.now());
    held.commit(tx, job).await?;
    Ok(Next::Ended)
}

fn step(plan: &RestorePlan, stage: Stage) -> serde_json::Value {
    let plan = plan.clone();
    to_json(&Plan::Restore(RestorePlan { stage, ..plan }))
}

/// Whether a backup has its snapshot.
///
/// # Errors
/// `BackupBeforeRestoreFailed` if it gets none.
async fn has_snapshot(held: &Held<'_>, backup: Uuid) -> Result<bool> {
    let mut tx = held.control.state.read().await?;
    let job = jobs::get(&mut tx, backup).await?;
    let task = job
        .as_ref()
        .and_then(|j| j.body.tasks.iter().find(|t| t.name == SNAPSHOT));
    match task.map(|t| t.status) {
        Some(TaskStatus::Completed) => Ok(true),
        Some(TaskStatus::NotStarted | TaskStatus::InProgress) => Ok(false),
        Some(TaskStatus::Failed | TaskStatus::Cancelled | TaskStatus::Skipped) | None => {
            let why = job.and_then(|j| j.body.errors.into_iter().next());
            let why = why.map_or_else(String::new, |e| format!(": {}: {}", e.code, e.detail));
            let detail = format!("backup job {backup} has no snapshot{why}");
            Err(Error::new(Code::BackupBeforeRestoreFailed, detail))
        }
    }
}

/// The tiers that hold a point, the nearest first (SNAP-3).
fn tiers(point: &points::RecoveryPoint) -> Vec<Tier> {
    match point.tiers {
        Tiers::Snapshot => vec![Tier::Snapshot],
        Tiers::SnapshotAndVault => vec![Tier::Snapshot, Tier::Vault],
        Tiers::Vault => vec![Tier::Vault],
    }
}

async fn restore(
    held: &Held<'_>,
    plan: &RestorePlan,
    point: &points::RecoveryPoint,
) -> Result<Vec<RestoredDisk>> {
    let control = held.control;
    let ground = control.ground(plan.item).await?;
    let own = ground.connection.clone();
    let (connection, target) = match &plan.place {
        Place::Folder(folder) => (own, RestoreTarget::Folder(folder.clone())),
        Place::Original(machine) => (own, RestoreTarget::InPlace(*machine)),
        Place::Machine(new) => {
            let host = control.host(&new.host).await?;
            let target = RestoreTarget::Machine(new.machine.clone());
            (host.body.connection, target)
        }
    };
    let permit = control.engine.permit("restore", &connection, &held.cancel);
    let cancelled = || Error::new(Code::Cancelled, "the restore was cancelled");
    let _permit = permit.await.ok_or_else(cancelled)?;
    let mut tx = control.state.read().await?;
    let stores = control.stores_of_point(&mut tx, &ground, Some(point));
    let stores = stores.await?;
    drop(tx);
    let work = RestoreWork {
        connection,
        point: point.point,
        tiers: tiers(point),
        disks: plan.disks.clone(),
        target,
    };
    let over = Over {
        events: held.live,
        cancel: &held.cancel,
    };
    control.plane.restore(&stores, &work, &over).await
}
