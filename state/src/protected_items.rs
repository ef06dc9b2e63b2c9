//! Protected items: machines with backup, or with backups that are kept.

mod needs;
mod page;
mod record;
mod searched;

use std::collections::BTreeSet;

use base::{Code, Error, Result};
use jiff::Timestamp;
use uuid::Uuid;

use crate::db::{Row, Select, Tx, Value, WriteTx, json_of, name_of, whole};
use crate::fold::fold;
use crate::resources::{changed_meanwhile, gone};
use crate::usages;

pub use needs::{Need, needing};
pub(crate) use page::BEFORE_NAME;
pub use page::{Filter, count, page};
pub use record::{
    DiskSelection, HealthFinding, ItemBody, LastBackup, NewItem, ProtectedItem, ProtectionState,
};
pub(crate) use searched::fill;
use searched::searched;

pub(crate) const FROM: &str =
    "SELECT display_id, data_id, vault, machine, machine_group, policy, state,
    next_run, purge_at, revision, created, changed, body FROM protected_items";

/// Creates an item, at revision 1.
///
/// # Errors
/// `ResourceExists` when its id is taken, or a live item has the same machine in the same group,
/// after which the transaction may go on. `ResourceNotFound` when the vault or the policy does
/// not exist, after which it can't be committed. Those of the database.
pub async fn create(tx: &mut WriteTx, new: NewItem) -> Result<ProtectedItem> {
    let item = ProtectedItem {
        id: new.id,
        data_id: next_data_id(tx).await?,
        vault: fold(&new.vault),
        machine: new.machine,
        machine_group: fold(&new.machine_group),
        policy: new.policy.as_deref().map(fold),
        state: new.state,
        next_run: new.next_run.map(whole),
        purge_at: None,
        revision: 1,
        created: tx.now(),
        changed: tx.now(),
        body: new.body,
    };
    let sql = "INSERT INTO protected_items
         (id, display_id, data_id, revision, created, changed,
          vault, machine, machine_group, policy, state, next_run, purge_at, body,
          last_status, last_at, downgrade, missed_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)
         ON CONFLICT DO NOTHING";
    let names = [
        fold(&item.id).into(),
        item.id.as_str().into(),
        item.data_id.into(),
        item.revision.into(),
        item.created.into(),
        item.changed.into(),
    ];
    let values = names.into_iter().chain(columns(&item)?);
    let values = values.chain(searched(&item)?);
    match tx.execute(sql, values).await.map_err(missing)? {
        0 => {
            let what = format!("{} or a live item of its machine exists already", item.id);
            Err(Error::new(Code::ResourceExists, what))
        }
        _ => Ok(item),
    }
}

/// The item of this id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn get(tx: &mut Tx, id: &str) -> Result<Option<ProtectedItem>> {
    one(tx, Select::new(FROM).with("id = ?", [fold(id).into()])).await
}

/// The item of this number.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn by_data_id(tx: &mut Tx, data_id: i64) -> Result<Option<ProtectedItem>> {
    one(tx, Select::new(FROM).with("data_id = ?", [data_id.into()])).await
}

/// The live item of a machine in a group.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn live(
    tx: &mut Tx,
    machine: Uuid,
    machine_group: &str,
) -> Result<Option<ProtectedItem>> {
    let select = Select::new(FROM)
        .with("machine = ?", [machine.to_string().into()])
        .with("machine_group = ?", [fold(machine_group).into()])
        .with("purge_at IS NULL", []);
    one(tx, select).await
}

/// All items of a machine in a group, live and soft-deleted, by id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn of_machine(
    tx: &mut Tx,
    machine: Uuid,
    machine_group: &str,
) -> Result<Vec<ProtectedItem>> {
    let select = Select::new(FROM)
        .with("machine = ?", [machine.to_string().into()])
        .with("machine_group = ?", [fold(machine_group).into()]);
    all(tx, select, "id", u32::MAX).await
}

/// The items of these machines, live and soft-deleted, in whichever group, by id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn of_machines(tx: &mut Tx, machines: &[Uuid]) -> Result<Vec<ProtectedItem>> {
    let machines: Vec<String> = machines.iter().map(Uuid::to_string).collect();
    let mut found = Vec::new();
    // Each has an index of its own.
    for which in ["purge_at IS NULL", "purge_at IS NOT NULL"] {
        let select = Select::new(FROM)
            .with(which, [])
            .among("machine", Some(&machines[..]));
        found.extend(all(tx, select, "id", u32::MAX).await?);
    }
    found.sort_by_cached_key(|item| fold(&item.id));
    Ok(found)
}

/// The machines that live or soft-deleted items refer to, each with its folded group.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn machines(tx: &mut Tx) -> Result<BTreeSet<(Uuid, String)>> {
    let sql = "SELECT DISTINCT machine, machine_group FROM protected_items";
    let rows = tx.query(sql, []).await?;
    rows.iter()
        .map(|row| Ok((row.name(0)?, row.string(1)?)))
        .collect()
}

/// At most `limit` items whose next run is due now, the longest due first.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn due(tx: &mut Tx, limit: u32) -> Result<Vec<ProtectedItem>> {
    let select = Select::new(FROM).with("next_run <= ?", [tx.now().into()]);
    all(tx, select, "next_run, id", limit).await
}

/// At most `limit` soft-deleted items that are to be purged now, the longest due first.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn to_purge(tx: &mut Tx, limit: u32) -> Result<Vec<ProtectedItem>> {
    let now = tx.now();
    purged_by(tx, now, limit).await
}

/// At most `limit` soft-deleted items that are to be purged by a time, the first due first.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn purged_by(tx: &mut Tx, at: Timestamp, limit: u32) -> Result<Vec<ProtectedItem>> {
    let select = Select::new(FROM).with("purge_at <= ?", [at.into()]);
    all(tx, select, "purge_at, id", limit).await
}

/// Writes an item that was read, if nobody has changed it since; returns it at its new revision.
/// Its id, number and vault stay.
///
/// # Errors
/// `PreconditionFailed` when it is at another revision, `ResourceNotFound` when it is gone; after
/// both the transaction may go on. `ResourceExists` when it becomes live and its machine has
/// another live item, `ResourceNotFound` when the policy does not exist: after these it can't be
/// committed. Those of the database.
pub async fn update(tx: &mut WriteTx, item: ProtectedItem) -> Result<ProtectedItem> {
    let item = ProtectedItem {
        machine_group: fold(&item.machine_group),
        policy: item.policy.as_deref().map(fold),
        next_run: item.next_run.map(whole),
        purge_at: item.purge_at.map(whole),
        changed: tx.now(),
        ..item
    };
    let sql = "UPDATE protected_items SET revision = revision + 1, changed = $3,
           machine = $5, machine_group = $6, policy = $7, state = $8, next_run = $9,
           purge_at = $10, body = $11, last_status = $12, last_at = $13, downgrade = $14,
           missed_at = $15
         WHERE data_id = $1 AND revision = $2 AND vault = $4";
    let names = [
        item.data_id.into(),
        item.revision.into(),
        item.changed.into(),
    ];
    let values = names.into_iter().chain(columns(&item)?);
    let values = values.chain(searched(&item)?);
    match tx.execute(sql, values).await.map_err(missing)? {
        0 => Err(match get(tx, &item.id).await? {
            Some(_) => changed_meanwhile(&item.id),
            None => gone(&item.id),
        }),
        _ => Ok(ProtectedItem {
            revision: item.revision + 1,
            ..item
        }),
    }
}

/// Deletes an item that was read, if nobody has changed it since.
///
/// # Errors
/// `PreconditionFailed` and `ResourceNotFound` as [`update`] gives them; `ResourceInUse` while it
/// has recovery points, after which the transaction can't be committed; those of the database.
pub async fn delete(tx: &mut WriteTx, item: &ProtectedItem) -> Result<()> {
    usages::forget_item(tx, item.data_id).await?;
    let sql = "DELETE FROM protected_items WHERE data_id = $1 AND revision = $2";
    let deleted = tx
        .execute(sql, [item.data_id.into(), item.revision.into()])
        .await;
    match deleted.map_err(|e| e.during(format!("deleting {}", item.id)))? {
        0 => Err(match get(tx, &item.id).await? {
            Some(_) => changed_meanwhile(&item.id),
            None => gone(&item.id),
        }),
        _ => Ok(()),
    }
}

async fn next_data_id(tx: &mut WriteTx) -> Result<i64> {
    let counted = "INSERT INTO counters (name, value) VALUES ('item', 1)
         ON CONFLICT (name) DO UPDATE SET value = counters.value + 1";
    tx.execute(counted, []).await?;
    let sql = "SELECT value FROM counters WHERE name = 'item'";
    tx.query_one(sql, []).await?.map_or(Ok(1), |row| row.int(0))
}

/// The columns from `vault` to `body`, without the revision's.
fn columns(item: &ProtectedItem) -> Result<[Value; 8]> {
    Ok([
        item.vault.as_str().into(),
        item.machine.to_string().into(),
        item.machine_group.as_str().into(),
        item.policy.as_deref().into(),
        name_of(&item.state)?,
        item.next_run.into(),
        item.purge_at.into(),
        json_of(&item.body)?,
    ])
}

fn missing(error: Error) -> Error {
    match error.code() {
        Code::ResourceInUse => Error::new(
            Code::ResourceNotFound,
            "the item's vault or policy does not exist",
        )
        .because(error),
        _ => error,
    }
}

async fn one(tx: &mut Tx, select: Select) -> Result<Option<ProtectedItem>> {
    Ok(all(tx, select, "id", 1).await?.pop())
}

async fn all(tx: &mut Tx, select: Select, order: &str, limit: u32) -> Result<Vec<ProtectedItem>> {
    let (sql, values) = select.page(order, limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(item).collect()
}

fn item(row: &Row) -> Result<ProtectedItem> {
    Ok(ProtectedItem {
        id: row.string(0)?,
        data_id: row.int(1)?,
        vault: row.string(2)?,
        machine: row.name(3)?,
        machine_group: row.string(4)?,
        policy: row.optional_text(5)?.map(str::to_owned),
        state: row.name(6)?,
        next_run: row.optional_time(7)?,
        purge_at: row.optional_time(8)?,
        revision: row.int(9)?,
        created: row.time(10)?,
        changed: row.time(11)?,
        body: row.json(12)?,
    })
}
