//! What a backup host holds instead of the vault key.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use base::{Code, Error, Result, ResultExt, VaultId};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::DataKey;
use super::document::{self, MAX_LEN, VERSION};
use super::secret::Secret;
use base::private_file;

const KIND: &str = "stillpoint-host-key";

/// What a backup host holds instead of the vault key: the id key and the data keys it was
/// lent. With it a host backs up, and restores what those data keys sealed.
///
/// As a file (mode 0600), one JSON object on a line and its checksum on the next:
///
/// ```text
/// {"kind":"stillpoint-host-key","version":1,"vaultId":UUID,"idKey":HEX,
///  "dataKeys":[{"number":N,"key":HEX},…]}⏎       numbers ascend
/// 64 hex digits⏎                                 BLAKE3 (no key) of all bytes before this line
/// ```
///
/// Wiped when dropped; `Debug` prints the vault and the numbers only.
#[derive(Clone)]
pub struct HostKey {
    vault: VaultId,
    id_key: Secret,
    /// Never empty; no number is 0.
    data: BTreeMap<u32, DataKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    kind: String,
    version: u32,
    vault_id: VaultId,
    id_key: Secret,
    data_keys: Vec<LentKey>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LentKey {
    number: u32,
    key: Secret,
}

impl HostKey {
    /// `data` must not be empty.
    pub(super) fn new(vault: VaultId, id_key: Secret, data: BTreeMap<u32, DataKey>) -> Self {
        debug_assert!(!data.is_empty());
        Self {
            vault,
            id_key,
            data,
        }
    }

    /// The vault that the key belongs to.
    #[must_use]
    pub fn vault_id(&self) -> VaultId {
        self.vault
    }

    /// The numbers of the data keys, ascending; the last is written with.
    #[must_use]
    pub fn numbers(&self) -> Vec<u32> {
        self.data.keys().copied().collect()
    }

    pub(super) fn id_key(&self) -> &Secret {
        &self.id_key
    }

    pub(super) fn data_keys(&self) -> &BTreeMap<u32, DataKey> {
        &self.data
    }

    /// The bytes of the file. They are secret.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        document::encode(&Document {
            kind: KIND.to_owned(),
            version: VERSION,
            vault_id: self.vault,
            id_key: self.id_key.clone(),
            data_keys: self
                .data
                .iter()
                .map(|(number, key)| LentKey {
                    number: *number,
                    key: key.secret().clone(),
                })
                .collect(),
        })
    }

    /// Reads the bytes of such a file.
    ///
    /// # Errors
    /// [`Code::KeyFileDamaged`] if they are not a host key; [`Code::VaultTooNew`] if a
    /// newer version wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let read: Document =
            document::decode(bytes, KIND, Code::KeyFileDamaged).during("host key")?;
        let ascending = read.data_keys.windows(2).all(|w| w[0].number < w[1].number);
        if !ascending || read.data_keys.first().is_none_or(|k| k.number == 0) {
            return Err(Error::new(
                Code::KeyFileDamaged,
                "host key: it holds no data key, or their numbers don't ascend from 1",
            ));
        }
        let data = read
            .data_keys
            .into_iter()
            .map(|k| (k.number, DataKey::new(k.key)))
            .collect();
        Ok(Self::new(read.vault_id, read.id_key, data))
    }

    /// Makes the file `path`, mode 0600. Durable when this returns.
    ///
    /// # Errors
    /// [`Code::TargetExists`] if something has that name; those of the file system.
    pub fn write(&self, path: &Path) -> Result<()> {
        private_file::create(path, &self.to_bytes()).during("host key")
    }

    /// Reads the file `path`.
    ///
    /// # Errors
    /// [`Code::FileAccessDenied`] if others than the owner may use the file; those of
    /// [`HostKey::from_bytes`] and of the file system.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = private_file::read(path, MAX_LEN)?;
        Self::from_bytes(&bytes).during(path.display())
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostKey")
            .field("vault", &self.vault)
            .field("data_keys", &self.data.keys())
            .finish_non_exhaustive()
    }
}
