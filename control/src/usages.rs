//! How many of a thing a vault has, beside how many it may have.

use base::Result;
use policy::Limit;
use state::policies::Policy;
use state::protected_items::{self as items, Filter};
use state::resources::{self, Scope};

use crate::Control;
use crate::limits::limits;

/// What a vault has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct VaultCounts {
    /// Items that are not soft-deleted.
    pub items: u64,
    /// The most of them.
    pub most_items: Option<u64>,
    /// Items that are soft-deleted.
    pub deleted: u64,
    /// Policies.
    pub policies: u64,
    /// The most of them.
    pub most_policies: Option<u64>,
}

impl Control {
    /// Counts what a vault has.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn vault_counts(&self, group: &str, name: &str) -> Result<VaultCounts> {
        let mut tx = self.state.read().await?;
        let vault = self.vault_in(&mut tx, group, name).await?;
        let filter = |deleted| Filter {
            vault: Some(vault.id.clone()),
            deleted: Some(deleted),
            ..Filter::default()
        };
        let scope = Scope::In(&vault.id);
        let limits = limits(&mut tx).await?;
        Ok(VaultCounts {
            items: items::count(&mut tx, &filter(false)).await?,
            most_items: limits.most(Limit::Machines),
            deleted: items::count(&mut tx, &filter(true)).await?,
            policies: resources::count::<Policy>(&mut tx, scope).await?,
            most_policies: limits.most(Limit::Policies),
        })
    }
}
