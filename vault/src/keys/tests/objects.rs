use super::*;
use crate::keys::wrap::unwrap;

#[test]
fn a_stored_key_object_opens_with_its_passphrase_and_no_other() {
    let (object, keys) = made();
    let stored = KeyObject::from_bytes(&object.to_bytes()).unwrap();
    assert!(same_keys(
        &stored.unlock(&passphrase("old")).unwrap(),
        &keys
    ));
    for wrong in [passphrase("Old"), passphrase("old "), key_file(2)] {
        assert_eq!(code(stored.unlock(&wrong)), Code::PassphraseWrong);
    }
}

#[test]
fn a_default_slot_costs_what_rfc_9106_recommends() {
    let random = SeededRandom::new(1);
    let unlock = Unlock::Passphrase(Passphrase::new("old").unwrap());
    let (object, keys) = KeyObject::create(VaultId::new(&random), &unlock, &random, NOW).unwrap();
    let cost = PassphraseCost {
        memory_kib: 65536,
        passes: 3,
        lanes: 4,
    };
    assert_eq!(object.slots()[0].kind, SlotKind::Passphrase(cost));
    assert!(same_keys(&object.unlock(&unlock).unwrap(), &keys));
}

#[test]
fn changing_the_passphrase_leaves_the_data_keys_alone() {
    let (object, keys) = made();
    let new = passphrase("new");
    let changes = [SlotChange::Remove(1), SlotChange::Add(&new)];
    let next = object
        .rewrap(&keys, &changes, &SeededRandom::new(2), NOW)
        .unwrap();
    let next = KeyObject::from_bytes(&next.to_bytes()).unwrap();
    assert_eq!((next.number(), next.slots()[0].number), (2, 2));
    assert_eq!(code(next.unlock(&passphrase("old"))), Code::PassphraseWrong);
    assert!(same_keys(&next.unlock(&new).unwrap(), &keys));
    // What the documentation warns of.
    assert!(object.unlock(&passphrase("old")).is_ok());
}

#[test]
fn several_passphrases_and_key_files_open_one_vault() {
    let (object, keys) = made();
    let others = [passphrase("two"), key_file(3), key_file(4)];
    let changes: Vec<_> = others.iter().map(SlotChange::Add).collect();
    let next = object
        .rewrap(&keys, &changes, &SeededRandom::new(2), NOW)
        .unwrap();
    for unlock in others.iter().chain([&passphrase("old")]) {
        assert!(same_keys(&next.unlock(unlock).unwrap(), &keys));
    }
    assert_eq!(code(next.unlock(&key_file(5))), Code::PassphraseWrong);
}

#[test]
fn the_last_slot_stays_and_a_seventeenth_is_refused() {
    let (object, keys) = made();
    let random = SeededRandom::new(2);
    let rewrap = |changes: &[SlotChange<'_>]| object.rewrap(&keys, changes, &random, NOW);
    assert_eq!(code(rewrap(&[SlotChange::Remove(1)])), Code::BadArgument);
    assert_eq!(code(rewrap(&[SlotChange::Remove(2)])), Code::BadArgument);
    let file = key_file(3);
    let adds = |n| -> Vec<_> { (0..n).map(|_| SlotChange::Add(&file)).collect() };
    assert_eq!(rewrap(&adds(15)).unwrap().slots().len(), 16);
    assert_eq!(code(rewrap(&adds(16))), Code::BadArgument);
}

#[test]
fn data_keys_roll_forward_and_old_ones_still_read() {
    let (object, keys) = made();
    let random = SeededRandom::new(2);
    let (next, more, number) = object
        .add_data_key(&keys, DataKeyUse::Vault, "2027", &random, NOW)
        .unwrap();
    assert_eq!((number, next.number()), (2, 2));
    let opened = KeyObject::from_bytes(&next.to_bytes())
        .unwrap()
        .unlock(&passphrase("old"))
        .unwrap();
    assert!(same_keys(&opened, &more));
    let ring = Keyring::from_vault_keys(&opened);
    assert_eq!(ring.write_key().0, 2);
    assert!(ring.data_key(1).is_ok());
    assert_eq!(next.data_keys()[1].label, "2027");
}

#[test]
fn a_key_lent_to_a_host_is_never_written_with_by_the_vault_itself() {
    let (object, keys) = made();
    let random = SeededRandom::new(2);
    let (_, more, number) = object
        .add_data_key(&keys, DataKeyUse::Host, "alpha", &random, NOW)
        .unwrap();
    assert_eq!(number, 2);
    let ring = Keyring::from_vault_keys(&more);
    assert_eq!(ring.write_key().0, 1);
    assert!(ring.knows(2));
    let host = Keyring::from_host_key(&more.lend(&[2]).unwrap());
    assert_eq!(host.write_key().0, 2);
    assert!(!host.knows(1));
}

#[test]
fn keys_of_another_vault_or_an_older_object_change_nothing() {
    let (object, keys) = made();
    let random = SeededRandom::new(9);
    let (_, foreign) =
        KeyObject::create(VaultId::new(&random), &passphrase("old"), &random, NOW).unwrap();
    let add = |keys| object.add_data_key(keys, DataKeyUse::Vault, "x", &random, NOW);
    assert_eq!(code(add(&foreign)), Code::VaultForeign);
    let change = [SlotChange::Remove(1)];
    let rewrapped = object.rewrap(&foreign, &change, &random, NOW);
    assert_eq!(code(rewrapped), Code::VaultForeign);
    let (next, more, _) = add(&keys).unwrap();
    let unlock = passphrase("new");
    let replaced = next.replace_vault_key(&keys, &[&unlock], &random, NOW);
    assert_eq!(code(replaced), Code::KeyMissing);
    assert!(
        next.replace_vault_key(&more, &[&unlock], &random, NOW)
            .is_ok()
    );
}

/// Unlike a mere rewrap: the old vault key, known from an old copy, is worth nothing for
/// what is added after it was replaced.
#[test]
fn a_replaced_vault_key_closes_later_data_keys_to_the_old_one() {
    let (object, keys) = made();
    let (random, new) = (SeededRandom::new(2), passphrase("new"));
    let (next, fresh) = object
        .replace_vault_key(&keys, &[&new], &random, NOW)
        .unwrap();
    let (last, fresh, _) = next
        .add_data_key(&fresh, DataKeyUse::Vault, "later", &random, NOW)
        .unwrap();
    assert!(same_keys(&last.unlock(&new).unwrap(), &fresh));
    assert_eq!(code(last.unlock(&passphrase("old"))), Code::PassphraseWrong);
    let opens = |object: &KeyObject, key| {
        let bytes = object.to_bytes();
        let line = bytes.split(|b| *b == b'\n').next().unwrap();
        let json: serde_json::Value = serde_json::from_slice(line).unwrap();
        let keys = json["dataKeys"].as_array().unwrap();
        let wrapped = keys.iter().map(|k| k["key"].clone());
        wrapped
            .filter_map(|text| unwrap(key, &serde_json::from_value(text).unwrap()))
            .count()
    };
    assert_eq!(opens(&object, keys.vault_key()), 1);
    assert_eq!(opens(&last, keys.vault_key()), 0);
    assert_eq!(opens(&last, fresh.vault_key()), 2);
    assert!(last.slots()[0].number > object.slots()[0].number);
}

#[test]
fn the_largest_key_object_fits_its_own_limit() {
    let (mut object, mut keys) = made();
    let random = SeededRandom::new(2);
    let label = "\"".repeat(128);
    while keys.data_keys().len() < 2047 {
        let key = crate::keys::secret::Secret::random(&random);
        let added = keys.with_data_key(DataKeyUse::Vault, &label, Timestamp::MAX, key);
        keys = added.unwrap().0;
    }
    let unlocks: Vec<_> = (0..16).map(|_| passphrase("x")).collect();
    let unlocks: Vec<_> = unlocks.iter().collect();
    (object, keys) = object
        .replace_vault_key(&keys, &unlocks, &random, Timestamp::MAX)
        .unwrap();
    let add = |object: &KeyObject, keys: &VaultKeys| {
        object.add_data_key(keys, DataKeyUse::Host, &label, &random, Timestamp::MAX)
    };
    (object, keys, _) = add(&object, &keys).unwrap();
    assert_eq!(code(add(&object, &keys)), Code::BadArgument);
    let bytes = object.to_bytes();
    assert!(bytes.len() < 1 << 20, "{}", bytes.len());
    assert!(KeyObject::from_bytes(&bytes).is_ok());
}

#[test]
fn bad_labels_costs_and_passphrases_are_refused() {
    let (object, keys) = made();
    for label in ["", "a\nb", &"x".repeat(129)] {
        let random = SeededRandom::new(2);
        let added = object.add_data_key(&keys, DataKeyUse::Host, label, &random, NOW);
        assert_eq!(code(added), Code::BadArgument, "{label:?}");
    }
    assert_eq!(code(Passphrase::new("")), Code::BadArgument);
    let cost = PassphraseCost {
        passes: 17,
        ..PassphraseCost::LEAST
    };
    let result = Passphrase::new("x").unwrap().with_cost(cost);
    assert_eq!(code(result), Code::BadArgument);
}
