//! Retention: what has expired goes from the stores, then from the records (SNAP-8, 9; PROT-15).

use base::Result;
use policy::Removal;
use state::protected_items::{self as items, ProtectedItem, ProtectionState};
use state::recovery_points::{self as points, Range, RecoveryPoint, Tiers};

use crate::Control;
use crate::jobs::{BackupPlan, Plan, Stage, unfinished_backups};
use crate::plane::Tier;
use crate::points::rule_point;
use crate::protected_items::is_active;

const PAGE: u32 = 200;
/// Points of an item that are read at once.
const POINTS: u32 = 1000;

impl Control {
    /// Removes what has expired. An item whose store does not answer keeps its points until it
    /// does, and keeps no other waiting.
    pub(super) async fn prune_points(&self) -> Result<()> {
        if !self.rests.is_due("retention", self.now()) {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let mut tx = self.state.read().await?;
            let page = points::items_with_expired(&mut tx, after, PAGE).await?;
            drop(tx);
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = *last;
            for item in page {
                if let Err(e) = self.prune_item(item).await {
                    tracing::warn!("removing expired points of item {item}: {e:?}");
                }
            }
        }
    }

    async fn prune_item(&self, item: i64) -> Result<()> {
        // Nothing is removed by times that an edit has made void.
        self.apply_to(item).await?;
        let mut tx = self.state.read().await?;
        let Some(item) = items::by_data_id(&mut tx, item).await? else {
            return Ok(());
        };
        let Some(policy) = item.body.policy_seen.as_ref().filter(|_| prunes(&item)) else {
            return Ok(());
        };
        let all = all_points(&mut tx, &item).await?;
        let rules: Vec<_> = all.iter().map(rule_point).collect();
        let mut removals = policy::cleanup(&rules, policy.snapshot_days, &policy.zone, self.now());
        // A transfer that goes on, for however long, reads its snapshot (JOB-5).
        let sent = sent_now(&mut tx, &item).await?;
        removals.retain(|r| !sent.contains(&all[r.point].point));
        if removals.is_empty() {
            return Ok(());
        }
        let stores = self.stores_of_item(&mut tx, &item).await?;
        drop(tx);
        let ids = |chosen: fn(&Removal) -> bool| -> Vec<_> {
            let chosen = removals.iter().filter(|r| chosen(r));
            chosen.map(|r| all[r.point].point).collect()
        };
        let (mut vault, snapshot) = (ids(|r| r.vault), ids(|r| r.snapshot));
        // A transfer that failed may have left its point there.
        vault.extend(removals.iter().filter_map(|r| {
            let point = &all[r.point];
            (point.tiers == Tiers::Snapshot).then_some(point.point)
        }));
        for stores in &stores {
            if !vault.is_empty() {
                self.plane.remove(stores, Tier::Vault, &vault).await?;
            }
            if !snapshot.is_empty() {
                self.plane.remove(stores, Tier::Snapshot, &snapshot).await?;
            }
            self.want_collection(stores);
        }
        let mut tx = self.state.write().await?;
        for removal in &removals {
            let point = &all[removal.point];
            let now = points::get(&mut tx, point.item, point.number).await?;
            // Whatever was written of it since: this is what the stores have.
            if let Some(now) = now {
                remove(&mut tx, now, removal).await?;
            }
        }
        tx.commit().await
    }
}

/// The points that backups of an item transfer, or are about to.
async fn sent_now(tx: &mut state::Tx, item: &ProtectedItem) -> Result<Vec<base::PointId>> {
    let jobs = unfinished_backups(tx, item).await?;
    let of = |job: state::jobs::Job| match serde_json::from_value(job.body.step) {
        Ok(Plan::Backup(BackupPlan {
            stage: Stage::Transfer(sending),
            ..
        })) => Some(sending.point),
        _ => None,
    };
    Ok(jobs.into_iter().filter_map(of).collect())
}

/// Whether points of an item expire (PROT-11, 13; SOFT-3).
fn prunes(item: &ProtectedItem) -> bool {
    is_active(item) || item.purge_at.is_none() && item.state == ProtectionState::BackupsSuspended
}

async fn all_points(tx: &mut state::Tx, item: &ProtectedItem) -> Result<Vec<RecoveryPoint>> {
    let (mut all, mut after) = (Vec::new(), None);
    loop {
        let range = Range::default();
        let page = points::page(tx, item.data_id, range, after, POINTS).await?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        after = Some((last.taken_at, last.number));
        all.extend(page);
    }
}

async fn remove(
    tx: &mut state::WriteTx,
    mut point: RecoveryPoint,
    removal: &Removal,
) -> Result<()> {
    let left = match (point.tiers, removal.snapshot, removal.vault) {
        (Tiers::SnapshotAndVault, true, false) => Tiers::Vault,
        (Tiers::SnapshotAndVault, false, true) => Tiers::Snapshot,
        _ => return points::delete(tx, &point).await,
    };
    point.tiers = left;
    if removal.snapshot {
        point.snapshot_expires_at = None;
    } else {
        point.expires_at = None;
    }
    points::update(tx, point).await.map(|_| ())
}
