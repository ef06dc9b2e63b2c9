//! The key object: a vault's keys as they are stored.

use base::{Code, Error, Random, Result, ResultExt, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::document::{self, VERSION};
use super::secret::Secret;
use super::slot::Slot;
use super::vault_keys::HeldKey;
use super::wrap::{Hex, Wrapped, unwrap, wrap};
use super::{DataKey, DataKeyUse, SlotInfo, Unlock, VaultKeys};

const KIND: &str = "stillpoint-vault-keys";
/// Opening tries them one by one, and each may cost an argon2id.
const MAX_SLOTS: usize = 16;
const MAX_DATA_KEYS: usize = 2048;
const MAX_LABEL: usize = 128;

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

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Document {
    kind: String,
    version: u32,
    vault_id: VaultId,
    number: u64,
    created_at: Timestamp,
    next_slot: u32,
    slots: Vec<Slot>,
    id_key: Wrapped,
    data_keys: Vec<WrappedDataKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<Hex<32>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WrappedDataKey {
    number: u32,
    r#use: DataKeyUse,
    label: String,
    created_at: Timestamp,
    key: Wrapped,
}

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

/// A change of what opens a vault.
#[derive(Debug)]
pub enum SlotChange<'a> {
    /// Adds a slot for this passphrase or key file.
    Add(&'a Unlock),
    /// Removes the slot of this number.
    Remove(u32),
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
        Ok((Self::assemble(&keys, 1, now, vec![slot], 2), keys))
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
        if !self.is_authentic(&vault_key) {
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

    /// The next object, with other slots; the keys stay, so no data is written anew. To
    /// change a passphrase, remove its slot and add one in the same call.
    ///
    /// An old copy of this object still opens with what opened it; see
    /// [`KeyObject::replace_vault_key`].
    ///
    /// # Errors
    /// [`Code::VaultForeign`] if `keys` are not those of this object;
    /// [`Code::BadArgument`] for a slot that does not exist, or if none or more than 16
    /// would be left.
    pub fn rewrap(
        &self,
        keys: &VaultKeys,
        changes: &[SlotChange<'_>],
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self> {
        self.check_keys(keys)?;
        let (mut slots, mut next) = (self.0.slots.clone(), self.0.next_slot);
        for change in changes {
            match change {
                SlotChange::Add(unlock) => {
                    slots.push(Slot::new(next, unlock, keys.vault_key(), random, now)?);
                    next = next.checked_add(1).ok_or_else(|| {
                        Error::new(Code::BadArgument, "the vault has no slot number left")
                    })?;
                }
                SlotChange::Remove(number) => {
                    let at = slots.iter().position(|s| s.number == *number);
                    slots.remove(at.ok_or_else(|| {
                        Error::new(Code::BadArgument, format!("the vault has no slot {number}"))
                    })?);
                }
            }
        }
        check_slot_count(slots.len())?;
        Ok(Self::assemble(keys, self.next_number()?, now, slots, next))
    }

    /// The next object and its keys: a new vault key, and slots for `unlocks` only. Data
    /// keys added later stay closed to whoever holds an old passphrase and an old copy of
    /// the object; those that were in the old copy are open to them for ever.
    ///
    /// `keys` may be of an older object or an escrow export of the same vault.
    ///
    /// # Errors
    /// [`Code::VaultForeign`] if `keys` belong to another vault, or lack a data key that
    /// this object has; [`Code::BadArgument`] if `unlocks` are none or more than 16.
    pub fn replace_vault_key(
        &self,
        keys: &VaultKeys,
        unlocks: &[&Unlock],
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<(Self, VaultKeys)> {
        let numbers = keys.data_keys().iter().map(|k| k.number);
        let stored = self.0.data_keys.iter().map(|k| k.number);
        if keys.vault_id() != self.0.vault_id || !stored.eq(numbers) {
            return Err(self.foreign());
        }
        check_slot_count(unlocks.len())?;
        let keys = keys.with_vault_key(Secret::random(random));
        let (mut slots, mut next) = (Vec::with_capacity(unlocks.len()), self.0.next_slot);
        for unlock in unlocks {
            slots.push(Slot::new(next, unlock, keys.vault_key(), random, now)?);
            next = next.checked_add(1).ok_or_else(|| {
                Error::new(Code::BadArgument, "the vault has no slot number left")
            })?;
        }
        let object = Self::assemble(&keys, self.next_number()?, now, slots, next);
        Ok((object, keys))
    }

    /// The next object, its keys, and the number of a new data key. `label` is up to 128
    /// bytes without control characters.
    ///
    /// # Errors
    /// [`Code::VaultForeign`] if `keys` are not those of this object;
    /// [`Code::BadArgument`] for a bad label, or if the vault has 2048 data keys.
    pub fn add_data_key(
        &self,
        keys: &VaultKeys,
        used_by: DataKeyUse,
        label: &str,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<(Self, VaultKeys, u32)> {
        self.check_keys(keys)?;
        if !label_is_allowed(label) {
            return Err(Error::new(
                Code::BadArgument,
                "a key's label is 1 to 128 bytes without control characters",
            ));
        }
        if self.0.data_keys.len() >= MAX_DATA_KEYS {
            return Err(Error::new(
                Code::BadArgument,
                format!("the vault has {MAX_DATA_KEYS} data keys, the most there may be"),
            ));
        }
        let (keys, number) = keys.with_data_key(used_by, label, now, Secret::random(random))?;
        let (slots, next) = (self.0.slots.clone(), self.0.next_slot);
        let object = Self::assemble(&keys, self.next_number()?, now, slots, next);
        Ok((object, keys, number))
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
        let slots = &read.slots;
        let data = &read.data_keys;
        let sound = read.version == VERSION
            && read.number > 0
            && read.mac.is_some()
            && (1..=MAX_SLOTS).contains(&slots.len())
            && slots.iter().all(Slot::is_allowed)
            && slots.windows(2).all(|w| w[0].number < w[1].number)
            && slots.last().is_some_and(|s| s.number < read.next_slot)
            && data.len() <= MAX_DATA_KEYS
            && data.first().is_some_and(|k| k.number > 0)
            && data.windows(2).all(|w| w[0].number < w[1].number)
            && data.iter().any(|k| k.r#use == DataKeyUse::Vault)
            && data.iter().all(|k| label_is_allowed(&k.label));
        if !sound {
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

    fn assemble(
        keys: &VaultKeys,
        number: u64,
        now: Timestamp,
        slots: Vec<Slot>,
        next_slot: u32,
    ) -> Self {
        let vault_key = keys.vault_key();
        let mut document = Document {
            kind: KIND.to_owned(),
            version: VERSION,
            vault_id: keys.vault_id(),
            number,
            created_at: now,
            next_slot,
            slots,
            id_key: wrap(vault_key, keys.id_key()),
            data_keys: keys
                .data_keys()
                .iter()
                .map(|k| WrappedDataKey {
                    number: k.number,
                    r#use: k.used_by,
                    label: k.label.clone(),
                    created_at: k.created_at,
                    key: wrap(vault_key, k.key.secret()),
                })
                .collect(),
            mac: None,
        };
        document.mac = Some(Hex(*mac(vault_key, &document).as_bytes()));
        Self(document)
    }

    fn is_authentic(&self, vault_key: &Secret) -> bool {
        let mut bare = self.0.clone();
        // Hashes compare in constant time.
        bare.mac
            .take()
            .is_some_and(|stored| mac(vault_key, &bare) == stored.0)
    }

    fn check_keys(&self, keys: &VaultKeys) -> Result<()> {
        if keys.vault_id() == self.0.vault_id && self.is_authentic(keys.vault_key()) {
            return Ok(());
        }
        Err(self.foreign())
    }

    fn foreign(&self) -> Error {
        Error::new(
            Code::VaultForeign,
            format!(
                "the keys given are not those of key object {} of vault {}",
                self.0.number, self.0.vault_id
            ),
        )
    }

    fn next_number(&self) -> Result<u64> {
        self.0
            .number
            .checked_add(1)
            .ok_or_else(|| Error::new(Code::BadArgument, "the vault has no key object number left"))
    }
}

fn mac(vault_key: &Secret, without_mac: &Document) -> blake3::Hash {
    let key = vault_key.derive("stillpoint v1 vault key: key object mac");
    blake3::keyed_hash(key.bytes(), &document::json(without_mac))
}

fn label_is_allowed(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len()) && !label.chars().any(char::is_control)
}

fn check_slot_count(count: usize) -> Result<()> {
    if (1..=MAX_SLOTS).contains(&count) {
        return Ok(());
    }
    Err(Error::new(
        Code::BadArgument,
        format!("{count} slots would be left; a vault has 1 to {MAX_SLOTS}"),
    ))
}
