//! The stores of a vault, opened once.

use std::path::Path;
use std::sync::{Arc, PoisonError};

use base::{Code, Error, Result, durable};
use tokio::sync::OnceCell;
use vault::keys::{KeyFile, Keyring, Unlock};
use vault::{Locked, Store, Vault};

use super::hosts::HostPlane;
use super::{Stores, Tier};

/// A file in the folder of a host's snapshot stores, made with the first of them: where it is not,
/// the folder is another one, or what belongs there is not mounted.
pub(crate) const MARK: &str = ".stillpoint-snapshots";

/// Whether the host has no snapshot store of the vault, and that is no sign of trouble.
///
/// # Errors
/// `StoreUnavailable` if the folder of all of them is missing, and the records know that there
/// was one.
pub(super) fn never_made(stores: &Stores) -> Result<bool> {
    let base = stores.snapshots.parent().unwrap_or(Path::new("/"));
    if !base.exists() {
        if !stores.snapshots_made {
            return Ok(true);
        }
        let detail = format!("{} is gone: is it mounted?", base.display());
        return Err(Error::new(Code::StoreUnavailable, detail));
    }
    Ok(base.join(MARK).exists() && !stores.snapshots.exists())
}

impl HostPlane {
    /// A tier of the vault that is there.
    pub(super) async fn tier(&self, stores: &Stores, tier: Tier) -> Result<Arc<Vault>> {
        let path = match tier {
            Tier::Snapshot => &stores.snapshots,
            Tier::Vault => &stores.vault,
        };
        let cell = self.cell(path);
        let open = async || {
            let opened = match self.unlock(stores, path).await {
                // The vault's keys were changed since: it gets the newer ones.
                Err(e) if e.code() == Code::PassphraseWrong && tier == Tier::Snapshot => {
                    self.extend(stores).await
                }
                opened => opened,
            };
            opened.map(Arc::new)
        };
        cell.get_or_try_init(open).await.map(Arc::clone)
    }

    /// The snapshot store, which the `first` snapshot of a machine may make.
    pub(super) async fn snapshot_store(&self, stores: &Stores, first: bool) -> Result<Arc<Vault>> {
        let path = &stores.snapshots;
        // Not made anew where it is away.
        never_made(stores)?;
        if !first && !path.is_dir() {
            let detail = format!(
                "the snapshot store {} is gone: is what it lies on mounted?",
                path.display()
            );
            return Err(Error::new(Code::StoreUnavailable, detail));
        }
        let cell = self.cell(path);
        let open = async || {
            let there = match path.is_dir() {
                true => self.unlock(stores, path).await,
                false => Err(Error::new(Code::NotAVault, "it is not made yet")),
            };
            match there {
                // Or it was cut short while it was made.
                Err(e) if e.code() == Code::NotAVault => self.extend(stores).await,
                done => done,
            }
            .map(Arc::new)
        };
        cell.get_or_try_init(open).await.map(Arc::clone)
    }

    /// Where the open store of this folder is kept: one that does not answer keeps no other
    /// waiting.
    fn cell(&self, path: &Path) -> Arc<OnceCell<Arc<Vault>>> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(open.entry(path.to_owned()).or_default())
    }

    async fn extend(&self, stores: &Stores) -> Result<Vault> {
        let vault = self.unlock(stores, &stores.vault).await?;
        let store = Store::local(&stores.snapshots)?;
        let made = vault.extend_to(store).await;
        let made =
            made.map_err(|e| e.during(format!("the snapshot store of vault {}", stores.id)))?;
        let mark = stores.snapshots.with_file_name(MARK);
        if !mark.exists() {
            std::fs::write(&mark, "").map_err(|e| Error::io(mark.display(), e))?;
            durable::sync_name(&mark)?;
        }
        Ok(made)
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
