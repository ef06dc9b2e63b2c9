//! Retention: what has expired goes from the stores, then from the records (SNAP-8, 9; PROT-15).

use std::collections::BTreeMap;

use base::{Code, PointId, Result};
use policy::Removal;
use state::protected_items::{self as items, ProtectedItem, ProtectionState};
use state::recovery_points::{self as points, RecoveryPoint, Tiers};
use state::{Tx, WriteTx};

use super::rests::Round;
use crate::Control;
use crate::collections::refuse_kept;
use crate::jobs::{sending, unfinished_backups, unfinished_restores};
use crate::plane::{Stores, Tier};
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
        let Some((mut tx, item)) = self.followed(item).await? else {
            return Ok(());
        };
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
        hold_back(&mut tx, &item, &all, &mut removals).await?;
        if removals.is_empty() {
            return Ok(());
        }
        let vault = self.vault_of_item(&mut tx, &item).await?;
        let snapshots = removals.iter().filter(|r| r.snapshot);
        let snapshots: Vec<_> = snapshots.map(|r| &all[r.point]).collect();
        let on_hosts = self.stores_of_points(&mut tx, &item, &snapshots).await?;
        drop(tx);
        if let Some(vault) = &vault {
            self.remove_leftovers(&item, vault, &all, &mut removals)
                .await;
        }
        for (stores, ids) in &on_hosts {
            self.remove_snapshots(&item, stores, ids, &all, &mut removals)
                .await;
        }
        if let Some(vault) = &vault {
            self.remove_from_vault(vault, &all, &removals).await?;
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

    /// An item whose points expire, and the moment that it is read at. Nothing is removed by times
    /// that an edit has made void: the item follows its policy first. `None` if there is no such
    /// item, or it was edited just now once more: the next round knows better.
    async fn followed(&self, item: i64) -> Result<Option<(Tx, ProtectedItem)>> {
        for is_last in [false, true] {
            let mut tx = self.state.read().await?;
            let found = items::by_data_id(&mut tx, item).await?;
            let Some(found) = found.filter(prunes) else {
                return Ok(None);
            };
            if policy_ahead(&mut tx, &found).await?.is_none() {
                return Ok(Some((tx, found)));
            }
            drop(tx);
            if !is_last {
                self.apply_to(item).await?;
            }
        }
        Ok(None)
    }

    /// Removes what transfers that failed may have left in the vault, of points that go: nothing
    /// would tell of it any more. Where it can't go the whole point stays.
    async fn remove_leftovers(
        &self,
        item: &ProtectedItem,
        vault: &Stores,
        all: &[RecoveryPoint],
        removals: &mut Vec<Removal>,
    ) {
        let leftover = |r: &&Removal| !r.vault && all[r.point].tiers == Tiers::Snapshot;
        let left = removals.iter().filter(leftover);
        let left: Vec<_> = left.map(|r| all[r.point].point).collect();
        if left.is_empty() {
            return;
        }
        match self.plane.remove(vault, Tier::Vault, &left).await {
            Ok(()) => self.want_collection(vault, Tier::Vault),
            Err(e) => {
                tracing::warn!("points of {} stay for now: {e:?}", item.id);
                removals.retain(|r| !left.contains(&all[r.point].point));
            }
        }
    }

    /// Removes snapshots from a host, of those that still go. What it does not let go stays in
    /// every tier (SNAP-8), and keeps no other.
    async fn remove_snapshots(
        &self,
        item: &ProtectedItem,
        stores: &Stores,
        ids: &[PointId],
        all: &[RecoveryPoint],
        removals: &mut Vec<Removal>,
    ) {
        let goes = |id: &&PointId| {
            let mut going = removals.iter().filter(|r| r.snapshot);
            going.any(|r| all[r.point].point == **id)
        };
        let ids: Vec<PointId> = ids.iter().filter(goes).copied().collect();
        if ids.is_empty() {
            return;
        }
        match self.plane.remove(stores, Tier::Snapshot, &ids).await {
            Ok(()) => self.want_collection(stores, Tier::Snapshot),
            Err(e) => {
                tracing::warn!("snapshots of {} stay for now: {e:?}", item.id);
                removals.retain(|r| !r.snapshot || !ids.contains(&all[r.point].point));
            }
        }
    }

    async fn remove_from_vault(
        &self,
        vault: &Stores,
        all: &[RecoveryPoint],
        removals: &[Removal],
    ) -> Result<()> {
        let ids = removals.iter().filter(|r| r.vault);
        let ids: Vec<_> = ids.map(|r| all[r.point].point).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.plane.remove(vault, Tier::Vault, &ids).await?;
        self.want_collection(vault, Tier::Vault);
        Ok(())
    }
}

/// Keeps for now what others need: what a transfer, for however long it goes on, or a restore
/// reads (JOB-5), and snapshots whose collection a lock keeps (SRG-4).
async fn hold_back(
    tx: &mut Tx,
    item: &ProtectedItem,
    all: &[RecoveryPoint],
    removals: &mut Vec<Removal>,
) -> Result<()> {
    let mut needed = sent_now(tx, item).await?;
    needed.extend(restored_now(tx, item, all).await?);
    removals.retain(|r| !needed.contains(&all[r.point].point));
    let locked = locked(tx, all, removals).await?;
    removals.retain(|r| !r.snapshot || !locked.contains(&all[r.point].point));
    Ok(())
}

/// The snapshots to be removed whose collection a lock keeps (SRG-4).
async fn locked(tx: &mut Tx, all: &[RecoveryPoint], removals: &[Removal]) -> Result<Vec<PointId>> {
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
                Err(e) if e.code() == Code::ScopeLocked => true,
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
pub(super) async fn sent_now(tx: &mut Tx, item: &ProtectedItem) -> Result<Vec<PointId>> {
    let jobs = unfinished_backups(tx, item).await?;
    let of = |job| sending(job).map(|sending| sending.point);
    Ok(jobs.iter().filter_map(of).collect())
}

/// The points that restores of an item read, or are about to.
async fn restored_now(
    tx: &mut Tx,
    item: &ProtectedItem,
    points: &[RecoveryPoint],
) -> Result<Vec<PointId>> {
    let read = unfinished_restores(tx, item).await?;
    let of = |p: &&RecoveryPoint| read.contains(&p.number);
    Ok(points.iter().filter(of).map(|p| p.point).collect())
}

/// Whether points of an item expire (PROT-11, 13; SOFT-3).
fn prunes(item: &ProtectedItem) -> bool {
    is_active(item) || item.purge_at.is_none() && item.state == ProtectionState::BackupsSuspended
}

async fn remove(tx: &mut WriteTx, mut point: RecoveryPoint, removal: &Removal) -> Result<()> {
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
