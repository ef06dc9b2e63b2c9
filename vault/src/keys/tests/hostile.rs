use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// Gives changed JSON a checksum that holds.
fn with_checksum(json: &[u8]) -> Vec<u8> {
    let mut out = json.to_vec();
    out.push(b'\n');
    let checksum = blake3::hash(&out).to_hex();
    out.extend_from_slice(checksum.as_bytes());
    out.push(b'\n');
    out
}

fn json_of(bytes: &[u8]) -> String {
    String::from_utf8(bytes[..bytes.len() - 66].to_vec()).unwrap()
}

/// The key object with `from` replaced by `to`, with a good checksum.
fn edited(from: &str, to: &str) -> base::Result<KeyObject> {
    let json = json_of(&made().0.to_bytes());
    assert!(json.contains(from), "{from} is not in {json}");
    KeyObject::from_bytes(&with_checksum(json.replacen(from, to, 1).as_bytes()))
}

#[test]
fn every_flipped_byte_is_noticed() {
    let bytes = made().0.to_bytes();
    let host = made().1.lend(&[1]).unwrap().to_bytes();
    for at in 0..bytes.len() {
        let mut bad = bytes.clone();
        bad[at] ^= 1;
        assert_eq!(
            code(KeyObject::from_bytes(&bad)),
            Code::VaultDamaged,
            "{at}"
        );
    }
    for at in 0..host.len() {
        let mut bad = host.to_vec();
        bad[at] ^= 1;
        assert_eq!(
            code(HostKey::from_bytes(&bad)),
            Code::KeyFileDamaged,
            "{at}"
        );
    }
}

#[test]
fn an_object_cut_short_or_with_more_at_the_end_is_damaged() {
    let bytes = made().0.to_bytes();
    for length in 0..bytes.len() {
        let cut = KeyObject::from_bytes(&bytes[..length]);
        assert_eq!(code(cut), Code::VaultDamaged, "{length}");
    }
    let longer = [bytes.as_slice(), b"\n"].concat();
    assert_eq!(code(KeyObject::from_bytes(&longer)), Code::VaultDamaged);
    let huge = vec![b'{'; (1 << 20) + 1];
    assert_eq!(code(KeyObject::from_bytes(&huge)), Code::VaultDamaged);
}

#[test]
fn members_outside_their_limits_are_refused_before_any_work() {
    for (from, to) in [
        ("\"memoryKib\":8", "\"memoryKib\":4294967295"),
        ("\"memoryKib\":8", "\"memoryKib\":7"),
        ("\"passes\":1", "\"passes\":17"),
        ("\"passes\":1", "\"passes\":0"),
        ("\"lanes\":1", "\"lanes\":0"),
        ("\"lanes\":1", "\"lanes\":2"),
        ("\"nextSlot\":2", "\"nextSlot\":1"),
        ("\"number\":1,\"createdAt\"", "\"number\":0,\"createdAt\""),
        ("\"dataKeys\":[{\"number\":1", "\"dataKeys\":[{\"number\":0"),
        ("\"use\":\"vault\"", "\"use\":\"host\""),
        ("\"label\":\"vault\"", "\"label\":\"\""),
        ("\"version\":1", "\"version\":0"),
        ("\"version\":1", "\"version\":1,\"more\":1"),
        ("\"version\":1", "\"version\":1.0"),
        ("{\"kind\"", "{ \"kind\""),
        ("\"slots\":[{", "\"slots\":[],\"was\":[{"),
        (",\"mac\":\"", ",\"mack\":\""),
    ] {
        assert_eq!(code(edited(from, to)), Code::VaultDamaged, "{to}");
    }
}

#[test]
fn memory_times_passes_is_bounded_too() {
    let cost = |memory_kib, passes| PassphraseCost {
        memory_kib,
        passes,
        lanes: 4,
    };
    let allowed = |cost| Passphrase::new("x").unwrap().with_cost(cost).is_ok();
    assert!(allowed(cost(1 << 20, 4)));
    assert!(!allowed(cost(1 << 20, 5)));
    assert!(!allowed(cost((1 << 20) + 1, 1)));
    assert!(allowed(cost(1 << 18, 16)));
}

#[test]
fn an_object_of_a_later_version_is_too_new_not_damaged() {
    let result = edited("\"version\":1", "\"version\":2");
    assert_eq!(code(result), Code::VaultTooNew);
}

#[test]
fn an_object_edited_without_the_vault_key_does_not_unlock() {
    for (from, to) in [
        ("\"label\":\"vault\"", "\"label\":\"Vault\""),
        ("\"nextSlot\":2", "\"nextSlot\":3"),
        ("\"createdAt\":\"1970", "\"createdAt\":\"1971"),
        ("\"number\":1,\"createdAt\"", "\"number\":2,\"createdAt\""),
    ] {
        let object = edited(from, to).unwrap();
        let result = object.unlock(&passphrase("old"));
        assert_eq!(code(result), Code::VaultDamaged, "{to}");
        // Nor does a change launder it.
        let change = [SlotChange::Remove(1)];
        let laundered = object.rewrap(&made().1, &change, &SeededRandom::new(2), NOW);
        assert_eq!(code(laundered), Code::VaultForeign, "{to}");
    }
}

proptest! {
    #[test]
    fn random_bytes_are_damaged_and_nothing_panics(bytes in vec(any::<u8>(), 0..500)) {
        prop_assert_eq!(code(KeyObject::from_bytes(&bytes)), Code::VaultDamaged);
        prop_assert_eq!(code(KeyObject::from_bytes(&with_checksum(&bytes))), Code::VaultDamaged);
        prop_assert_eq!(code(HostKey::from_bytes(&with_checksum(&bytes))), Code::KeyFileDamaged);
        let text = String::from_utf8_lossy(&bytes);
        prop_assert_eq!(code(KeyFile::from_text(&text)), Code::KeyFileDamaged);
    }

    /// An editor of the store who keeps the checksum right: whatever one changed, added or
    /// removed byte does, it never yields keys.
    #[test]
    fn one_edited_byte_under_a_good_checksum_yields_no_keys(
        at: prop::sample::Index,
        byte in 0x20..0x7f_u8,
        what in 0..3,
    ) {
        let json = json_of(&made().0.to_bytes());
        let mut bad = json.clone().into_bytes();
        let at = at.index(bad.len());
        match what {
            0 => bad[at] = byte,
            1 => bad.insert(at, byte),
            _ => { bad.remove(at); }
        }
        prop_assume!(bad != json.as_bytes());
        if let Ok(object) = KeyObject::from_bytes(&with_checksum(&bad)) {
            prop_assert!(object.unlock(&passphrase("old")).is_err());
        }
    }

    #[test]
    fn one_edited_byte_of_a_host_key_never_panics(
        at: prop::sample::Index,
        byte: u8,
    ) {
        let host = made().1.lend(&[1]).unwrap().to_bytes();
        let mut json = json_of(&host).into_bytes();
        let at = at.index(json.len());
        json[at] = byte;
        if let Ok(read) = HostKey::from_bytes(&with_checksum(&json)) {
            prop_assert_eq!(read.numbers().len(), 1);
        }
    }
}
