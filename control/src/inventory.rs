//! All resources of a group, or of the subscription, in one list.

use std::collections::BTreeMap;

use base::Result;
use state::collections::Collection;
use state::hosts::Host;
use state::machines::Machine;
use state::networks::Network;
use state::resources::Record;
use state::storage_accounts::StorageAccount;
use state::vault_pools::VaultPool;
use state::vaults::Vault;
use state::{Resource, fold};

use crate::Control;

/// A resource of any kind, as far as all have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is, such as `Microsoft.Compute/virtualMachines`.
    pub kind: &'static str,
    /// Its location.
    pub location: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Control {
    /// At most `limit` resources of a group, or of all, of one type, in any case, or of all, by
    /// id, beginning after the id `after`.
    ///
    /// # Errors
    /// `GroupNotFound`; those of the records.
    pub async fn inventory(
        &self,
        group: Option<&str>,
        kind: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Listed>> {
        let mut all = self.listed::<Vault>(group, after, limit).await?;
        all.extend(self.listed::<Machine>(group, after, limit).await?);
        all.extend(self.listed::<StorageAccount>(group, after, limit).await?);
        all.extend(self.listed::<Network>(group, after, limit).await?);
        all.extend(self.listed::<Collection>(group, after, limit).await?);
        all.extend(self.listed::<Host>(group, after, limit).await?);
        all.extend(self.listed::<VaultPool>(group, after, limit).await?);
        all.retain(|r| kind.is_none_or(|kind| kind.eq_ignore_ascii_case(r.kind)));
        all.sort_by_cached_key(|r| fold(&r.id));
        all.truncate(limit as usize);
        Ok(all)
    }

    async fn listed<T: InLists>(
        &self,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Listed>> {
        let found: Vec<Record<T>> = self.list(group, after, limit).await?;
        Ok(found
            .into_iter()
            .map(|record| Listed {
                location: record.body.location().to_owned(),
                tags: record.body.tags(),
                id: record.id,
                name: record.name,
                kind: T::TYPE,
            })
            .collect())
    }
}

/// A kind that stands in lists of all.
trait InLists: Resource {
    /// Its type, as clients know it.
    const TYPE: &'static str;

    fn location(&self) -> &str;

    fn tags(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }
}

macro_rules! in_lists {
    ($($kind:ty: $name:literal;)*) => {
        $(impl InLists for $kind {
            const TYPE: &'static str = $name;

            fn location(&self) -> &str {
                &self.location
            }
        })*
    };
}

in_lists! {
    StorageAccount: "Microsoft.Storage/storageAccounts";
    Network: "Microsoft.Network/virtualNetworks";
    Collection: "Microsoft.Compute/restorePointCollections";
    Host: "Stillpoint.Fabric/hosts";
    VaultPool: "Stillpoint.Fabric/vaultPools";
}

macro_rules! in_lists_with_tags {
    ($($kind:ty: $name:literal, $($tags:ident).+;)*) => {
        $(impl InLists for $kind {
            const TYPE: &'static str = $name;

            fn location(&self) -> &str {
                &self.location
            }

            fn tags(&self) -> BTreeMap<String, String> {
                self.$($tags).+.clone()
            }
        })*
    };
}

in_lists_with_tags! {
    Machine: "Microsoft.Compute/virtualMachines", said.tags;
    Vault: "Microsoft.RecoveryServices/vaults", tags;
}
