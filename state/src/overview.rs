//! What overviews count: by the database, out of indexes, whatever the number of records.

use std::collections::BTreeMap;

use base::Result;
use jiff::Timestamp;
use policy::AlertRule;

use crate::Resource;
use crate::alerts::AlertState;
use crate::db::{Row, Select, Tx, name_of, whole};
use crate::jobs::JobStatus;
use crate::machines::{Machine, Standing};
use crate::protected_items::ProtectionState;

/// Items that stand alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Items {
    /// How they are protected.
    pub state: ProtectionState,
    /// Whether they are soft-deleted.
    pub deleted: bool,
    /// How their last backup ended.
    pub last: Option<JobStatus>,
    /// How many they are.
    pub count: u64,
    /// Those whose last point is less consistent than was asked.
    pub downgraded: u64,
    /// Those of which a point is missed.
    pub missed: u64,
    /// Those that have points.
    pub with_points: u64,
}

/// Counts the items of these vaults, by their folded ids, or of all, a row or more for those that
/// stand alike. A point is missed where the run after the one that is due was due by `missed_by`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn items(
    tx: &mut Tx,
    vaults: Option<&[String]>,
    missed_by: Timestamp,
) -> Result<Vec<Items>> {
    let from = "SELECT state, CASE WHEN purge_at IS NULL THEN 'n' ELSE 'y' END, last_status,
           COUNT(*), COUNT(downgrade), COUNT(CASE WHEN missed_at <= $1 THEN 1 END),
           COUNT(CASE WHEN points > 0 THEN 1 END)
         FROM protected_items LEFT JOIN point_sums ON item = data_id";
    let select = Select::over(from, [whole(missed_by).into()]).among("vault", vaults);
    // As an index has them, so that nothing is sorted.
    let (sql, values) = select.end("GROUP BY vault, state, purge_at, last_status");
    let rows = tx.query(sql, values).await?;
    let alike = |row: &Row| {
        Ok(Items {
            state: row.name(0)?,
            deleted: row.text(1)? == "y",
            last: row.optional_text(2)?.map(|_| row.name(2)).transpose()?,
            count: count(row, 3)?,
            downgraded: count(row, 4)?,
            missed: count(row, 5)?,
            with_points: count(row, 6)?,
        })
    };
    rows.iter().map(alike).collect()
}

/// Machines that stand alike.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Machines {
    /// How many they are.
    pub total: u64,
    /// Those that no live item is of.
    pub unprotected: u64,
    /// Those with a live item whose protection was stopped.
    pub stopped: u64,
}

/// Counts the machines that have one of these ids or are below one, or all, by how they stand.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn machines(
    tx: &mut Tx,
    within: Option<&[String]>,
) -> Result<BTreeMap<Standing, Machines>> {
    let mut all: BTreeMap<Standing, Machines> = BTreeMap::new();
    let of_kind = |from: &str| {
        Select::new(from)
            .with("resources.kind = ?", [Machine::KIND.into()])
            .with("resources.standing IS NOT NULL", [])
            .within("resources.id", within)
    };
    // A machine has one live item at most.
    let counted = "SELECT resources.standing, COUNT(*), COUNT(*) - COUNT(items.machine)
         FROM resources LEFT JOIN protected_items AS items
           ON items.machine = resources.alias AND items.machine_group = resources.parent
             AND items.purge_at IS NULL";
    for (standing, row) in by_standing(tx, of_kind(counted)).await? {
        let alike = all.entry(standing).or_default();
        alike.total = count(&row, 1)?;
        alike.unprotected = count(&row, 2)?;
    }
    // Few are stopped: they are read first, by an index that has their states.
    let joined =
        "SELECT resources.standing, COUNT(*) FROM protected_items AS items CROSS JOIN resources";
    let stopped: Result<Vec<_>> = ProtectionState::STOPPED.iter().map(name_of).collect();
    let stopped = of_kind(joined).with_all(
        "resources.alias = items.machine AND resources.parent = items.machine_group
         AND items.purge_at IS NULL AND items.state IN (?, ?, ?)",
        stopped?,
    );
    for (standing, row) in by_standing(tx, stopped).await? {
        all.entry(standing).or_default().stopped = count(&row, 1)?;
    }
    Ok(all)
}

/// What a query finds of machines that stand alike, with how they stand.
async fn by_standing(tx: &mut Tx, select: Select) -> Result<Vec<(Standing, Row)>> {
    let (sql, values) = select.end("GROUP BY resources.standing");
    let mut all = Vec::new();
    for row in tx.query(sql, values).await? {
        let word = row.text(0)?;
        let standing = Standing::ALL.into_iter().find(|s| s.name() == word);
        all.extend(standing.map(|standing| (standing, row)));
    }
    Ok(all)
}

/// How many jobs of these vaults, or of all, have not ended.
///
/// # Errors
/// Those of the database.
pub async fn jobs_in_progress(tx: &mut Tx, vaults: Option<&[String]>) -> Result<u64> {
    let select = Select::new("SELECT COUNT(*) FROM jobs")
        .with("ended_at IS NULL", [])
        .among(VAULT_OF_JOB, vaults);
    let (sql, values) = select.end("");
    let row = tx.query_one(sql, values).await?;
    row.map_or(Ok(0), |row| count(&row, 0))
}

/// As an expression, so that no index of vaults is taken for one of times.
const VAULT_OF_JOB: &str = "vault || ''";

/// How many jobs of these vaults, or of all, ended from a time on, by how.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn jobs_ended(
    tx: &mut Tx,
    vaults: Option<&[String]>,
    from: Timestamp,
) -> Result<Vec<(JobStatus, u64)>> {
    let select = Select::new("SELECT status || '', COUNT(*) FROM jobs")
        .with("ended_at >= ?", [whole(from).into()])
        .among(VAULT_OF_JOB, vaults);
    let (sql, values) = select.end("GROUP BY 1 ORDER BY 1");
    let rows = tx.query(sql, values).await?;
    let of = |row: &Row| Ok((row.name(0)?, count(row, 1)?));
    rows.iter().map(of).collect()
}

/// How many alerts of these vaults, or of all, fire and were closed by nobody, by rule.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn alerts(tx: &mut Tx, vaults: Option<&[String]>) -> Result<Vec<(AlertRule, u64)>> {
    let select = Select::new("SELECT rule, COUNT(*) FROM alerts")
        .with("resolved_at IS NULL", [])
        .with("state <> ?", [name_of(&AlertState::Closed)?])
        .among("vault", vaults);
    let (sql, values) = select.end("GROUP BY rule ORDER BY rule");
    let rows = tx.query(sql, values).await?;
    let of = |row: &Row| Ok((row.name(0)?, count(row, 1)?));
    rows.iter().map(of).collect()
}

fn count(row: &Row, column: usize) -> Result<u64> {
    row.int(column).map(i64::unsigned_abs)
}
