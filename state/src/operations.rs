//! Asynchronous operations: what a client polls after a 202. They are kept some hours.

use base::Result;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::db::{Row, Tx, WriteTx, json_of, name_of};
use crate::fold::fold;

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Its id, the last segment of the URL that is polled.
    pub id: Uuid,
    /// The folded id of the resource that it is on.
    pub scope: String,
    /// How far it is.
    pub status: OperationStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Until when it can be asked for.
    pub keep_until: Timestamp,
    /// What it answers once it has ended: a job's id, a body, an error.
    pub result: Value,
}

/// How far an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationStatus {
    /// It has not ended.
    InProgress,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// It was cancelled.
    Canceled,
}

/// Writes an operation, new or in place of what was written of it before.
///
/// # Errors
/// Those of the database.
pub async fn put(tx: &mut WriteTx, operation: &Operation) -> Result<()> {
    let sql = "INSERT INTO operations (id, scope, status, started_at, ended_at, keep_until, body)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET status = excluded.status, ended_at = excluded.ended_at,
           keep_until = excluded.keep_until, body = excluded.body";
    let values = [
        operation.id.to_string().into(),
        fold(&operation.scope).into(),
        name_of(&operation.status)?,
        operation.started_at.into(),
        operation.ended_at.into(),
        operation.keep_until.into(),
        json_of(&operation.result)?,
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// The operation of this id.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn get(tx: &mut Tx, id: Uuid) -> Result<Option<Operation>> {
    let sql = "SELECT id, scope, status, started_at, ended_at, keep_until, body
         FROM operations WHERE id = $1";
    let row = tx.query_one(sql, [id.to_string().into()]).await?;
    row.map(|row| operation(&row)).transpose()
}

/// Removes the operations that are no longer to be kept; returns how many.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut WriteTx) -> Result<u64> {
    let now = tx.now();
    let sql = "DELETE FROM operations WHERE keep_until <= $1";
    tx.execute(sql, [now.into()]).await
}

fn operation(row: &Row) -> Result<Operation> {
    Ok(Operation {
        id: row.name(0)?,
        scope: row.string(1)?,
        status: row.name(2)?,
        started_at: row.time(3)?,
        ended_at: row.optional_time(4)?,
        keep_until: row.time(5)?,
        result: row.json(6)?,
    })
}
