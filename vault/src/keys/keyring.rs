//! The keys as the rest of the vault uses them.

use std::collections::BTreeMap;
use std::fmt;

use base::{Code, Error, Result, VaultId};

use super::secret::Secret;
use super::{DataKey, DataKeyUse, HostKey, VaultKeys};

/// What the rest of the vault needs of the keys, whatever they came from: ids and MACs
/// from the id key, one data key to write with, and all data keys held to read with.
///
/// Immutable; share it in an `Arc`. All secrets are wiped when it is dropped.
#[derive(Clone)]
pub struct Keyring {
    vault: VaultId,
    chunk: Secret,
    node: Secret,
    mac: Secret,
    machine: Secret,
    data: BTreeMap<u32, DataKey>,
    write: (u32, DataKey),
}

impl Keyring {
    /// The keys of somebody who opened the vault's key object. Writes with the
    /// highest-numbered key of use [`DataKeyUse::Vault`]; reads with all.
    #[must_use]
    pub fn from_vault_keys(keys: &VaultKeys) -> Self {
        let write = keys
            .data_keys()
            .iter()
            .rev()
            .find(|k| k.used_by == DataKeyUse::Vault)
            .expect("vault keys hold a data key of the vault's own");
        Self::new(
            keys.vault_id(),
            keys.id_key(),
            keys.data_keys()
                .iter()
                .map(|k| (k.number, k.key.clone()))
                .collect(),
            (write.number, write.key.clone()),
        )
    }

    /// The keys of a backup host. Writes with the highest-numbered key it was lent.
    #[must_use]
    pub fn from_host_key(host: &HostKey) -> Self {
        let data: BTreeMap<u32, DataKey> = host.data_keys().clone();
        let write = data
            .last_key_value()
            .map(|(number, key)| (*number, key.clone()))
            .expect("a host key holds a data key");
        Self::new(host.vault_id(), host.id_key(), data, write)
    }

    fn new(
        vault: VaultId,
        id_key: &Secret,
        data: BTreeMap<u32, DataKey>,
        write: (u32, DataKey),
    ) -> Self {
        Self {
            vault,
            chunk: id_key.derive("stillpoint v1 id key: chunk id"),
            node: id_key.derive("stillpoint v1 id key: node id"),
            mac: id_key.derive("stillpoint v1 id key: auth"),
            machine: id_key.derive("stillpoint v1 id key: machine id"),
            data,
            write,
        }
    }

    /// The vault that the keys belong to.
    #[must_use]
    pub fn vault_id(&self) -> VaultId {
        self.vault
    }

    /// The id of a chunk with these (plain, whole) bytes.
    #[must_use]
    pub fn chunk_id(&self, chunk: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(self.chunk.bytes(), chunk).as_bytes()
    }

    /// The id of a tree node with these encoded bytes.
    #[must_use]
    pub fn node_id(&self, node: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(self.node.bytes(), node).as_bytes()
    }

    /// The MAC of log, index and manifest envelopes. The bytes must begin with what kind of
    /// object they are, so that one kind can't pass for another.
    #[must_use]
    pub fn mac(&self, bytes: &[u8]) -> [u8; 32] {
        *blake3::keyed_hash(self.mac.bytes(), bytes).as_bytes()
    }

    /// Whether `mac` is the [`Keyring::mac`] of `bytes`; compared in constant time.
    #[must_use]
    pub fn verify_mac(&self, bytes: &[u8], mac: &[u8; 32]) -> bool {
        blake3::keyed_hash(self.mac.bytes(), bytes) == *mac
    }

    /// The 16-byte name under which a machine stands in unsealed places. A UUID counts the
    /// same in any spelling; other names count byte by byte.
    #[must_use]
    pub fn machine_id(&self, uuid: &str) -> [u8; 16] {
        let text = uuid::Uuid::parse_str(uuid)
            .map_or_else(|_| uuid.to_owned(), |u| u.hyphenated().to_string());
        let hash = blake3::keyed_hash(self.machine.bytes(), text.as_bytes());
        let mut id = [0; 16];
        id.copy_from_slice(&hash.as_bytes()[..16]);
        id
    }

    /// The data key to seal new records with, and its number.
    #[must_use]
    pub fn write_key(&self) -> (u32, &DataKey) {
        (self.write.0, &self.write.1)
    }

    /// The data key of this number.
    ///
    /// # Errors
    /// [`Code::KeyMissing`] if it is not held.
    pub fn data_key(&self, number: u32) -> Result<&DataKey> {
        self.data.get(&number).ok_or_else(|| {
            Error::new(
                Code::KeyMissing,
                format!("data key {number} of vault {} is not held here", self.vault),
            )
        })
    }

    /// Whether the data key of this number is held.
    #[must_use]
    pub fn knows(&self, number: u32) -> bool {
        self.data.contains_key(&number)
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keyring")
            .field("vault", &self.vault)
            .field("data_keys", &self.data.keys())
            .field("write", &self.write.0)
            .finish_non_exhaustive()
    }
}
