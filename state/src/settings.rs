//! Settings of the server: a name and a value of any type.

use base::Result;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::db::{Tx, WriteTx, json_of};

/// The value of a setting, if it was set.
///
/// # Errors
/// `StateDamaged` when the value is not of this type; those of the database.
pub async fn get<T: DeserializeOwned>(tx: &mut Tx, name: &str) -> Result<Option<T>> {
    let sql = "SELECT value FROM settings WHERE name = $1";
    let row = tx.query_one(sql, [name.into()]).await?;
    row.map(|row| row.json(0)).transpose()
}

/// Sets a value in place of any before it.
///
/// # Errors
/// Those of the database.
pub async fn set<T: Serialize>(tx: &mut WriteTx, name: &str, value: &T) -> Result<()> {
    let sql = "INSERT INTO settings (name, value) VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(sql, [name.into(), json_of(value)?]).await?;
    Ok(())
}

/// Removes a setting. Returns whether it was set.
///
/// # Errors
/// Those of the database.
pub async fn remove(tx: &mut WriteTx, name: &str) -> Result<bool> {
    let sql = "DELETE FROM settings WHERE name = $1";
    Ok(tx.execute(sql, [name.into()]).await? > 0)
}
