//! The key hierarchy of a vault.
//!
//! ```text
//! passphrase ── argon2id ─┐
//! key file ── BLAKE3 ─────┴─► slot key ─► vault key ─┬─► id key     (chunk ids, node ids, MACs, machine ids)
//!                                                    └─► data keys  (numbered; each record names its own)
//! ```
//!
//! An arrow is an AES-256 key wrap (RFC 3394). The wrapped keys stand in the vault as a
//! [`KeyObject`]. A backup needs neither the passphrase nor the vault key: a host holds a
//! [`HostKey`] with the id key and the data keys it was lent. Whatever the keys came from,
//! the rest of the vault works with a [`Keyring`] made of them.

mod data_key;
mod document;
mod escrow;
mod host_key;
mod key_file;
mod keyring;
mod object;
mod seal;
mod sealed_file;
mod secret;
mod slot;
mod vault_keys;
mod wrap;

pub use data_key::{DataKey, DataKeyUse};
pub use escrow::{EscrowIdentity, EscrowRecipient, export_age, import_age};
pub use host_key::HostKey;
pub use key_file::KeyFile;
pub use keyring::Keyring;
pub use object::{DataKeyInfo, KeyObject, SlotChange};
pub use seal::{NONCE_LEN, TAG_LEN, open, seal};
pub use sealed_file::{new_age_identity, open_file, seal_file};
pub use slot::{Passphrase, PassphraseCost, SlotInfo, SlotKind, Unlock};
pub use vault_keys::VaultKeys;

#[cfg(test)]
mod tests;
