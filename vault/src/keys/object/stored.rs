//! The members of a key object, their limits, and their MAC.

use base::{Code, Error, Result, VaultId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::keys::document::{self, VERSION};
use crate::keys::secret::Secret;
use crate::keys::slot::Slot;
use crate::keys::wrap::{Hex, Wrapped, wrap};
use crate::keys::{DataKeyUse, VaultKeys};

pub(super) const KIND: &str = "stillpoint-vault-keys";
/// Opening tries them one by one, and each may cost an argon2id.
const MAX_SLOTS: usize = 16;
/// So many keys with the longest labels fit into the 1 MiB of a document.
pub(super) const MAX_DATA_KEYS: usize = 2048;
const MAX_LABEL: usize = 128;

/// The JSON object, its members in the order in which they are stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Document {
    kind: String,
    version: u32,
    pub(super) vault_id: VaultId,
    pub(super) number: u64,
    pub(super) created_at: Timestamp,
    pub(super) next_slot: u32,
    pub(super) slots: Vec<Slot>,
    pub(super) id_key: Wrapped,
    pub(super) data_keys: Vec<WrappedDataKey>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mac: Option<Hex<32>>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct WrappedDataKey {
    pub(super) number: u32,
    pub(super) r#use: DataKeyUse,
    pub(super) label: String,
    pub(super) created_at: Timestamp,
    pub(super) key: Wrapped,
}

/// What opens a vault: the slots, and the number that the next one gets.
#[derive(Clone)]
pub(super) struct Slots {
    pub(super) slots: Vec<Slot>,
    pub(super) next: u32,
}

impl Document {
    /// Wraps `keys` and signs the whole.
    pub(super) fn assemble(keys: &VaultKeys, number: u64, now: Timestamp, slots: Slots) -> Self {
        let vault_key = keys.vault_key();
        let mut document = Self {
            kind: KIND.to_owned(),
            version: VERSION,
            vault_id: keys.vault_id(),
            number,
            created_at: now,
            next_slot: slots.next,
            slots: slots.slots,
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
        document.mac = Some(Hex(*document.mac_with(vault_key).as_bytes()));
        document
    }

    /// Whether the holder of `vault_key` made it, and nobody changed it.
    pub(super) fn is_authentic(&self, vault_key: &Secret) -> bool {
        // Hashes compare in constant time.
        self.mac
            .is_some_and(|stored| self.mac_with(vault_key) == stored.0)
    }

    /// Whether every member is within its limits.
    pub(super) fn is_sound(&self) -> bool {
        let (slots, data) = (&self.slots, &self.data_keys);
        self.number > 0
            && self.mac.is_some()
            && check_slot_count(slots.len()).is_ok()
            && slots.iter().all(Slot::is_allowed)
            && slots.windows(2).all(|w| w[0].number < w[1].number)
            && slots.last().is_some_and(|s| s.number < self.next_slot)
            && data.len() <= MAX_DATA_KEYS
            && data.first().is_some_and(|k| k.number > 0)
            && data.windows(2).all(|w| w[0].number < w[1].number)
            && data.iter().any(|k| k.r#use == DataKeyUse::Vault)
            && data.iter().all(|k| label_is_allowed(&k.label))
    }

    fn mac_with(&self, vault_key: &Secret) -> blake3::Hash {
        let key = vault_key.derive("stillpoint v1 vault key: key object mac");
        let bare = Self {
            mac: None,
            ..self.clone()
        };
        blake3::keyed_hash(key.bytes(), &document::json(&bare))
    }
}

pub(super) fn label_is_allowed(label: &str) -> bool {
    (1..=MAX_LABEL).contains(&label.len()) && !label.chars().any(char::is_control)
}

/// # Errors
/// [`Code::BadArgument`] if so many slots may not be.
pub(super) fn check_slot_count(count: usize) -> Result<()> {
    if (1..=MAX_SLOTS).contains(&count) {
        return Ok(());
    }
    Err(Error::new(
        Code::BadArgument,
        format!("{count} slots would be left; a vault has 1 to {MAX_SLOTS}"),
    ))
}
