//! What a vault and its items take, in bytes: what the records say, and full counts of the stores.

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Code, Error, PointId, Result};
use jiff::SignedDuration;
use serde_json::{Value, json};
use state::Tx;
use state::hosts::Host;
use state::operations::{self, Operation, OperationStatus};
use state::protected_items::ProtectedItem;
use state::recovery_points::{self as points, Range};
use state::resources::{self, Record};
use state::usages::{self, CountedStore, OfItem, PointSum, StoreUsage};
use state::vaults::Vault;
use uuid::Uuid;

use crate::Control;
use crate::ownership::owned;
use crate::plane::Tier;
use crate::protected_items::{items_of, newest_point};

/// Points that are looked at in one page.
const PAGE: u32 = 1000;
/// For how long a count can be asked for.
const KEPT: SignedDuration = SignedDuration::from_hours(48);

/// What an item takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemBytes {
    /// The item.
    pub item: ProtectedItem,
    /// What the records say of it.
    pub usage: OfItem,
}

/// What a vault takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultBytes {
    /// The vault.
    pub vault: Record<Vault>,
    /// Its stores that were counted, by name.
    pub stores: Vec<CountedStore>,
    /// Its items, by id.
    pub items: Vec<ItemBytes>,
}

impl VaultBytes {
    /// What the points of all items come to.
    #[must_use]
    pub fn sum(&self) -> PointSum {
        let all = self.items.iter().map(|i| i.usage.sum);
        all.fold(PointSum::default(), |sum, of| PointSum {
            points: sum.points + of.points,
            logical: sum.logical.saturating_add(of.logical),
        })
    }

    /// What was stored in a store since it was counted.
    #[must_use]
    pub fn added(&self, store: &str) -> u64 {
        let of = |i: &ItemBytes| i.usage.stores.get(store).map_or(0, |u| u.added);
        self.items.iter().map(of).sum()
    }
}

impl Control {
    /// What a vault and its items take.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn vault_bytes(&self, group: &str, name: &str) -> Result<VaultBytes> {
        let mut tx = self.state.read().await?;
        let vault = self.vault_in(&mut tx, group, name).await?;
        let stores = usages::stores(&mut tx, &vault.id).await?;
        let mut of = usages::of_vault(&mut tx, &vault.id).await?;
        let all = items_of(&mut tx, &vault.id).await?;
        let items = all.into_iter().map(|item| ItemBytes {
            usage: of.remove(&item.data_id).unwrap_or_default(),
            item,
        });
        Ok(VaultBytes {
            items: items.collect(),
            vault,
            stores,
        })
    }

    /// Starts a full count of all stores of a vault, and gives the operation that ends with it. A
    /// restart gives it up.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn start_count(self: &Arc<Self>, group: &str, name: &str) -> Result<Uuid> {
        let mut tx = self.state.write().await?;
        let vault = self.vault_in(&mut tx, group, name).await?;
        let now = tx.now();
        let mut operation = Operation {
            id: self.new_id(),
            scope: vault.id.clone(),
            status: OperationStatus::InProgress,
            started_at: now,
            ended_at: None,
            keep_until: now.saturating_add(KEPT).unwrap_or(now),
            result: Value::Null,
        };
        operations::put(&mut tx, &operation).await?;
        tx.commit().await?;
        let id = operation.id;
        let control = Arc::clone(self);
        tokio::spawn(async move {
            match control.count_vault(&vault).await {
                Ok(()) => operation.status = OperationStatus::Succeeded,
                Err(e) => {
                    tracing::warn!("counting what is in vault {}: {e:?}", vault.name);
                    operation.status = OperationStatus::Failed;
                    let (code, message) = (e.code().name(), e.detail());
                    operation.result = json!({"error": {"code": code, "message": message}});
                }
            }
            operation.ended_at = Some(control.now());
            if let Err(e) = control.end_operation(&operation).await {
                tracing::error!("operation {id} can't be ended: {e:?}");
            }
        });
        Ok(id)
    }

    async fn end_operation(&self, operation: &Operation) -> Result<()> {
        let mut tx = self.state.write().await?;
        operations::put(&mut tx, operation).await?;
        tx.commit().await
    }

    /// Counts all stores of a vault.
    ///
    /// # Errors
    /// Those of [`Control::count_store`].
    pub(crate) async fn count_vault(&self, vault: &Record<Vault>) -> Result<()> {
        let hosts = resources::all::<Host>(&mut self.state.read().await?).await?;
        self.count_store(vault, &hosts, usages::VAULT).await?;
        for host in &hosts {
            self.count_store(vault, &hosts, &state::fold(&host.id))
                .await?;
        }
        Ok(())
    }

    /// Counts the store of this name ([`CountedStore::store`]), and records what was found.
    /// Durable when this returns.
    ///
    /// # Errors
    /// `AdoptionPending`, `StoreTakenOver`; those of the store and of the records.
    pub(crate) async fn count_store(
        &self,
        vault: &Record<Vault>,
        hosts: &[Record<Host>],
        store: &str,
    ) -> Result<()> {
        let of_store = hosts.iter().find(|h| state::fold(&h.id) == store);
        let tier = match of_store {
            Some(_) => Tier::Snapshot,
            None => Tier::Vault,
        };
        let Some(host) = of_store.or(hosts.first()) else {
            return Ok(());
        };
        let mut tx = self.state.read().await?;
        if !self.is_adopted(&mut tx, vault.body.store_vault).await? {
            let detail = format!("what the store of {} holds is not known yet", vault.name);
            return Err(Error::new(Code::AdoptionPending, detail));
        }
        let known = owned(&mut tx, vault.body.store_vault).await?;
        let stores = self.stores(&vault.body, &host.body, &known)?;
        let before = usages::of_vault(&mut tx, &vault.id).await?;
        let last = usages::stores(&mut tx, &vault.id).await?;
        let all = items_of(&mut tx, &vault.id).await?;
        let (owners, wrong) = match tier {
            Tier::Vault => checked_points(&mut tx, &all, &before).await?,
            // There are as many of these stores as hosts, and few points have a snapshot.
            Tier::Snapshot => (points::with_snapshot(&mut tx, &vault.id).await?, 0),
        };
        drop(tx);
        let found = self.plane.usage(&stores, tier, &owners).await?;
        let said = before.values().filter_map(|of| of.stores.get(store));
        let said: u64 = said.map(|u| u.unique + u.added).sum();
        let last = last.iter().find(|c| c.store == store);
        let usage = StoreUsage {
            used: found.used,
            shared: found.shared,
            stored: found.stored,
            expected: said + last.map_or(0, |c| c.usage.shared),
            points: before.values().map(|of| of.sum.points).sum(),
            newest: newest_point(&all),
            wrong_sums: wrong,
        };
        let owners = found.owners.into_iter();
        let by_item = owners.map(|(item, of)| (item, (of.unique, of.shared)));
        let by_item = by_item.collect();
        let mut tx = self.state.write().await?;
        // It may have been moved or deleted meanwhile, and the host taken away.
        let alias = vault.body.store_vault.to_string();
        let now = resources::find::<Vault>(&mut tx, &alias).await?.pop();
        let is_there = of_store.is_none() || resources::exists(&mut tx, &host.id).await?;
        let now = now.filter(|_| is_there).ok_or_else(|| {
            let detail = format!(
                "what {} had in {store} went while it was counted",
                vault.name
            );
            Error::new(Code::ResourceNotFound, detail)
        })?;
        usages::counted(&mut tx, &now.id, store, usage, &by_item, &before).await?;
        tx.commit().await
    }
}

/// Whose each point is, and of how many items the sum is not what their points come to.
async fn checked_points(
    tx: &mut Tx,
    all: &[ProtectedItem],
    before: &BTreeMap<i64, OfItem>,
) -> Result<(BTreeMap<PointId, i64>, u64)> {
    let (mut owners, mut wrong) = (BTreeMap::new(), 0);
    for item in all {
        let found = owned_points(tx, item.data_id, &mut owners).await?;
        let said = before.get(&item.data_id).map(|of| of.sum);
        if said.unwrap_or_default() != found {
            tracing::error!("{}: the sum is {said:?}, its points are {found:?}", item.id);
            wrong += 1;
        }
    }
    Ok((owners, wrong))
}

/// Takes in the points of an item; gives what they come to.
async fn owned_points(
    tx: &mut Tx,
    item: i64,
    owners: &mut BTreeMap<PointId, i64>,
) -> Result<PointSum> {
    let (mut sum, mut after) = (PointSum::default(), None);
    loop {
        let page = points::page(tx, item, Range::default(), after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(sum);
        };
        after = Some((last.taken_at, last.number));
        for point in page {
            sum.points += 1;
            sum.logical += point.body.logical();
            owners.insert(point.point, item);
        }
    }
}
