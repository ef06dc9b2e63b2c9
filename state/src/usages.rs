//! What points take: of each item, and of each store of a vault.
//!
//! What an item's points show (`logical`) is kept with each point that comes or goes, in its
//! transaction. What they take in stores can only be counted there; between two counts what was
//! stored since is added up.

use std::collections::BTreeMap;

use base::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::db::{Row, Select, Tx, WriteTx, json_of};
use crate::fold::fold;
use crate::recovery_points::RecoveryPoint;

/// The name of a vault's own store; a snapshot store has the folded id of its host.
pub const VAULT: &str = "vault";

/// What the points of an item come to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PointSum {
    /// How many there are.
    pub points: u64,
    /// Bytes that they show, each by itself ([`crate::recovery_points::PointBody::logical`]).
    pub logical: u64,
}

/// What an item takes in a store, in stored bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemUsage {
    /// What no other item uses, as it was counted.
    pub unique: u64,
    /// What other items use, too, as it was counted.
    pub shared: u64,
    /// What was stored since; at most that much more is unique.
    pub added: u64,
}

/// What is in a store, as it was counted, in bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreUsage {
    /// Stored bytes that points use, each once.
    pub used: u64,
    /// Of these, what several items use.
    pub shared: u64,
    /// Bytes of all that is in the store.
    pub stored: u64,
    /// What the records said of `used` when it was counted: what was counted before, and what was
    /// stored since. More than `used` where points went meanwhile.
    pub expected: u64,
    /// Points that the vault's items had then.
    pub points: u64,
    /// When the newest of them was taken.
    pub newest: Option<Timestamp>,
    /// Items whose [`PointSum`] was not what their points came to: always 0.
    pub wrong_sums: u64,
}

/// A store that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedStore {
    /// [`VAULT`], or the folded id of the host of a snapshot store.
    pub store: String,
    /// When.
    pub counted_at: Timestamp,
    /// What was found.
    pub usage: StoreUsage,
}

/// What an item has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfItem {
    /// What its points come to.
    pub sum: PointSum,
    /// What they take, by store.
    pub stores: BTreeMap<String, ItemUsage>,
}

/// What an item has; nothing if there is no such item.
///
/// # Errors
/// Those of the database.
pub async fn of_item(tx: &mut Tx, item: i64) -> Result<OfItem> {
    let sql = "SELECT points, logical FROM point_sums WHERE item = $1";
    let sum = tx.query_one(sql, [item.into()]).await?;
    let sum = sum.map(|row| sum_of(&row, 0));
    let sql = "SELECT store, own, shared, added FROM item_usages WHERE item = $1 ORDER BY store";
    let rows = tx.query(sql, [item.into()]).await?;
    let stores = rows
        .iter()
        .map(|row| Ok((row.string(0)?, usage_of(row, 1)?)));
    Ok(OfItem {
        sum: sum.transpose()?.unwrap_or_default(),
        stores: stores.collect::<Result<_>>()?,
    })
}

/// What each item of a vault has, by its number: of those that have anything.
///
/// # Errors
/// Those of the database.
pub async fn of_vault(tx: &mut Tx, vault: &str) -> Result<BTreeMap<i64, OfItem>> {
    let mut all: BTreeMap<i64, OfItem> = BTreeMap::new();
    let from = "SELECT s.item, s.points, s.logical FROM point_sums s
         JOIN protected_items i ON i.data_id = s.item";
    let select = Select::new(from).with("i.vault = ?", [fold(vault).into()]);
    let (sql, values) = select.page("1", u32::MAX);
    for row in tx.query(sql, values).await? {
        all.entry(row.int(0)?).or_default().sum = sum_of(&row, 1)?;
    }
    let from = "SELECT u.item, u.store, u.own, u.shared, u.added FROM item_usages u
         JOIN protected_items i ON i.data_id = u.item";
    let select = Select::new(from).with("i.vault = ?", [fold(vault).into()]);
    let (sql, values) = select.page("1, 2", u32::MAX);
    for row in tx.query(sql, values).await? {
        let of = &mut all.entry(row.int(0)?).or_default().stores;
        of.insert(row.string(1)?, usage_of(&row, 2)?);
    }
    Ok(all)
}

/// The stores of a vault that were counted, by name.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn stores(tx: &mut Tx, vault: &str) -> Result<Vec<CountedStore>> {
    let sql = "SELECT store, counted_at, body FROM store_usages WHERE vault = $1 ORDER BY store";
    let rows = tx.query(sql, [fold(vault).into()]).await?;
    let store = |row: &Row| {
        Ok(CountedStore {
            store: row.string(0)?,
            counted_at: row.time(1)?,
            usage: row.json(2)?,
        })
    };
    rows.iter().map(store).collect()
}

/// Notes that so many bytes were stored for an item.
///
/// # Errors
/// `ResourceInUse` if there is no such item, after which the transaction can't be committed; those
/// of the database.
pub async fn add(tx: &mut WriteTx, item: i64, store: &str, bytes: u64) -> Result<()> {
    let sql = "INSERT INTO item_usages (item, store, own, shared, added)
         VALUES ($1, $2, 0, 0, $3)
         ON CONFLICT (item, store) DO UPDATE SET added = item_usages.added + excluded.added";
    let values = [item.into(), store.into(), int(bytes)];
    tx.execute(sql, values).await.map(|_| ())
}

/// Writes what was counted in a store of a vault, in place of what was counted before. `before` is
/// what [`of_vault`] gave before the count began: what was stored since then stays in `added`.
/// Items that are gone by now are passed by; those that were not counted take nothing there.
///
/// # Errors
/// Those of the database.
pub async fn counted(
    tx: &mut WriteTx,
    vault: &str,
    store: &str,
    usage: StoreUsage,
    items: &BTreeMap<i64, (u64, u64)>,
    before: &BTreeMap<i64, OfItem>,
) -> Result<()> {
    let sql = "INSERT INTO store_usages (vault, store, counted_at, body) VALUES ($1, $2, $3, $4)
         ON CONFLICT (vault, store)
         DO UPDATE SET counted_at = excluded.counted_at, body = excluded.body";
    let values = [
        fold(vault).into(),
        store.into(),
        tx.now().into(),
        json_of(&usage)?,
    ];
    tx.execute(sql, values).await?;
    for (item, now) in of_vault(tx, vault).await? {
        let was = before.get(&item).and_then(|of| of.stores.get(store));
        let there = now.stores.get(store).copied();
        let (unique, shared) = items.get(&item).copied().unwrap_or_default();
        let added = there.unwrap_or_default().added;
        let new = ItemUsage {
            unique,
            shared,
            added: added.saturating_sub(was.map_or(0, |was| was.added)),
        };
        if there.unwrap_or_default() == new {
            continue;
        }
        let sql = "INSERT INTO item_usages (item, store, own, shared, added)
             VALUES ($1, $2, $3, $4, $5)
             ON CONFLICT (item, store) DO UPDATE
             SET own = excluded.own, shared = excluded.shared, added = excluded.added";
        let values = [
            item.into(),
            store.into(),
            int(new.unique),
            int(new.shared),
            int(new.added),
        ];
        tx.execute(sql, values).await?;
    }
    Ok(())
}

/// Forgets what was counted of a vault.
///
/// # Errors
/// Those of the database.
pub async fn forget_vault(tx: &mut WriteTx, vault: &str) -> Result<()> {
    let sql = "DELETE FROM store_usages WHERE vault = $1";
    tx.execute(sql, [fold(vault).into()]).await.map(|_| ())
}

/// Forgets what was counted in the snapshot store of a host that goes, by the host's id.
///
/// # Errors
/// Those of the database.
pub async fn forget_store(tx: &mut WriteTx, host: &str) -> Result<()> {
    for sql in [
        "DELETE FROM store_usages WHERE store = $1",
        "DELETE FROM item_usages WHERE store = $1",
    ] {
        tx.execute(sql, [fold(host).into()]).await?;
    }
    Ok(())
}

pub(crate) async fn forget_item(tx: &mut WriteTx, item: i64) -> Result<()> {
    // A sum with points stays: they are refused with their item.
    let sql = "DELETE FROM point_sums WHERE item = $1 AND points = 0";
    tx.execute(sql, [item.into()]).await?;
    let sql = "DELETE FROM item_usages WHERE item = $1";
    tx.execute(sql, [item.into()]).await.map(|_| ())
}

pub(crate) async fn add_point(tx: &mut WriteTx, point: &RecoveryPoint) -> Result<()> {
    let sql = "INSERT INTO point_sums (item, points, logical) VALUES ($1, 1, $2)
         ON CONFLICT (item) DO UPDATE
         SET points = point_sums.points + 1, logical = point_sums.logical + excluded.logical";
    let values = [point.item.into(), int(point.body.logical())];
    tx.execute(sql, values).await.map(|_| ())
}

pub(crate) async fn remove_point(tx: &mut WriteTx, point: &RecoveryPoint) -> Result<()> {
    let sql = "UPDATE point_sums SET points = points - 1, logical = logical - $2 WHERE item = $1";
    let values = [point.item.into(), int(point.body.logical())];
    tx.execute(sql, values).await.map(|_| ())
}

/// The largest that a column holds stands for more.
fn int(bytes: u64) -> crate::db::Value {
    i64::try_from(bytes).unwrap_or(i64::MAX).into()
}

fn sum_of(row: &Row, first: usize) -> Result<PointSum> {
    Ok(PointSum {
        points: row.int(first)?.unsigned_abs(),
        logical: row.int(first + 1)?.unsigned_abs(),
    })
}

fn usage_of(row: &Row, first: usize) -> Result<ItemUsage> {
    Ok(ItemUsage {
        unique: row.int(first)?.unsigned_abs(),
        shared: row.int(first + 1)?.unsigned_abs(),
        added: row.int(first + 2)?.unsigned_abs(),
    })
}
