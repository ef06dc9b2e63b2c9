//! Networks of hosts, as virtual networks with one subnet each.

use base::Result;
use control::Control;
use serde_json::{Value, json};
use state::Record;
use state::networks::Network;

use crate::found::Found;

/// The one subnet of each.
const SUBNET: &str = "default";

impl Found for Network {
    const TYPE: &'static str = "Microsoft.Network/virtualNetworks";

    fn id(control: &Control, group: &str, name: &str) -> String {
        control.network_id(group, name)
    }

    async fn page(
        control: &Control,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Self>>> {
        control.networks(group, after, limit).await
    }

    async fn one(control: &Control, group: &str, name: &str) -> Result<Record<Self>> {
        control.network(group, name).await
    }

    fn shape(network: &Record<Self>) -> Value {
        let addresses = network.body.addresses.as_slice();
        let mut subnet = json!({
            "id": format!("{}/subnets/{SUBNET}", network.id),
            "name": SUBNET,
            "properties": {"provisioningState": "Succeeded"},
        });
        if let Some(prefix) = addresses.first() {
            subnet["properties"]["addressPrefix"] = prefix.as_str().into();
        }
        json!({
            "id": network.id,
            "name": network.name,
            "type": Self::TYPE,
            "location": network.body.location,
            "tags": {},
            "properties": {
                "provisioningState": "Succeeded",
                "addressSpace": {"addressPrefixes": addresses},
                "subnets": [subnet],
            },
        })
    }
}
