//! Readings of the meter: which instances are charged and what vaults hold, once a day.

use base::{Code, Error, Result};
use jiff::civil::Date;
use policy::{MeteredVault, Reading};

use crate::db::{Tx, WriteTx, json_of};
use crate::fold::fold;

/// Writes the reading of a day, of all vaults. A day has one reading: a later one is left out.
/// Returns whether it was written.
///
/// # Errors
/// Those of the database.
pub async fn write(tx: &mut WriteTx, reading: &Reading) -> Result<bool> {
    let day = number(reading.day);
    let sql = "INSERT INTO meter (day, vault, body) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
    let whole = [day.into(), "".into(), "{}".into()];
    if tx.execute(sql, whole).await? == 0 {
        return Ok(false);
    }
    for vault in &reading.vaults {
        let values = [day.into(), fold(&vault.id).into(), json_of(vault)?];
        tx.execute(sql, values).await?;
    }
    Ok(true)
}

/// The day of the newest reading.
///
/// # Errors
/// Those of the database.
pub async fn newest(tx: &mut Tx) -> Result<Option<Date>> {
    let sql = "SELECT MAX(day) FROM meter";
    let row = tx.query_one(sql, []).await?;
    let day = row.map(|row| row.optional_int(0)).transpose()?.flatten();
    day.map(date).transpose()
}

/// The readings of these days, both counted, and the last before them, in order.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn readings(tx: &mut Tx, from: Date, to: Date) -> Result<Vec<Reading>> {
    let sql = "SELECT day, vault, body FROM meter
         WHERE day >= COALESCE((SELECT MAX(day) FROM meter WHERE day <= $1), $1) AND day <= $2
         ORDER BY day, vault";
    let rows = tx
        .query(sql, [number(from).into(), number(to).into()])
        .await?;
    let mut readings: Vec<Reading> = Vec::new();
    for row in &rows {
        let day = date(row.int(0)?)?;
        if row.text(1)?.is_empty() {
            let vaults = Vec::new();
            readings.push(Reading { day, vaults });
            continue;
        }
        let vault: MeteredVault = row.json(2)?;
        let reading = readings.last_mut().filter(|r| r.day == day);
        let reading = reading.ok_or_else(|| damaged(row.int(0).unwrap_or(0)))?;
        reading.vaults.push(vault);
    }
    Ok(readings)
}

/// Removes the readings from before a day, but for the last of them: it holds until the next.
/// Returns how many rows.
///
/// # Errors
/// Those of the database.
pub async fn prune(tx: &mut WriteTx, before: Date) -> Result<u64> {
    let sql = "DELETE FROM meter
         WHERE day < COALESCE((SELECT MAX(day) FROM meter WHERE day <= $1), $1)";
    tx.execute(sql, [number(before).into()]).await
}

/// Days since 1970.
fn number(day: Date) -> i64 {
    let start = jiff::civil::date(1970, 1, 1);
    day.duration_since(start).as_hours() / 24
}

fn date(number: i64) -> Result<Date> {
    let start = jiff::civil::date(1970, 1, 1);
    let days = jiff::SignedDuration::from_hours(number.saturating_mul(24));
    start.checked_add(days).map_err(|_| damaged(number))
}

fn damaged(day: i64) -> Error {
    let what = format!("the meter has an odd reading of day {day}");
    Error::new(Code::StateDamaged, what)
}
