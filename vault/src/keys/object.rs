//! The key object: a vault's keys as they are stored.

mod change;
mod stored;

use base::{Code, Error, Random, Result, ResultExt, VaultId};
use jiff::Timestamp;

use self::stored::{Document, KIND, Slots};
use super::document;
use super::secret::Secret;
use super::slot::Slot;
use super::vault_keys::HeldKey;
use super::wrap::unwrap;
use super::{DataKey, DataKeyUse, SlotInfo, Unlock, VaultKeys};

pub use change::SlotChange;

/// A vault's keys as they are stored: wrapped by the vault key, which is wrapped by one or
/// more slots. Immutable: each change makes the object of the next number, which the caller
/// stores by put-if-absent at that number; the highest one counts.
///
/// Its bytes (at most 1 MiB) are one JSON object on a line and its checksum on the next.
/// `HEX` is lower-case hex digits, `TIME` RFC 3339 in UTC:
///
/// ```text
/// {"kind":"stillpoint-vault-keys","version":1,"vaultId":UUID,"number":N,"createdAt":TIME,
///  "nextSlot":N,
///  "slots":[{"number":N,"createdAt":TIME,"openedBy":OPENER,"vaultKey":HEX},…],   1 to 16, ascending
///  "idKey":HEX,
///  "dataKeys":[{"number":N,"use":"vault"|"host","label":TEXT,"createdAt":TIME,"key":HEX},…],
///  "mac":HEX}⏎
/// 64 hex digits⏎
///
/// OPENER  {"kind":"passphrase","salt":HEX,"cost":{"memoryKib":N,"passes":N,"lanes":N}}
///         {"kind":"keyFile","fingerprint":HEX}
/// ```
///
/// `vaultKey`, `idKey` and `key` are RFC 3394 wraps, 40 bytes. `mac` is the keyed BLAKE3 of
/// the JSON object without its `mac` member (compact, no line feed) under the key derived
/// from the vault key with the context `stillpoint v1 vault key: key object mac`. The
/// second line is the BLAKE3 (no key) of all bytes before it.
#[derive(Debug, Clone)]
pub struct KeyObject(Document);

/// One data key of a key object, without the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataKeyInfo {
    /// Its number, from 1.
    pub number: u32,
    /// Who writes with it.
    pub used_by: DataKeyUse,
    /// A host's name, or any other words.
    pub label: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl KeyObject {
    /// New keys for a new vault: object number 1, one slot, data key 1 labelled `vault`.
    /// Costs one argon2id if `unlock` is a passphrase.
    ///
    /// # Errors
    /// [`Code::BadArgument`] if argon2id refuses the passphrase.
    pub fn create(
        vault: VaultId,
        unlock: &Unlock,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<(Self, VaultKeys)> {
        let first = HeldKey {
            number: 1,
            used_by: DataKeyUse::Vault,
            label: "vault".to_owned(),
            created_at: now,
            key: DataKey::new(Secret::random(random)),
        };
        let keys = VaultKeys::new(
            vault,
            Secret::random(random),
            Secret::random(random),
            vec![first],
        )
        .expect("key 1 is the vault's own");
        let slot = Slot::new(1, unlock, keys.vault_key(), random, now)?;
        let slots = Slots {
            slots: vec![slot],
            next: 2,
        };
        Ok((Self(Document::assemble(&keys, 1, now, slots)), keys))
    }

    /// The keys, opened by a passphrase or key file. Costs one argon2id for each passphrase
    /// slot tried (some 0.1 s and 64 MiB by default): not for an async thread.
    ///
    /// # Errors
    /// [`Code::PassphraseWrong`] if no slot opens; [`Code::VaultDamaged`] if one opens but
    /// the object was changed by somebody without the vault key.
    pub fn unlock(&self, unlock: &Unlock) -> Result<VaultKeys> {
        let vault_key = self
            .0
            .slots
            .iter()
            .find_map(|slot| slot.open(unlock))
            .ok_or_else(|| {
                let what = match unlock {
                    Unlock::Passphrase(_) => "the passphrase",
                    Unlock::KeyFile(_) => "the key file",
                };
                Error::new(
                    Code::PassphraseWrong,
                    format!("{what} opens no slot of vault {}", self.0.vault_id),
                )
            })?;
        let forged = || {
            Error::new(
                Code::VaultDamaged,
                format!(
                    "key object {} of vault {} was changed by somebody without the vault key",
                    self.0.number, self.0.vault_id
                ),
            )
        };
        if !self.0.is_authentic(&vault_key) {
            return Err(forged());
        }
        let id_key = unwrap(&vault_key, &self.0.id_key).ok_or_else(forged)?;
        let mut data = Vec::with_capacity(self.0.data_keys.len());
        for stored in &self.0.data_keys {
            data.push(HeldKey {
                number: stored.number,
                used_by: stored.r#use,
                label: stored.label.clone(),
                created_at: stored.created_at,
                key: DataKey::new(unwrap(&vault_key, &stored.key).ok_or_else(forged)?),
            });
        }
        VaultKeys::new(self.0.vault_id, vault_key, id_key, data).ok_or_else(forged)
    }

    /// The bytes to store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        document::encode(&self.0).to_vec()
    }

    /// Reads stored bytes, which may be hostile. Authenticity shows only in
    /// [`KeyObject::unlock`].
    ///
    /// # Errors
    /// [`Code::VaultDamaged`] if they are not a key object within the limits;
    /// [`Code::VaultTooNew`] if a newer version wrote them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let read: Document =
            document::decode(bytes, KIND, Code::VaultDamaged).during("key object")?;
        if !read.is_sound() {
            return Err(Error::new(
                Code::VaultDamaged,
                "key object: a member is outside its limits",
            ));
        }
        Ok(Self(read))
    }

    /// The vault that the keys belong to.
    #[must_use]
    pub fn vault_id(&self) -> VaultId {
        self.0.vault_id
    }

    /// The object's number, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// When this object was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.0.created_at
    }

    /// The slots, ascending.
    #[must_use]
    pub fn slots(&self) -> Vec<SlotInfo> {
        self.0.slots.iter().map(Slot::info).collect()
    }

    /// The data keys, ascending.
    #[must_use]
    pub fn data_keys(&self) -> Vec<DataKeyInfo> {
        self.0
            .data_keys
            .iter()
            .map(|k| DataKeyInfo {
                number: k.number,
                used_by: k.r#use,
                label: k.label.clone(),
                created_at: k.created_at,
            })
            .collect()
    }
}
