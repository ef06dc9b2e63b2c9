//! A job of a day: each fiftieth failed, each seventh is a restore.

use base::Result;
use jiff::{SignedDuration, Timestamp};
use state::WriteTx;
use state::jobs::{self, Job, JobBody, JobOperation, JobStatus, Task, TaskStatus};
use state::protected_items::ProtectedItem;

use crate::names::job_id;

/// Whether the job of a machine and day failed.
pub(super) fn is_failed(machine: usize, day: usize) -> bool {
    (machine + day).is_multiple_of(50)
}

/// Creates the job of a machine that began so many days ago.
pub(super) async fn create(
    tx: &mut WriteTx,
    item: &ProtectedItem,
    (machine, day): (usize, usize),
    started: Timestamp,
) -> Result<()> {
    let (status, task_status) = match is_failed(machine, day) {
        true => (JobStatus::Failed, TaskStatus::Failed),
        false => (JobStatus::Completed, TaskStatus::Completed),
    };
    let ended = started + SignedDuration::from_mins(20);
    let task = |name: &str| Task {
        name: name.to_owned(),
        status: task_status,
        started_at: Some(started),
        ended_at: Some(ended),
        bytes_done: 1 << 30,
        bytes_total: 1 << 30,
    };
    let name = &item.body.friendly_name;
    let job = Job {
        id: job_id(machine, day),
        vault: item.vault.clone(),
        item: Some(item.id.clone()),
        operation: match (machine + day).is_multiple_of(7) {
            true => JobOperation::Restore,
            false => JobOperation::Backup,
        },
        status,
        started_at: started,
        ended_at: Some(ended),
        revision: 1,
        body: JobBody {
            entity: name.clone(),
            tasks: vec![task("Take Snapshot"), task("Transfer data to vault")],
            properties: [("VM Name", name.as_str()), ("Backup Size", "1024 MB")]
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into(),
            ..JobBody::default()
        },
    };
    jobs::create(tx, job).await?;
    Ok(())
}
