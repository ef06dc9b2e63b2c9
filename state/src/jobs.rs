//! Jobs: long work, and what is shown of it.
//!
//! A job that runs is held by a lease; who writes it does so in [`crate::State::write_as`].

use std::collections::BTreeMap;

use base::{Code, Error, Result};
use jiff::Timestamp;
pub use policy::TaskStatus;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use uuid::Uuid;

use crate::db::{Row, Select, Tx, WriteTx, json_of, name_of, whole};
use crate::fold::fold;
use crate::resources::{changed_meanwhile, gone};

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: Uuid,
    /// The folded id of the vault that it is shown in.
    pub vault: String,
    /// The folded id of its item, which may be gone.
    pub item: Option<String>,
    /// What it does.
    pub operation: JobOperation,
    /// How far it is.
    pub status: JobStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; `None` while it runs.
    pub ended_at: Option<Timestamp>,
    /// 1 when created, one more with each change.
    pub revision: i64,
    /// The rest.
    pub body: JobBody,
}

/// What a job does (JOB-14).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobOperation {
    /// Enables protection or changes it.
    ConfigureBackup,
    /// Backs up.
    Backup,
    /// Restores.
    Restore,
    /// Stops protection and keeps the data.
    DisableBackup,
    /// Stops protection and deletes the data.
    DeleteBackupData,
    /// Takes back a deletion.
    Undelete,
}

/// How far a job is (JOB-13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// It runs.
    InProgress,
    /// It runs, and is to end.
    Cancelling,
    /// It was cancelled.
    Cancelled,
    /// It ended well.
    Completed,
    /// It ended, and something is to be looked at.
    CompletedWithWarnings,
    /// It failed.
    Failed,
}

/// What is kept of a job beside what it is searched by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobBody {
    /// The name of what it works on.
    pub entity: String,
    /// Whether a user started it.
    pub by_user: bool,
    /// The activity that started it.
    pub activity: Option<Uuid>,
    /// Its tasks, in their order.
    pub tasks: Vec<Task>,
    /// How much of it is done, in thousandths.
    pub progress: Option<u16>,
    /// Where the engine goes on after a restart: its own words.
    pub step: Json,
    /// What is shown beside, such as `VM Name`.
    pub properties: BTreeMap<String, String>,
    /// What went wrong.
    pub errors: Vec<JobError>,
}

/// A part of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Task {
    /// Its name, such as `Take Snapshot`.
    pub name: String,
    /// How far it is.
    pub status: TaskStatus,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Bytes that were moved.
    pub bytes_done: u64,
    /// Bytes to move; 0 while this is not known.
    pub bytes_total: u64,
}

/// What went wrong in a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobError {
    /// The name of the error's code, which has cause and remedy.
    pub code: String,
    /// What was wrong in this case.
    pub detail: String,
}

const FROM: &str = "SELECT id, vault, item, operation, status, started_at, ended_at, revision, body
    FROM jobs";

/// Creates a job; its revision is 1, whatever was given.
///
/// # Errors
/// `ResourceExists` for an id that is taken, after which the transaction may go on; those of the
/// database.
pub async fn create(tx: &mut WriteTx, job: Job) -> Result<Job> {
    let job = Job {
        vault: fold(&job.vault),
        item: job.item.as_deref().map(fold),
        started_at: whole(job.started_at),
        ended_at: job.ended_at.map(whole),
        revision: 1,
        ..job
    };
    let sql = "INSERT INTO jobs
         (id, vault, item, operation, status, started_at, ended_at, revision, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    let values = [
        job.id.to_string().into(),
        job.vault.as_str().into(),
        job.item.as_deref().into(),
        name_of(&job.operation)?,
        name_of(&job.status)?,
        job.started_at.into(),
        job.ended_at.into(),
        job.revision.into(),
        json_of(&job.body)?,
    ];
    match tx.execute(sql, values).await? {
        0 => Err(Error::new(
            Code::ResourceExists,
            format!("job {} exists already", job.id),
        )),
        _ => Ok(job),
    }
}

/// The job of this id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<Job>> {
    let select = Select::new(FROM).with("id = ?", [id.to_string().into()]);
    Ok(all(tx, select, "id", 1).await?.pop())
}

/// At most `limit` jobs of these vaults, by their folded ids, or of all, whose id begins with
/// `text`: the newest.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn begin_with(
    tx: &mut Tx,
    text: &str,
    vaults: Option<&[String]>,
    limit: u32,
) -> Result<Vec<Job>> {
    let first = fold(text);
    // No id has what comes after all hexadecimal digits.
    let end = format!("{first}g");
    // As expressions, so that only the ids' own index is looked through.
    let select = Select::new(FROM)
        .with("id >= ? AND id < ?", [first.into(), end.into()])
        .among("vault || ''", vaults);
    all(tx, select, "started_at + 0 DESC, id DESC", limit).await
}

/// Which jobs to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of the vault of this id.
    pub vault: Option<String>,
    /// Those of these vaults, by their folded ids.
    pub vaults: Option<Vec<String>>,
    /// Those of the item of this id.
    pub item: Option<String>,
    /// Those that do this.
    pub operation: Option<JobOperation>,
    /// Those that are so far.
    pub status: Option<JobStatus>,
    /// Those that have not ended.
    pub unfinished: bool,
    /// Those that began at this time or later.
    pub from: Option<Timestamp>,
    /// Those that began before this time.
    pub to: Option<Timestamp>,
}

/// At most `limit` jobs, newest first, beginning behind the job with this start and id.
///
/// Fast whatever the filter: there is an index for each of vault, item, operation and status.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Job>> {
    let operation = filter.operation.as_ref().map(name_of).transpose()?;
    let status = filter.status.as_ref().map(name_of).transpose()?;
    // An index is looked through by what is rarer: most jobs are backups that went well.
    let by_item = filter.item.is_some();
    let by_operation = !by_item
        && operation.is_some()
        && matches!(filter.status, None | Some(JobStatus::Completed));
    // As an expression, so that of several vaults not all jobs are sorted.
    let mut select = Select::new(FROM)
        .among("vault || ''", filter.vaults.as_deref())
        .with_some("vault = ?", filter.vault.as_deref().map(fold))
        .with_some("item = ?", filter.item.as_deref().map(fold))
        .with_some(&equals("operation", by_operation), operation)
        .with_some(&equals("status", !by_item && !by_operation), status)
        .with_some("started_at >= ?", filter.from.map(whole))
        .with_some("started_at < ?", filter.to.map(whole));
    if filter.unfinished {
        select = select.with("ended_at IS NULL", []);
    }
    if let Some((started_at, id)) = after {
        let values = [started_at.into(), id.to_string().into()];
        select = select.with("(started_at, id) < (?, ?)", values);
    }
    all(tx, select, "started_at DESC, id DESC", limit).await
}

/// A column has a value; as an expression, if no index of it is to be looked through.
fn equals(column: &str, is_searched: bool) -> String {
    match is_searched {
        true => format!("{column} = ?"),
        false => format!("{column} || '' = ?"),
    }
}

/// At most `limit` jobs that have not ended, oldest first, beginning behind the job with this
/// start and id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn unfinished(
    tx: &mut Tx,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Job>> {
    all(tx, not_ended(FROM, after), "started_at, id", limit).await
}

/// A job that has not ended, as far as is needed to take it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InWork {
    /// Its id.
    pub id: Uuid,
    /// When it began.
    pub started_at: Timestamp,
    /// Whether it was asked to end.
    pub cancelling: bool,
}

/// What [`unfinished`] gives, without what is kept in the jobs: it is asked for with each tick.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn in_work(
    tx: &mut Tx,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<InWork>> {
    let from = "SELECT id, started_at, status FROM jobs";
    let (sql, values) = not_ended(from, after).page("started_at, id", limit);
    let rows = tx.query(sql, values).await?;
    let job = |row: &Row| {
        Ok(InWork {
            id: row.name(0)?,
            started_at: row.time(1)?,
            cancelling: row.name::<JobStatus>(2)? == JobStatus::Cancelling,
        })
    };
    rows.iter().map(job).collect()
}

fn not_ended(from: &str, after: Option<(Timestamp, Uuid)>) -> Select {
    let select = Select::new(from).with("ended_at IS NULL", []);
    match after {
        Some((started_at, id)) => {
            let values = [started_at.into(), id.to_string().into()];
            select.with("(started_at, id) > (?, ?)", values)
        }
        None => select,
    }
}

/// Writes status, end and body of a job that was read, if nobody has changed it since; returns it
/// at its new revision.
///
/// # Errors
/// `PreconditionFailed` when it is at another revision, `ResourceNotFound` when it is gone; after
/// both the transaction may go on. Those of the database.
pub async fn update(tx: &mut WriteTx, job: Job) -> Result<Job> {
    let sql = "UPDATE jobs SET revision = revision + 1, status = $3, ended_at = $4, body = $5
         WHERE id = $1 AND revision = $2";
    let ended_at = job.ended_at.map(whole);
    let values = [
        job.id.to_string().into(),
        job.revision.into(),
        name_of(&job.status)?,
        ended_at.into(),
        json_of(&job.body)?,
    ];
    match tx.execute(sql, values).await? {
        0 => {
            let what = format!("job {}", job.id);
            Err(match get(tx, job.id).await? {
                Some(_) => changed_meanwhile(&what),
                None => gone(&what),
            })
        }
        _ => Ok(Job {
            ended_at,
            revision: job.revision + 1,
            ..job
        }),
    }
}

/// Removes the jobs that ended before a time; returns how many.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut WriteTx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM jobs WHERE ended_at < $1";
    tx.execute(sql, [before.into()]).await
}

async fn all(tx: &mut Tx, select: Select, order: &str, limit: u32) -> Result<Vec<Job>> {
    let (sql, values) = select.page(order, limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(job).collect()
}

fn job(row: &Row) -> Result<Job> {
    Ok(Job {
        id: row.name(0)?,
        vault: row.string(1)?,
        item: row.optional_text(2)?.map(str::to_owned),
        operation: row.name(3)?,
        status: row.name(4)?,
        started_at: row.time(5)?,
        ended_at: row.optional_time(6)?,
        revision: row.int(7)?,
        body: row.json(8)?,
    })
}
