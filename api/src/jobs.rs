//! Backup jobs.

pub(crate) mod all;
mod progress;
mod shape;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use base::{Code, Error};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use state::jobs::{self, JobOperation, JobStatus};
use uuid::Uuid;

use crate::app::App;
use crate::body::choose;
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::operations::accepted;
use crate::page::{Page, Paged};
use crate::vaults;

/// Names in a job's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    group: String,
    vault: String,
    job: String,
}

pub(crate) const OPERATIONS: [(&str, JobOperation); 6] = [
    ("ConfigureBackup", JobOperation::ConfigureBackup),
    ("Backup", JobOperation::Backup),
    ("Restore", JobOperation::Restore),
    ("DisableBackup", JobOperation::DisableBackup),
    ("DeleteBackupData", JobOperation::DeleteBackupData),
    ("Undelete", JobOperation::Undelete),
];

pub(crate) const STATUSES: [(&str, JobStatus); 6] = [
    ("InProgress", JobStatus::InProgress),
    ("Cancelling", JobStatus::Cancelling),
    ("Cancelled", JobStatus::Cancelled),
    ("Completed", JobStatus::Completed),
    ("CompletedWithWarnings", JobStatus::CompletedWithWarnings),
    ("Failed", JobStatus::Failed),
];

/// `GET …/backupJobs`: newest first.
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<vaults::Names>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "backupJobs/read").await?;
    let wanted = wanted(&filter)?;
    let after = page.after_time::<Uuid>()?;
    let (group, vault) = (&names.group, &names.vault);
    let found = app.control.jobs(group, vault, wanted, after, Paged::ASKED);
    let found = found.await?;
    let vault = app.control.vault_id(group, vault);
    let key = |job: &jobs::Job| Page::time_key(job.started_at, job.id);
    Ok(Json(page.answer(&app, found, key, |job| {
        shape::listed(&vault, job)
    })))
}

/// What a list of jobs is filtered by.
fn wanted(filter: &Filter) -> Answer<jobs::Filter> {
    let operation = filter.get("operation");
    let status = filter.get("status");
    Ok(jobs::Filter {
        operation: operation
            .map(|o| choose("$filter: operation", o, &OPERATIONS))
            .transpose()?,
        status: status
            .map(|s| choose("$filter: status", s, &STATUSES))
            .transpose()?,
        from: filter.time("startTime")?,
        to: filter.time("endTime")?,
        ..jobs::Filter::default()
    })
}

/// `GET …/backupJobs/{job}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let vault = names.allow(&app, &caller, "backupJobs/read").await?;
    let found = app.control.job(&names.group, &names.vault, names.id()?);
    let now: Timestamp = app.control.now();
    Ok(Json(shape::whole(&vault, &found.await?, now)))
}

pub(crate) use progress::follow;

/// `POST …/backupJobs/{job}/cancel`
pub(crate) async fn cancel(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Response> {
    let vault = names
        .allow(&app, &caller, "backupJobs/cancel/action")
        .await?;
    let id = names.id()?;
    let operation = app.control.cancel_job(&names.group, &names.vault, id);
    let operation = operation.await?;
    Ok(accepted(
        &app,
        &format!("{vault}/backupJobs/{id}"),
        operation,
    ))
}

impl Names {
    fn id(&self) -> Answer<Uuid> {
        let wrong = |_| {
            let detail = format!("there is no job `{}`", self.job);
            Error::new(Code::ObjectNotFound, detail).into()
        };
        self.job.parse().map_err(wrong)
    }

    /// Gives the vault's id.
    async fn allow(&self, app: &App, caller: &Caller, verb: &str) -> Answer<String> {
        app.control.check_subscription(&self.subscription)?;
        let vault = app.control.vault_id(&self.group, &self.vault);
        let action = format!("Microsoft.RecoveryServices/vaults/{verb}");
        caller.may(app, &action, &vault).await?;
        Ok(vault)
    }
}
