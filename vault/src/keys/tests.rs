//! Tests of the key hierarchy as a whole.

use base::{Code, SeededRandom, VaultId};
use jiff::Timestamp;

use super::*;

fn made() -> (KeyObject, VaultKeys, Unlock) {
    let random = SeededRandom::new(1);
    let unlock = Unlock::Passphrase(
        Passphrase::new("correct horse")
            .unwrap()
            .with_cost(PassphraseCost::LEAST)
            .unwrap(),
    );
    let (object, keys) = KeyObject::create(
        VaultId::new(&random),
        &unlock,
        &random,
        Timestamp::UNIX_EPOCH,
    )
    .unwrap();
    (object, keys, unlock)
}

#[test]
fn a_stored_key_object_opens_with_its_passphrase_and_no_other() {
    let (object, keys, unlock) = made();
    let stored = KeyObject::from_bytes(&object.to_bytes()).unwrap();
    let opened = stored.unlock(&unlock).unwrap();
    let (a, b) = (
        Keyring::from_vault_keys(&keys),
        Keyring::from_vault_keys(&opened),
    );
    assert_eq!(a.chunk_id(b"x"), b.chunk_id(b"x"));
    let wrong = Unlock::Passphrase(Passphrase::new("incorrect horse").unwrap());
    let error = stored.unlock(&wrong).unwrap_err();
    assert_eq!(error.code(), Code::PassphraseWrong);
}
