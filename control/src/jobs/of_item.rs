//! An item's jobs that have not ended, and what they keep others from.

use base::{Code, Error, PointId, Result};
use policy::TaskStatus;
use state::Tx;
use state::jobs::{self, Filter, Job, JobOperation};
use state::protected_items::ProtectedItem;

use super::backup::{BackupPlan, Sending, Stage};
use super::restore::RestorePlan;
use super::{Plan, TRANSFER};

/// Whether another job of the item is in its transfer, or waits for it.
pub(super) async fn transfer_runs(tx: &mut Tx, item: &ProtectedItem, job: &Job) -> Result<bool> {
    let others = unfinished_backups(tx, item).await?;
    Ok(others.iter().any(|other| {
        let ahead = (other.started_at, other.id) < (job.started_at, job.id);
        other.id != job.id && transfers(other) && (ahead || !waits(other))
    }))
}

/// What a job does, and how far it is.
///
/// # Errors
/// `StateDamaged`.
pub(crate) fn plan(job: &Job) -> Result<Plan> {
    serde_json::from_value(job.body.step.clone()).map_err(|e| {
        let detail = format!("the plan of job {} can't be read", job.id);
        Error::new(Code::StateDamaged, detail).because(e)
    })
}

/// The point that a backup has begun and not recorded yet.
pub(crate) fn begun(job: &Job) -> Option<PointId> {
    match plan(job) {
        Ok(Plan::Backup(BackupPlan {
            stage: Stage::Snapshot(point),
            ..
        })) => point,
        _ => None,
    }
}

/// What a backup transfers, or is about to.
pub(crate) fn sending(job: &Job) -> Option<Sending> {
    match plan(job) {
        Ok(Plan::Backup(BackupPlan {
            stage: Stage::Transfer(sending),
            ..
        })) => Some(sending),
        _ => None,
    }
}

/// What a restore does.
pub(crate) fn restoring(job: &Job) -> Option<RestorePlan> {
    match plan(job) {
        Ok(Plan::Restore(plan)) => Some(plan),
        _ => None,
    }
}

/// Whether a backup waits until it may begin its transfer.
pub(crate) fn waits(job: &Job) -> bool {
    sending(job).is_some_and(|sending| sending.waits)
}

/// The backups of an item that have not ended.
pub(crate) async fn unfinished_backups(tx: &mut Tx, item: &ProtectedItem) -> Result<Vec<Job>> {
    unfinished(tx, item, JobOperation::Backup).await
}

/// The numbers of the points that restores of an item which have not ended read.
pub(crate) async fn unfinished_restores(tx: &mut Tx, item: &ProtectedItem) -> Result<Vec<i64>> {
    let jobs = unfinished(tx, item, JobOperation::Restore).await?;
    let of = |job| restoring(job).map(|plan| plan.point);
    Ok(jobs.iter().filter_map(of).collect())
}

async fn unfinished(
    tx: &mut Tx,
    item: &ProtectedItem,
    operation: JobOperation,
) -> Result<Vec<Job>> {
    let filter = Filter {
        item: Some(item.id.clone()),
        operation: Some(operation),
        unfinished: true,
        ..Filter::default()
    };
    // Few go on at once, for however long.
    jobs::page(tx, &filter, None, u32::MAX).await
}

/// Whether a job is in its transfer, or waits for it.
pub(crate) fn transfers(job: &Job) -> bool {
    let tasks = &job.body.tasks;
    tasks
        .iter()
        .any(|t| t.name == TRANSFER && t.status == TaskStatus::InProgress)
}
