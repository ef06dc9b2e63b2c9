//! Vault pools: where new vaults of a location are put. Their parent is the subscription.

use serde::{Deserialize, Serialize};

use crate::Resource;

/// A place for vaults.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VaultPool {
    /// The location that it serves.
    pub location: String,
    /// The store that holds a folder a vault, as the command line names stores.
    pub store: String,
    /// Secrets that the store needs, wrapped by the server's key.
    pub wrapped_secrets: Option<String>,
}

impl Resource for VaultPool {
    const KIND: &'static str = "vault-pool";
}
