use super::*;

#[test]
fn a_host_and_the_vault_agree_on_ids_macs_and_machines() {
    let (_, keys) = made();
    let vault = Keyring::from_vault_keys(&keys);
    let host = Keyring::from_host_key(&keys.lend(&[1]).unwrap());
    assert_eq!(vault.vault_id(), host.vault_id());
    assert_eq!(vault.chunk_id(b"x"), host.chunk_id(b"x"));
    assert_eq!(vault.node_id(b"x"), host.node_id(b"x"));
    assert_eq!(vault.mac(b"x"), host.mac(b"x"));
    assert_eq!(vault.machine_id("x"), host.machine_id("x"));
}

#[test]
fn ids_of_different_use_or_vault_are_unrelated() {
    let ring = Keyring::from_vault_keys(&made().1);
    let random = SeededRandom::new(9);
    let other = KeyObject::create(VaultId::new(&random), &passphrase("old"), &random, NOW);
    let other = Keyring::from_vault_keys(&other.unwrap().1);
    let mut all = vec![
        ring.chunk_id(b"x"),
        ring.node_id(b"x"),
        ring.mac(b"x"),
        other.chunk_id(b"x"),
        other.node_id(b"x"),
        other.mac(b"x"),
        *blake3::hash(b"x").as_bytes(),
    ];
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 7);
}

#[test]
fn a_mac_holds_for_its_own_bytes_only() {
    let ring = Keyring::from_vault_keys(&made().1);
    let mut mac = ring.mac(b"entry");
    assert!(ring.verify_mac(b"entry", &mac));
    assert!(!ring.verify_mac(b"Entry", &mac));
    mac[31] ^= 1;
    assert!(!ring.verify_mac(b"entry", &mac));
}

#[test]
fn a_machine_id_does_not_hang_on_the_spelling_of_a_uuid() {
    let ring = Keyring::from_vault_keys(&made().1);
    let id = ring.machine_id("6f9619ff-8b86-d011-b42d-00c04fc964ff");
    assert_eq!(id, ring.machine_id("6F9619FF-8B86-D011-B42D-00C04FC964FF"));
    assert_eq!(id, ring.machine_id("6f9619ff8b86d011b42d00c04fc964ff"));
    assert_ne!(id, ring.machine_id("6f9619ff-8b86-d011-b42d-00c04fc964fe"));
    assert_ne!(ring.machine_id("Web"), ring.machine_id("web"));
}

#[test]
fn a_data_key_that_is_not_held_is_named() {
    let (_, keys) = made();
    let ring = Keyring::from_vault_keys(&keys);
    let error = ring.data_key(7).unwrap_err();
    assert_eq!(error.code(), Code::KeyMissing);
    assert!(error.detail().contains("data key 7"), "{error}");
    assert!(!ring.knows(7));
    assert_eq!(code(keys.lend(&[1, 7])), Code::KeyMissing);
    assert_eq!(code(keys.lend(&[])), Code::BadArgument);
}

#[test]
fn a_lent_key_opens_what_the_vault_sealed_and_the_other_way_round() {
    let (_, keys) = made();
    let vault = Keyring::from_vault_keys(&keys);
    let host = Keyring::from_host_key(&keys.lend(&[1]).unwrap());
    for (writer, reader) in [(&vault, &host), (&host, &vault)] {
        let (number, key) = writer.write_key();
        let mut bytes = b"payload".to_vec();
        let nonce = seal(key, &[1; 32], b"h", &mut bytes);
        let key = reader.data_key(number).unwrap();
        open(key, &[1; 32], &nonce, b"h", &mut bytes).unwrap();
        assert_eq!(bytes, b"payload");
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let (object, keys) = made();
    let host = keys.lend(&[1]).unwrap();
    let ring = Keyring::from_host_key(&host);
    let unlocks = (passphrase("hush-hush"), key_file(3));
    let text = format!("{object:?} {keys:?} {host:?} {ring:?} {unlocks:?}");
    let Unlock::KeyFile(file) = &unlocks.1 else {
        unreachable!("made above")
    };
    let file = file.to_text();
    let mut secrets = vec!["hush-hush".to_owned(), file[22..].trim().to_owned()];
    let bytes = [
        keys.vault_key().bytes(),
        keys.id_key().bytes(),
        keys.data_keys()[0].key.secret().bytes(),
        keys.data_keys()[0].key.record_base(),
    ];
    for secret in bytes {
        secrets.push(hex::encode(secret));
        // As a derived `Debug` would print them.
        secrets.push(format!("{}, {}, {}", secret[0], secret[1], secret[2]));
    }
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}
