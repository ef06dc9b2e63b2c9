//! An item's jobs that have not ended, and what they keep others from.

use base::Result;
use policy::TaskStatus;
use state::Tx;
use state::jobs::{self, Filter, Job, JobOperation};
use state::protected_items::ProtectedItem;

use super::TRANSFER;
use super::plan::{restoring, waits};

/// Whether another job of the item is in its transfer, or waits for it.
pub(super) async fn transfer_runs(tx: &mut Tx, item: &ProtectedItem, job: &Job) -> Result<bool> {
    let others = unfinished_backups(tx, item).await?;
    Ok(others.iter().any(|other| {
        let ahead = (other.started_at, other.id) < (job.started_at, job.id);
        other.id != job.id && transfers(other) && (ahead || !waits(other))
    }))
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
