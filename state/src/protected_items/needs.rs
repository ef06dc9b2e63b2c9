//! Live items that somebody should look at, by what is the matter with them.

use base::Result;
use jiff::Timestamp;

use super::{FROM, ProtectedItem, ProtectionState, item};
use crate::db::{Select, Tx, name_of, whole};
use crate::jobs::JobStatus;

/// What is the matter with an item that is backed up. The first that is counts for [`needing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Its last backup failed.
    LastBackupFailed,
    /// A point is missed, if the run after the one that is due was due at this time.
    PointsMissed(Timestamp),
    /// It has no backup so far; not missed at this time.
    InitialBackup(Timestamp),
    /// The point of its last backup is less consistent than was asked; not missed at this time.
    Downgraded(Timestamp),
}

/// At most `limit` items of these vaults, or of all, that need this and nothing that is more
/// urgent: those first that have needed it longest.
///
/// # Errors
/// `StateDamaged`; those of the database.
pub async fn needing(
    tx: &mut Tx,
    need: Need,
    vaults: Option<&[String]>,
    limit: u32,
) -> Result<Vec<ProtectedItem>> {
    let failed = || name_of(&JobStatus::Failed);
    let pending = || name_of(&ProtectionState::InitialBackupPending);
    let unless_failed = "(last_status IS NULL OR last_status <> ?)";
    let unless_missed = "(missed_at IS NULL OR missed_at > ?)";
    // The ids come out of the index.
    let inner = Select::new("SELECT id FROM protected_items")
        .with("purge_at IS NULL", [])
        .with_all("state IN (?, ?, ?)", states(&ProtectionState::ACTIVE)?)
        .among("vault", vaults);
    let (inner, order) = match need {
        Need::LastBackupFailed => (inner.with("last_status = ?", [failed()?]), "last_at, id"),
        Need::PointsMissed(at) => {
            let missed = inner.with("missed_at <= ?", [whole(at).into()]);
            (missed.with(unless_failed, [failed()?]), "missed_at, id")
        }
        Need::InitialBackup(at) => {
            let first = inner.with("state = ?", [pending()?]);
            let first = first.with(unless_failed, [failed()?]);
            (first.with(unless_missed, [whole(at).into()]), "data_id")
        }
        Need::Downgraded(at) => {
            let less = inner.with("downgrade IS NOT NULL AND state <> ?", [pending()?]);
            let less = less.with(unless_failed, [failed()?]);
            (less.with(unless_missed, [whole(at).into()]), "last_at, id")
        }
    };
    let (sql, values) = inner.page(order, limit);
    let sql = sql.0;
    let sql = format!("{FROM} WHERE id IN (SELECT id FROM ({sql}) AS found) ORDER BY {order}");
    let rows = tx.query(sqlx::AssertSqlSafe(sql), values).await?;
    rows.iter().map(item).collect()
}

/// The words of states.
pub(super) fn states(all: &[ProtectionState]) -> Result<Vec<crate::db::Value>> {
    all.iter().map(name_of).collect()
}
