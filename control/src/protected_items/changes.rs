//! What the one PUT of an item can mean, and its DELETE (PROT-11 to 13; SOFT-1 to 5).

use base::{Code, Error, Result};
use state::alerts::{AlertBody, AlertRule};
use state::jobs::{self, JobOperation, JobStatus};
use state::machines::Machine;
use state::protected_items::{self as items, ProtectedItem, ProtectionState};
use state::recovery_points as points;
use state::vaults::{SoftDeleteState, Vault};
use state::{WriteTx, resources};
use uuid::Uuid;

use super::{ItemName, Protect, find, is_active};
use crate::Control;
use crate::alerts::about;
use crate::jobs::{DeletePlan, NewJob, Plan};
use crate::operations::Accepted;
use crate::vaults::no_vault;

/// What is asked of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemChange {
    /// Protection, by a policy.
    Protect(Protect),
    /// No more backups; all points stay for ever.
    Stop,
    /// No more backups; points go on expiring by the policy, and the last one stays.
    Suspend,
    /// Its deletion is taken back; it is stopped, and all points stay.
    Undelete,
}

impl Control {
    /// Changes an item. Durable when this returns.
    ///
    /// # Errors
    /// Those of enabling: `ResourceNotFound` (vault, machine), `PolicyNotFound`,
    /// `AlreadyProtected`, `WrongRegion`, `MachineInConflict`, `ItemSoftDeleted`,
    /// `LimitReached`. `ObjectNotFound`; `ItemStateWrong` if it is not as the change needs it;
    /// those of the records.
    pub async fn change_item(
        &self,
        group: &str,
        vault: &str,
        name: &ItemName,
        change: ItemChange,
    ) -> Result<Accepted> {
        let (stopped, operation) = match change {
            ItemChange::Protect(with) => return self.protect(group, vault, name, with).await,
            ItemChange::Stop => (
                ProtectionState::ProtectionStopped,
                JobOperation::DisableBackup,
            ),
            ItemChange::Suspend => (
                ProtectionState::BackupsSuspended,
                JobOperation::DisableBackup,
            ),
            ItemChange::Undelete => (ProtectionState::ProtectionStopped, JobOperation::Undelete),
        };
        let mut tx = self.state.write().await?;
        let mut item = find(&mut tx, &self.item_id(group, vault, name)).await?;
        let undelete = operation == JobOperation::Undelete;
        if undelete != item.purge_at.is_some() {
            let detail = format!(
                "the backups of {} are {}soft-deleted",
                item.body.friendly_name,
                if undelete { "not " } else { "" }
            );
            let code = if undelete {
                Code::ItemStateWrong
            } else {
                Code::ItemSoftDeleted
            };
            return Err(Error::new(code, detail));
        }
        if item.purge_at.is_some_and(|at| at <= tx.now()) {
            let detail = format!(
                "the backups of {} are being purged",
                item.body.friendly_name
            );
            return Err(Error::new(Code::ItemStateWrong, detail));
        }
        if stopped == ProtectionState::BackupsSuspended && !is_active(&item) {
            let detail = format!("the protection of {} is stopped", item.body.friendly_name);
            return Err(Error::new(Code::ItemStateWrong, detail));
        }
        self.catch_up(&mut tx, &mut item).await?;
        item.purge_at = None;
        item.body.deleted_at = None;
        item.next_run = None;
        item.body.tries = 0;
        item.state = stopped;
        if stopped == ProtectionState::ProtectionStopped {
            item.policy = None;
            item.body.policy_name.clear();
        }
        let item = items::update(&mut tx, item).await?;
        let new = NewJob {
            item: &item,
            operation,
            by_user: true,
            properties: &[],
        };
        let job = self.done_job(&mut tx, new).await?;
        let accepted = self.accept(&mut tx, &item.id, job).await?;
        tx.commit().await?;
        Ok(accepted)
    }

    /// Stops protection and deletes the points: at once, or after the days of soft delete.
    /// What was decided is durable when this returns.
    ///
    /// # Errors
    /// `ObjectNotFound`; `ItemSoftDeleted` if it is deleted already; those of the records.
    pub async fn delete_item(&self, group: &str, vault: &str, name: &ItemName) -> Result<Accepted> {
        let mut tx = self.state.write().await?;
        let there = resources::get::<Vault>(&mut tx, &self.vault_id(group, vault)).await?;
        let there = there.ok_or_else(|| no_vault(group, vault))?;
        let mut item = find(&mut tx, &self.item_id(group, vault, name)).await?;
        if item.purge_at.is_some() {
            let detail = format!("the backups of {} are deleted", item.body.friendly_name);
            return Err(Error::new(Code::ItemSoftDeleted, detail));
        }
        self.catch_up(&mut tx, &mut item).await?;
        let cancelled = cancel_all(&mut tx, &item).await?;
        let now = tx.now();
        item.state = ProtectionState::ProtectionStopped;
        item.policy = None;
        item.body.policy_name.clear();
        item.next_run = None;
        item.body.deleted_at = Some(now);
        let summary = points::summary(&mut tx, item.data_id).await?;
        // What was never backed up has nothing to bring back, as far as the records know the vault.
        let adopted = self.is_adopted(&mut tx, there.body.store_vault).await?;
        let has_points = summary.count > 0 || !adopted;
        let soft = there.body.soft_delete.state != SoftDeleteState::Disabled && has_points;
        let days = there.body.soft_delete.retention_days;
        item.purge_at = Some(if soft {
            policy::purge_at(now, days.into())
        } else {
            now
        });
        let item = items::update(&mut tx, item).await?;
        note_deletion(&mut tx, &item).await?;
        let new = NewJob {
            item: &item,
            operation: JobOperation::DeleteBackupData,
            by_user: true,
            properties: &[("Number of Recovery Points", summary.count.to_string())],
        };
        let job = if soft {
            self.done_job(&mut tx, new).await?
        } else {
            let plan = Plan::DeleteData(DeletePlan { item: item.data_id });
            self.start_job(&mut tx, new, &[], &plan).await?
        };
        let accepted = self.accept(&mut tx, &item.id, job).await?;
        let detail = match item.purge_at.filter(|_| soft) {
            Some(at) => format!("the backups were deleted; they can be undeleted until {at}"),
            None => "the backups were deleted for good".to_owned(),
        };
        let body = AlertBody {
            job: Some(job),
            ..about(&item, detail, now)
        };
        self.raise(&mut tx, AlertRule::BackupsDeleted, body).await?;
        tx.commit().await?;
        for id in cancelled {
            self.engine.cancel(id);
        }
        self.engine.wake.notify_one();
        Ok(accepted)
    }
}

/// Notes at an item's machine that its backups were deleted: the item goes with the purge, and no
/// rule is to protect the machine then (DISC-12).
async fn note_deletion(tx: &mut WriteTx, item: &ProtectedItem) -> Result<()> {
    let found = resources::get::<Machine>(tx, &item.body.source).await?;
    let Some(mut machine) = found.filter(|m| m.body.uuid == item.machine) else {
        return Ok(());
    };
    machine.body.said.backups_deleted = Some(tx.now());
    resources::update(tx, machine).await.map(drop)
}

/// Asks all backups of an item to end.
async fn cancel_all(tx: &mut WriteTx, item: &ProtectedItem) -> Result<Vec<Uuid>> {
    let mut asked = Vec::new();
    for mut job in crate::jobs::unfinished_backups(tx, item).await? {
        asked.push(job.id);
        if job.status != JobStatus::Cancelling {
            job.status = JobStatus::Cancelling;
            jobs::update(tx, job).await?;
        }
    }
    Ok(asked)
}
