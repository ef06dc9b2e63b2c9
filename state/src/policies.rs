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
    /// Settings that Azure's body has no word for. A change of the rest leaves them as they are.
    pub extension: PolicySettings,
}

/// Settings of a policy that Azure's body has no word for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PolicySettings {
    /// Whether a backup fails that would be less consistent than the policy asks for; otherwise it
    /// is completed and says so.
    pub refuse_downgrades: bool,
    /// Of an enhanced policy: whether a machine that a standard one protects can't change to it
    /// (POLICY-30).
    pub refuse_standard_items: bool,
}

impl Resource for Policy {
    const KIND: &'static str = "policy";
}
