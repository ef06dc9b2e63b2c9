//! Hosts with a hypervisor. Their parent is the subscription.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Resource;

/// A host whose machines can be protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// How its hypervisor is reached, such as `qemu:///system`.
    pub connection: String,
    /// The location that it gives its machines.
    pub location: String,
    /// The folded id of the group that it gives its machines.
    pub group: String,
    /// The folded ids of the groups of machines, by UUID, that are in another one.
    #[serde(default)]
    pub machine_groups: BTreeMap<Uuid, String>,
    /// The folder of its snapshot store.
    pub snapshot_store: String,
    /// Bytes of scratch that its snapshots may take together; `None`: as their disks suggest.
    pub scratch_limit: Option<u64>,
    /// Percent of scratch's file system that stay free; `None`: none.
    #[serde(default)]
    pub scratch_keep_free: Option<u8>,
    /// When its hypervisor answered last.
    pub seen: Option<Timestamp>,
}

impl Resource for Host {
    const KIND: &'static str = "host";
}
