//! Recovery Services vaults. Their parent is the group.

use std::collections::BTreeMap;

use base::VaultId;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Resource;

/// A Recovery Services vault. Its alias is the id of the vault in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vault {
    /// The vault in the store that its points go to.
    pub store_vault: VaultId,
    /// The name of its folder in its pool; of one that was attached outside of any, its path.
    pub pool: String,
    /// The folder of its pool; `None`: the server's own.
    #[serde(default)]
    pub pool_folder: Option<String>,
    /// The vault's key, wrapped by the server's key; text of whoever wraps it.
    pub wrapped_key: String,
    /// When its keys were last written into an export; `None`: nobody but the server has them.
    #[serde(default)]
    pub key_exported: Option<Timestamp>,
    /// Its location, which never changes.
    pub location: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The redundancy asked for.
    pub redundancy: Redundancy,
    /// Whether restoring in the paired region is allowed.
    pub cross_region_restore: bool,
    /// Whether an item was ever protected: then the redundancy is locked.
    pub ever_protected: bool,
    /// What becomes of deleted backup data.
    pub soft_delete: SoftDelete,
    /// Settings that are kept and given back as they came (monitoring, public access, costs).
    pub settings: Value,
}

/// How many copies of backup data a vault asks for, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Redundancy {
    /// In one pool.
    LocallyRedundant,
    /// In the pool and in that of the paired region.
    GeoRedundant,
    /// In several zones of the region.
    ZoneRedundant,
}

/// A vault's soft delete.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftDelete {
    /// Whether it is on.
    pub state: SoftDeleteState,
    /// Days that deleted data is kept.
    pub retention_days: u16,
}

/// Whether soft delete is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SoftDeleteState {
    /// Deleted data goes at once.
    Disabled,
    /// Deleted data is kept.
    Enabled,
    /// As enabled, and can't be switched off.
    AlwaysOn,
}

impl Resource for Vault {
    const KIND: &'static str = "vault";

    fn alias(&self) -> Option<String> {
        Some(self.store_vault.to_string())
    }
}
