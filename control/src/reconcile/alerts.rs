//! Alerts whose cause is gone are resolved, and purges are told of two days ahead (SOFT-2).

use base::Result;
use jiff::{SignedDuration, Timestamp};
use state::alerts::{self, Alert, AlertRule};
use state::jobs::{self, JobOperation, JobStatus};
use state::protected_items::{self as items, ProtectedItem};
use state::recovery_points::{self as points, Range, Tiers};
use state::vaults::{SoftDeleteState, Vault};
use state::{Tx, resources};

use super::rests::Round;
use crate::Control;
use crate::alerts::about;
use crate::protected_items::is_active;

/// How long before a purge it is told of.
const AHEAD: SignedDuration = SignedDuration::from_hours(48);
const PAGE: u32 = 500;

impl Control {
    /// Resolves what has no cause any more, and raises what time alone gives cause for.
    pub(super) async fn follow_alerts(&self) -> Result<()> {
        if !self.rests.is_due(Round::Alerts, self.now()) {
            return Ok(());
        }
        self.tell_of_purges().await?;
        let since = self.rests.alerts_since(self.now());
        let mut after = None;
        loop {
            let mut tx = self.state.read().await?;
            let page = alerts::firing(&mut tx, since, after, PAGE).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.id);
            let mut resolved = Vec::new();
            for alert in page {
                if is_over(&mut tx, &alert).await? {
                    resolved.push(alert);
                }
            }
            drop(tx);
            if !resolved.is_empty() {
                self.resolve(resolved).await?;
            }
        }
    }

    async fn resolve(&self, resolved: Vec<Alert>) -> Result<()> {
        let mut tx = self.state.write().await?;
        for mut alert in resolved {
            // What happened again meanwhile is looked at in the next round.
            let now = alerts::get(&mut tx, alert.id).await?;
            if now.is_some_and(|now| now.revision == alert.revision) {
                alert.resolved_at = Some(tx.now());
                alerts::update(&mut tx, alert).await?;
            }
        }
        tx.commit().await
    }

    async fn tell_of_purges(&self) -> Result<()> {
        let mut tx = self.state.read().await?;
        let by = tx.now().saturating_add(AHEAD).unwrap_or(tx.now());
        // Most were told of in an earlier round, and who only reads keeps no writer waiting.
        let mut untold = Vec::new();
        for item in items::purged_by(&mut tx, by, u32::MAX).await? {
            if is_untold(&mut tx, &item).await? {
                untold.push(item.data_id);
            }
        }
        drop(tx);
        for item in untold {
            let mut tx = self.state.write().await?;
            let found = items::by_data_id(&mut tx, item).await?;
            let Some((item, purge)) = found.and_then(|i| Some((i.clone(), i.purge_at?))) else {
                continue;
            };
            if !is_untold(&mut tx, &item).await? {
                continue;
            }
            let detail = format!(
                "the deleted backups are gone for good after {purge}; until then they can be \
                 undeleted"
            );
            let body = about(&item, detail, tx.now());
            self.raise(&mut tx, AlertRule::PurgeUpcoming, body).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}

/// Whether an item is to be purged, and nobody was told so since it was deleted.
async fn is_untold(tx: &mut Tx, item: &ProtectedItem) -> Result<bool> {
    let (Some(purge), Some(deleted)) = (item.purge_at, item.body.deleted_at) else {
        return Ok(false);
    };
    // Without days of soft delete there is nothing to tell ahead of.
    if purge <= tx.now() {
        return Ok(false);
    }
    Ok(!told_since(tx, item, AlertRule::PurgeUpcoming, deleted).await?)
}

/// Whether this was told of an item since a time.
async fn told_since(
    tx: &mut Tx,
    item: &ProtectedItem,
    rule: AlertRule,
    since: Timestamp,
) -> Result<bool> {
    let filter = alerts::Filter {
        target: Some(item.id.clone()),
        rule: Some(rule),
        from: Some(since),
        ..alerts::Filter::default()
    };
    Ok(!alerts::page(tx, &filter, None, 1).await?.is_empty())
}

/// Whether an alert's cause is gone.
async fn is_over(tx: &mut Tx, alert: &Alert) -> Result<bool> {
    use AlertRule::{
        BackupFailed, BackupWarning, BackupsDeleted, ConsistencyDowngraded, DeletionFailed,
        PurgeComplete, PurgeUpcoming, RestoreFailed, RetentionReduced, RunsMissed,
        SoftDeleteDisabled,
    };
    match alert.rule {
        // What has happened can't be undone: people close these.
        PurgeComplete | RetentionReduced => return Ok(false),
        SoftDeleteDisabled => {
            let vault = resources::get::<Vault>(tx, &alert.vault).await?;
            let off =
                |v: state::Record<Vault>| v.body.soft_delete.state == SoftDeleteState::Disabled;
            return Ok(!vault.is_some_and(off));
        }
        _ => {}
    }
    let Some(item) = items::get(tx, &alert.target).await? else {
        return Ok(true);
    };
    let since = alert.body.since;
    let last = item.body.last_point;
    Ok(match alert.rule {
        DeletionFailed | BackupsDeleted | PurgeUpcoming => item.purge_at.is_none(),
        RestoreFailed => restored(tx, &item, since).await?,
        // No backup is to come that could end it.
        _ if !is_active(&item) => true,
        BackupFailed => last.is_some_and(|at| at > since),
        // The run that makes up for them begins at the same moment.
        RunsMissed => last.is_some_and(|at| at >= since),
        BackupWarning => vaulted(tx, &item, since).await?,
        ConsistencyDowngraded => {
            let newest = points::page(tx, item.data_id, Range::default(), None, 1).await?;
            newest.first().is_none_or(|p| p.body.downgrade.is_none())
        }
        PurgeComplete | RetentionReduced | SoftDeleteDisabled => false,
    })
}

async fn restored(tx: &mut Tx, item: &ProtectedItem, since: Timestamp) -> Result<bool> {
    let filter = jobs::Filter {
        item: Some(item.id.clone()),
        operation: Some(JobOperation::Restore),
        status: Some(JobStatus::Completed),
        from: Some(since),
        ..jobs::Filter::default()
    };
    Ok(!jobs::page(tx, &filter, None, 1).await?.is_empty())
}

/// Whether a point that was taken since is in the vault.
async fn vaulted(tx: &mut Tx, item: &ProtectedItem, since: Timestamp) -> Result<bool> {
    let range = Range {
        from: Some(since),
        to: None,
    };
    let newer = points::page(tx, item.data_id, range, None, PAGE).await?;
    Ok(newer.iter().any(|p| p.tiers != Tiers::Snapshot))
}
