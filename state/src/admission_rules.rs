//! Rules for the names and tags of resource groups. Their parent is the subscription.

use serde::{Deserialize, Serialize};

use crate::Resource;

/// What the name and the tags of a group must be like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdmissionRule {
    /// What names must match, where `*` stands for any characters; `None`: any name.
    pub name_pattern: Option<String>,
    /// The names of the tags that must be there.
    pub required_tags: Vec<String>,
    /// Whether the groups that the service makes for snapshots are left out (SRG-5).
    pub exempt_service_groups: bool,
}

impl Resource for AdmissionRule {
    const KIND: &'static str = "admission rule";
}
