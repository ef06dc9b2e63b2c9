//! Resource groups. Their parent is the subscription.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Resource;

/// A resource group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its location.
    pub location: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The id of the service that owns it, for the groups that snapshots are kept in.
    pub managed_by: Option<String>,
}

impl Resource for Group {
    const KIND: &'static str = "group";
}
