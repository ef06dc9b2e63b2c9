//! Backup policies. Their parent is the vault.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Resource;

/// A backup policy. It can't be deleted while an item has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// The policy, as it was when it was saved.
    pub policy: policy::Policy,
    /// Its `properties`, as they are on the wire.
    pub properties: Value,
    /// Settings that Azure's body has no word for.
    pub extension: Value,
}

impl Resource for Policy {
    const KIND: &'static str = "policy";
}
