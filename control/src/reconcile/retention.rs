//! Retention: what has expired goes from the stores, then from the records (SNAP-8, 9; PROT-15).

use std::collections::BTreeMap;

use base::Result;
use policy::Removal;
use state::protected_items::{self as items, ProtectedItem, ProtectionState};
use state::recovery_points::{self as points, RecoveryPoint, Tiers};

use super::rests::Round;
use crate::Control;
use crate::collections::refuse_kept;
use crate::jobs::{sending, unfinished_backups, unfinished_restores};
use crate::plane::Tier;
use crate::points::rule_point;
use crate::protected_items::is_active;
use crate::reconcile::edits::policy_ahead;

/// How many items are looked at at once: some milliseconds, in which SQLite holds the thread.
const PAGE: u32 = 1000;

impl Control {
    /// Removes what has expired. An item whose store does not answer keeps its points until it
    /// does, and keeps no other waiting.
    pub(super) async fn prune_points(&self) -> Result<()> {
        if !self.rests.is_due(Round::Retention, self.now()) {
            return Ok(());
        }
        let mut after = 0;
        loop {
            let mut tx = self.state.read().await?;
            let look = points::items_with_expired(&mut tx, after, PAGE).await?;
            drop(tx);
            let Some(look) = look else {
                return Ok(());
            };
            after = look.last;
            for (item, revision) in look.found {
                if self.rests.has_nothing_to_go(item, revision, self.now()) {
                    continue;
                }
                if let Err(e) = self.prune_item(item).await {
                    tracing::warn!("removing expired points of item {item}: {e:?}");
                }
            }
        }
    }

    async fn prune_item(&self, item: i64) -> Result<()> {
        let mut tx = self.state.read().await?;
        let found = items::by_data_id(&mut tx, item).await?;
        let Some(mut item) = found.filter(prunes) else {
            return Ok(());
        };
        // Nothing is removed by times that an edit has made void.
        if policy_ahead(&mut tx, &item).await?.is_some() {
            drop(tx);
            self.apply_to(item.data_id).await?;
            tx = self.state.read().await?;
            let found = items::by_data_id(&mut tx, item.data_id).await?;
            let Some(again) = found.filter(prunes) else {
                return Ok(());
            };
            item = again;
            // It was edited just now: the next round knows better.
            if policy_ahead(&mut tx, &item).await?.is_some() {
                return Ok(());
            }
        }
        if !self.may_remove(&mut tx, &item).await? {
            return Ok(());
        }
        let Some(policy) = &item.body.policy_seen else {
            return Ok(());
        };
        let all = points::to_clean(&mut tx, item.data_id).await?;
        let rules: Vec<_> = all.iter().map(rule_point).collect();
        let mut removals = policy::cleanup(&rules, policy.snapshot_days, &policy.zone, self.now());
        if removals.is_empty() {
            // The newest snapshot stays, and the last point (SNAP-9; PROT-15): for as long as no
            // other comes and none expires.
            let next = points::next_expiry(&mut tx, item.data_id).await?;
            self.rests.note_nothing_to_go(&item, next, self.now());
            return Ok(());
        }
        // A transfer that goes on, for however long, reads its snapshot (JOB-5); a restore its point.
        let mut sent = sent_now(&mut tx, &item).await?;
        sent.extend(restored_now(&mut tx, &item, &all).await?);
        removals.retain(|r| !sent.contains(&all[r.point].point));
        let locked = locked(&mut tx, &all, &removals).await?;
        removals.retain(|r| !r.snapshot || !locked.contains(&all[r.point].point));
        if removals.is_empty() {
            return Ok(());
        }
        let stores = self.vault_of_item(&mut tx, &item).await?;
        let snapshots: Vec<_> = removals.iter().filter(|r| r.snapshot).collect();
        let snapshots: Vec<_> = snapshots.iter().map(|r| &all[r.point]).collect();
        let mut on_hosts = self.stores_of_points(&mut tx, &item, &snapshots).await?;
        drop(tx);
        // A transfer that failed may have left its point in the vault: first there, or nothing
        // would tell of it any more. Where it can't go the whole point stays.
        let leftover = |r: &&Removal| !r.vault && all[r.point].tiers == Tiers::Snapshot;
        let leftovers: Vec<_> = removals.iter().filter(leftover).collect();
        let leftovers: Vec<_> = leftovers.iter().map(|r| all[r.point].point).collect();
        if let Some(stores) = stores.as_ref().filter(|_| !leftovers.is_empty())
            && let Err(e) = self.plane.remove(stores, Tier::Vault, &leftovers).await
        {
            tracing::warn!("points of {} stay for now: {e:?}", item.id);
            removals.retain(|r| !leftovers.contains(&all[r.point].point));
            for (_, ids) in &mut on_hosts {
                ids.retain(|id| !leftovers.contains(id));
            }
            on_hosts.retain(|(_, ids)| !ids.is_empty());
        }
        // What a host does not let go stays in every tier (SNAP-8), and keeps no other.
        for (stores, ids) in &on_hosts {
            match self.plane.remove(stores, Tier::Snapshot, ids).await {
                Ok(()) => self.want_collection(stores, Tier::Snapshot),
                Err(e) => {
                    tracing::warn!("snapshots of {} stay for now: {e:?}", item.id);
                    removals.retain(|r| !r.snapshot || !ids.contains(&all[r.point].point));
                }
            }
        }
        let of_vault = removals.iter().filter(|r| r.vault);
        let of_vault: Vec<_> = of_vault.map(|r| all[r.point].point).collect();
        if let Some(stores) = &stores {
            if !of_vault.is_empty() {
                self.plane.remove(stores, Tier::Vault, &of_vault).await?;
            }
            if !of_vault.is_empty() || !leftovers.is_empty() {
                self.want_collection(stores, Tier::Vault);
            }
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

/// The snapshots to be removed whose collection a lock keeps (SRG-4).
async fn locked(
    tx: &mut state::Tx,
    all: &[RecoveryPoint],
    removals: &[Removal],
) -> Result<Vec<base::PointId>> {
    let mut seen = BTreeMap::new();
    let mut locked = Vec::new();
    for removal in removals.iter().filter(|r| r.snapshot) {
        let point = &all[removal.point];
        let Some(collection) = &point.body.collection else {
            continue;
        };
        let kept = match seen.get(collection) {
            Some(kept) => *kept,
            None => match refuse_kept(tx, collection).await {
                Err(e) if e.code() == base::Code::ScopeLocked => true,
                done => done.map(|()| false)?,
            },
        };
        seen.insert(collection.clone(), kept);
        if kept {
            locked.push(point.point);
        }
    }
    Ok(locked)
}

/// The points that backups of an item transfer, or are about to.
pub(super) async fn sent_now(
    tx: &mut state::Tx,
    item: &ProtectedItem,
) -> Result<Vec<base::PointId>> {
    let jobs = unfinished_backups(tx, item).await?;
    let of = |job| sending(job).map(|sending| sending.point);
    Ok(jobs.iter().filter_map(of).collect())
}

/// The points that restores of an item read, or are about to.
async fn restored_now(
    tx: &mut state::Tx,
    item: &ProtectedItem,
    points: &[RecoveryPoint],
) -> Result<Vec<base::PointId>> {
    let read = unfinished_restores(tx, item).await?;
    let of = |p: &&RecoveryPoint| read.contains(&p.number);
    Ok(points.iter().filter(of).map(|p| p.point).collect())
}

/// Whether points of an item expire (PROT-11, 13; SOFT-3).
fn prunes(item: &ProtectedItem) -> bool {
    is_active(item) || item.purge_at.is_none() && item.state == ProtectionState::BackupsSuspended
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
