use std::process::Command;

use zeroize::Zeroizing;

use super::*;

fn age_identity() -> (EscrowRecipient, EscrowIdentity, Zeroizing<String>) {
    use age::secrecy::ExposeSecret;
    let identity = age::x25519::Identity::generate();
    let recipient = EscrowRecipient::Age(vec![identity.to_public().to_string()]);
    let text = format!(
        "# made for a test\n\n{}\n",
        identity.to_string().expose_secret()
    );
    let text = Zeroizing::new(text);
    (recipient, EscrowIdentity::Age(text.clone()), text)
}

#[test]
fn an_export_gives_all_keys_back_to_the_identity_and_to_nobody_else() {
    let (object, keys) = made();
    let random = SeededRandom::new(2);
    let (_, keys, _) = object
        .add_data_key(&keys, DataKeyUse::Host, "alpha", &random, NOW)
        .unwrap();
    let (recipient, identity, _) = age_identity();
    let export = export_age(&keys, &recipient, NOW).unwrap();
    assert!(export.starts_with(b"-----BEGIN AGE ENCRYPTED FILE-----\n"));
    let back = import_age(&export, &identity).unwrap();
    assert!(same_keys(&back, &keys));
    assert_eq!(back.data_keys()[1].label, "alpha");
    assert_eq!(back.data_keys()[1].used_by, DataKeyUse::Host);
    let (_, other, _) = age_identity();
    assert_eq!(code(import_age(&export, &other)), Code::PassphraseWrong);
}

#[test]
fn an_export_by_passphrase_opens_with_it_alone() {
    let (_, keys) = made();
    let words = |text: &str| Passphrase::new(text).unwrap();
    let export = export_age(&keys, &EscrowRecipient::Passphrase(words("safe")), NOW).unwrap();
    let open = |text| import_age(&export, &EscrowIdentity::Passphrase(words(text)));
    assert!(same_keys(&open("safe").unwrap(), &keys));
    assert_eq!(code(open("Safe")), Code::PassphraseWrong);
}

#[test]
fn an_export_opens_a_vault_whose_passphrase_is_lost() {
    let (object, keys) = made();
    let (recipient, identity, _) = age_identity();
    let export = export_age(&keys, &recipient, NOW).unwrap();
    let keys = import_age(&export, &identity).unwrap();
    let (random, new) = (SeededRandom::new(2), passphrase("new"));
    let changes = [SlotChange::Remove(1), SlotChange::Add(&new)];
    let next = object.rewrap(&keys, &changes, &random, NOW).unwrap();
    assert!(same_keys(&next.unlock(&new).unwrap(), &keys));
}

/// The oracle is the standard `age` tool, where it is installed.
#[test]
fn the_standard_age_tool_reads_an_export_and_makes_one_we_read() {
    if Command::new("age").arg("--version").output().is_err() {
        eprintln!("skipped: `age` is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (_, keys) = made();
    let (recipient, identity, text) = age_identity();
    std::fs::write(path("identity"), text.as_bytes()).unwrap();
    let export = export_age(&keys, &recipient, NOW).unwrap();
    std::fs::write(path("export"), &export).unwrap();
    let age = |args: &[&str]| {
        let out = Command::new("age")
            .args(args)
            .current_dir(&folder)
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
        out.stdout
    };
    let plain = age(&["-d", "-i", "identity", "export"]);
    let json: serde_json::Value =
        serde_json::from_slice(plain.split(|b| *b == b'\n').next().unwrap()).unwrap();
    assert_eq!(json["vaultKey"], hex::encode(keys.vault_key().bytes()));
    assert_eq!(json["vaultId"], keys.vault_id().to_string());
    std::fs::write(path("plain"), &plain).unwrap();
    let EscrowRecipient::Age(names) = &recipient else {
        unreachable!("made above")
    };
    for armor in [&["-a"][..], &[]] {
        let again = age(&[armor, &["-r", &names[0], "plain"]].concat());
        assert!(same_keys(&import_age(&again, &identity).unwrap(), &keys));
    }
}

#[test]
fn damaged_and_foreign_exports_are_refused() {
    let (_, keys) = made();
    let (recipient, identity, _) = age_identity();
    let export = export_age(&keys, &recipient, NOW).unwrap();
    for at in (0..export.len()).step_by(7) {
        let mut bad = export.clone();
        bad[at] ^= 2;
        assert!(import_age(&bad, &identity).is_err(), "byte {at}");
    }
    for length in (0..export.len() - 1).step_by(11) {
        let cut = import_age(&export[..length], &identity);
        assert!(cut.is_err(), "{length} bytes");
    }
    let huge = vec![0; (1 << 20) + 1];
    for bad in [b"".as_slice(), b"no age file", &huge] {
        assert_eq!(code(import_age(bad, &identity)), Code::KeyFileDamaged);
    }
}

#[test]
fn recipients_and_identities_that_are_none_are_named() {
    let (_, keys) = made();
    let to = |names: &[&str]| {
        let names = names.iter().map(|n| (*n).to_owned()).collect();
        code(export_age(&keys, &EscrowRecipient::Age(names), NOW))
    };
    assert_eq!(to(&[]), Code::BadArgument);
    assert_eq!(to(&["age1nonsense"]), Code::BadArgument);
    for text in ["", "# nothing\n", "AGE-SECRET-KEY-1NONSENSE"] {
        let identity = EscrowIdentity::Age(Zeroizing::new(text.to_owned()));
        let error = import_age(b"x", &identity).unwrap_err();
        assert_eq!(error.code(), Code::BadArgument);
        assert!(!error.detail().contains("NONSENSE"), "it may be secret");
    }
}
