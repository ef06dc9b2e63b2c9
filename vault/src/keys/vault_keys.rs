//! All keys of a vault, unwrapped.

use std::fmt;

use base::{Code, Error, Result, VaultId};
use jiff::Timestamp;

use super::secret::Secret;
use super::{DataKey, DataKeyUse, HostKey};

/// All keys of a vault, unwrapped: the vault key, the id key and every data key. What
/// [`KeyObject::unlock`](super::KeyObject::unlock) gives and what an escrow export holds.
///
/// Wiped when dropped; `Debug` prints numbers and labels only.
#[derive(Clone)]
pub struct VaultKeys {
    vault: VaultId,
    vault_key: Secret,
    id_key: Secret,
    /// Ascending by number; never empty; at least one is of use `Vault`.
    data: Vec<HeldKey>,
}

/// One data key with what the vault records about it.
#[derive(Debug, Clone)]
pub(super) struct HeldKey {
    pub(super) number: u32,
    pub(super) used_by: DataKeyUse,
    pub(super) label: String,
    pub(super) created_at: Timestamp,
    pub(super) key: DataKey,
}

impl VaultKeys {
    /// `None` if the numbers don't ascend from 1 or more, or no key is the vault's own.
    pub(super) fn new(
        vault: VaultId,
        vault_key: Secret,
        id_key: Secret,
        data: Vec<HeldKey>,
    ) -> Option<Self> {
        let sound = data.first().is_some_and(|k| k.number > 0)
            && data.windows(2).all(|w| w[0].number < w[1].number)
            && data.iter().any(|k| k.used_by == DataKeyUse::Vault);
        sound.then_some(Self {
            vault,
            vault_key,
            id_key,
            data,
        })
    }

    /// The vault that the keys belong to.
    #[must_use]
    pub fn vault_id(&self) -> VaultId {
        self.vault
    }

    /// What a host needs to back up with the data keys of these numbers, and nothing more.
    /// It will write with the highest of them, and read what any of them sealed.
    ///
    /// # Errors
    /// [`Code::BadArgument`] if no number is given; [`Code::KeyMissing`] for a number that
    /// the vault does not have.
    pub fn lend(&self, numbers: &[u32]) -> Result<HostKey> {
        let mut lent = std::collections::BTreeMap::new();
        for &number in numbers {
            let held = self
                .data
                .iter()
                .find(|k| k.number == number)
                .ok_or_else(|| {
                    Error::new(
                        Code::KeyMissing,
                        format!("vault {} has no data key {number}", self.vault),
                    )
                })?;
            lent.insert(number, held.key.clone());
        }
        if lent.is_empty() {
            return Err(Error::new(
                Code::BadArgument,
                "a host must be lent at least one data key",
            ));
        }
        Ok(HostKey::new(self.vault, self.id_key.clone(), lent))
    }

    pub(super) fn vault_key(&self) -> &Secret {
        &self.vault_key
    }

    pub(super) fn id_key(&self) -> &Secret {
        &self.id_key
    }

    pub(super) fn data_keys(&self) -> &[HeldKey] {
        &self.data
    }

    /// The same keys and one more, numbered after all others.
    pub(super) fn with_data_key(
        &self,
        used_by: DataKeyUse,
        label: &str,
        created_at: Timestamp,
        key: Secret,
    ) -> Result<(Self, u32)> {
        let number = self
            .data
            .last()
            .map_or(Some(1), |k| k.number.checked_add(1))
            .ok_or_else(|| {
                Error::new(Code::BadArgument, "the vault has no data key number left")
            })?;
        let mut more = self.clone();
        more.data.push(HeldKey {
            number,
            used_by,
            label: label.to_owned(),
            created_at,
            key: DataKey::new(key),
        });
        Ok((more, number))
    }

    /// The same keys under another vault key.
    pub(super) fn with_vault_key(&self, vault_key: Secret) -> Self {
        Self {
            vault_key,
            ..self.clone()
        }
    }
}

impl fmt::Debug for VaultKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VaultKeys")
            .field("vault", &self.vault)
            .field("data", &self.data)
            .finish_non_exhaustive()
    }
}
