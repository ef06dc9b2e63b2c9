//! Soft-deleted items whose days are over are deleted (SOFT-1).

use base::Result;
use jiff::SignedDuration;
use state::Tx;
use state::jobs::{self, Filter, JobOperation};
use state::protected_items::{self as items, ProtectedItem};

use crate::Control;
use crate::jobs::{DeletePlan, NewJob, Plan};

/// After how long a deletion that failed is tried again.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

impl Control {
    /// Starts the deletion of what is to be purged, once.
    pub(super) async fn purge_items(&self) -> Result<()> {
        let mut tx = self.state.read().await?;
        // All: those that fail would keep the others of a page waiting.
        let mut due = Vec::new();
        for item in items::to_purge(&mut tx, u32::MAX).await? {
            // Most wait for their job: who only reads keeps no writer waiting.
            if self.is_to_be_deleted(&mut tx, &item).await? {
                due.push(item.data_id);
            }
        }
        drop(tx);
        for item in due {
            let mut tx = self.state.write().await?;
            let Some(item) = items::by_data_id(&mut tx, item).await? else {
                continue;
            };
            if !self.is_to_be_deleted(&mut tx, &item).await? {
                continue;
            }
            let new = NewJob {
                item: &item,
                operation: JobOperation::DeleteBackupData,
                by_user: false,
                properties: &[],
            };
            let plan = Plan::DeleteData(DeletePlan { item: item.data_id });
            self.start_job(&mut tx, new, &[], &plan).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Whether an item is to be purged now, and no job is at it or has failed just now.
    async fn is_to_be_deleted(&self, tx: &mut Tx, item: &ProtectedItem) -> Result<bool> {
        let now = tx.now();
        if item.purge_at.is_none_or(|at| at > now) || !self.may_remove(tx, item).await? {
            return Ok(false);
        }
        let filter = Filter {
            item: Some(item.id.clone()),
            operation: Some(JobOperation::DeleteBackupData),
            ..Filter::default()
        };
        let newest = jobs::page(tx, &filter, None, 1).await?;
        Ok(newest.first().is_none_or(|job| match job.ended_at {
            None => false,
            Some(at) => job.body.errors.is_empty() || now.duration_since(at) >= AGAIN,
        }))
    }
}
