//! Backup policies. Their parent is the vault.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Resource;

/// A backup policy. It can't be deleted while an item has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Its rules, read when it was saved: the zone keeps that time's offset (POLICY-19).
    pub policy: policy::Policy,
    /// Of the wire's `properties`, as they came, what the rules don't say: the dates of its times.
    /// An object.
    pub properties: Value,
    /// Settings that Azure's body has no word for.
    pub extension: Value,
}

impl Resource for Policy {
    const KIND: &'static str = "policy";
}
