//! Protected items: machines with backup, or with backups that are kept.

mod needs;
mod searched;

use std::collections::BTreeSet;

use base::{Code, Error, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::db::{Row, Select, Tx, Value, WriteTx, json_of, name_of, named_like, whole};
use crate::fold::fold;
use crate::resources::{changed_meanwhile, gone};
use crate::usages;

pub use needs::{Need, needing};
pub(crate) use searched::fill;
use searched::searched;

/// A protected item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedItem {
    /// Its id, in the case in which it was created.
    pub id: String,
    /// Its number, by which its recovery points refer to it; it does not come again.
    pub data_id: i64,
    /// The folded id of its vault.
    pub vault: String,
    /// The hypervisor's UUID of its machine.
    pub machine: Uuid,
    /// The folded id of the machine's group: moved to another group it is another machine.
    pub machine_group: String,
    /// The folded id of its policy; `None` while it has none.
    pub policy: Option<String>,
    /// Whether and how it is protected.
    pub state: ProtectionState,
    /// When the next scheduled backup is due.
    pub next_run: Option<Timestamp>,
    /// When its data is purged. It is soft-deleted while this is set, and live otherwise.
    pub purge_at: Option<Timestamp>,
    /// 1 when created, one more with each change.
    pub revision: i64,
    /// When it was created.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
    /// The rest.
    pub body: ItemBody,
}

impl ProtectedItem {
    /// The moment that the marks of its points count from, each of a period since: when the last
    /// scheduled run was due that reached the vault, or else when protection began or went on.
    #[must_use]
    pub fn vaulted_since(&self) -> Timestamp {
        self.body.vaulted_from.unwrap_or(self.created)
    }

    /// Notes that the scheduled run that was due then has reached the vault.
    pub fn reach_vault(&mut self, due: Timestamp) {
        self.body.vaulted_from = self.body.vaulted_from.max(Some(due));
    }
}

/// What an item is created from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// Its id.
    pub id: String,
    /// The id of its vault.
    pub vault: String,
    /// The hypervisor's UUID of its machine.
    pub machine: Uuid,
    /// The id of the machine's group.
    pub machine_group: String,
    /// The id of its policy.
    pub policy: Option<String>,
    /// Whether and how it is protected.
    pub state: ProtectionState,
    /// When the first scheduled backup is due.
    pub next_run: Option<Timestamp>,
    /// The rest.
    pub body: ItemBody,
}

/// Whether and how an item is protected (PROT-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtectionState {
    /// Enabled, without a backup so far.
    #[serde(rename = "IRPending")]
    InitialBackupPending,
    /// Enabled, with a backup.
    Protected,
    /// Enabled, and the last backup failed.
    ProtectionError,
    /// Stopped; its points are kept for ever.
    ProtectionStopped,
    /// Held by the service.
    ProtectionPaused,
    /// Stopped; its points expire by the policy.
    BackupsSuspended,
}

/// What is kept of an item beside what it is searched by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemBody {
    /// The machine's name.
    pub friendly_name: String,
    /// The machine's id as a resource.
    pub source: String,
    /// The name of its policy, as it was first written; empty while it has none.
    pub policy_name: String,
    /// Which disks are backed up; `None`: all.
    pub disks: Option<DiskSelection>,
    /// How its last backup ended.
    pub last_backup: Option<LastBackup>,
    /// When its newest point was taken.
    pub last_point: Option<Timestamp>,
    /// The policy that its points' times were reckoned by; another one is applied before
    /// anything is removed.
    pub policy_seen: Option<policy::Policy>,
    /// The folded id of the collection that its newest snapshot is in.
    pub collection: Option<String>,
    /// Points that were begun and given up: its snapshot stores may have them all the same, and
    /// the next backup removes them.
    pub given_up: Vec<base::PointId>,
    /// How often the run that is due was tried.
    pub tries: u32,
    /// The due time of the last scheduled run, or when protection began or was resumed: what is
    /// due after it is owed.
    pub scheduled_from: Option<Timestamp>,
    /// Since when its runs are owed: when protection began or was resumed, or its schedule changed.
    pub owed_from: Option<Timestamp>,
    /// The due time of the last scheduled run whose point reached the vault, or when protection
    /// began or was resumed, if that is later.
    pub vaulted_from: Option<Timestamp>,
    /// Findings of the health checks; none: healthy.
    pub health: Vec<HealthFinding>,
    /// When it was soft-deleted.
    pub deleted_at: Option<Timestamp>,
    /// Bytes of data on its disks at its last good backup (PRICE-4, 7); `None`: not known.
    pub data: Option<u64>,
}

/// A choice of disks by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSelection {
    /// Numbers of data disks.
    pub luns: Vec<u16>,
    /// Whether these are backed up (with the disk of the operating system), or all but these.
    pub include: bool,
}

/// The end of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub status: crate::jobs::JobStatus,
    /// The name of the error's code, if it failed or something is to be looked at.
    pub code: Option<String>,
    /// The name of the code that says why its point is not as consistent as was asked.
    #[serde(default)]
    pub downgrade: Option<String>,
}

/// Something that keeps a backup from going well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthFinding {
    /// The name of the error's code.
    pub code: String,
    /// Whether the next backup will fail.
    pub critical: bool,
    /// What was found.
    pub message: String,
    /// Whether the check in the background found it, and takes it away; otherwise a backup did,
    /// and the next that goes well takes it away.
    #[serde(default)]
    pub background: bool,
}

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

/// Which items to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of the vault of this id.
    pub vault: Option<String>,
    /// Those with the policy of this id.
    pub policy: Option<String>,
    /// Those of the machine of this UUID.
    pub machine: Option<Uuid>,
    /// Those that are soft-deleted, or those that are live.
    pub deleted: Option<bool>,
    /// Those of these vaults, by their folded ids.
    pub vaults: Option<Vec<String>>,
    /// Those that are protected so.
    pub state: Option<ProtectionState>,
    /// Those whose last backup ended so.
    pub last: Option<crate::jobs::JobStatus>,
    /// Those with this in their machine's name, in any case.
    pub name: Option<String>,
}

/// At most `limit` items by folded id, beginning after the id `after`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ProtectedItem>> {
    let select = filtered(FROM, filter)?.with_some("id > ?", after.map(fold));
    all(tx, select, "id", limit).await
}

/// How many items there are.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, filter: &Filter) -> Result<u64> {
    let select = filtered("SELECT COUNT(*) FROM protected_items", filter)?;
    let (sql, values) = select.page("1", 1);
    let row = tx.query_one(sql, values).await?;
    row.map_or(Ok(0), |row| row.int(0)).map(i64::unsigned_abs)
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

/// What stands before a machine's name in the folded id of its item; the group is any.
pub(crate) const BEFORE_NAME: &str = "/protecteditems/vm;iaasvmcontainerv2;%;";

fn filtered(from: &str, filter: &Filter) -> Result<Select> {
    let name = filter.name.as_deref();
    let select = Select::new(from)
        .among("vault", filter.vaults.as_deref())
        .with_some("state = ?", filter.state.as_ref().map(name_of).transpose()?)
        .with_some(
            "last_status = ?",
            filter.last.as_ref().map(name_of).transpose()?,
        )
        .with_some(
            "id LIKE ? ESCAPE '!'",
            name.map(|name| named_like(BEFORE_NAME, name)),
        )
        .with_some("vault = ?", filter.vault.as_deref().map(fold))
        .with_some("policy = ?", filter.policy.as_deref().map(fold))
        .with_some("machine = ?", filter.machine.map(|m| m.to_string()));
    Ok(match filter.deleted {
        Some(true) => select.with("purge_at IS NOT NULL", []),
        Some(false) => select.with("purge_at IS NULL", []),
        None => select,
    })
}

async fn one(tx: &mut Tx, select: Select) -> Result<Option<ProtectedItem>> {
    Ok(all(tx, select, "id", 1).await?.pop())
}

async fn all(tx: &mut Tx, select: Select, order: &str, limit: u32) -> Result<Vec<ProtectedItem>> {
    let (sql, values) = select.page(order, limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(item).collect()
}

impl ProtectionState {
    /// Those in which backups are made.
    pub const ACTIVE: [Self; 3] = [
        Self::InitialBackupPending,
        Self::Protected,
        Self::ProtectionError,
    ];
    /// Those in which they aren't.
    pub const STOPPED: [Self; 3] = [
        Self::ProtectionStopped,
        Self::ProtectionPaused,
        Self::BackupsSuspended,
    ];
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
