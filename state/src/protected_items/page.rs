//! Lists of items, and how many there are.

use base::Result;
use jiff::Timestamp;
use uuid::Uuid;

use super::needs::states;
use super::{FROM, ProtectedItem, ProtectionState, all};
use crate::db::{Select, Tx, name_of, named_like, whole};
use crate::fold::fold;

/// Which items to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of the vault of this id.
    pub vault: Option<String>,
    /// Those with the policy of this id.
    pub policy: Option<String>,
    /// Those of the machine of this UUID.
    pub machine: Option<Uuid>,
    /// Those that are soft-deleted, or those that are live.
    pub deleted: Option<bool>,
    /// Those of these vaults, by their folded ids.
    pub vaults: Option<Vec<String>>,
    /// Those that are protected so.
    pub state: Option<ProtectionState>,
    /// Those whose last backup ended so.
    pub last: Option<crate::jobs::JobStatus>,
    /// Those that are backed up and of which a point is missed, if the run after the one that is
    /// due was due at this time.
    pub missed_by: Option<Timestamp>,
    /// Those that are backed up and whose last point is less consistent than was asked.
    pub downgraded: bool,
    /// Those with this in their machine's name, in any case.
    pub name: Option<String>,
}

/// At most `limit` items by folded id, beginning after the id `after`.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn page(
    tx: &mut Tx,
    filter: &Filter,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<ProtectedItem>> {
    let select = filtered(FROM, filter)?.with_some("id > ?", after.map(fold));
    all(tx, select, "id", limit).await
}

/// How many items there are.
///
/// # Errors
/// Those of the database.
pub async fn count(tx: &mut Tx, filter: &Filter) -> Result<u64> {
    let select = filtered("SELECT COUNT(*) FROM protected_items", filter)?;
    let (sql, values) = select.page("1", 1);
    let row = tx.query_one(sql, values).await?;
    row.map_or(Ok(0), |row| row.int(0)).map(i64::unsigned_abs)
}

/// What stands before a machine's name in the folded id of its item; the group is any.
pub(crate) const BEFORE_NAME: &str = "/protecteditems/vm;iaasvmcontainerv2;%;";

fn filtered(from: &str, filter: &Filter) -> Result<Select> {
    let name = filter.name.as_deref();
    let select = Select::new(from)
        .among("vault", filter.vaults.as_deref())
        .with_some("state = ?", filter.state.as_ref().map(name_of).transpose()?)
        .with_some(
            "last_status = ?",
            filter.last.as_ref().map(name_of).transpose()?,
        )
        .with_some("missed_at <= ?", filter.missed_by.map(whole))
        .with_some(
            "id LIKE ? ESCAPE '!'",
            name.map(|name| named_like(BEFORE_NAME, name)),
        )
        .with_some("vault = ?", filter.vault.as_deref().map(fold))
        .with_some("policy = ?", filter.policy.as_deref().map(fold))
        .with_some("machine = ?", filter.machine.map(|m| m.to_string()));
    let select = match filter.downgraded {
        true => select
            .with("downgrade IS NOT NULL AND purge_at IS NULL", [])
            .with_all("state IN (?, ?, ?)", states(&ProtectionState::ACTIVE)?),
        false => select,
    };
    Ok(match filter.deleted {
        Some(true) => select.with("purge_at IS NOT NULL", []),
        Some(false) => select.with("purge_at IS NULL", []),
        None => select,
    })
}
