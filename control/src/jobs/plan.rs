//! What the record of a job says of what it does, and how far it is.

use base::{Code, Error, PointId, Result};
use serde::Deserialize;
use state::jobs::Job;

use super::Plan;
use super::backup::{BackupPlan, Sending, Stage};
use super::restore::RestorePlan;

/// What a job does, and how far it is.
///
/// # Errors
/// `StateDamaged`.
pub(crate) fn plan(job: &Job) -> Result<Plan> {
    Plan::deserialize(&job.body.step).map_err(|e| {
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
