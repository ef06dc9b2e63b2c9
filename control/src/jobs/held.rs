//! A job in the hands of its engine: every change is made under the lease.

use std::sync::atomic::{AtomicBool, Ordering};

use base::{Code, Error, Result};
use state::jobs::{self, Job, JobStatus};
use state::{Lease, WriteTx, leases};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{Plan, to_json};
use crate::Control;

/// A job that this process works on.
pub(crate) struct Held<'a> {
    pub(crate) control: &'a Control,
    pub(crate) id: Uuid,
    pub(crate) lease: Lease,
    /// Set when the user, or the end of the server, wants it to end.
    pub(crate) cancel: CancellationToken,
    /// Who is told how far it is.
    pub(crate) live: &'a super::live::Live,
    /// Whether the lease was given back with the job's end.
    pub(crate) is_over: AtomicBool,
}

/// What becomes of a job's work for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It has ended.
    Ended,
    /// It goes on after this many seconds.
    Later(i64),
}

impl Held<'_> {
    /// The job as it is recorded now.
    pub(crate) async fn job(&self) -> Result<Job> {
        let mut tx = self.control.state.read().await?;
        self.found(jobs::get(&mut tx, self.id).await?)
    }

    /// Begins to change records on the job's behalf.
    ///
    /// # Errors
    /// `LeaseLost` if another server has taken it over; those of the records.
    pub(crate) async fn write(&self) -> Result<(WriteTx, Job)> {
        let mut tx = self.control.state.write_as(&self.lease).await?;
        let job = jobs::get(&mut tx, self.id).await?;
        let job = self.found(job)?;
        Ok((tx, job))
    }

    /// Writes the job and commits. With its end, raises what that gives cause for, and gives the
    /// lease back.
    pub(crate) async fn commit(&self, mut tx: WriteTx, job: Job) -> Result<()> {
        let ended = job.ended_at.is_some();
        if ended {
            self.control.alert_of_job(&mut tx, &job).await?;
            leases::forget(&mut tx, &self.lease).await?;
        }
        jobs::update(&mut tx, job).await?;
        tx.commit().await?;
        self.is_over.fetch_or(ended, Ordering::SeqCst);
        Ok(())
    }

    /// Writes where the job goes on.
    pub(crate) async fn note(&self, plan: &Plan) -> Result<()> {
        let (tx, mut job) = self.write().await?;
        job.body.step = to_json(plan);
        self.commit(tx, job).await
    }

    /// Whether a user has asked the job to end. If not, an end comes from the server's own.
    pub(crate) async fn is_cancelled_by_user(&self) -> Result<bool> {
        Ok(self.job().await?.status == JobStatus::Cancelling)
    }

    fn found(&self, job: Option<Job>) -> Result<Job> {
        let gone = || Error::new(Code::ObjectNotFound, format!("job {} is gone", self.id));
        job.ok_or_else(gone)
    }
}
