//! Points and backups of items by day: counted by the database, without reading each.

use base::Result;
use jiff::Timestamp;

use crate::db::{Row, Select, Tx, name_of, whole};
use crate::jobs::{JobOperation, JobStatus};
use crate::recovery_points::Consistency;

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The points of an item on a day of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Points {
    /// The number of the item.
    pub item: i64,
    /// Days since 1970.
    pub day: i64,
    /// How many there are.
    pub count: u64,
    /// How consistent the best of them is.
    pub consistency: Consistency,
    /// Whether one has a snapshot.
    pub in_snapshot: bool,
    /// Whether one is in the vault.
    pub in_vault: bool,
}

/// The points of these items that were taken from a time on, by item and day. The cost grows with
/// their number.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn points(tx: &mut Tx, items: &[i64], from: Timestamp) -> Result<Vec<Points>> {
    let sql = format!(
        "SELECT item, taken_at / {DAY}, COUNT(*),
           MIN(CASE consistency WHEN 'AppConsistent' THEN '0'
             WHEN 'FileSystemConsistent' THEN '1' ELSE '2' END),
           MAX(CASE tiers WHEN 'Vault' THEN 'n' ELSE 'y' END),
           MAX(CASE tiers WHEN 'Snapshot' THEN 'n' ELSE 'y' END)
         FROM recovery_points"
    );
    let select = Select::new(&sql)
        .among("item", Some(items))
        .with("taken_at >= ?", [whole(from).into()]);
    let (sql, values) = select.end("GROUP BY 1, 2 ORDER BY 1, 2");
    let rows = tx.query(sql, values).await?;
    let of_day = |row: &Row| {
        Ok(Points {
            item: row.int(0)?,
            day: row.int(1)?,
            count: row.int(2)?.unsigned_abs(),
            consistency: match row.text(3)? {
                "0" => Consistency::AppConsistent,
                "1" => Consistency::FileSystemConsistent,
                _ => Consistency::CrashConsistent,
            },
            in_snapshot: row.text(4)? == "y",
            in_vault: row.text(5)? == "y",
        })
    };
    rows.iter().map(of_day).collect()
}

/// Backups of an item that began on a day of UTC and ended alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backups {
    /// The folded id of the item.
    pub item: String,
    /// Days since 1970.
    pub day: i64,
    /// How they ended, or that they have not.
    pub status: JobStatus,
}

/// How the backups of these items, by their folded ids, ended that began from a time on.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn backups(tx: &mut Tx, items: &[String], from: Timestamp) -> Result<Vec<Backups>> {
    let sql = format!("SELECT DISTINCT item, started_at / {DAY}, status FROM jobs");
    let select = Select::new(&sql)
        .among("item", Some(items))
        .with("started_at >= ?", [whole(from).into()])
        // As an expression, so that they are looked up by their items.
        .with("operation || '' = ?", [name_of(&JobOperation::Backup)?]);
    let (sql, values) = select.end("ORDER BY 1, 2, 3");
    let rows = tx.query(sql, values).await?;
    let of_day = |row: &Row| {
        Ok(Backups {
            item: row.string(0)?,
            day: row.int(1)?,
            status: row.name(2)?,
        })
    };
    rows.iter().map(of_day).collect()
}
