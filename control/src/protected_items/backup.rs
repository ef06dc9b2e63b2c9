//! Backup now (PROT-6 to 8; JOB-18).

use base::{Code, Error, Result};
use jiff::Timestamp;
use policy::TaskStatus;
use state::jobs::{Job, JobOperation};
use state::protected_items::{ProtectedItem, ProtectionState};
use state::{Tx, WriteTx};
use uuid::Uuid;

use super::{ItemName, find};
use crate::Control;
use crate::jobs::{
    BackupPlan, NewJob, Plan, Run, SNAPSHOT, Stage, TRANSFER, unfinished_backups, waits,
};
use crate::limits::check_on_demand;
use crate::operations::Accepted;
use crate::vaults::refused;

impl Control {
    /// Starts a backup of an item whose point is kept until a time, or thirty days. The job is
    /// durable when this returns, and works on its own.
    ///
    /// # Errors
    /// `ObjectNotFound`; `NotProtected` without active protection; `BackupInProgress` while the
    /// snapshot of another backup is taken, or another one on demand waits for its transfer;
    /// `InvalidInput` for a time that is over; `LimitReached`; those of the records.
    pub async fn backup_now(
        &self,
        group: &str,
        vault: &str,
        name: &ItemName,
        until: Option<Timestamp>,
    ) -> Result<Accepted> {
        let mut tx = self.state.write().await?;
        let item = find(&mut tx, &self.item_id(group, vault, name)).await?;
        if !is_active(&item) {
            let detail = format!("{} has no active protection", item.body.friendly_name);
            return Err(Error::new(Code::NotProtected, detail));
        }
        let until = policy::on_demand_until(until, tx.now())
            .map_err(|r| refused(Code::InvalidInput, &r))?;
        let now = tx.now();
        check_on_demand(&mut tx, &item, now).await?;
        if let Some(other) = in_the_way(&mut tx, &item, true).await? {
            let detail = format!("job {} is backing up {}", other.id, item.body.friendly_name);
            return Err(Error::new(Code::BackupInProgress, detail));
        }
        let run = Run::OnDemand { until };
        let job = self.start_backup(&mut tx, &item, run).await?;
        let accepted = self.accept(&mut tx, &item.id, job).await?;
        tx.commit().await?;
        self.engine.wake.notify_one();
        Ok(accepted)
    }

    /// Records a backup for the engine.
    pub(crate) async fn start_backup(
        &self,
        tx: &mut WriteTx,
        item: &ProtectedItem,
        run: Run,
    ) -> Result<Uuid> {
        let plan = Plan::Backup(BackupPlan {
            item: item.data_id,
            run,
            stage: Stage::Snapshot(None),
        });
        let (by_user, properties) = match run {
            Run::Scheduled { .. } => (false, Vec::new()),
            Run::OnDemand { until } => {
                let shown = until.strftime("%m/%d/%Y %I:%M:%S %p").to_string();
                (true, vec![("Recovery Point Expiry Time in UTC", shown)])
            }
        };
        let new = NewJob {
            item,
            operation: JobOperation::Backup,
            by_user,
            properties: &properties,
        };
        self.start_job(tx, new, &[SNAPSHOT, TRANSFER], &plan).await
    }
}

/// Whether backups of an item run.
pub(crate) fn is_active(item: &ProtectedItem) -> bool {
    use ProtectionState::{InitialBackupPending, Protected, ProtectionError};
    item.purge_at.is_none()
        && matches!(
            item.state,
            InitialBackupPending | Protected | ProtectionError
        )
}

/// A backup of the item that keeps another from starting: one whose snapshot is taken (JOB-6),
/// and for one on demand also one on demand that waits for its transfer.
pub(crate) async fn in_the_way(
    tx: &mut Tx,
    item: &ProtectedItem,
    on_demand: bool,
) -> Result<Option<Job>> {
    let others = unfinished_backups(tx, item).await?;
    Ok(others.into_iter().find(|job| {
        let takes = job
            .body
            .tasks
            .iter()
            .any(|t| t.name == SNAPSHOT && t.status == TaskStatus::InProgress);
        takes || on_demand && waits(job)
    }))
}
