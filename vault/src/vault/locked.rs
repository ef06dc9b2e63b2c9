//! Making a vault, opening it with a key, and making a further store hold it.

use std::sync::Arc;

use base::{Code, Error, Result, ResultExt, VaultId};
use bytes::Bytes;

use super::{DESCRIPTOR, Surroundings, Vault};
use crate::collect::reserve;
use crate::format::descriptor::{Descriptor, check_chunk_size};
use crate::format::envelope;
use crate::keys::{KeyObject, Keyring, Unlock, VaultKeys};
use crate::store::{Put, Store};

/// A store that holds a vault, before a key is given.
#[derive(Debug)]
pub struct Locked {
    store: Store,
    descriptor_bytes: Bytes,
    descriptor: Descriptor,
    key_number: u64,
    keys: KeyObject,
}

fn key_name(vault: VaultId, number: u64) -> String {
    format!("keys/{vault}-{number:08x}")
}

/// Whether an object in `keys` is another vault's: made by somebody who came too late, or was
/// cut short before, to make this store a vault.
pub(crate) fn is_foreign_key(name: &str, vault: VaultId) -> bool {
    let parts = name.strip_prefix("keys/").and_then(|n| n.rsplit_once('-'));
    parts.is_some_and(|(id, number)| {
        number.len() == 8 && id.parse::<VaultId>().is_ok_and(|id| id != vault)
    })
}

/// Makes a vault in an empty store: probes the store, writes the key object and then the
/// descriptor, which makes it a vault. Gives the keys too, to lend from.
///
/// # Errors
/// `VaultExists`, `StoreUnsafe`, `BadArgument` (chunk size); those of the store.
pub async fn create(
    store: Store,
    chunk_size: u32,
    unlock: &Unlock,
    around: Surroundings,
) -> Result<(Vault, VaultKeys)> {
    check_chunk_size(chunk_size)?;
    let exists = || Error::new(Code::VaultExists, "the store holds a vault");
    if store.get(DESCRIPTOR).await?.is_some() {
        return Err(exists());
    }
    store.probe(&*around.random).await?;
    let vault_id = VaultId::new(&*around.random);
    let now = around.clock.now();
    let (object, keys) = KeyObject::create(vault_id, unlock, &*around.random, now)?;
    let ring = Arc::new(Keyring::from_vault_keys(&keys));
    store
        .put_new(
            &key_name(vault_id, object.number()),
            object.to_bytes().into(),
        )
        .await?;
    let descriptor = Descriptor {
        vault_id,
        chunk_size,
        created_at: now.to_string(),
    };
    let bytes: Bytes = envelope::write(&ring, envelope::Kind::Descriptor, &descriptor, None).into();
    store.sync_own_name().await?;
    if store.put_new(DESCRIPTOR, bytes.clone()).await? == Put::Exists {
        return Err(exists());
    }
    reserve::make(&store).await;
    let vault = Vault::assemble(store, ring, around, descriptor, bytes);
    vault.probed.set(()).expect("nobody else has it yet");
    Ok((vault, keys))
}

impl Locked {
    /// Looks at the vault in a store.
    ///
    /// # Errors
    /// `NotAVault`, `VaultTooNew`, `Integrity`; those of the store.
    pub async fn open(store: Store) -> Result<Self> {
        let Some(bytes) = store.get(DESCRIPTOR).await? else {
            return Err(Error::new(Code::NotAVault, format!("no vault in {store}")));
        };
        let descriptor: Descriptor = {
            let opened = envelope::open(&bytes, envelope::Kind::Descriptor)?;
            let descriptor: Descriptor = opened.clear()?;
            if opened.vault() != descriptor.vault_id {
                return Err(crate::format::damaged("the descriptor names two vaults"));
            }
            descriptor
        };
        check_chunk_size(descriptor.chunk_size)
            .map_err(|e| crate::format::damaged("the descriptor").because(e))?;
        let (key_number, keys) = newest_keys(&store, descriptor.vault_id).await?;
        Ok(Self {
            store,
            descriptor_bytes: bytes,
            descriptor,
            key_number,
            keys,
        })
    }

    /// What never changes in it.
    #[must_use]
    pub fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    /// The newest key object.
    #[must_use]
    pub fn key_object(&self) -> &KeyObject {
        &self.keys
    }

    /// Its store.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Opens the key object.
    ///
    /// # Errors
    /// `PassphraseWrong`, `Integrity`.
    pub fn unlock(&self, unlock: &Unlock) -> Result<VaultKeys> {
        self.keys.unlock(unlock)
    }

    /// Makes a changed key object the newest. The older ones are removed from this store;
    /// copies of them elsewhere still open with what opened them.
    ///
    /// # Errors
    /// `Fenced` if somebody else changed the keys meanwhile; those of the store.
    pub async fn replace_keys(&mut self, object: KeyObject) -> Result<()> {
        let name = key_name(self.descriptor.vault_id, object.number());
        if self.store.put_new(&name, object.to_bytes().into()).await? == Put::Exists {
            return Err(Error::new(
                Code::Fenced,
                "somebody else changed the vault's keys meanwhile",
            ));
        }
        drop_older_keys(&self.store, self.descriptor.vault_id, object.number()).await?;
        self.key_number = object.number();
        self.keys = object;
        Ok(())
    }

    /// Opens the vault with these keys.
    ///
    /// # Errors
    /// `VaultForeign` if they are another vault's, `Integrity`.
    pub fn open_with(self, ring: Arc<Keyring>, around: Surroundings) -> Result<Vault> {
        envelope::open(&self.descriptor_bytes, envelope::Kind::Descriptor)?.authenticate(&ring)?;
        Ok(Vault::assemble(
            self.store,
            ring,
            around,
            self.descriptor,
            self.descriptor_bytes,
        ))
    }
}

pub(crate) async fn newest_keys(store: &Store, vault: VaultId) -> Result<(u64, KeyObject)> {
    for _ in 0..3 {
        let names = store.list("keys").await?;
        let prefix = key_name(vault, 0);
        let prefix = &prefix[..prefix.len() - 8];
        let Some(name) = names.iter().map(|n| &n.0).rfind(|n| n.starts_with(prefix)) else {
            break;
        };
        // A newer one may replace it between listing and reading.
        if let Some(bytes) = store.get(name).await? {
            let object = KeyObject::from_bytes(&bytes).during(name)?;
            if key_name(vault, object.number()) != *name || object.vault_id() != vault {
                return Err(crate::format::damaged(format!(
                    "{name} is not what its name says"
                )));
            }
            return Ok((object.number(), object));
        }
    }
    Err(crate::format::damaged("the vault's key object is missing"))
}

async fn drop_older_keys(store: &Store, vault: VaultId, newest: u64) -> Result<()> {
    let newest = key_name(vault, newest);
    let prefix = &newest[..newest.len() - 8];
    for (name, _) in store.list("keys").await? {
        if name.starts_with(prefix) && name < newest {
            store.delete(&name).await?;
        }
    }
    Ok(())
}

impl Vault {
    /// Makes another store hold the same vault, as a further tier: copies key object and
    /// descriptor. If the store holds it already, a newer key object is copied over.
    ///
    /// # Errors
    /// `VaultForeign` if it holds another vault; `StoreUnsafe`; those of both stores.
    pub async fn extend_to(&self, store: Store) -> Result<Self> {
        let (number, object) = newest_keys(&self.store, self.id()).await?;
        let there = store.get(DESCRIPTOR).await?;
        if let Some(bytes) = &there {
            let found: Descriptor = envelope::open(bytes, envelope::Kind::Descriptor)?.clear()?;
            if found.vault_id != self.id() {
                return Err(Error::new(
                    Code::VaultForeign,
                    format!("{store} holds vault {}, not {}", found.vault_id, self.id()),
                ));
            }
        } else {
            store.probe(&*self.around.random).await?;
        }
        // Keys that were changed there first are the newer ones.
        let newer_there = match &there {
            Some(_) => newest_keys(&store, self.id()).await?.0 > number,
            None => false,
        };
        if !newer_there {
            store
                .put_new(&key_name(self.id(), number), object.to_bytes().into())
                .await?;
            drop_older_keys(&store, self.id(), number).await?;
        }
        if there.is_none() {
            store.sync_own_name().await?;
        }
        if there.is_none()
            && store
                .put_new(DESCRIPTOR, self.descriptor_bytes.clone())
                .await?
                == Put::Exists
        {
            return Err(Error::new(
                Code::VaultExists,
                format!("{store} was made a vault meanwhile"),
            ));
        }
        if there.is_none() {
            reserve::make(&store).await;
        }
        let ring = Arc::clone(&self.ring);
        Locked::open(store)
            .await?
            .open_with(ring, self.around.clone())
    }
}
