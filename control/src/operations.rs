//! Asynchronous operations: what a client polls until it learns the job (API-2).
//!
//! An operation covers the acceptance of work, which is done when the call is answered; the job
//! carries the long wait. So an operation has ended when it is first seen; but that of a deletion
//! of data ends with its job, since clients delete the vault next (`az backup vault delete
//! --force`).

use base::{Code, Error, Result};
use jiff::SignedDuration;
use serde_json::{Value, json};
use state::WriteTx;
use state::jobs::{self, Job, JobOperation, JobStatus};
use state::operations::{self, Operation, OperationStatus};
use uuid::Uuid;

use crate::Control;

/// For how long an operation can be asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// Work that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// The operation, to be polled.
    pub operation: Uuid,
    /// The job that carries the work.
    pub job: Uuid,
}

impl Control {
    /// The operation of this id.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn operation(&self, id: Uuid) -> Result<Operation> {
        let mut tx = self.state.read().await?;
        let found = operations::get(&mut tx, id).await?;
        let mut found = found.ok_or_else(|| {
            let detail = format!("there is no operation {id}, or it ended long ago");
            Error::new(Code::ResourceNotFound, detail)
        })?;
        let job = found.result["jobId"].as_str().and_then(|j| j.parse().ok());
        if let Some(job) = job
            && let Some(job) = jobs::get(&mut tx, job).await?
            && job.operation == JobOperation::DeleteBackupData
        {
            follow(&mut found, &job);
        }
        Ok(found)
    }

    /// Writes an operation that has ended well with a job.
    pub(crate) async fn accept(
        &self,
        tx: &mut WriteTx,
        scope: &str,
        job: Uuid,
    ) -> Result<Accepted> {
        let result = json!({"jobId": job});
        let operation = self.ended(tx, scope, result).await?;
        Ok(Accepted { operation, job })
    }

    /// Writes an operation that has ended well.
    pub(crate) async fn ended(&self, tx: &mut WriteTx, scope: &str, result: Value) -> Result<Uuid> {
        let now = tx.now();
        let operation = self.new_id();
        let written = Operation {
            id: operation,
            scope: scope.to_owned(),
            status: OperationStatus::Succeeded,
            started_at: now,
            ended_at: Some(now),
            keep_until: now.saturating_add(KEPT).unwrap_or(now),
            result,
        };
        operations::put(tx, &written).await?;
        Ok(operation)
    }
}

/// An operation that ends as its job does.
fn follow(operation: &mut Operation, job: &Job) {
    operation.ended_at = job.ended_at;
    operation.status = match (job.ended_at, job.status) {
        (None, _) => OperationStatus::InProgress,
        (_, JobStatus::Failed) => OperationStatus::Failed,
        _ => OperationStatus::Succeeded,
    };
    if let (OperationStatus::Failed, Some(error)) = (operation.status, job.body.errors.first()) {
        operation.result["error"] = json!({"code": error.code, "message": error.detail});
    }
}

#[cfg(test)]
mod unit_tests {
    use state::jobs::{JobBody, JobError};

    use super::*;

    #[test]
    fn an_operation_ends_as_its_job_does() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let operation = Operation {
            id: Uuid::nil(),
            scope: String::new(),
            status: OperationStatus::Succeeded,
            started_at: at,
            ended_at: Some(at),
            keep_until: at,
            result: json!({"jobId": Uuid::nil()}),
        };
        let error = JobError {
            code: "StoreUnavailable".to_owned(),
            detail: "gone".to_owned(),
        };
        for (status, ended_at, expected) in [
            (JobStatus::InProgress, None, OperationStatus::InProgress),
            (JobStatus::Completed, Some(at), OperationStatus::Succeeded),
            (JobStatus::Failed, Some(at), OperationStatus::Failed),
        ] {
            let job = Job {
                id: Uuid::nil(),
                vault: String::new(),
                item: None,
                operation: JobOperation::DeleteBackupData,
                status,
                started_at: at,
                ended_at,
                revision: 1,
                body: JobBody {
                    errors: vec![error.clone()],
                    ..JobBody::default()
                },
            };
            let mut told = operation.clone();
            follow(&mut told, &job);
            assert_eq!((told.status, told.ended_at), (expected, ended_at));
            let code = told.result["error"]["code"].as_str();
            let is_failed = expected == OperationStatus::Failed;
            assert_eq!(code, is_failed.then_some("StoreUnavailable"));
        }
    }
}
