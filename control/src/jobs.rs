//! Jobs: what clients see of them, and their records. What they do is in the folder.
//!
//! ```text
//! a call or a reconciler ─► record ─► engine ─► backup | delete_data | restore
//!                                     lease, permits, resume, cancel
//! ```
//!
//! A job's plan is a part of its record and says where it goes on after a restart. Each of its
//! steps can be done again; each change of its record is made under its lease.

mod after_backup;
mod backup;
mod delete_data;
mod engine;
mod ground;
mod held;
mod live;
mod load;
mod of_item;
mod origin;
mod plan;
mod restore;
mod streams;
mod transfer;
mod watch;

use std::collections::BTreeMap;

use base::{Code, Error, Result};
use jiff::Timestamp;
use policy::{BackupJob, TaskStatus};
use serde::{Deserialize, Serialize};
use state::jobs::{self, Filter, Job, JobBody, JobError, JobOperation, JobStatus, Task};
use state::protected_items::ProtectedItem;
use state::{Tx, WriteTx};
use uuid::Uuid;

use crate::{Control, Sees};

/// Of so many vaults jobs are looked up vault by vault.
const FEW: usize = 32;

pub(crate) use backup::{BackupPlan, Run, Stage};
pub(crate) use delete_data::DeletePlan;
pub(crate) use engine::Engine;
pub(crate) use ground::{Ground, policy_of};
pub use live::LiveWork;
pub use load::Load;
pub(crate) use of_item::{unfinished_backups, unfinished_restores};
pub(crate) use plan::{begun, restoring, sending, waits};
pub(crate) use restore::{
    CREATE_MACHINE, FROM_VAULT, NewPlace, Place, RestorePlan, Stage as RestoreStage,
};
pub use watch::JobWatch;

/// The tasks of a backup (JOB-3).
pub(crate) const SNAPSHOT: &str = "Take Snapshot";
pub(crate) const TRANSFER: &str = "Transfer data to vault";
/// The property that names how consistent a backup's point is to be.
pub(crate) const ASKED: &str = "Recovery point consistency asked";
/// The property that names why a backup's point is not as consistent as was asked.
pub(crate) const DOWNGRADE: &str = "Consistency downgrade";

/// What a job does, and how far it has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Plan {
    Backup(BackupPlan),
    DeleteData(DeletePlan),
    Restore(RestorePlan),
}

/// A job with what its process knows of its progress.
#[derive(Clone, Debug)]
pub struct ShownJob {
    /// The job.
    pub job: Job,
    /// What is done just now, if it is done on this server.
    pub live: Option<LiveWork>,
}

impl ShownJob {
    /// How far the task that runs is, if it runs on this server.
    #[must_use]
    pub fn progress(&self) -> Option<mover::Progress> {
        self.live.as_ref().and_then(|live| live.progress)
    }
}

impl Control {
    /// At most `limit` jobs of a vault, newest first, beginning behind that of this start and id.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn jobs(
        &self,
        group: &str,
        vault: &str,
        filter: Filter,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Job>> {
        let vault = self.vault(group, vault).await?;
        let filter = Filter {
            vault: Some(vault.id),
            ..filter
        };
        let mut tx = self.state.read().await?;
        jobs::page(&mut tx, &filter, after, limit).await
    }

    /// At most `limit` jobs of vaults that `sees` lets see, or of the one of this name, newest
    /// first, beginning behind that of this start and id; each with the id of its vault.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn all_jobs(
        &self,
        vault: Option<&str>,
        filter: Filter,
        sees: &Sees,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<(String, Job)>> {
        let mut tx = self.state.read().await?;
        let mut seen = sees.vaults(&mut tx).await?;
        seen.retain(|v| vault.is_none_or(|name| v.name.eq_ignore_ascii_case(name)));
        let ids: BTreeMap<String, String> = seen
            .into_iter()
            .map(|vault| (state::fold(&vault.id), vault.id))
            .collect();
        let found = match (sees, vault) {
            (Sees::All, None) => jobs::page(&mut tx, &filter, after, limit).await?,
            // Each has an index of its own; of many, the jobs of all are looked through.
            _ if ids.len() <= FEW => {
                let mut found = Vec::new();
                for vault in ids.keys() {
                    let vault = Some(vault.clone());
                    let of_one = Filter {
                        vault,
                        ..filter.clone()
                    };
                    found.extend(jobs::page(&mut tx, &of_one, after, limit).await?);
                }
                found.sort_by_key(|job| std::cmp::Reverse((job.started_at, job.id)));
                found.truncate(limit as usize);
                found
            }
            _ => {
                let vaults = Some(ids.keys().cloned().collect());
                let of_some = Filter { vaults, ..filter };
                jobs::page(&mut tx, &of_some, after, limit).await?
            }
        };
        let with_id = |job: Job| {
            let id = ids.get(&job.vault).cloned();
            (id.unwrap_or_else(|| job.vault.clone()), job)
        };
        Ok(found.into_iter().map(with_id).collect())
    }

    /// The job of this id in a vault.
    ///
    /// # Errors
    /// `ObjectNotFound`; those of the records.
    pub async fn job(&self, group: &str, vault: &str, id: Uuid) -> Result<ShownJob> {
        let mut tx = self.state.read().await?;
        let job = find(&mut tx, &self.vault_id(group, vault), id).await?;
        let live = self.engine.progress(id);
        Ok(ShownJob { job, live })
    }

    /// Asks a job to end (JOB-16; here in any phase). It ends soon after this returns.
    ///
    /// # Errors
    /// `ObjectNotFound`; `JobNotCancellable` if it has ended or can't be; those of the records.
    pub async fn cancel_job(&self, group: &str, vault: &str, id: Uuid) -> Result<Uuid> {
        let mut tx = self.state.write().await?;
        let scope = self.vault_id(group, vault);
        let mut job = find(&mut tx, &scope, id).await?;
        if !cancellable(&job) {
            let detail = match job.ended_at {
                Some(_) => format!("job {id} has ended"),
                None => format!("job {id} is of a kind that can't be cancelled"),
            };
            return Err(Error::new(Code::JobNotCancellable, detail));
        }
        job.status = JobStatus::Cancelling;
        jobs::update(&mut tx, job).await?;
        let accepted = self.accept(&mut tx, &scope, id).await?;
        tx.commit().await?;
        self.engine.cancel(id);
        Ok(accepted.operation)
    }
}

/// Whether a job can be asked to end.
#[must_use]
pub fn cancellable(job: &Job) -> bool {
    job.ended_at.is_none()
        && job.status == JobStatus::InProgress
        && matches!(job.operation, JobOperation::Backup | JobOperation::Restore)
}

async fn find(tx: &mut Tx, vault: &str, id: Uuid) -> Result<Job> {
    let found = jobs::get(tx, id).await?;
    let here = found.filter(|job| job.vault == state::fold(vault));
    here.ok_or_else(|| {
        Error::new(
            Code::ObjectNotFound,
            format!("there is no job {id} in the vault"),
        )
    })
}

/// What a new job is about.
pub(crate) struct NewJob<'a> {
    pub(crate) item: &'a ProtectedItem,
    pub(crate) operation: JobOperation,
    pub(crate) by_user: bool,
    pub(crate) properties: &'a [(&'a str, String)],
}

impl Control {
    /// Records work that is done by the time it is recorded.
    pub(crate) async fn done_job(&self, tx: &mut WriteTx, new: NewJob<'_>) -> Result<Uuid> {
        let mut job = self.new_job(tx, &new);
        job.status = JobStatus::Completed;
        job.ended_at = Some(tx.now());
        jobs::create(tx, job).await.map(|job| job.id)
    }

    /// Records work for the engine.
    pub(crate) async fn start_job(
        &self,
        tx: &mut WriteTx,
        new: NewJob<'_>,
        tasks: &[&str],
        plan: &Plan,
    ) -> Result<Uuid> {
        let mut job = self.new_job(tx, &new);
        job.body.tasks = tasks.iter().map(|name| task(name)).collect();
        if matches!(plan, Plan::Backup(_)) {
            stand(&mut job, BackupJob::Snapshotting, tx.now());
        }
        job.body.step = to_json(plan);
        jobs::create(tx, job).await.map(|job| job.id)
    }

    fn new_job(&self, tx: &Tx, new: &NewJob<'_>) -> Job {
        let mut properties: BTreeMap<String, String> = new
            .properties
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect();
        let name = new.item.body.friendly_name.clone();
        properties.insert("VM Name".to_owned(), name.clone());
        Job {
            id: self.new_id(),
            vault: new.item.vault.clone(),
            item: Some(new.item.id.clone()),
            operation: new.operation,
            status: JobStatus::InProgress,
            started_at: tx.now(),
            ended_at: None,
            revision: 1,
            body: JobBody {
                entity: name,
                by_user: new.by_user,
                activity: Some(self.new_id()),
                properties,
                ..JobBody::default()
            },
        }
    }
}

fn task(name: &str) -> Task {
    Task {
        name: name.to_owned(),
        status: TaskStatus::NotStarted,
        started_at: None,
        ended_at: None,
        bytes_done: 0,
        bytes_total: 0,
    }
}

/// Brings a backup job's tasks and status to where it stands (JOB-2).
pub(crate) fn stand(job: &mut Job, at: BackupJob, now: Timestamp) {
    for task in &mut job.body.tasks {
        let status = match task.name.as_str() {
            SNAPSHOT => at.snapshot(),
            _ => at.transfer(),
        };
        set_task(task, status, now);
    }
    job.status = match at.status() {
        // A cancel that is under way is seen until the job has ended.
        policy::JobStatus::InProgress if job.status == JobStatus::Cancelling => {
            JobStatus::Cancelling
        }
        policy::JobStatus::InProgress => JobStatus::InProgress,
        policy::JobStatus::Completed => JobStatus::Completed,
        policy::JobStatus::CompletedWithWarnings => JobStatus::CompletedWithWarnings,
        policy::JobStatus::Failed => JobStatus::Failed,
        policy::JobStatus::Cancelled => JobStatus::Cancelled,
    };
    if !matches!(job.status, JobStatus::InProgress | JobStatus::Cancelling) {
        job.ended_at = Some(now);
    }
}

fn set_task(task: &mut Task, status: TaskStatus, now: Timestamp) {
    if task.status == status {
        return;
    }
    task.status = status;
    match status {
        TaskStatus::NotStarted | TaskStatus::Skipped => {}
        TaskStatus::InProgress => task.started_at = Some(now),
        TaskStatus::Completed | TaskStatus::Failed | TaskStatus::Cancelled => {
            task.started_at.get_or_insert(now);
            task.ended_at = Some(now);
        }
    }
}

/// Ends a job with all of its tasks that have not ended.
pub(crate) fn end(job: &mut Job, status: JobStatus, now: Timestamp) {
    let of_task = match status {
        JobStatus::Cancelled => TaskStatus::Cancelled,
        JobStatus::Failed => TaskStatus::Failed,
        JobStatus::Completed
        | JobStatus::CompletedWithWarnings
        | JobStatus::InProgress
        | JobStatus::Cancelling => TaskStatus::Completed,
    };
    for task in job.body.tasks.iter_mut().filter(|t| t.ended_at.is_none()) {
        set_task(task, of_task, now);
    }
    job.status = status;
    job.ended_at = Some(now);
}

/// An error as a job shows it.
pub(crate) fn shown(error: &Error) -> JobError {
    JobError {
        code: error.code().name().to_owned(),
        detail: error.detail().to_owned(),
    }
}

pub(crate) fn to_json(plan: &Plan) -> serde_json::Value {
    serde_json::to_value(plan).expect("plain data becomes JSON")
}
