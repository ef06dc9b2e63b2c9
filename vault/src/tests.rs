//! Properties of the parts, against plain models.

mod codecs;
mod formats;
mod hostile;
mod large;
mod segments;
mod trees;

use std::sync::Arc;

use base::{SeededRandom, VaultId};
use jiff::Timestamp;

use crate::format::id::Id;
use crate::keys::{KeyFile, KeyObject, Keyring, Unlock};

/// A ring of keys.
fn ring() -> Arc<Keyring> {
    let random = SeededRandom::new(5);
    let unlock = Unlock::KeyFile(KeyFile::new(&random));
    let id = VaultId::new(&random);
    let made = KeyObject::create(id, &unlock, &random, Timestamp::UNIX_EPOCH);
    Arc::new(Keyring::from_vault_keys(&made.unwrap().1))
}

/// The id of the number `n`.
fn id(n: u64) -> Id {
    Id(*blake3::hash(&n.to_le_bytes()).as_bytes())
}
