//! What an item has after a backup: its state, its health, and another try where that may help.

use base::{Code, Error, Result};
use jiff::Timestamp;
use policy::BackupJob;
use state::WriteTx;
use state::jobs::Job;
use state::protected_items::{self as items, HealthFinding, LastBackup, ProtectedItem};

use super::backup::{BackupPlan, Run, give_up};
use super::held::Held;
use super::{DOWNGRADE, shown, stand};

/// An item after a backup that gave a point.
pub(super) fn ended_well(item: &mut ProtectedItem, job: &Job, now: Timestamp) {
    use items::ProtectionState::{InitialBackupPending, Protected, ProtectionError};
    if matches!(item.state, InitialBackupPending | ProtectionError) {
        item.state = Protected;
    }
    let overdue = Code::BackupOverdue.name();
    item.body
        .health
        .retain(|f| f.background && f.code != overdue);
    item.body.tries = 0;
    item.body.last_backup = Some(LastBackup {
        at: now,
        status: job.status,
        code: job.body.errors.first().map(|e| e.code.clone()),
        downgrade: job.body.properties.get(DOWNGRADE).cloned(),
    });
}

/// Ends the job as failed: both tasks (JOB-2), and says so at the item.
pub(super) async fn failed(held: &Held<'_>, plan: &BackupPlan, error: &Error) -> Result<()> {
    tracing::warn!("backup job {}: {error:?}", held.id);
    let (mut tx, mut job) = held.write().await?;
    job.body.errors.push(shown(error));
    stand(&mut job, BackupJob::Failed, tx.now());
    if let Some(mut item) = items::by_data_id(&mut tx, plan.item).await? {
        give_up(&mut item, &job);
        if item.state == items::ProtectionState::Protected {
            item.state = items::ProtectionState::ProtectionError;
        }
        item.body.health.retain(|f| f.background);
        let found = HealthFinding {
            code: error.code().name().to_owned(),
            critical: error.code() == Code::MachineNotFound,
            message: error.detail().to_owned(),
            background: false,
        };
        item.body.health.insert(0, found);
        item.body.last_backup = Some(LastBackup {
            at: tx.now(),
            status: job.status,
            code: Some(error.code().name().to_owned()),
            downgrade: None,
        });
        again(&mut tx, &mut item, plan, error);
        items::update(&mut tx, item).await?;
    }
    held.commit(tx, job).await
}

/// Tries of a scheduled run, and minutes from each to the next.
const RETRIES: [i64; 3] = [5, 15, 60];

/// Has a scheduled run that failed tried again: it is owed once more, after some minutes.
fn again(tx: &mut WriteTx, item: &mut ProtectedItem, plan: &BackupPlan, error: &Error) {
    let Run::Scheduled { due } = plan.run else {
        return;
    };
    let wait = RETRIES.get(item.body.tries as usize);
    let (Some(minutes), true) = (wait, may_pass(error)) else {
        item.body.tries = 0;
        return;
    };
    let before = due.saturating_sub(jiff::SignedDuration::from_micros(1));
    item.body.scheduled_from = before.ok();
    let wait = jiff::SignedDuration::from_mins(*minutes);
    let next = tx.now().saturating_add(wait).ok();
    item.next_run = item.next_run.min(next).or(next);
    item.body.tries += 1;
}

/// Whether trying again may help.
fn may_pass(error: &Error) -> bool {
    use base::Kind::{Conflict, Failed, NoSpace, Unavailable};
    matches!(error.kind(), Unavailable | NoSpace | Failed | Conflict)
}
