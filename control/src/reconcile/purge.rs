//! Soft-deleted items whose days are over are deleted (SOFT-1).

use base::Result;
use state::jobs::{self, Filter, JobOperation};
use state::protected_items as items;

use crate::Control;
use crate::jobs::{DeletePlan, NewJob, Plan};

impl Control {
    /// Starts the deletion of what is to be purged, once.
    pub(super) async fn purge_items(&self) -> Result<()> {
        let mut tx = self.state.read().await?;
        // All: those that fail would keep the others of a page waiting.
        let due = items::to_purge(&mut tx, u32::MAX).await?;
        drop(tx);
        for item in due {
            let mut tx = self.state.write().await?;
            let found = items::by_data_id(&mut tx, item.data_id).await?;
            let now = tx.now();
            let Some(item) = found.filter(|i| i.purge_at.is_some_and(|at| at <= now)) else {
                continue;
            };
            if !self.may_remove(&mut tx, &item).await? {
                continue;
            }
            let filter = Filter {
                item: Some(item.id.clone()),
                operation: Some(JobOperation::DeleteBackupData),
                ..Filter::default()
            };
            let newest = jobs::page(&mut tx, &filter, None, 1).await?;
            // One that failed is tried again after an hour.
            let busy = newest.first().is_some_and(|job| match job.ended_at {
                None => true,
                Some(at) => {
                    !job.body.errors.is_empty()
                        && now.duration_since(at) < jiff::SignedDuration::from_hours(1)
                }
            });
            if busy {
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
}
