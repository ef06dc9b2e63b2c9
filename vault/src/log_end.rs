//! Whether the log has lost its end.
//!
//! A session's number is that of the log entry that opened it, which is durable before the
//! session makes anything. So an object of a session that the log has not come to says that
//! entries are gone. Nothing may be added or collected then: what they named would look like
//! garbage, and their numbers would be given again. Entries after the newest session's opening
//! leave no such trace.

use base::{Code, Error, Result};

use crate::store::Store;
use crate::vault::Vault;
use crate::verify::heads;

/// What sessions make.
const FOLDERS: [&str; 3] = ["packs", "index", "points"];

/// Refuses to go on where the log has lost its end. To be called before anything is added to it.
///
/// # Errors
/// `VaultDamaged`; those of reading the log.
pub(crate) async fn ensure(vault: &Vault) -> Result<()> {
    let newest = newest_session(&vault.store).await?;
    let head = vault.log.refresh().await?.head;
    check(&vault.store, newest, head).await
}

/// The newest session by the names of objects. To be asked for before the log is read: others
/// may open sessions meanwhile.
///
/// # Errors
/// `Unavailable`.
pub(crate) async fn newest_session(store: &Store) -> Result<u64> {
    let mut newest = 0;
    for folder in FOLDERS {
        for name in store.folders(folder).await? {
            let number = u64::from_str_radix(&name, 16).unwrap_or(0);
            // What has no name of ours says nothing.
            if format!("{number:016x}") == name {
                newest = newest.max(number);
            }
        }
    }
    Ok(newest)
}

/// Refuses a log that was read up to entry `head` where the session `newest` begins after it.
///
/// # Errors
/// `VaultDamaged`; `Unavailable`.
pub(crate) async fn check(store: &Store, newest: u64, head: u64) -> Result<()> {
    // A network file system may not show at once by its name what another host has made.
    if newest <= head || newest <= heads::last_number(store).await? {
        return Ok(());
    }
    Err(Error::new(
        Code::VaultDamaged,
        format!(
            "the log ends at entry {head}, but session {newest} stored something: its end is lost"
        ),
    ))
}
