//! Attaching a vault whose records are lost: its store and a key are enough (invariant 1: the
//! records can be made again from the store).
//!
//! ```text
//! open by the key ─► a key file of this server's own ─► record ─► take, compare, adopt
//! ```

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Code, Error, Result};
use state::resources::{self, Record};
use state::vault_pools::VaultPool;
use state::vaults::Vault;
use state::{Tx, WriteTx};
use vault::keys::{EscrowIdentity, KeyFile, SlotChange, Unlock, VaultKeys, import_age};
use vault::{Locked, Store};

use crate::Control;
use crate::adopt::Adopted;
use crate::blocking::blocking;
use crate::vaults::{new_vault, refused};

/// What a vault is attached with.
#[derive(Clone, Debug)]
pub struct AttachInput {
    /// Its location; that of its group if it is left out.
    pub location: Option<String>,
    /// The folder of its store, as the server sees it: a path, or a name in the server's own pool.
    pub store: PathBuf,
    /// What opens it.
    pub key: AttachKey,
}

/// What opens a vault that is to be attached.
#[derive(Clone, Debug)]
pub enum AttachKey {
    /// The text of a key file.
    File(KeyFile),
    /// A key export, and what opens that.
    Export {
        /// The file.
        export: Vec<u8>,
        /// Its passphrase or identity.
        identity: EscrowIdentity,
    },
}

impl Control {
    /// Makes a vault of a store that is there: its machines become items whose protection is
    /// stopped with their data retained, its points are listed. A server that owned it before is
    /// fenced off. Durable when this returns; what it was then too early to read (a snapshot
    /// store of a host that does not answer) is adopted later.
    ///
    /// # Errors
    /// `GroupNotFound`; `NameInvalid`, `NameTaken`, `ResourceExists`; `LocationUnknown`;
    /// `LimitReached`; `NoPoolForVault`; `NotAVault`, `VaultTooNew`;
    /// `PassphraseWrong`, `KeyFileDamaged`, `VaultForeign`; those of the store and of the
    /// records.
    pub async fn attach_vault(
        &self,
        group: &str,
        name: &str,
        input: AttachInput,
    ) -> Result<(Record<Vault>, Adopted)> {
        policy::check_vault_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
        let there = self.group(group).await?;
        let location = input.location.as_deref().unwrap_or(&there.body.location);
        let location = self.check_location(location).await?.name.clone();
        let folder = self.folder_of(&input.store)?;
        let locked = Locked::open(Store::local(&folder)?).await?;
        let id = locked.descriptor().vault_id;
        let mut tx = self.state.write().await?;
        let mut new = new_vault(location);
        new.store_vault = id;
        (new.pool_folder, new.pool) = self.pool_name(&mut tx, &folder).await?;
        // What the records would refuse is refused before the keys of the store are changed.
        let tried = self.make_attached(&mut tx, &there.name, name, new.clone());
        tried.await?;
        drop(tx);
        let key = self.own_key(locked, input.key).await?;
        // What opened it is in somebody's hands.
        new.key_exported = Some(self.now());
        let wrapped = format!("vault {id}");
        new.wrapped_key = self
            .key
            .wrap(&wrapped, key.to_text().as_bytes(), &*self.random);
        let adopting = self.adopting.of(id);
        let _alone = adopting.lock().await;
        let vault = self.record_attached(&there.name, name, new).await?;
        let adopted = match self.adopt_vault(&vault).await {
            // It is recorded; the next rounds compare.
            Err(e) if matches!(e.code(), Code::AdoptionPending | Code::LeaseLost) => {
                Adopted::default()
            }
            adopted => adopted?,
        };
        Ok((self.vault(group, name).await?, adopted))
    }

    /// The folder of a store that should be there.
    fn folder_of(&self, store: &Path) -> Result<PathBuf> {
        // A name alone is one in the pool.
        let path = self.pool.join(store);
        if !path.is_dir() {
            let detail = format!("{} is no folder on the server", path.display());
            return Err(Error::new(Code::NotAVault, detail));
        }
        path.canonicalize()
            .map_err(|e| Error::io(path.display(), e))
    }

    /// How the records name a folder: its pool, if it is in one, and its name there; else its path.
    async fn pool_name(&self, tx: &mut Tx, folder: &Path) -> Result<(Option<String>, String)> {
        let in_pool = |pool: &Path| match folder.strip_prefix(pool) {
            Ok(inside) if inside.components().count() == 1 => Some(inside.display().to_string()),
            _ => None,
        };
        if let Some(name) = in_pool(&self.pool) {
            return Ok((None, name));
        }
        for pool in resources::all::<VaultPool>(tx).await? {
            let folder = pool.body.folder;
            if let Some(name) = folder.as_deref().and_then(|f| in_pool(Path::new(f))) {
                return Ok((folder, name));
            }
        }
        Ok((None, folder.display().to_string()))
    }

    /// A key file that opens the vault: the one that was given, or a new one beside what opens it
    /// already.
    async fn own_key(&self, mut locked: Locked, key: AttachKey) -> Result<KeyFile> {
        let keys: VaultKeys = match key {
            AttachKey::File(file) => {
                let unlock = Unlock::KeyFile(file.clone());
                locked.unlock(&unlock)?;
                return Ok(file);
            }
            AttachKey::Export { export, identity } => {
                // A passphrase takes a second of work.
                blocking(move || import_age(&export, &identity)).await??
            }
        };
        let file = KeyFile::new(&*self.random);
        let unlock = Unlock::KeyFile(file.clone());
        let object = locked.key_object();
        let (now, random) = (self.now(), Arc::clone(&self.random));
        let next = object.rewrap(&keys, &[SlotChange::Add(&unlock)], &*random, now)?;
        locked.replace_keys(next).await?;
        Ok(file)
    }

    async fn record_attached(&self, group: &str, name: &str, new: Vault) -> Result<Record<Vault>> {
        let mut tx = self.state.write().await?;
        let made = self.make_attached(&mut tx, group, name, new).await?;
        tx.commit().await?;
        Ok(made)
    }

    async fn make_attached(
        &self,
        tx: &mut WriteTx,
        group: &str,
        name: &str,
        new: Vault,
    ) -> Result<Record<Vault>> {
        let id = new.store_vault.to_string();
        if let Some(other) = resources::find::<Vault>(tx, &id).await?.pop() {
            let detail = format!("the store is the vault {} already", other.name);
            return Err(Error::new(Code::ResourceExists, detail));
        }
        self.record(tx, group, name, new).await
    }
}
