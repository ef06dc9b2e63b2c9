//! Collections of restore points: the snapshots of one machine in a snapshot group (SRG-1, 10).
//! Their parent is the group.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Resource;

/// A collection of snapshots. Its alias is the number of its item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Collection {
    /// The number of the item whose snapshots are in it.
    pub item: i64,
    /// The id of the machine.
    pub source: String,
    /// Its location: the machine's.
    pub location: String,
    /// Since when it is to be deleted, with the snapshots that were taken before.
    pub deleting: Option<Timestamp>,
}

impl Collection {
    /// The alias of an item's collections.
    #[must_use]
    pub fn alias_of(item: i64) -> String {
        format!("item {item}")
    }
}

impl Resource for Collection {
    const KIND: &'static str = "collection";

    fn alias(&self) -> Option<String> {
        Some(Self::alias_of(self.item))
    }
}
