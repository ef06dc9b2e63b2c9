//! Vaults and what opens them.

use std::os::unix::fs::PermissionsExt;

use crate::command::{Place, image};

#[test]
fn a_vault_is_made_once_and_shows_what_opens_it() {
    let place = Place::new();
    let (pass, vault) = (place.text("pass"), place.text("vault"));
    let made = place.json(&[
        "vault",
        "create",
        "--passphrase-file",
        &pass,
        "--chunk-size",
        "128K",
    ]);
    assert_eq!(made["chunkSize"], 131_072);
    let e = place.fails(&["vault", "create", &vault, "--passphrase-file", &pass], 7);
    assert_eq!(e["code"], "VaultExists");
    let shown = place.json(&["vault", "show"]);
    assert_eq!(shown["id"], made["id"]);
    assert_eq!(shown["slots"][0]["kind"], "passphrase");
    let list = place.json(&["vault", "list", &place.text("")]);
    assert_eq!(list[0]["id"], made["id"]);
    assert_eq!(list.as_array().unwrap().len(), 1);
}

#[test]
fn a_bad_chunk_size_makes_no_vault() {
    let place = Place::new();
    let pass = place.text("pass");
    for size in ["100000", "1K", "8M"] {
        let e = place.fails(
            &[
                "vault",
                "create",
                "--passphrase-file",
                &pass,
                "--chunk-size",
                size,
            ],
            2,
        );
        assert_eq!(e["code"], "BadArgument", "{size}");
    }
    assert!(!place.at("vault").exists());
}

#[test]
fn the_wrong_passphrase_key_file_or_host_key_opens_nothing() {
    let mut place = Place::with_vault();
    place.unset("STILLPOINT_KEY");
    std::fs::write(place.at("wrong"), "incorrect horse\n").unwrap();
    let wrong = place.text("wrong");
    let e = place.fails(&["point", "list", "--passphrase-file", &wrong], 5);
    assert_eq!(e["code"], "UserErrorVaultPassphraseWrong");
    // The same file is no key file, and no host key.
    std::fs::set_permissions(place.at("wrong"), PermissionsExt::from_mode(0o600)).unwrap();
    let e = place.fails(&["point", "list", "--key-file", &wrong], 8);
    assert_eq!(e["code"], "KeyFileDamaged");
    let e = place.fails(&["point", "list", "--key", &wrong], 8);
    assert_eq!(e["code"], "KeyFileDamaged");
    let e = place.fails(&["point", "list", "--passphrase-file", "/no/such/file"], 4);
    assert_eq!(e["code"], "FileNotFound");
}

#[test]
fn a_key_that_others_may_read_is_refused() {
    let place = Place::with_vault();
    std::fs::set_permissions(place.at("host.key"), PermissionsExt::from_mode(0o644)).unwrap();
    let e = place.fails(&["point", "list"], 5);
    assert_eq!(e["code"], "FileAccessDenied");
    assert!(e["message"].as_str().unwrap().contains("chmod 600"), "{e}");
}

#[test]
fn without_a_secret_and_a_terminal_the_remedy_names_the_options() {
    let mut place = Place::with_vault();
    place.unset("STILLPOINT_KEY");
    let said = place.run_without_terminal(&["point", "list", "-o", "json"]);
    assert_eq!(said.code, 5, "{said:?}");
    assert!(
        said.error()["message"]
            .as_str()
            .unwrap()
            .contains("--passphrase-file")
    );
}

#[test]
fn a_changed_passphrase_opens_the_same_data_and_the_old_one_does_not() {
    let mut place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 100_000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    place.unset("STILLPOINT_KEY");
    place.set("STILLPOINT_SNAPSHOTS", "none");
    std::fs::write(place.at("new"), "another horse\n").unwrap();
    let (old, new) = (place.text("pass"), place.text("new"));
    let change = ["vault", "change-passphrase", "--passphrase-file"];
    place.ok(&[&change[..], &[&old, "--new-passphrase-file", &new]].concat());
    place.fails(&["point", "list", "--passphrase-file", &old], 5);
    assert_eq!(
        place
            .json(&["point", "list", "--passphrase-file", &new])
            .as_array()
            .unwrap()
            .len(),
        1
    );
    // A key file beside it.
    let spare = place.text("spare.key");
    place.ok(&[&change[..], &[&new, "--add", "--new-key-file", &spare]].concat());
    place.ok(&[
        "restore",
        "disks",
        "latest",
        "--to",
        "out",
        "--key-file",
        &spare,
    ]);
    place.ok(&["point", "list", "--passphrase-file", &new]);
    // The last slot can't go.
    let e = place.fails(
        &[
            &change[..],
            &[&new, "--remove", "99", "--new-passphrase-file", &old],
        ]
        .concat(),
        2,
    );
    assert_eq!(e["code"], "BadArgument");
}

#[test]
fn an_exported_key_reads_the_vault_and_sets_a_new_passphrase() {
    let mut place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 100_000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    place.unset("STILLPOINT_KEY");
    place.set("STILLPOINT_SNAPSHOTS", "none");
    std::fs::write(place.at("escrow"), "escrow horse\n").unwrap();
    let (pass, escrow, file) = (
        place.text("pass"),
        place.text("escrow"),
        place.text("vault.age"),
    );
    let export = [
        "vault",
        "export-key",
        "--to",
        &file,
        "--passphrase-file",
        &pass,
    ];
    place.ok(&[&export[..], &["--new-passphrase-file", &escrow]].concat());
    let e = place.fails(
        &[&export[..], &["--new-passphrase-file", &escrow]].concat(),
        7,
    );
    assert_eq!(e["code"], "TargetExists");
    let with = ["--exported-key", &file, "--passphrase-file", &escrow];
    place.ok(&[&["restore", "disks", "latest", "--to", "out"], &with[..]].concat());
    assert_eq!(
        std::fs::read(place.at("a.raw")).unwrap(),
        std::fs::read(place.at("out/a.raw-disk.raw")).unwrap()
    );
    std::fs::write(place.at("new"), "found horse\n").unwrap();
    let change = ["vault", "change-passphrase", "--new-passphrase-file", "new"];
    place.ok(&[&change, &with[..]].concat());
    place.ok(&["point", "list", "--passphrase-file", "new"]);
    place.fails(&["point", "list", "--passphrase-file", &pass], 5);
}

#[test]
fn a_host_sees_only_its_own_machines_and_the_passphrase_sees_all() {
    let mut place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 100_000)]);
    place.ok(&["backup", "now", "--image", "a.raw", "--name", "one"]);
    let (pass, second) = (place.text("pass"), place.text("second.key"));
    place.ok(&[
        "vault",
        "lend-key",
        "--label",
        "second",
        "--to",
        &second,
        "--passphrase-file",
        &pass,
    ]);
    place.set("STILLPOINT_SNAPSHOTS", "none");
    place.set("STILLPOINT_KEY", &second);
    place.ok(&["backup", "now", "--image", "a.raw", "--name", "two"]);
    let names = |words: &[&str]| -> Vec<String> {
        let list = place.json(words);
        let all = list.as_array().unwrap().iter();
        all.map(|p| p["machine"].as_str().unwrap_or("?").to_owned())
            .collect()
    };
    assert_eq!(names(&["point", "list"]), ["?", "two"]);
    assert_eq!(
        names(&["point", "list", "--passphrase-file", &pass]),
        ["one", "two"]
    );
    assert!(place.ok(&["vault", "show"]).contains("second"));
}

#[test]
fn a_point_made_with_the_passphrase_can_be_built_upon_with_a_host_key() {
    let mut place = Place::with_vault();
    place.set("STILLPOINT_SNAPSHOTS", "none");
    image(&place.at("a.raw"), 8 << 20, &[(0, 2 << 20)]);
    let pass = place.text("pass");
    let open = ["--passphrase-file", pass.as_str()];
    place.ok(&[&["backup", "now", "--image", "a.raw"], &open[..]].concat());
    image(&place.at("a.raw"), 8 << 20, &[(1 << 20, 100_000)]);
    let job = place.json(&["backup", "now", "--image", "a.raw"]);
    let stored = job["snapshot"]["stored"].as_u64().unwrap();
    assert!(stored < 1 << 20, "only what differs: {job}");
    place.ok(&[&["restore", "disks", "latest", "--to", "out"], &open[..]].concat());
    let read = |name: &str| std::fs::read(place.at(name)).unwrap();
    assert!(read("a.raw") == read("out/a.raw-disk.raw"));
}
