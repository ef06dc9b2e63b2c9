//! Folders that disks are restored into, as storage accounts.

use base::Result;
use control::Control;
use serde_json::{Value, json};
use state::Record;
use state::storage_accounts::StorageAccount;

use crate::found::Found;

impl Found for StorageAccount {
    const TYPE: &'static str = "Microsoft.Storage/storageAccounts";

    fn id(control: &Control, group: &str, name: &str) -> String {
        control.storage_account_id(group, name)
    }

    async fn page(
        control: &Control,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Self>>> {
        control.storage_accounts(group, after, limit).await
    }

    async fn one(control: &Control, group: &str, name: &str) -> Result<Record<Self>> {
        control.storage_account(group, name).await
    }

    fn shape(account: &Record<Self>) -> Value {
        json!({
            "id": account.id,
            "name": account.name,
            "type": Self::TYPE,
            "location": account.body.location,
            "tags": {},
            "kind": "StorageV2",
            "sku": {"name": "Standard_LRS", "tier": "Standard"},
            "properties": {"provisioningState": "Succeeded"},
        })
    }
}
