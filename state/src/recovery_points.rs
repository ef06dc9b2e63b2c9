//! Recovery points of protected items. There may be millions: what lists them goes by an index.

use std::collections::BTreeMap;

use base::{Code, Error, PointId, Result};
use jiff::Timestamp;
pub use policy::Keep;
use serde::{Deserialize, Serialize};

use crate::db::{Row, Select, Tx, WriteTx, json_of, name_of, whole};
use crate::fold::fold;
use crate::resources::{changed_meanwhile, gone};
use crate::usages;

/// A recovery point.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryPoint {
    /// The number of its item.
    pub item: i64,
    /// Its public name, unique in the item: see [`number_of`].
    pub number: i64,
    /// The point in the stores.
    pub point: PointId,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// When it goes; `None`: it is kept.
    pub expires_at: Option<Timestamp>,
    /// When its snapshot goes; `None`: it has none, or that is kept.
    pub snapshot_expires_at: Option<Timestamp>,
    /// Where it is.
    pub tiers: Tiers,
    /// 1 when created, one more with each change.
    pub revision: i64,
    /// The rest.
    pub body: PointBody,
}

/// Where a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tiers {
    /// In the snapshot store.
    Snapshot,
    /// In the snapshot store and in the vault.
    SnapshotAndVault,
    /// In the vault.
    Vault,
}

/// What is kept of a point beside what it is searched by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointBody {
    /// How consistent it is.
    pub consistency: Consistency,
    /// The name of the code that says why it is not as consistent as was asked.
    pub downgrade: Option<String>,
    /// Its disks.
    pub disks: Vec<PointDisk>,
    /// The disks that the machine had and that are not in it (DISK-3).
    #[serde(default)]
    pub excluded: Vec<PointDisk>,
    /// What it is kept for in the vault.
    pub keep: Keep,
    /// The operating system, as far as it is known.
    pub os: Option<String>,
    /// The folded id of the host whose snapshot store has its snapshot; `None`: not known.
    #[serde(default)]
    pub host: Option<String>,
    /// The folded id of the collection that its snapshot is in.
    #[serde(default)]
    pub collection: Option<String>,
    /// Bytes of data on its disks, without what is empty; `None`: not known.
    #[serde(default)]
    pub data: Option<u64>,
}

impl PointBody {
    /// What it shows a guest, in bytes: the data on its disks, or their sizes where that is not
    /// known.
    #[must_use]
    pub fn logical(&self) -> u64 {
        let sizes = self.disks.iter().map(|d| d.bytes);
        self.data.unwrap_or_else(|| sizes.sum())
    }
}

/// How consistent a point is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Consistency {
    /// Its applications had written what they had in memory.
    AppConsistent,
    /// Its file systems had.
    FileSystemConsistent,
    /// As after a power cut.
    CrashConsistent,
}

/// A disk of a point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PointDisk {
    /// Its number among the data disks; `None` for the disk of the operating system.
    pub lun: Option<u16>,
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The public name for a point: 48 bits of its id, so that a point that is found in a store again
/// has the name that it had. Two points of an item with one number are not to be expected (one in
/// two million items of ten thousand points); [`create`] refuses the second.
#[must_use]
pub fn number_of(point: PointId) -> i64 {
    let id = point.as_bytes();
    // The first six bytes of a random UUID are random; the seventh holds its version.
    let bytes = [0, 0, id[0], id[1], id[2], id[3], id[4], id[5]];
    i64::from_be_bytes(bytes)
}

const FROM: &str = "SELECT item, number, point, taken_at, expires_at, snapshot_expires_at, tiers,
    revision, body FROM recovery_points";

/// Creates a point; its revision is 1, whatever was given. What its item's points come to follows.
///
/// # Errors
/// `ResourceExists` when the item has a point of that number, after which the transaction may go
/// on; `ResourceNotFound` when there is no such item, after which it can't be committed; those of
/// the database.
pub async fn create(tx: &mut WriteTx, point: RecoveryPoint) -> Result<RecoveryPoint> {
    let point = RecoveryPoint {
        revision: 1,
        taken_at: whole(point.taken_at),
        expires_at: point.expires_at.map(whole),
        snapshot_expires_at: point.snapshot_expires_at.map(whole),
        ..point
    };
    let sql = "INSERT INTO recovery_points
         (item, number, point, taken_at, expires_at, snapshot_expires_at, tiers, revision, body,
          consistency)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING";
    let values = [
        point.item.into(),
        point.number.into(),
        point.point.to_string().into(),
        point.taken_at.into(),
        point.expires_at.into(),
        point.snapshot_expires_at.into(),
        name_of(&point.tiers)?,
        point.revision.into(),
        json_of(&point.body)?,
        name_of(&point.body.consistency)?,
    ];
    let made = tx.execute(sql, values).await;
    match made.map_err(|e| missing(e, point.item))? {
        0 => {
            let what = format!("item {} has a point {} already", point.item, point.number);
            Err(Error::new(Code::ResourceExists, what))
        }
        _ => {
            usages::add_point(tx, &point).await?;
            Ok(point)
        }
    }
}

/// The point of this number.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn get(tx: &mut Tx, item: i64, number: i64) -> Result<Option<RecoveryPoint>> {
    let select = Select::new(FROM)
        .with("item = ?", [item.into()])
        .with("number = ?", [number.into()]);
    Ok(all(tx, select, "number", 1).await?.pop())
}

/// A span of time, from its first moment to before its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// The first moment; `None`: from the beginning.
    pub from: Option<Timestamp>,
    /// The end, which is no longer in it; `None`: to the end.
    pub to: Option<Timestamp>,
}

/// At most `limit` points of an item, newest first, taken in `range`, beginning behind the point
/// with this time and number.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(
    tx: &mut Tx,
    item: i64,
    range: Range,
    after: Option<(Timestamp, i64)>,
    limit: u32,
) -> Result<Vec<RecoveryPoint>> {
    let mut select = Select::new(FROM)
        .with("item = ?", [item.into()])
        .with_some("taken_at >= ?", range.from.map(whole))
        .with_some("taken_at < ?", range.to.map(whole));
    if let Some((taken_at, number)) = after {
        let values = [taken_at.into(), number.into()];
        select = select.with("(taken_at, number) < (?, ?)", values);
    }
    all(tx, select, "taken_at DESC, number DESC", limit).await
}

/// What decides which points of an item go now: those that have expired, or whose snapshot has,
/// the newest, and the newest in the vault, in any order.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn to_clean(tx: &mut Tx, item: i64) -> Result<Vec<RecoveryPoint>> {
    let now = tx.now();
    let of_item = || Select::new(FROM).with("item = ?", [item.into()]);
    let expired = of_item().with(
        "(expires_at <= ? OR snapshot_expires_at <= ?)",
        [now.into(), now.into()],
    );
    let mut found = all(tx, expired, "taken_at, number", u32::MAX).await?;
    let newest = "taken_at DESC, number DESC";
    let in_vault = of_item().with("tiers <> ?", [name_of(&Tiers::Snapshot)?]);
    for select in [of_item(), in_vault] {
        for point in all(tx, select, newest, 1).await? {
            if !found.iter().any(|p| p.number == point.number) {
                found.push(point);
            }
        }
    }
    Ok(found)
}

/// What a look at some items for what has expired has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// The last item that was looked at; the next look begins after it.
    pub last: i64,
    /// The items that have something, by number, each with its revision.
    pub found: Vec<(i64, i64)>,
}

/// Which of the `limit` items after the number `after` have a point which has expired by now, or a
/// snapshot which has, and whose points expire: stopped and soft-deleted items keep theirs. The
/// cost grows with `limit`, not with the number of points. `None`: no items are left.
///
/// # Errors
/// Those of the database.
pub async fn items_with_expired(tx: &mut Tx, after: i64, limit: u32) -> Result<Option<Look>> {
    let sql = "SELECT MAX(data_id) FROM (SELECT data_id FROM protected_items
         WHERE data_id > $1 ORDER BY data_id LIMIT $2) AS looked";
    let row = tx.query_one(sql, [after.into(), i64::from(limit).into()]);
    let last = row.await?.map_or(Ok(None), |row| row.optional_int(0))?;
    let Some(last) = last else {
        return Ok(None);
    };
    let sql = "SELECT data_id, revision FROM protected_items
         WHERE data_id > $2 AND data_id <= $3
           AND purge_at IS NULL AND state <> 'ProtectionStopped'
           AND (EXISTS (SELECT 1 FROM recovery_points
                  WHERE item = data_id AND expires_at <= $1)
             OR EXISTS (SELECT 1 FROM recovery_points
                  WHERE item = data_id AND snapshot_expires_at <= $1))
         ORDER BY data_id";
    let values = [tx.now().into(), after.into(), last.into()];
    let rows = tx.query(sql, values).await?;
    let item = |row: &Row| Ok((row.int(0)?, row.int(1)?));
    let found = rows.iter().map(item).collect::<Result<_>>()?;
    Ok(Some(Look { last, found }))
}

/// When the next point of an item expires, or the next snapshot, of those that have not yet.
///
/// # Errors
/// Those of the database.
pub async fn next_expiry(tx: &mut Tx, item: i64) -> Result<Option<Timestamp>> {
    let sql = "SELECT MIN(at) FROM (
           SELECT MIN(expires_at) AS at FROM recovery_points WHERE item = $1 AND expires_at > $2
           UNION ALL
           SELECT MIN(snapshot_expires_at) AS at FROM recovery_points
             WHERE item = $1 AND snapshot_expires_at > $2) AS both_kinds";
    let row = tx.query_one(sql, [item.into(), tx.now().into()]).await?;
    row.map_or(Ok(None), |row| row.optional_time(0))
}

/// The points of an item in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many there are.
    pub count: u64,
    /// When the oldest was taken.
    pub oldest: Option<Timestamp>,
    /// When the newest was taken.
    pub newest: Option<Timestamp>,
}

/// Counts the points of an item; the cost grows with their number.
///
/// # Errors
/// Those of the database.
pub async fn summary(tx: &mut Tx, item: i64) -> Result<Summary> {
    let sql = "SELECT COUNT(*), MIN(taken_at), MAX(taken_at) FROM recovery_points WHERE item = $1";
    let Some(row) = tx.query_one(sql, [item.into()]).await? else {
        return Ok(Summary::default());
    };
    Ok(Summary {
        count: row.int(0)?.unsigned_abs(),
        oldest: row.optional_time(1)?,
        newest: row.optional_time(2)?,
    })
}

/// How many points of an item have a snapshot.
///
/// # Errors
/// Those of the database.
pub async fn snapshots(tx: &mut Tx, item: i64) -> Result<u64> {
    let sql = "SELECT COUNT(*) FROM recovery_points WHERE item = $1 AND tiers <> 'Vault'";
    let row = tx.query_one(sql, [item.into()]).await?;
    row.map_or(Ok(0), |row| row.int(0)).map(i64::unsigned_abs)
}

/// The points of a vault that have a snapshot, each with the number of its item.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn with_snapshot(tx: &mut Tx, vault: &str) -> Result<BTreeMap<PointId, i64>> {
    let sql = "SELECT p.point, p.item FROM protected_items AS i
         JOIN recovery_points AS p ON p.item = i.data_id
         WHERE i.vault = $1 AND p.tiers <> 'Vault'";
    let rows = tx.query(sql, [fold(vault).into()]).await?;
    let point = |row: &Row| Ok((row.name(0)?, row.int(1)?));
    rows.iter().map(point).collect()
}

/// Writes a point that was read, if nobody has changed it since; returns it at its new revision.
/// Its item, number, point and time stay.
///
/// # Errors
/// `PreconditionFailed` when it is at another revision, `ResourceNotFound` when it is gone; after
/// both the transaction may go on. Those of the database.
pub async fn update(tx: &mut WriteTx, point: RecoveryPoint) -> Result<RecoveryPoint> {
    let point = RecoveryPoint {
        expires_at: point.expires_at.map(whole),
        snapshot_expires_at: point.snapshot_expires_at.map(whole),
        ..point
    };
    let sql = "UPDATE recovery_points SET revision = revision + 1, expires_at = $4,
           snapshot_expires_at = $5, tiers = $6, body = $7, consistency = $8
         WHERE item = $1 AND number = $2 AND revision = $3";
    let values = [
        point.item.into(),
        point.number.into(),
        point.revision.into(),
        point.expires_at.into(),
        point.snapshot_expires_at.into(),
        name_of(&point.tiers)?,
        json_of(&point.body)?,
        name_of(&point.body.consistency)?,
    ];
    match tx.execute(sql, values).await? {
        0 => Err(refusal(tx, &point).await?),
        _ => Ok(RecoveryPoint {
            revision: point.revision + 1,
            ..point
        }),
    }
}

/// Deletes a point that was read, if nobody has changed it since. What its item's points come to
/// follows.
///
/// # Errors
/// Those of [`update`].
pub async fn delete(tx: &mut WriteTx, point: &RecoveryPoint) -> Result<()> {
    let sql = "DELETE FROM recovery_points WHERE item = $1 AND number = $2 AND revision = $3";
    let values = [
        point.item.into(),
        point.number.into(),
        point.revision.into(),
    ];
    match tx.execute(sql, values).await? {
        0 => Err(refusal(tx, point).await?),
        _ => usages::remove_point(tx, point).await,
    }
}

async fn refusal(tx: &mut Tx, point: &RecoveryPoint) -> Result<Error> {
    let what = format!("recovery point {} of item {}", point.number, point.item);
    Ok(match get(tx, point.item, point.number).await? {
        Some(_) => changed_meanwhile(&what),
        None => gone(&what),
    })
}

fn missing(error: Error, item: i64) -> Error {
    match error.code() {
        Code::ResourceInUse => Error::new(
            Code::ResourceNotFound,
            format!("item {item} does not exist"),
        )
        .because(error),
        _ => error,
    }
}

async fn all(tx: &mut Tx, select: Select, order: &str, limit: u32) -> Result<Vec<RecoveryPoint>> {
    let (sql, values) = select.page(order, limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(point).collect()
}

fn point(row: &Row) -> Result<RecoveryPoint> {
    Ok(RecoveryPoint {
        item: row.int(0)?,
        number: row.int(1)?,
        point: row.name(2)?,
        taken_at: row.time(3)?,
        expires_at: row.optional_time(4)?,
        snapshot_expires_at: row.optional_time(5)?,
        tiers: row.name(6)?,
        revision: row.int(7)?,
        body: row.json(8)?,
    })
}

/// Fills the column of points from their bodies.
pub(crate) async fn fill(tx: &mut WriteTx) -> Result<()> {
    let consistency = tx.property("body", "consistency");
    let sql = format!("UPDATE recovery_points SET consistency = {consistency}");
    tx.execute_long(sqlx::AssertSqlSafe(sql), []).await?;
    Ok(())
}
