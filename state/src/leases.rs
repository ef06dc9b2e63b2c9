//! Leases: who does a piece of work now, and a number by which a latecomer is known.
//!
//! The generation of a name rises with each taking and never falls. Clocks decide only when a
//! lease *may* be taken from its owner; whether work is still its owner's is decided by the
//! generation, in the transaction that writes ([`crate::State::write_as`]). So clocks that
//! differ cost patience or a takeover, never a record.

use base::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};

use crate::db::{Row, Tx, WriteTx, whole};

/// A lease as it was taken or renewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The work it is for, such as `job/ID` or `scheduler`.
    pub name: String,
    /// Who took it.
    pub owner: String,
    /// How often it was taken so far.
    pub generation: i64,
    /// Until when no other owner can take it.
    pub until: Timestamp,
}

/// Takes the lease `name` for `owner` until `length` from now. It must be free, ended, or the
/// owner's already: then what the owner did under the older generation is fenced, as after a
/// restart. `None` if another holds it.
///
/// # Errors
/// Those of the database.
pub async fn take(
    tx: &mut WriteTx,
    name: &str,
    owner: &str,
    length: SignedDuration,
) -> Result<Option<Lease>> {
    let held = get(tx, name).await?;
    if held
        .as_ref()
        .is_some_and(|held| held.owner != owner && held.until > tx.now())
    {
        return Ok(None);
    }
    let lease = Lease {
        name: name.to_owned(),
        owner: owner.to_owned(),
        generation: held.map_or(0, |held| held.generation) + 1,
        until: end(tx, length),
    };
    let sql = "INSERT INTO leases (name, owner, generation, until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (name) DO UPDATE
         SET owner = excluded.owner, generation = excluded.generation, until = excluded.until";
    let values = [
        name.into(),
        owner.into(),
        lease.generation.into(),
        lease.until.into(),
    ];
    tx.execute(sql, values).await?;
    Ok(Some(lease))
}

/// Extends a lease to `length` from now. One that has ended is extended too, if nobody has taken
/// it.
///
/// # Errors
/// `LeaseLost` when it was taken by another or released; those of the database.
pub async fn renew(tx: &mut WriteTx, lease: &Lease, length: SignedDuration) -> Result<Lease> {
    let until = end(tx, length);
    let sql = "UPDATE leases SET until = $4 WHERE name = $1 AND owner = $2 AND generation = $3";
    let values = [
        lease.name.as_str().into(),
        lease.owner.as_str().into(),
        lease.generation.into(),
        until.into(),
    ];
    match tx.execute(sql, values).await? {
        0 => Err(lost(lease)),
        _ => Ok(Lease {
            until,
            ..lease.clone()
        }),
    }
}

/// Gives a lease back: anyone may take it at once, and who held it can't write by it any more.
///
/// # Errors
/// `LeaseLost` when it was taken by another or released; those of the database.
pub async fn release(tx: &mut WriteTx, lease: &Lease) -> Result<()> {
    let sql = "UPDATE leases SET owner = '', until = 0
         WHERE name = $1 AND owner = $2 AND generation = $3";
    as_holder(tx, sql, lease).await
}

/// Removes a lease that was taken, and its generation with it: for work whose name does not come
/// again, such as a job that has ended.
///
/// # Errors
/// `LeaseLost` when it was taken by another or released; those of the database.
pub async fn forget(tx: &mut WriteTx, lease: &Lease) -> Result<()> {
    let sql = "DELETE FROM leases WHERE name = $1 AND owner = $2 AND generation = $3";
    as_holder(tx, sql, lease).await
}

/// Runs a statement on the lease, if it is its owner's still.
async fn as_holder(tx: &mut WriteTx, sql: &'static str, lease: &Lease) -> Result<()> {
    let values = [
        lease.name.as_str().into(),
        lease.owner.as_str().into(),
        lease.generation.into(),
    ];
    match tx.execute(sql, values).await? {
        0 => Err(lost(lease)),
        _ => Ok(()),
    }
}

/// Checks that a lease is its owner's still. In a [`WriteTx`] this holds until the transaction
/// ends.
///
/// # Errors
/// `LeaseLost`; those of the database.
pub async fn check(tx: &mut Tx, lease: &Lease) -> Result<()> {
    match get(tx, &lease.name).await? {
        Some(held) if held.owner == lease.owner && held.generation == lease.generation => Ok(()),
        _ => Err(lost(lease)),
    }
}

/// The lease `name` as it is held; its owner is empty once it was released. `None` if it was
/// never taken.
///
/// # Errors
/// Those of the database.
pub async fn get(tx: &mut Tx, name: &str) -> Result<Option<Lease>> {
    let sql = "SELECT name, owner, generation, until FROM leases WHERE name = $1";
    let row = tx.query_one(sql, [name.into()]).await?;
    row.map(|row| lease(&row)).transpose()
}

fn lease(row: &Row) -> Result<Lease> {
    Ok(Lease {
        name: row.string(0)?,
        owner: row.string(1)?,
        generation: row.int(2)?,
        until: row.time(3)?,
    })
}

fn end(tx: &Tx, length: SignedDuration) -> Timestamp {
    whole(tx.now().saturating_add(length).unwrap_or(tx.now()))
}

fn lost(lease: &Lease) -> Error {
    let what = format!(
        "generation {} of the lease {} is no longer {}'s",
        lease.generation, lease.name, lease.owner
    );
    Error::new(Code::LeaseLost, what)
}
