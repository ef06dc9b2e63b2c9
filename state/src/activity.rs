//! The activity log: who changed what. Entries are only added, and removed when they are old.

use base::Result;
use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use crate::db::{Row, Select, Tx, WriteTx, json_of, whole};
use crate::fold::{below, fold};

/// An entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The event's id.
    pub id: Uuid,
    /// When it happened.
    pub at: Timestamp,
    /// The folded id of the resource that it is about.
    pub scope: String,
    /// The event, as it is on the wire.
    pub body: Value,
}

/// Adds an entry.
///
/// # Errors
/// `ResourceExists` for an id that was used, after which the transaction can't be committed;
/// those of the database.
pub async fn append(tx: &mut WriteTx, entry: &Entry) -> Result<()> {
    let sql = "INSERT INTO activity (id, at, scope, body) VALUES ($1, $2, $3, $4)";
    let values = [
        entry.id.to_string().into(),
        entry.at.into(),
        fold(&entry.scope).into(),
        json_of(&entry.body)?,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Which entries to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those about the resource of this id and all below it.
    pub scope: Option<String>,
    /// Those from this time on.
    pub from: Option<Timestamp>,
    /// Those before this time.
    pub to: Option<Timestamp>,
}

/// At most `limit` entries, newest first, beginning behind the entry of this time and id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<(Timestamp, Uuid)>,
    limit: u32,
) -> Result<Vec<Entry>> {
    let mut select = Select::new("SELECT id, at, scope, body FROM activity")
        .with_some("at >= ?", filter.from.map(whole))
        .with_some("at < ?", filter.to.map(whole));
    if let Some(scope) = &filter.scope {
        let (first, end) = below(scope);
        let values = [fold(scope).into(), first.into(), end.into()];
        select = select.with("(scope = ? OR scope > ? AND scope < ?)", values);
    }
    if let Some((at, id)) = after {
        select = select.with("(at, id) < (?, ?)", [at.into(), id.to_string().into()]);
    }
    let (sql, values) = select.page("at DESC, id DESC", limit);
    let rows = tx.query(sql, values).await?;
    rows.iter().map(entry).collect()
}

/// Removes the entries from before a time; returns how many.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut WriteTx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM activity WHERE at < $1";
    tx.execute(sql, [before.into()]).await
}

fn entry(row: &Row) -> Result<Entry> {
    Ok(Entry {
        id: row.name(0)?,
        at: row.time(1)?,
        scope: row.string(2)?,
        body: row.json(3)?,
    })
}
