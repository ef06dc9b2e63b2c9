//! What overviews count: by the database, out of indexes, whatever the number of records.

use base::Result;
use jiff::Timestamp;
use policy::AlertRule;

use crate::Resource;
use crate::db::{Row, Select, Tx, name_of, whole};
use crate::jobs::JobStatus;
use crate::machines::{Machine, Standing};
use crate::protected_items::ProtectionState;

/// Items that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items {
    /// The folded id of their vault.
    pub vault: String,
    /// How they are protected.
    pub state: ProtectionState,
    /// Whether they are soft-deleted.
    pub deleted: bool,
    /// How their last backup ended.
    pub last: Option<JobStatus>,
    /// Whether its point is less consistent than was asked.
    pub downgraded: bool,
    /// Whether a point is missed.
    pub missed: bool,
    /// Whether they have points.
    pub has_points: bool,
    /// How many they are.
    pub count: u64,
}

/// Counts all items. A point is missed where the run after the one that is due was due by
/// `missed_by`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn items(tx: &mut Tx, missed_by: Timestamp) -> Result<Vec<Items>> {
    let from = "SELECT vault, state, CASE WHEN purge_at IS NULL THEN 'n' ELSE 'y' END AS deleted,
           last_status, CASE WHEN downgrade IS NULL THEN 'n' ELSE 'y' END AS downgraded,
           CASE WHEN missed_at <= $1 THEN 'y' ELSE 'n' END AS missed,
           CASE WHEN EXISTS (SELECT 1 FROM point_sums WHERE item = data_id AND points > 0)
             THEN 'y' ELSE 'n' END AS has_points, COUNT(*)
         FROM protected_items GROUP BY 1, 2, 3, 4, 5, 6, 7";
    let rows = tx.query(from, [whole(missed_by).into()]).await?;
    let yes = |row: &Row, column| Ok(row.text(column)? == "y");
    let alike = |row: &Row| {
        Ok(Items {
            vault: row.string(0)?,
            state: row.name(1)?,
            deleted: yes(row, 2)?,
            last: row.optional_text(3)?.map(|_| row.name(3)).transpose()?,
            downgraded: yes(row, 4)?,
            missed: yes(row, 5)?,
            has_points: yes(row, 6)?,
            count: count(row, 7)?,
        })
    };
    rows.iter().map(alike).collect()
}

/// Machines that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machines {
    /// How they stand on their hosts.
    pub standing: Standing,
    /// How they are protected by a live item; `None`: by none.
    pub state: Option<ProtectionState>,
    /// How many they are.
    pub count: u64,
}

/// Counts the machines that have one of these ids or are below one, or all.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn machines(tx: &mut Tx, within: Option<&[String]>) -> Result<Vec<Machines>> {
    let mut all = Vec::new();
    for standing in Standing::ALL {
        let from = "SELECT items.state, COUNT(*) FROM resources
             LEFT JOIN protected_items AS items
               ON items.machine = resources.alias AND items.machine_group = resources.parent
                 AND items.purge_at IS NULL";
        let select = Select::new(from)
            .with("resources.kind = ?", [Machine::KIND.into()])
            .with("resources.standing = ?", [standing.name().into()])
            .within("resources.id", within);
        let (sql, values) = select.end("GROUP BY items.state ORDER BY items.state");
        for row in tx.query(sql, values).await? {
            all.push(Machines {
                standing,
                state: row.optional_text(0)?.map(|_| row.name(0)).transpose()?,
                count: count(&row, 1)?,
            });
        }
    }
    Ok(all)
}

/// Jobs of a vault that have not ended.
///
/// # Errors
/// Those of the database.
pub async fn jobs_in_progress(tx: &mut Tx) -> Result<Vec<(String, u64)>> {
    let sql = "SELECT vault, COUNT(*) FROM jobs WHERE ended_at IS NULL GROUP BY vault";
    let rows = tx.query(sql, []).await?;
    let of = |row: &Row| Ok((row.string(0)?, count(row, 1)?));
    rows.iter().map(of).collect()
}

/// Jobs that ended from a time on, by vault and by how they ended.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn jobs_ended(tx: &mut Tx, from: Timestamp) -> Result<Vec<(String, JobStatus, u64)>> {
    let sql = "SELECT vault, status, COUNT(*) FROM jobs
         WHERE ended_at >= $1 GROUP BY vault, status";
    let rows = tx.query(sql, [whole(from).into()]).await?;
    let of = |row: &Row| Ok((row.string(0)?, row.name(1)?, count(row, 2)?));
    rows.iter().map(of).collect()
}

/// Alerts that fire and that nobody has closed, by vault and by rule.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn alerts(tx: &mut Tx) -> Result<Vec<(String, AlertRule, u64)>> {
    let closed = name_of(&crate::alerts::AlertState::Closed)?;
    let sql = "SELECT vault, rule, COUNT(*) FROM alerts
         WHERE resolved_at IS NULL AND state <> $1 GROUP BY vault, rule";
    let rows = tx.query(sql, [closed]).await?;
    let of = |row: &Row| Ok((row.string(0)?, row.name(1)?, count(row, 2)?));
    rows.iter().map(of).collect()
}

fn count(row: &Row, column: usize) -> Result<u64> {
    row.int(column).map(i64::unsigned_abs)
}
