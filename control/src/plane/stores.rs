//! The stores of a vault, opened once.

use std::path::Path;
use std::sync::Arc;

use base::{Code, Error, Result};
use vault::keys::{KeyFile, Keyring, Unlock};
use vault::{Locked, Store, Vault};

use super::hosts::HostPlane;
use super::{Stores, Tier};

impl HostPlane {
    /// A tier of the vault. The snapshot store is made to hold the vault if it does not yet.
    pub(super) async fn tier(&self, stores: &Stores, tier: Tier) -> Result<Arc<Vault>> {
        let path = match tier {
            Tier::Snapshot => &stores.snapshots,
            Tier::Vault => &stores.vault,
        };
        let mut open = self.open.lock().await;
        if let Some(there) = open.get(path) {
            return Ok(Arc::clone(there));
        }
        let vault = match tier {
            Tier::Vault => self.unlock(stores, path).await?,
            Tier::Snapshot if path.is_dir() => match self.unlock(stores, path).await {
                // Cut short while it was made.
                Err(e) if e.code() == Code::NotAVault => self.extend(stores).await?,
                done => done?,
            },
            Tier::Snapshot => self.extend(stores).await?,
        };
        let vault = Arc::new(vault);
        open.insert(path.clone(), Arc::clone(&vault));
        Ok(vault)
    }

    async fn extend(&self, stores: &Stores) -> Result<Vault> {
        let vault = self.unlock(stores, &stores.vault).await?;
        let store = Store::local(&stores.snapshots)?;
        let made = vault.extend_to(store).await;
        made.map_err(|e| e.during(format!("the snapshot store of vault {}", stores.id)))
    }

    async fn unlock(&self, stores: &Stores, path: &Path) -> Result<Vault> {
        if !path.is_dir() {
            let detail = format!("{} is no folder", path.display());
            return Err(Error::new(Code::NotAVault, detail));
        }
        let locked = Locked::open(Store::local(path)?).await?;
        let found = locked.descriptor().vault_id;
        if found != stores.id {
            let detail = format!("{} holds vault {found}, not {}", path.display(), stores.id);
            return Err(Error::new(Code::VaultForeign, detail));
        }
        let key = KeyFile::from_text(&stores.key)?;
        let unlocked = locked.unlock(&Unlock::KeyFile(key));
        let keys = unlocked.map_err(|e| e.during(path.display()))?;
        let ring = Arc::new(Keyring::from_vault_keys(&keys));
        locked.open_with(ring, self.around.clone())
    }
}
