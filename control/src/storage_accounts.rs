//! Folders that disks are restored into (MAP-17).

use std::path::Path;

use base::{Result, durable};
use state::hosts::Host;
use state::resources::{self, Record};
use state::storage_accounts::StorageAccount;
use state::{WriteTx, fold};

use crate::Control;

/// The longest name that clients take.
const LONGEST: usize = 24;
/// What the name of a restore folder begins with; that of the first host is this.
pub(crate) const RESTORES: &str = "restores";

impl Control {
    /// The id of a restore folder.
    #[must_use]
    pub fn storage_account_id(&self, group: &str, name: &str) -> String {
        storage_account_id(&self.group_id(group), name)
    }

    /// At most `limit` restore folders of a group, or of all, by id, beginning after the id
    /// `after`.
    ///
    /// # Errors
    /// `GroupNotFound`; those of the records.
    pub async fn storage_accounts(
        &self,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<StorageAccount>>> {
        self.list(group, after, limit).await
    }

    /// The restore folder of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn storage_account(&self, group: &str, name: &str) -> Result<Record<StorageAccount>> {
        let what = format!("storage account `{name}` in the resource group `{group}`");
        self.one(&self.storage_account_id(group, name), &what).await
    }
}

/// Makes a host's restore folder, below the server's folder `data`, and its record in the group
/// of the id `group`.
///
/// # Errors
/// `ResourceExists`; those of the records and of the folder.
pub(crate) async fn create(
    tx: &mut WriteTx,
    data: &Path,
    name: &str,
    host: &Record<Host>,
    group: &str,
) -> Result<()> {
    let all = data.join("restores");
    durable::make_passable_folder(&all)?;
    let folder = match name {
        RESTORES => all,
        other => all.join(other),
    };
    durable::make_passable_folder(&folder)?;
    let body = StorageAccount {
        host: fold(&host.id),
        location: host.body.location.clone(),
        folder: folder.display().to_string(),
    };
    resources::create(tx, &storage_account_id(group, name), group, body).await?;
    Ok(())
}

/// The name of the restore folder of a host that was added: in letters and digits.
pub(crate) fn name_for(host: &str) -> String {
    let plain = host.chars().filter(char::is_ascii_alphanumeric);
    let name = RESTORES.chars().chain(plain);
    name.take(LONGEST).collect::<String>().to_ascii_lowercase()
}

fn storage_account_id(group: &str, name: &str) -> String {
    format!("{group}/providers/Microsoft.Storage/storageAccounts/{name}")
}
