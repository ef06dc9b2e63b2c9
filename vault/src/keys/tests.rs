//! Tests of the key hierarchy as a whole.

mod escrow;
mod files;
mod hostile;
mod known;
mod objects;
mod rings;
mod sealing;

use base::{Code, SeededRandom, VaultId};
use jiff::Timestamp;

use super::*;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn passphrase(text: &str) -> Unlock {
    let cheap = Passphrase::new(text)
        .unwrap()
        .with_cost(PassphraseCost::LEAST);
    Unlock::Passphrase(cheap.unwrap())
}

fn key_file(seed: u64) -> Unlock {
    Unlock::KeyFile(KeyFile::new(&SeededRandom::new(seed)))
}

/// A vault that opens with the passphrase `old`.
fn made() -> (KeyObject, VaultKeys) {
    let random = SeededRandom::new(1);
    KeyObject::create(VaultId::new(&random), &passphrase("old"), &random, NOW).unwrap()
}

/// The vault's first data key.
fn data_key() -> DataKey {
    Keyring::from_vault_keys(&made().1).write_key().1.clone()
}

fn same_keys(a: &VaultKeys, b: &VaultKeys) -> bool {
    let secrets = |k: &VaultKeys| -> Vec<(u32, [u8; 32])> {
        k.data_keys()
            .iter()
            .map(|d| (d.number, *d.key.secret().bytes()))
            .chain([(0, *k.id_key().bytes()), (0, *k.vault_key().bytes())])
            .collect()
    };
    a.vault_id() == b.vault_id() && secrets(a) == secrets(b)
}

fn code<T: std::fmt::Debug>(result: base::Result<T>) -> Code {
    result.unwrap_err().code()
}
