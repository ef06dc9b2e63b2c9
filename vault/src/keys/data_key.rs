//! A key that seals records.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::secret::Secret;

/// Who writes with a data key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum DataKeyUse {
    /// Everyone who holds the vault's own keys.
    Vault,
    /// One host, which was lent the key: what it seals opens with this key alone, and
    /// holders of the vault key never write with it.
    Host,
}

/// A key that seals records: 32 random bytes, and the two keys derived from them once.
///
/// Wiped when dropped; `Debug` prints nothing of it.
#[derive(Clone)]
pub struct DataKey {
    bytes: Secret,
    record: Secret,
    nonce: Secret,
}

impl DataKey {
    pub(super) fn new(bytes: Secret) -> Self {
        Self {
            record: bytes.derive("stillpoint v1 data key: record key"),
            nonce: bytes.derive("stillpoint v1 data key: record nonce"),
            bytes,
        }
    }

    /// The key itself, to be wrapped or stored.
    pub(super) fn secret(&self) -> &Secret {
        &self.bytes
    }

    /// From which each record's own key is derived.
    pub(super) fn record_base(&self) -> &[u8; 32] {
        self.record.bytes()
    }

    /// From which each record's nonce is derived.
    pub(super) fn nonce_base(&self) -> &[u8; 32] {
        self.nonce.bytes()
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey(..)")
    }
}
