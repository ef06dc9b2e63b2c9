//! Whether the log has lost its end.
//!
//! A session's number is that of the log entry that opened it, which is durable before the
//! session makes anything. So an object of a session that the log has not come to says that
//! entries are gone. Nothing may be added or collected then: what they named would look like
//! garbage, and their numbers would be given again. Entries after the newest session's opening
//! leave no such trace.

use base::{Code, Error, Result};

use crate::store::Store;

/// What sessions make.
const FOLDERS: [&str; 3] = ["packs", "index", "points"];

/// The newest session by the names of objects. To be asked for before the log is read: others
/// may open sessions meanwhile.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn newest_session(store: &Store) -> Result<u64> {
    let mut newest = 0;
    for folder in FOLDERS {
        for name in store.folders(folder).await? {
            newest = newest.max(u64::from_str_radix(&name, 16).unwrap_or(0));
        }
    }
    Ok(newest)
}

/// Refuses a log that ends at entry `head` before the session `newest` begins.
///
/// # Errors
/// `VaultDamaged`.
pub(crate) fn check(newest: u64, head: u64) -> Result<()> {
    if newest <= head {
        return Ok(());
    }
    Err(Error::new(
        Code::VaultDamaged,
        format!(
            "the log ends at entry {head}, but session {newest} stored something: its end is lost"
        ),
    ))
}
