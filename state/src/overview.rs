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
    /// Whether its point is less consistent than was asked.
    pub downgraded: bool,
    /// Whether a point is missed.
    pub missed: bool,
    /// Whether they have points.
    pub has_points: bool,
    /// How many they are.
    pub count: u64,
}

/// Counts the items of these vaults, by their folded ids, or of all. A point is missed where the run
/// after the one that is due was due by `missed_by`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn items(
    tx: &mut Tx,
    vaults: Option<&[String]>,
    missed_by: Timestamp,
) -> Result<Vec<Items>> {
    let from = "SELECT state, CASE WHEN purge_at IS NULL THEN 'n' ELSE 'y' END, last_status,
           CASE WHEN downgrade IS NULL THEN 'n' ELSE 'y' END,
           CASE WHEN missed_at <= $1 THEN 'y' ELSE 'n' END,
           CASE WHEN points > 0 THEN 'y' ELSE 'n' END, COUNT(*)
         FROM protected_items LEFT JOIN point_sums ON item = data_id";
    let select = Select::over(from, [whole(missed_by).into()]).among("vault", vaults);
    let (sql, values) = select.end("GROUP BY 1, 2, 3, 4, 5, 6");
    let rows = tx.query(sql, values).await?;
    let yes = |row: &Row, column| Ok(row.text(column)? == "y");
    let alike = |row: &Row| {
        Ok(Items {
            state: row.name(0)?,
            deleted: yes(row, 1)?,
            last: row.optional_text(2)?.map(|_| row.name(2)).transpose()?,
            downgraded: yes(row, 3)?,
            missed: yes(row, 4)?,
            has_points: yes(row, 5)?,
            count: count(row, 6)?,
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
    let by_standing = "GROUP BY resources.standing";
    let counted = "SELECT standing, COUNT(*) FROM resources";
    let free = "NOT EXISTS (SELECT 1 FROM protected_items AS items
        WHERE items.machine = resources.alias AND items.machine_group = resources.parent
          AND items.purge_at IS NULL)";
    // Few are stopped. The items are looked through by an index that has their states.
    let joined = "SELECT resources.standing, COUNT(*) FROM protected_items AS items
         JOIN resources ON resources.alias = items.machine
           AND resources.parent = items.machine_group";
    let stopped: Result<Vec<_>> = ProtectionState::STOPPED.iter().map(name_of).collect();
    let stopped = of_kind(joined).with_all(
        "items.data_id IN (SELECT data_id FROM protected_items
           WHERE purge_at || '' IS NULL AND state IN (?, ?, ?))",
        stopped?,
    );
    let kinds: [(Select, fn(&mut Machines) -> &mut u64); 3] = [
        (of_kind(counted), |machines| &mut machines.total),
        (of_kind(counted).with(free, []), |machines| {
            &mut machines.unprotected
        }),
        (stopped, |machines| &mut machines.stopped),
    ];
    for (select, field) in kinds {
        let (sql, values) = select.end(by_standing);
        for row in tx.query(sql, values).await? {
            let word = row.text(0)?;
            let standing = Standing::ALL.into_iter().find(|s| s.name() == word);
            if let Some(standing) = standing {
                *field(all.entry(standing).or_default()) = count(&row, 1)?;
            }
        }
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
