//! Items of all vaults.

use base::Result;
use state::jobs::JobStatus;
use state::protected_items::{self as items, Filter, ProtectedItem, ProtectionState};
use state::{Tx, fold};

use crate::{Control, Sees};

/// Which items of all vaults to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllItems {
    /// Those of the vault of this name.
    pub vault: Option<String>,
    /// Those that are soft-deleted, or those that are live.
    pub deleted: Option<bool>,
    /// Those that are protected so.
    pub state: Option<ProtectionState>,
    /// Those whose last backup ended so.
    pub last: Option<JobStatus>,
    /// Those of which a point is missed.
    pub missed: bool,
    /// Those whose last point is less consistent than was asked.
    pub downgraded: bool,
    /// Those with this in their machine's name, in any case.
    pub name: Option<String>,
}

impl Control {
    /// At most `limit` items of vaults that `sees` lets see, by id, beginning after the id
    /// `after`.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn all_items(
        &self,
        which: AllItems,
        sees: &Sees,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ProtectedItem>> {
        let mut tx = self.state.read().await?;
        let missed_by = self.missed_by(tx.now());
        let filter = Filter {
            vaults: of_vault(&mut tx, sees, which.vault.as_deref()).await?,
            deleted: which.deleted,
            state: which.state,
            last: which.last,
            missed_by: which.missed.then_some(missed_by),
            downgraded: which.downgraded,
            name: which.name,
            ..Filter::default()
        };
        items::page(&mut tx, &filter, after, limit).await
    }
}

/// The folded ids of the vaults that are to be seen, or of the one of this name; `None`: of all.
pub(crate) async fn of_vault(
    tx: &mut Tx,
    sees: &Sees,
    name: Option<&str>,
) -> Result<Option<Vec<String>>> {
    let Some(name) = name else {
        return sees.vault_ids(tx).await;
    };
    let mut all = sees.vaults(tx).await?;
    all.retain(|vault| vault.name.eq_ignore_ascii_case(name));
    Ok(Some(all.iter().map(|vault| fold(&vault.id)).collect()))
}
