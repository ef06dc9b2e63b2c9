//! Fixtures of format version 1, checked once against other implementations of argon2id,
//! AES key wrap and BLAKE3. They must open for ever.

use super::*;

const OBJECT: &[u8] = include_bytes!("known-v1.keys");
const FILE: &str = include_str!("known-v1.keyfile");
const CHUNK: &str = "f839515cf8f2b08bce38aa99d76123341832222c86ff14ccff995845bef2bb7c";
const NODE: &str = "5e0440d0d6b8c6e63c0e2d64d2bce5d8a3ad316298475e2bdda8e2c6566bc154";
const MAC: &str = "4e0cb230976c7efab759507b36edab56cc3e4f358f91b56695e3d83814e02828";
const MACHINE: &str = "587a9952e6fd6022769426e5036cadd2";
const DATA_KEY: &str = "c143868bb5ebed92bf7340e5a257ddbd5a5a31ab3ebf98a906f3caf41b9d0641";

fn opened() -> VaultKeys {
    let object = KeyObject::from_bytes(OBJECT).unwrap();
    object.unlock(&passphrase("known")).unwrap()
}

#[test]
fn a_known_key_object_opens_by_passphrase_and_by_key_file() {
    let object = KeyObject::from_bytes(OBJECT).unwrap();
    assert_eq!(object.to_bytes(), OBJECT);
    let by_file = Unlock::KeyFile(KeyFile::from_text(FILE).unwrap());
    assert!(same_keys(&object.unlock(&by_file).unwrap(), &opened()));
}

#[test]
fn known_keys_give_known_ids() {
    let ring = Keyring::from_vault_keys(&opened());
    assert_eq!(hex::encode(ring.chunk_id(b"chunk")), CHUNK);
    assert_eq!(hex::encode(ring.node_id(b"chunk")), NODE);
    assert_eq!(hex::encode(ring.mac(b"chunk")), MAC);
    assert_eq!(hex::encode(ring.machine_id("chunk")), MACHINE);
}

#[test]
fn a_host_key_is_written_as_documented() {
    let keys = opened();
    let json = format!(
        r#"{{"kind":"stillpoint-host-key","version":1,"vaultId":"9266405b-4f76-47fa-8268-e0ccc7e592ce","idKey":"{}","dataKeys":[{{"number":1,"key":"{DATA_KEY}"}}]}}"#,
        hex::encode(keys.id_key().bytes()),
    );
    let expected = [json.as_bytes(), b"\n"].concat();
    let expected = format!("{json}\n{}\n", blake3::hash(&expected).to_hex());
    let bytes = keys.lend(&[1]).unwrap().to_bytes();
    assert_eq!(String::from_utf8_lossy(&bytes), expected);
}
