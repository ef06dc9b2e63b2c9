//! The columns that say what the body of an item says, for what counts and lists by it.

use base::Result;
use jiff::Timestamp;

use super::{ItemBody, LastBackup, ProtectedItem, ProtectionState};
use crate::db::{Value, WriteTx, name_of, whole};

/// The columns from `last_status` to `missed_at`.
pub(super) fn searched(item: &ProtectedItem) -> Result<[Value; 4]> {
    let live = item.purge_at.is_none();
    columns(item.state, live, item.created, &item.body)
}

fn columns(
    state: ProtectionState,
    live: bool,
    created: Timestamp,
    body: &ItemBody,
) -> Result<[Value; 4]> {
    let last = body.last_backup.as_ref();
    let active = live && ProtectionState::ACTIVE.contains(&state);
    let missed = missed_at(created, body).filter(|_| active);
    Ok([
        last.map_or(Ok(Value::Null), |last| name_of(&last.status))?,
        last.map(|last| whole(last.at)).into(),
        last.and_then(|last: &LastBackup| last.downgrade.as_deref())
            .into(),
        missed.into(),
    ])
}

/// When the run after the one that is due now is due, too: with no point until then, one is
/// missed. `None` without a policy.
fn missed_at(created: Timestamp, body: &ItemBody) -> Option<Timestamp> {
    let policy = body.policy_seen.as_ref()?;
    let owed = body.owed_from.unwrap_or(created);
    let from = body.last_point.map_or(owed, |last| last.max(owed));
    let due = policy.schedule.next_after(from, &policy.zone)?;
    policy.schedule.next_after(due, &policy.zone)
}

/// Fills the columns of items from their bodies.
pub(crate) async fn fill(tx: &mut WriteTx) -> Result<()> {
    let sql = "SELECT data_id, state, purge_at, created, body FROM protected_items";
    for row in tx.query(sql, []).await? {
        let body: ItemBody = row.json(4)?;
        let live = row.optional_int(2)?.is_none();
        let columns = columns(row.name(1)?, live, row.time(3)?, &body)?;
        let sql = "UPDATE protected_items
             SET last_status = $2, last_at = $3, downgrade = $4, missed_at = $5
             WHERE data_id = $1";
        let values = [row.int(0)?.into()].into_iter().chain(columns);
        tx.execute(sql, values).await?;
    }
    Ok(())
}
