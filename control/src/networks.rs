//! Networks that a restored machine can be put in, as discovery found them.

use base::Result;
use state::networks::Network;
use state::resources::Record;

use crate::Control;

impl Control {
    /// The id of a network.
    #[must_use]
    pub fn network_id(&self, group: &str, name: &str) -> String {
        network_id(&self.group_id(group), name)
    }

    /// At most `limit` networks of a group, or of all, by id, beginning after the id `after`.
    ///
    /// # Errors
    /// `GroupNotFound`; those of the records.
    pub async fn networks(
        &self,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Network>>> {
        self.list(group, after, limit).await
    }

    /// The network of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn network(&self, group: &str, name: &str) -> Result<Record<Network>> {
        let what = format!("virtual network `{name}` in the resource group `{group}`");
        self.one(&self.network_id(group, name), &what).await
    }
}

/// The id of a network in the group of this id.
pub(crate) fn network_id(group: &str, name: &str) -> String {
    format!("{group}/providers/Microsoft.Network/virtualNetworks/{name}")
}
