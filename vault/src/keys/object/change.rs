//! The next key object: other slots, another vault key, one more data key.

use base::{Code, Error, Random, Result};
use jiff::Timestamp;

use super::KeyObject;
use super::stored::{Document, MAX_DATA_KEYS, Slots, check_slot_count, label_is_allowed};
use crate::keys::secret::Secret;
use crate::keys::slot::Slot;
use crate::keys::{DataKeyUse, Unlock, VaultKeys};

/// A change of what opens a vault.
#[derive(Debug)]
pub enum SlotChange<'a> {
    /// Adds a slot for this passphrase or key file.
    Add(&'a Unlock),
    /// Removes the slot of this number.
    Remove(u32),
}

impl KeyObject {
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
        let mut slots = self.stored_slots();
        for change in changes {
            match change {
                SlotChange::Add(unlock) => slots.add(unlock, keys, random, now)?,
                SlotChange::Remove(number) => slots.remove(*number)?,
            }
        }
        check_slot_count(slots.slots.len())?;
        let number = self.next_number()?;
        Ok(Self(Document::assemble(keys, number, now, slots)))
    }

    /// The next object and its keys: a new vault key, and slots for `unlocks` only. Data
    /// keys added later stay closed to whoever holds an old passphrase and an old copy of
    /// the object; those that were in the old copy are open to them for ever.
    ///
    /// `keys` may come from an escrow export or an older object of the same vault; so this
    /// also opens a vault anew whose passphrase is lost.
    ///
    /// # Errors
    /// [`Code::VaultForeign`] if `keys` belong to another vault; [`Code::KeyMissing`] if
    /// they lack a data key that this object has; [`Code::BadArgument`] if `unlocks` are
    /// none or more than 16.
    pub fn replace_vault_key(
        &self,
        keys: &VaultKeys,
        unlocks: &[&Unlock],
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<(Self, VaultKeys)> {
        if keys.vault_id() != self.vault_id() {
            return Err(self.foreign());
        }
        let lacks = |number: &u32| keys.data_keys().iter().all(|k| k.number != *number);
        if let Some(number) = self.0.data_keys.iter().map(|k| k.number).find(lacks) {
            return Err(Error::new(
                Code::KeyMissing,
                format!("the keys given are older than the vault: they lack data key {number}"),
            ));
        }
        check_slot_count(unlocks.len())?;
        let keys = keys.with_vault_key(Secret::random(random));
        let mut slots = Slots {
            slots: Vec::with_capacity(unlocks.len()),
            next: self.0.next_slot,
        };
        for unlock in unlocks {
            slots.add(unlock, &keys, random, now)?;
        }
        let number = self.next_number()?;
        Ok((Self(Document::assemble(&keys, number, now, slots)), keys))
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
        let object = Document::assemble(&keys, self.next_number()?, now, self.stored_slots());
        Ok((Self(object), keys, number))
    }

    fn stored_slots(&self) -> Slots {
        Slots {
            slots: self.0.slots.clone(),
            next: self.0.next_slot,
        }
    }

    fn check_keys(&self, keys: &VaultKeys) -> Result<()> {
        if keys.vault_id() == self.vault_id() && self.0.is_authentic(keys.vault_key()) {
            return Ok(());
        }
        Err(self.foreign())
    }

    fn foreign(&self) -> Error {
        Error::new(
            Code::VaultForeign,
            format!(
                "the keys given are not those of key object {} of vault {}",
                self.number(),
                self.vault_id()
            ),
        )
    }

    fn next_number(&self) -> Result<u64> {
        self.number()
            .checked_add(1)
            .ok_or_else(|| Error::new(Code::BadArgument, "the vault has no key object number left"))
    }
}

impl Slots {
    fn add(
        &mut self,
        unlock: &Unlock,
        keys: &VaultKeys,
        random: &dyn Random,
        now: Timestamp,
    ) -> Result<()> {
        let after = self
            .next
            .checked_add(1)
            .ok_or_else(|| Error::new(Code::BadArgument, "the vault has no slot number left"))?;
        self.slots
            .push(Slot::new(self.next, unlock, keys.vault_key(), random, now)?);
        self.next = after;
        Ok(())
    }

    fn remove(&mut self, number: u32) -> Result<()> {
        let at = self.slots.iter().position(|s| s.number == number);
        self.slots.remove(at.ok_or_else(|| {
            Error::new(Code::BadArgument, format!("the vault has no slot {number}"))
        })?);
        Ok(())
    }
}
