//! Collections that somebody had deleted go with their snapshots (SRG-11, 12).

use base::Result;
use state::Tx;
use state::collections::Collection;
use state::protected_items as items;
use state::recovery_points::{self as points, Tiers};
use state::resources::{self, Record};

use super::rests::Round;
use super::retention::sent_now;
use crate::Control;
use crate::collections::{deleted, deleting, points_in, refuse_kept};
use crate::jobs::{begun, unfinished_backups};
use crate::locks::forget_scope;
use crate::plane::Tier;

impl Control {
    /// Removes the snapshots of collections that are to go, then the collections. What a store
    /// does not let go, or a transfer reads, is tried again later.
    pub(super) async fn delete_collections(&self) -> Result<()> {
        if !self.rests.is_due(Round::Collections, self.now()) {
            return Ok(());
        }
        let mut tx = self.state.read().await?;
        let mut all = Vec::new();
        for id in deleting(&mut tx).await? {
            all.extend(resources::get::<Collection>(&mut tx, &id).await?);
        }
        drop(tx);
        for collection in all {
            if let Err(e) = self.empty_collection(&collection).await {
                tracing::warn!("deleting {}: {e:?}", collection.id);
            }
        }
        Ok(())
    }

    async fn empty_collection(&self, collection: &Record<Collection>) -> Result<()> {
        let Some(since) = collection.body.deleting else {
            return Ok(());
        };
        let mut tx = self.state.read().await?;
        refuse_kept(&mut tx, &collection.id).await?;
        if let Some(item) = items::by_data_id(&mut tx, collection.body.item).await? {
            // Nothing is removed before the records know what the stores hold.
            if !self.may_remove(&mut tx, &item).await? {
                return Ok(());
            }
            let mut here = points_in(&mut tx, collection).await?;
            let sent = sent_now(&mut tx, &item).await?;
            here.retain(|p| p.taken_at <= since && !sent.contains(&p.point));
            let chosen: Vec<_> = here.iter().collect();
            let local = here.iter().filter(|p| p.tiers == Tiers::Snapshot);
            let local: Vec<_> = local.map(|p| p.point).collect();
            let vault = match local.is_empty() {
                true => None,
                false => self.vault_of_item(&mut tx, &item).await?,
            };
            let stores = self.stores_of_points(&mut tx, &item, &chosen).await?;
            drop(tx);
            // A transfer that failed may have left a point there that is none: first there, or
            // nothing would tell of it any more.
            if let Some(vault) = vault {
                self.plane.remove(&vault, Tier::Vault, &local).await?;
                self.want_collection(&vault, Tier::Vault);
            }
            for (stores, ids) in &stores {
                self.plane.remove(stores, Tier::Snapshot, ids).await?;
                self.want_collection(stores, Tier::Snapshot);
            }
            let mut tx = self.state.write().await?;
            for point in here {
                let now = points::get(&mut tx, point.item, point.number).await?;
                let Some(mut now) = now else { continue };
                if now.tiers == Tiers::Snapshot {
                    points::delete(&mut tx, &now).await?;
                    continue;
                }
                now.tiers = Tiers::Vault;
                now.snapshot_expires_at = None;
                points::update(&mut tx, now).await?;
            }
            tx.commit().await?;
        }
        let mut tx = self.state.write().await?;
        let found = resources::get::<Collection>(&mut tx, &collection.id).await?;
        // Deleted once more meanwhile, it is for the next round.
        let Some(mut there) = found.filter(|c| c.body.deleting == Some(since)) else {
            return Ok(());
        };
        let left = points_in(&mut tx, &there).await?;
        if left.iter().any(|p| p.taken_at <= since) {
            return Ok(());
        }
        deleted(&mut tx, &there.id).await?;
        if left.is_empty() && !is_filled(&mut tx, &there).await? {
            forget_scope(&mut tx, &there.id).await?;
            resources::delete(&mut tx, &there).await?;
        } else {
            // A backup has taken it up again.
            there.body.deleting = None;
            resources::update(&mut tx, there).await?;
        }
        tx.commit().await
    }
}

/// Whether a backup takes a snapshot now that is to be in a collection.
async fn is_filled(tx: &mut Tx, collection: &Record<Collection>) -> Result<bool> {
    let Some(item) = items::by_data_id(tx, collection.body.item).await? else {
        return Ok(false);
    };
    if item.body.collection.as_deref() != Some(state::fold(&collection.id).as_str()) {
        return Ok(false);
    }
    let jobs = unfinished_backups(tx, &item).await?;
    Ok(jobs.iter().any(|job| begun(job).is_some()))
}
