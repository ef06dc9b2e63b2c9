//! The scheduler: starts the backups that are due (POLICY-24; PROT-3). Missed runs are caught up
//! by one.

use base::Result;
use jiff::{SignedDuration, Timestamp};
use policy::Policy;
use state::protected_items as items;

use super::edits::{next_run, spread};
use crate::Control;
use crate::jobs::{Run, policy_of};
use crate::protected_items::{in_the_way, is_active};

/// Items that are looked at in one page.
const PAGE: u32 = 100;
/// After how long an item is looked at again whose snapshot is being taken.
const LOOK: SignedDuration = SignedDuration::from_secs(60);

impl Control {
    /// Starts what is due.
    pub(super) async fn schedule(&self) -> Result<()> {
        loop {
            let mut tx = self.state.read().await?;
            let due = items::due(&mut tx, PAGE).await?;
            drop(tx);
            let mut failed = 0;
            for item in &due {
                // One that fails keeps no other waiting.
                if let Err(e) = self.start_due(item.data_id).await {
                    tracing::error!("the scheduled backup of {}: {e:?}", item.id);
                    failed += 1;
                }
            }
            if due.len() < PAGE as usize || failed == due.len() {
                return Ok(());
            }
        }
    }

    /// Starts the run of an item that is owed, if one is; notes when the next is due.
    async fn start_due(&self, item: i64) -> Result<()> {
        let mut tx = self.state.write().await?;
        let now = tx.now();
        let found = items::by_data_id(&mut tx, item).await?;
        let Some(mut item) = found.filter(|i| i.next_run.is_some_and(|next| next <= now)) else {
            return Ok(());
        };
        let policy = policy_of(&mut tx, &item).await?;
        let Some(policy) = policy.filter(|_| is_active(&item)) else {
            item.next_run = None;
            items::update(&mut tx, item).await?;
            return tx.commit().await;
        };
        if in_the_way(&mut tx, &item, false).await?.is_some() {
            item.next_run = now.saturating_add(LOOK).ok();
            items::update(&mut tx, item).await?;
            return tx.commit().await;
        }
        let from = item.body.scheduled_from.unwrap_or(item.created);
        let until = now
            .saturating_sub(spread(&item, self.options.start_spread))
            .unwrap_or(now);
        let owed = policy.schedule.latest_due(from, until, &policy.zone);
        if let Some(due) = owed {
            let (missed, first) = missed(&policy, from, due);
            self.alert_of_missed(&mut tx, &item, missed, first).await?;
            item.body.scheduled_from = Some(due);
            self.start_backup(&mut tx, &item, Run::Scheduled { due })
                .await?;
        }
        item.next_run = next_run(&item, &policy, now, self.options.start_spread);
        items::update(&mut tx, item).await?;
        tx.commit().await
    }
}

/// How many runs were due after `from` and before `last`, up to a hundred, and the first of them.
fn missed(policy: &Policy, from: Timestamp, last: Timestamp) -> (usize, Timestamp) {
    let next = |at: &Timestamp| policy.schedule.next_after(*at, &policy.zone);
    let mut due = std::iter::successors(next(&from), next).take_while(|at| *at < last);
    let first = due.next();
    let more = due.take(99).count();
    first.map_or((0, last), |first| (more + 1, first))
}
