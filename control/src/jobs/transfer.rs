//! Phase 2 of a backup, Transfer data to vault (JOB-4 to 8; XFER-12).

use base::{Code, Error, Kind, Result};
use policy::{BackupJob, Keep};
use state::protected_items::{self as items, LastBackup};
use state::recovery_points::{self as points, Tiers};
use state::usages;

use super::after_backup::ended_well;
use super::backup::{BackupPlan, Run, Sending, Stage};
use super::ground::policy_at_end;
use super::held::{Held, Outcome};
use super::of_item::transfer_runs;
use super::{DOWNGRADE, Plan, shown, stand, to_json};
use crate::plane::Over;
use crate::points::expiries;

/// Seconds until a transfer that waits for another looks again.
const LOOK: i64 = 15;
/// Seconds from each failed try to the next.
const RETRIES: [i64; 2] = [30, 120];

pub(super) async fn transfer_phase(
    held: &Held<'_>,
    plan: &BackupPlan,
    sending: Sending,
) -> Result<Outcome> {
    if sending.waits && !held.cancel.is_cancelled() {
        let (mut tx, mut job) = held.write().await?;
        let item = items::by_data_id(&mut tx, plan.item).await?;
        if let Some(item) = item
            && transfer_runs(&mut tx, &item, &job).await?
        {
            return Ok(Outcome::Later(LOOK));
        }
        // From here on it is the one that runs.
        let sending = Sending {
            waits: false,
            ..sending
        };
        let plan = BackupPlan {
            stage: Stage::Transfer(sending),
            ..plan.clone()
        };
        job.body.step = to_json(&Plan::Backup(plan));
        held.commit(tx, job).await?;
    }
    let sending = Sending {
        waits: false,
        ..sending
    };
    match send(held, plan, &sending).await {
        Ok(stored) => done(held, plan, &sending, stored).await,
        Err(e) if held.cancel.is_cancelled() => {
            if !held.is_cancelled_by_user().await? {
                return Err(e);
            }
            not_sent(held, plan, BackupJob::TransferCancelled, None).await
        }
        // Another program on the host is at it.
        Err(e) if e.code() == Code::BackupInProgress => match plan.run {
            Run::OnDemand { .. } => Ok(Outcome::Later(LOOK)),
            Run::Scheduled { .. } => not_sent(held, plan, BackupJob::TransferSkipped, None).await,
        },
        Err(e) => match RETRIES.get(sending.tries as usize) {
            Some(seconds) if e.kind() == Kind::Unavailable => {
                tracing::info!("the transfer of job {} is tried again: {e}", held.id);
                let sending = Sending {
                    tries: sending.tries + 1,
                    ..sending
                };
                let plan = BackupPlan {
                    stage: Stage::Transfer(sending),
                    ..plan.clone()
                };
                held.note(&Plan::Backup(plan)).await?;
                Ok(Outcome::Later(*seconds))
            }
            _ => {
                tracing::warn!("the transfer of job {}: {e:?}", held.id);
                not_sent(held, plan, BackupJob::TransferFailed, Some(&e)).await
            }
        },
    }
}

async fn send(held: &Held<'_>, plan: &BackupPlan, sending: &Sending) -> Result<u64> {
    let control = held.control;
    let ground = control.ground(plan.item).await?;
    let place = ground.stores.id.to_string();
    let permit = control.engine.permit("transfer", &place, &held.cancel);
    let cancelled = || Error::new(Code::Cancelled, "the transfer was cancelled");
    let _permit = permit.await.ok_or_else(cancelled)?;
    let over = Over {
        events: held.live,
        cancel: &held.cancel,
    };
    let mut tx = control.state.read().await?;
    let point = points::get(&mut tx, plan.item, sending.number).await?;
    let stores = control.stores_of_point(&mut tx, &ground, point.as_ref());
    let stores = stores.await?;
    drop(tx);
    control
        .plane
        .transfer(&stores, ground.machine.uuid, sending.point, &over)
        .await
}

/// The point is in the vault: it carries the marks of its run.
async fn done(
    held: &Held<'_>,
    plan: &BackupPlan,
    sending: &Sending,
    stored: u64,
) -> Result<Outcome> {
    let (mut tx, mut job) = held.write().await?;
    stand(&mut job, BackupJob::Done, tx.now());
    let size = format!("{} MB", stored.div_ceil(1 << 20));
    job.body.properties.insert("Backup Size".to_owned(), size);
    let item = items::by_data_id(&mut tx, plan.item).await?;
    if let Some(mut item) = item {
        let policy = policy_at_end(&mut tx, &item).await?;
        let point = points::get(&mut tx, item.data_id, sending.number).await?;
        if let Some(mut point) = point {
            point.tiers = Tiers::SnapshotAndVault;
            if let (Run::Scheduled { due }, Some(policy)) = (plan.run, &policy) {
                let since = item.vaulted_since();
                point.body.keep = Keep::Marks(policy.marks(due, since));
                item.reach_vault(due);
            }
            if let Some(policy) = &policy {
                expiries(&mut point, policy);
            }
            points::update(&mut tx, point).await?;
        }
        usages::add(&mut tx, item.data_id, usages::VAULT, stored).await?;
        ended_well(&mut item, &job, tx.now());
        items::update(&mut tx, item).await?;
    }
    held.commit(tx, job).await?;
    Ok(Outcome::Ended)
}

/// The point stays in the snapshot tier; the next transfer carries what changed (JOB-8).
async fn not_sent(
    held: &Held<'_>,
    plan: &BackupPlan,
    at: BackupJob,
    error: Option<&Error>,
) -> Result<Outcome> {
    let (mut tx, mut job) = held.write().await?;
    job.body.errors.extend(error.map(shown));
    stand(&mut job, at, tx.now());
    if let Some(mut item) = items::by_data_id(&mut tx, plan.item).await? {
        match error {
            None => ended_well(&mut item, &job, tx.now()),
            Some(error) => {
                item.body.tries = 0;
                item.body.last_backup = Some(LastBackup {
                    at: tx.now(),
                    status: job.status,
                    code: Some(error.code().name().to_owned()),
                    downgrade: job.body.properties.get(DOWNGRADE).cloned(),
                });
            }
        }
        items::update(&mut tx, item).await?;
    }
    held.commit(tx, job).await?;
    Ok(Outcome::Ended)
}
