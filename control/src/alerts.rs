//! Alerts: raised where something fails or destroys, in the transaction that records it; listed,
//! and made inactive by people (MON-2, 3, 6; SOFT-2). That their cause is gone the reconciler
//! finds out.

use base::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use state::alerts::{self, Alert, AlertBody, AlertRule, AlertState, Filter, NewAlert};
use state::jobs::{Job, JobOperation, JobStatus};
use state::protected_items::{self as items, ProtectedItem};
use state::vaults::Vault;
use state::{Record, Tx, WriteTx, resources};
use uuid::Uuid;

use crate::Control;
use crate::jobs::DOWNGRADE;

/// For how long an alert is kept that was resolved or closed (as Azure keeps them).
pub(crate) const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);
/// For how long any is kept since it happened last.
pub(crate) const KEPT_OPEN: SignedDuration = SignedDuration::from_hours(366 * 24);

/// Failures that nobody needs to look at (MON-3): it was cancelled, another backup was in the
/// way, the machine is gone.
const QUIET: [Code; 3] = [
    Code::Cancelled,
    Code::BackupInProgress,
    Code::MachineNotFound,
];

impl Control {
    /// At most `limit` alerts, newest first, beginning behind that of this time and id.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn alerts(
        &self,
        filter: &Filter,
        after: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Alert>> {
        let mut tx = self.state.read().await?;
        alerts::page(&mut tx, filter, after, limit).await
    }

    /// The alert of this id.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn alert(&self, id: Uuid) -> Result<Alert> {
        let mut tx = self.state.read().await?;
        alerts::get(&mut tx, id).await?.ok_or_else(|| no_alert(id))
    }

    /// Notes what people made of an alert (MON-6). Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; `PreconditionFailed` if one that was closed is opened while another of
    /// its kind is open; those of the records.
    pub async fn change_alert(&self, id: Uuid, state: AlertState, who: &str) -> Result<Alert> {
        let mut tx = self.state.write().await?;
        let found = alerts::get(&mut tx, id).await?;
        let mut alert = found.ok_or_else(|| no_alert(id))?;
        let opens = alert.state == AlertState::Closed && state != AlertState::Closed;
        if opens && alert.resolved_at.is_none() {
            let filter = Filter {
                target: Some(alert.target.clone()),
                rule: Some(alert.rule),
                fires: Some(true),
                ..Filter::default()
            };
            let others = alerts::page(&mut tx, &filter, None, u32::MAX).await?;
            if let Some(other) = others.iter().find(|o| o.state != AlertState::Closed) {
                let detail = format!("the same is told of by alert {}, which is open", other.id);
                return Err(Error::new(Code::PreconditionFailed, detail));
            }
        }
        alert.state = state;
        alert.body.changed_by = Some(who.to_owned());
        let alert = alerts::update(&mut tx, alert).await?;
        tx.commit().await?;
        Ok(alert)
    }

    /// Raises an alert with the transaction.
    pub(crate) async fn raise(
        &self,
        tx: &mut WriteTx,
        rule: AlertRule,
        body: AlertBody,
    ) -> Result<()> {
        let id = self.new_id();
        tracing::warn!("alert {rule:?}: {}: {}", body.entity, body.detail);
        let new = NewAlert { id, rule, body };
        alerts::raise(tx, new).await.map(|_| ())
    }

    /// Raises what a job that has ended gives cause for.
    pub(crate) async fn alert_of_job(&self, tx: &mut WriteTx, job: &Job) -> Result<()> {
        let (failure, downgrade) = (failure(job), job.body.properties.get(DOWNGRADE));
        if failure.is_none() && downgrade.is_none() {
            return Ok(());
        }
        let Some(id) = &job.item else { return Ok(()) };
        let Some(item) = items::get(tx, id).await? else {
            return Ok(());
        };
        if !wants_failures(tx, &item.vault).await? {
            return Ok(());
        }
        let now = tx.now();
        let body = |code: Option<String>, detail: String| AlertBody {
            code,
            job: Some(job.id),
            since: job.started_at,
            ..about(&item, detail, now)
        };
        let failed = failure.map(|rule| {
            let error = job.body.errors.first();
            let detail = error.map_or_else(String::new, |e| e.detail.clone());
            (rule, body(error.map(|e| e.code.clone()), detail))
        });
        let downgraded = downgrade.map(|code| {
            let detail = "the recovery point is crash-consistent only".to_owned();
            let rule = AlertRule::ConsistencyDowngraded;
            (rule, body(Some(code.clone()), detail))
        });
        for (rule, body) in failed.into_iter().chain(downgraded) {
            self.raise(tx, rule, body).await?;
        }
        Ok(())
    }

    /// Raises that scheduled runs were left out, if some were.
    pub(crate) async fn alert_of_missed(
        &self,
        tx: &mut WriteTx,
        item: &ProtectedItem,
        missed: usize,
        first: Timestamp,
    ) -> Result<()> {
        if missed == 0 {
            return Ok(());
        }
        let detail = format!("scheduled backups that did not run: {missed}, the first of {first}");
        let body = about(item, detail, tx.now());
        self.raise(tx, AlertRule::RunsMissed, body).await
    }

    /// Raises that a vault no longer keeps what is deleted.
    pub(crate) async fn alert_of_vault(
        &self,
        tx: &mut WriteTx,
        vault: &Record<Vault>,
    ) -> Result<()> {
        let detail = "backups that are deleted from now on are gone at once".to_owned();
        let body = AlertBody {
            vault: vault.id.clone(),
            target: vault.id.clone(),
            entity: vault.name.clone(),
            detail,
            since: tx.now(),
            ..AlertBody::default()
        };
        self.raise(tx, AlertRule::SoftDeleteDisabled, body).await
    }
}

/// An alert about an item.
pub(crate) fn about(item: &ProtectedItem, detail: String, now: Timestamp) -> AlertBody {
    let vault = item.id.split("/backupFabrics/").next();
    AlertBody {
        vault: vault.unwrap_or(&item.vault).to_owned(),
        target: item.id.clone(),
        entity: item.body.friendly_name.clone(),
        detail,
        since: now,
        ..AlertBody::default()
    }
}

/// What the end of a job is to be told as, if anything (MON-2, 3).
fn failure(job: &Job) -> Option<AlertRule> {
    let error = job.body.errors.first()?;
    if QUIET.iter().any(|code| code.name() == error.code) {
        return None;
    }
    match (job.status, job.operation) {
        (JobStatus::CompletedWithWarnings, _) => Some(AlertRule::BackupWarning),
        (JobStatus::Failed, JobOperation::Backup) => Some(AlertRule::BackupFailed),
        (JobStatus::Failed, JobOperation::Restore) => Some(AlertRule::RestoreFailed),
        (JobStatus::Failed, JobOperation::DeleteBackupData) => Some(AlertRule::DeletionFailed),
        _ => None,
    }
}

/// Whether failures of jobs raise alerts in this vault: they can be turned off, what destroys
/// can't (MON-7).
async fn wants_failures(tx: &mut Tx, vault: &str) -> Result<bool> {
    let vault = resources::get::<Vault>(tx, vault).await?;
    let off = vault.is_some_and(|v| {
        let text = |value: &serde_json::Value, name: &str| {
            let all = value.as_object();
            let found = all.and_then(|a| a.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)));
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let monitoring = text(&v.body.settings, "monitoringSettings");
        let of_monitor = text(&monitoring, "azureMonitorAlertSettings");
        let set = text(&of_monitor, "alertsForAllJobFailures");
        set.as_str()
            .is_some_and(|s| s.eq_ignore_ascii_case("Disabled"))
    });
    Ok(!off)
}

fn no_alert(id: Uuid) -> Error {
    Error::new(Code::ResourceNotFound, format!("there is no alert {id}"))
}
