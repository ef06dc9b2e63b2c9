//! Vault pools: where new vaults of a location are put. Their parent is the subscription.

use serde::{Deserialize, Serialize};

use crate::Resource;

/// A place for vaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultPool {
    /// The location that it serves.
    pub location: String,
    /// The folder that holds one for each vault; `None`: the server's own, which its
    /// configuration names.
    pub folder: Option<String>,
    /// Whether new vaults are put in it.
    pub takes_vaults: bool,
}

impl Resource for VaultPool {
    const KIND: &'static str = "vault-pool";
}
