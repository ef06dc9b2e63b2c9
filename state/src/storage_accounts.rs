//! Folders that disks are restored into, shown as storage accounts. Their parent is the group.

use serde::{Deserialize, Serialize};

use crate::Resource;

/// A folder of a host that disks can be restored into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageAccount {
    /// The folded id of the host.
    pub host: String,
    /// Its location: its host's.
    pub location: String,
    /// The folder's path on the host.
    pub folder: String,
}

impl Resource for StorageAccount {
    const KIND: &'static str = "storage-account";
}
