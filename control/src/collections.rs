//! Collections of snapshots, in groups that the service owns (SRG-1 to 12; CONF-5).
//!
//! A machine's snapshots are in its newest collection, in the first group of its policy's names
//! that has room. What is done to a snapshot is done to its collection: a lock on the group keeps
//! it, and at last keeps backups from running (SNAP-10).

use std::collections::BTreeMap;

use base::{Code, Error, Result};
use policy::{GroupPattern, Limit};
use state::collections::Collection;
use state::groups::Group;
use state::protected_items::ProtectedItem;
use state::recovery_points::{self as points, Range, RecoveryPoint, Tiers};
use state::resources::{self, Record, Scope};
use state::{Tx, WriteTx, fold, settings, usages};

use crate::Control;
use crate::admission_rules::admit;
use crate::limits::{check_points, limits};
use crate::locks::refuse_locked;

const KIND: &str = "Microsoft.Compute/restorePointCollections";
/// Who owns the groups.
const SERVICE: &str = "Microsoft.RecoveryServices";
/// Points that are read at once.
const PAGE: u32 = 1000;
/// The setting with the folded ids of collections that are to be deleted.
const DELETING: &str = "collections to be deleted";

impl Control {
    /// At most `limit` collections of a group, or of all, by id, beginning after the id `after`.
    ///
    /// # Errors
    /// `GroupNotFound`; those of the records.
    pub async fn collections(
        &self,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Collection>>> {
        self.list(group, after, limit).await
    }

    /// The collection of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn collection(&self, group: &str, name: &str) -> Result<Record<Collection>> {
        let what = format!("collection `{name}` in the resource group `{group}`");
        self.one(&self.collection_id(group, name), &what).await
    }

    /// The id of a collection.
    #[must_use]
    pub fn collection_id(&self, group: &str, name: &str) -> String {
        collection_id(&self.group_id(group), name)
    }

    /// The points whose snapshots are in a collection, newest first.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn points_of_collection(
        &self,
        collection: &Record<Collection>,
    ) -> Result<Vec<RecoveryPoint>> {
        let mut tx = self.state.read().await?;
        points_in(&mut tx, collection).await
    }

    /// Has a collection deleted with its snapshots; the vault's points stay (SRG-12). They go
    /// soon after this returns; whether there was one. Durable when this returns.
    ///
    /// # Errors
    /// `ScopeLocked`; those of the records.
    pub async fn delete_collection(&self, group: &str, name: &str) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let id = self.collection_id(group, name);
        let Some(mut there) = resources::get::<Collection>(&mut tx, &id).await? else {
            return Ok(false);
        };
        there.body.deleting = Some(tx.now());
        let id = fold(&there.id);
        resources::update(&mut tx, there).await?;
        let mut all = deleting(&mut tx).await?;
        if !all.contains(&id) {
            all.push(id);
            settings::set(&mut tx, DELETING, &all).await?;
        }
        tx.commit().await?;
        self.engine.wake.notify_one();
        Ok(true)
    }

    /// The id of the collection that a machine's next snapshot is put in; it is made, and its
    /// group, if they are not there.
    ///
    /// # Errors
    /// `SnapshotLimitReached` (SNAP-10); `ScopeLocked` by a lock that forbids every change;
    /// `SnapshotGroupDisallowed` if a rule forbids the group; those of the records.
    pub(crate) async fn collection_for(
        &self,
        tx: &mut WriteTx,
        item: &ProtectedItem,
        policy: Option<&policy::Policy>,
        location: &str,
    ) -> Result<String> {
        let limits = limits(tx).await?;
        let points = usages::of_item(tx, item.data_id).await?.sum.points;
        let snapshots = points::snapshots(tx, item.data_id).await?;
        check_points(&limits, policy, points, snapshots)?;
        let pattern = policy.and_then(|p| p.snapshot_group.as_ref());
        let alias = Collection::alias_of(item.data_id);
        let own = resources::find::<Collection>(tx, &alias).await?;
        // It stays where it is, though an earlier group may have room again.
        let here = own.iter().find(|c| {
            let group = c.parent.rsplit('/').next().unwrap_or_default();
            GroupPattern::is_group_name(pattern, location, group)
        });
        if let Some(there) = here {
            refuse_locked(tx, &format!("{KIND}/write"), &there.id).await?;
            return Ok(fold(&there.id));
        }
        let mut number = 1;
        loop {
            let name = GroupPattern::group_name(pattern, location, number);
            let group = self.group_id(&name);
            let held = resources::count::<Collection>(tx, Scope::In(&group)).await?;
            if limits.check(Limit::Collections, held).is_ok() {
                let group = self.snapshot_group(tx, &name, location).await?;
                refuse_locked(tx, &format!("{KIND}/write"), &group).await?;
                let name =
                    GroupPattern::collection_name(&item.body.friendly_name, item.data_id as u32);
                let body = Collection {
                    item: item.data_id,
                    source: item.body.source.clone(),
                    location: location.to_owned(),
                    deleting: None,
                };
                let id = collection_id(&group, &name);
                let made = resources::create(tx, &id, &group, body).await?;
                return Ok(fold(&made.id));
            }
            number += 1;
        }
    }

    /// Refuses what a lock or a rule would refuse the next snapshot of an item, and whether its
    /// backup would fail of it: a lock that only forbids deletions keeps snapshots from going.
    ///
    /// # Errors
    /// `ScopeLocked`, `SnapshotGroupDisallowed`; those of the records.
    pub(crate) async fn check_snapshot_group(
        &self,
        tx: &mut Tx,
        item: &ProtectedItem,
        policy: Option<&policy::Policy>,
        location: &str,
    ) -> std::result::Result<(), (Error, bool)> {
        let pattern = policy.and_then(|p| p.snapshot_group.as_ref());
        let name = GroupPattern::group_name(pattern, location, 1);
        let group = self.group_id(&name);
        let critical = |e| (e, true);
        let alias = Collection::alias_of(item.data_id);
        let own = resources::find::<Collection>(tx, &alias).await;
        let own = own.map_err(critical)?;
        let place = match own
            .iter()
            .find(|c| item.body.collection.as_ref() == Some(&fold(&c.id)))
        {
            Some(there) => &there.id,
            None => {
                let there = resources::get::<Group>(tx, &group).await;
                if there.map_err(critical)?.is_none() {
                    let tags = BTreeMap::new();
                    let code = Code::SnapshotGroupDisallowed;
                    let admitted = admit(tx, code, &name, &tags, true);
                    return admitted.await.map_err(critical);
                }
                &group
            }
        };
        refuse_locked(tx, &format!("{KIND}/write"), place)
            .await
            .map_err(critical)?;
        refuse_kept(tx, place).await.map_err(|e| (e, false))
    }

    /// The id of the snapshot group of this name; it is made if it is not there (SRG-1, 2, 5).
    async fn snapshot_group(&self, tx: &mut WriteTx, name: &str, location: &str) -> Result<String> {
        let id = self.group_id(name);
        if let Some(there) = resources::get::<Group>(tx, &id).await? {
            return Ok(there.id);
        }
        let tags = BTreeMap::new();
        admit(tx, Code::SnapshotGroupDisallowed, name, &tags, true).await?;
        let group = Group {
            location: location.to_owned(),
            tags,
            managed_by: Some(SERVICE.to_owned()),
        };
        let parent = self.subscription_id();
        let made = resources::create(tx, &id, &parent, group).await?;
        Ok(made.id)
    }
}

/// Refuses to remove snapshots of a collection that a lock keeps (SRG-4).
///
/// # Errors
/// `ScopeLocked`; those of the records.
pub(crate) async fn refuse_kept(tx: &mut Tx, collection: &str) -> Result<()> {
    refuse_locked(tx, &format!("{KIND}/delete"), collection).await
}

/// The folded ids of the collections that are to be deleted.
pub(crate) async fn deleting(tx: &mut Tx) -> Result<Vec<String>> {
    Ok(settings::get(tx, DELETING).await?.unwrap_or_default())
}

/// Notes that a collection is no longer to be deleted, or gone.
pub(crate) async fn deleted(tx: &mut WriteTx, collection: &str) -> Result<()> {
    let mut all = deleting(tx).await?;
    let before = all.len();
    all.retain(|id| *id != fold(collection));
    if all.len() < before {
        settings::set(tx, DELETING, &all).await?;
    }
    Ok(())
}

/// Forgets the collections of an item that goes.
pub(crate) async fn forget(tx: &mut WriteTx, item: &ProtectedItem) -> Result<()> {
    let alias = Collection::alias_of(item.data_id);
    for collection in resources::find::<Collection>(tx, &alias).await? {
        crate::locks::forget_scope(tx, &collection.id).await?;
        resources::delete(tx, &collection).await?;
        deleted(tx, &collection.id).await?;
    }
    Ok(())
}

/// The points whose snapshots are in a collection, newest first.
pub(crate) async fn points_in(
    tx: &mut Tx,
    collection: &Record<Collection>,
) -> Result<Vec<RecoveryPoint>> {
    let (mut found, mut after) = (Vec::new(), None);
    let id = fold(&collection.id);
    loop {
        let range = Range::default();
        let page = points::page(tx, collection.body.item, range, after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = Some((last.taken_at, last.number));
        let here = page.into_iter().filter(|p| {
            p.tiers != Tiers::Vault && p.body.collection.as_deref() == Some(id.as_str())
        });
        found.extend(here);
    }
}

fn collection_id(group: &str, name: &str) -> String {
    format!("{group}/providers/{KIND}/{name}")
}

/// That a group holds collections, which keep it.
pub(crate) fn in_group(group: &str, held: &Record<Collection>) -> Error {
    let detail = format!("the group {group} holds the collection {}", held.name);
    Error::new(Code::ResourceInUse, detail)
}
