//! Locations that were added to the first one. Their parent is the subscription.

use serde::{Deserialize, Serialize};

use crate::Resource;

/// A location: where hosts and vaults are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its name, as people see it.
    pub display_name: String,
    /// The name of the location that copies of its vaults are to be in.
    pub paired: Option<String>,
}

impl Resource for Location {
    const KIND: &'static str = "location";
}
