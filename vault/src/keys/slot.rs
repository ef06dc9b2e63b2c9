//! A slot: the vault key, wrapped by what a person holds.

use std::fmt;

use argon2::{Algorithm, Argon2, Params, Version};
use base::{Code, Error, Random, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::KeyFile;
use super::secret::Secret;
use super::wrap::{Hex, Wrapped, unwrap, wrap};

/// What opens a vault.
#[derive(Debug, Clone)]
pub enum Unlock {
    /// A passphrase.
    Passphrase(Passphrase),
    /// A key file.
    KeyFile(KeyFile),
}

/// A passphrase: any text that is not empty, taken byte by byte (UTF-8, no normalising, no
/// trimming). Wiped when dropped; `Debug` prints nothing of it.
#[derive(Clone)]
pub struct Passphrase {
    text: Zeroizing<String>,
    cost: PassphraseCost,
}

impl Passphrase {
    /// A passphrase; a slot made for it costs [`PassphraseCost::DEFAULT`].
    ///
    /// # Errors
    /// [`Code::BadArgument`] if it is empty.
    pub fn new(text: impl Into<String>) -> Result<Self> {
        let text = Zeroizing::new(text.into());
        if text.is_empty() {
            return Err(Error::new(Code::BadArgument, "the passphrase is empty"));
        }
        Ok(Self {
            text,
            cost: PassphraseCost::DEFAULT,
        })
    }

    /// The same passphrase; a slot made for it costs `cost`. Opening an existing slot costs
    /// what that slot says.
    ///
    /// # Errors
    /// [`Code::BadArgument`] if the cost is outside [`PassphraseCost`]'s limits.
    pub fn with_cost(self, cost: PassphraseCost) -> Result<Self> {
        if !cost.is_allowed() {
            return Err(Error::new(
                Code::BadArgument,
                format!("{cost:?} is outside the limits of argon2id costs"),
            ));
        }
        Ok(Self { cost, ..self })
    }

    /// The passphrase itself, to hand it on.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn slot_key(&self, salt: &[u8; 16], cost: PassphraseCost) -> Option<Secret> {
        let params =
            Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(Secret::LEN)).ok()?;
        let mut key = Secret::zero();
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(self.text.as_bytes(), salt, key.bytes_mut())
            .ok()?;
        Some(key)
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// What one try at a passphrase costs: the parameters of argon2id.
///
/// Limits, also for what is read from a store that may be hostile: 8 KiB a lane to 1 GiB of
/// memory, 1 to 16 passes, at most 4 GiB of memory times passes, 1 to 16 lanes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PassphraseCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes (the degree of parallelism an attacker may use too).
    pub lanes: u32,
}

impl PassphraseCost {
    /// RFC 9106's second recommended choice: 64 MiB, 3 passes, 4 lanes.
    pub const DEFAULT: Self = Self {
        memory_kib: 64 * 1024,
        passes: 3,
        lanes: 4,
    };

    /// Next to nothing: for tests only.
    pub const LEAST: Self = Self {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    pub(super) fn is_allowed(self) -> bool {
        (1..=16).contains(&self.lanes)
            && (1..=16).contains(&self.passes)
            && (8 * self.lanes..=1 << 20).contains(&self.memory_kib)
            && self.memory_kib * self.passes <= 4 << 20
    }
}

/// One slot of a key object, without its secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlotInfo {
    /// Names the slot within its vault; never used again for another slot.
    pub number: u32,
    /// What opens it.
    pub kind: SlotKind,
    /// When it was made.
    pub created_at: Timestamp,
}

/// What opens a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotKind {
    /// A passphrase, at this cost a try.
    Passphrase(PassphraseCost),
    /// The key file with this fingerprint.
    KeyFile([u8; 8]),
}

/// A slot as it is stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Slot {
    pub(super) number: u32,
    pub(super) created_at: Timestamp,
    opened_by: Opener,
    vault_key: Wrapped,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
enum Opener {
    Passphrase { salt: Hex<16>, cost: PassphraseCost },
    KeyFile { fingerprint: Hex<8> },
}

impl Slot {
    pub(super) fn new(
        number: u32,
        unlock: &Unlock,
        vault_key: &Secret,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<Self> {
        let (opened_by, slot_key) = match unlock {
            Unlock::Passphrase(passphrase) => {
                let salt = random.bytes();
                let cost = passphrase.cost;
                let key = passphrase.slot_key(&salt, cost).ok_or_else(|| {
                    Error::new(Code::BadArgument, format!("argon2id refuses {cost:?}"))
                })?;
                let salt = Hex(salt);
                (Opener::Passphrase { salt, cost }, key)
            }
            Unlock::KeyFile(file) => {
                let fingerprint = Hex(file.fingerprint());
                (Opener::KeyFile { fingerprint }, file.slot_key())
            }
        };
        Ok(Self {
            number,
            created_at: now,
            opened_by,
            vault_key: wrap(&slot_key, vault_key),
        })
    }

    /// The vault key; `None` if `unlock` does not open this slot.
    pub(super) fn open(&self, unlock: &Unlock) -> Option<Secret> {
        let slot_key = match (&self.opened_by, unlock) {
            (Opener::Passphrase { salt, cost }, Unlock::Passphrase(passphrase)) => {
                passphrase.slot_key(&salt.0, *cost)?
            }
            (Opener::KeyFile { fingerprint }, Unlock::KeyFile(file))
                if fingerprint.0 == file.fingerprint() =>
            {
                file.slot_key()
            }
            _ => return None,
        };
        unwrap(&slot_key, &self.vault_key)
    }

    /// Whether its numbers are within the limits.
    pub(super) fn is_allowed(&self) -> bool {
        match &self.opened_by {
            Opener::Passphrase { cost, .. } => cost.is_allowed(),
            Opener::KeyFile { .. } => true,
        }
    }

    pub(super) fn info(&self) -> SlotInfo {
        SlotInfo {
            number: self.number,
            kind: match &self.opened_by {
                Opener::Passphrase { cost, .. } => SlotKind::Passphrase(*cost),
                Opener::KeyFile { fingerprint } => SlotKind::KeyFile(fingerprint.0),
            },
            created_at: self.created_at,
        }
    }
}
