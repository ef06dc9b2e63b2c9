//! Locks on resources. Their parent is what is locked.

use serde::{Deserialize, Serialize};

use crate::Resource;

/// A lock on a subscription, a group or a resource, and on all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// What it forbids.
    pub level: LockLevel,
    /// Why it is there, in its maker's words.
    pub notes: Option<String>,
}

/// What a lock forbids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LockLevel {
    /// To delete.
    CanNotDelete,
    /// To change or delete.
    ReadOnly,
}

impl Resource for Lock {
    const KIND: &'static str = "lock";
}
