//! Damaged stores: rescue, verify, repair.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::command::{Place, image, write_at};

fn read(place: &Place, name: &str) -> Vec<u8> {
    fs::read(place.at(name)).unwrap()
}

/// All objects of a store below a folder of it.
fn objects(place: &Place, folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![place.at(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => folders.push(path),
                false => found.push(path),
            }
        }
    }
    found.sort();
    found
}

fn with_a_point() -> Place {
    let place = Place::with_vault();
    image(
        &place.at("a.raw"),
        8 << 20,
        &[(0, 3 << 20), (6 << 20, 100_000)],
    );
    place.ok(&["backup", "now", "--image", "a.raw"]);
    place
}

#[test]
fn rescue_needs_only_packs_manifests_and_the_key() {
    let place = with_a_point();
    for lost in ["vault/log", "vault/index", "vault/vault"] {
        let path = place.at(lost);
        let gone = if path.is_dir() {
            fs::remove_dir_all
        } else {
            fs::remove_file
        };
        gone(path).unwrap();
    }
    let pass = place.text("pass");
    for secret in [
        ["--passphrase-file", &pass],
        ["--key", &place.text("host.key")],
    ] {
        let listed = place.json(&[&["rescue", "vault", "--list"], &secret[..]].concat());
        let point = &listed["points"][0];
        assert_eq!(point["machine"], "a.raw");
        assert_eq!(point["standing"], "unknown");
        let to = format!("out-{}", &secret[0][2..]);
        let id = point["id"].as_str().unwrap();
        let words = ["rescue", "vault", "--point", &id[..8], "--to", &to];
        let done = place.json(&[&words[..], &secret[..]].concat());
        assert_eq!(done[0]["missing"], 0);
        let name = format!("{to}/a.raw-disk.raw");
        assert!(read(&place, &name) == read(&place, "a.raw"));
        assert_eq!(fs::read_dir(place.at(&to)).unwrap().count(), 1);
    }
    // A second time the image is in the way.
    let words = ["rescue", "vault", "--point", "", "--to", "out-key"];
    assert_eq!(place.fails(&words, 4)["code"], "PointNotFound");
    fs::remove_dir_all(place.at("vault/keys")).unwrap();
    let words = ["rescue", "vault", "--list", "--passphrase-file", &pass];
    let e = place.fails(&words, 5);
    assert_eq!(e["code"], "UserErrorVaultKeyObjectLost");
}

#[test]
fn rescue_lists_what_is_missing_beside_the_image_and_ends_with_code_8() {
    let place = with_a_point();
    for pack in objects(&place, "vault/packs") {
        let len = fs::metadata(&pack).unwrap().len();
        if len > 1 << 20 {
            write_at(&pack, len / 2, b"flipped!");
        }
    }
    let listed = place.json(&["rescue", "vault", "--list"]);
    let id = listed["points"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(listed["points"][0]["standing"], "committed");
    let words = [
        "rescue", "vault", "--point", &id, "--to", "out", "-o", "json",
    ];
    let said = place.run(&words);
    assert_eq!(said.code, 8, "{said:?}");
    let done: Value = serde_json::from_str(&said.out).unwrap();
    let missing = done[0]["missing"].as_u64().unwrap();
    assert!((65_536..=131_072).contains(&missing), "{done}");
    let list = String::from_utf8(read(&place, "out/a.raw-disk.raw.missing")).unwrap();
    let mut wanted = read(&place, "a.raw");
    for line in list.lines() {
        let (at, len) = line.split_once(' ').unwrap();
        let (at, len): (usize, usize) = (at.parse().unwrap(), len.parse().unwrap());
        wanted[at..at + len].fill(0);
    }
    assert!(read(&place, "out/a.raw-disk.raw") == wanted);
    assert_eq!(place.fails(&words[..6], 7)["code"], "TargetExists");
}

/// Flips bytes in every pack of a store.
fn spoil(place: &Place, store: &str) {
    for pack in objects(place, &format!("{store}/packs")) {
        let len = fs::metadata(&pack).unwrap().len();
        write_at(&pack, len / 2, b"flipped!");
    }
}

#[test]
fn a_spoiled_vault_is_repaired_from_the_snapshot_store() {
    let mut place = with_a_point();
    spoil(&place, "vault");
    assert_eq!(place.run(&["verify"]).code, 8);
    let done = place.json(&["vault", "repair"]);
    let vault = &done[0];
    assert!(vault["records"].as_u64().unwrap() >= 1, "{done}");
    assert_eq!(vault["unhealed"].as_array().unwrap().len(), 0, "{done}");
    assert_eq!(done[1]["records"], 0, "{done}");
    place.ok(&["verify", "--level", "full"]);
    place.set("STILLPOINT_SNAPSHOTS", "none");
    place.ok(&["restore", "disks", "latest", "--to", "out"]);
    assert!(read(&place, "out/a.raw-disk.raw") == read(&place, "a.raw"));
    // What is not damaged is left alone.
    let done = place.json(&["vault", "repair"]);
    assert_eq!(done[0]["records"], 0, "{done}");
}

#[test]
fn without_help_repair_names_what_stays_hurt_and_makes_the_index_anew() {
    let mut place = with_a_point();
    place.set("STILLPOINT_SNAPSHOTS", "none");
    let copy = place.at("copy");
    let copied = std::process::Command::new("cp")
        .args(["-a", "vault"])
        .arg(&copy)
        .current_dir(place.at(""))
        .status();
    assert!(copied.unwrap().success());
    fs::remove_dir_all(place.at("vault/index")).unwrap();
    assert_eq!(place.run(&["verify"]).code, 8);
    let done = place.json(&["vault", "repair"]);
    assert!(
        !done[0]["segments"].as_array().unwrap().is_empty(),
        "{done}"
    );
    place.ok(&["verify", "--level", "full"]);
    spoil(&place, "vault");
    let said = place.run(&["vault", "repair", "-o", "json"]);
    assert_eq!(said.code, 8, "{said:?}");
    let done: Value = serde_json::from_str(&said.out).unwrap();
    assert!(
        !done[0]["unhealed"].as_array().unwrap().is_empty(),
        "{done}"
    );
    assert!(
        !done[0]["after"]["findings"].as_array().unwrap().is_empty(),
        "{done}"
    );
    // Also without descriptor and key object, from a copy.
    fs::remove_file(place.at("vault/vault")).unwrap();
    fs::remove_dir_all(place.at("vault/keys")).unwrap();
    fs::write(place.at("vault/log/0000000000000001"), "x").unwrap();
    let said = place.run(&["vault", "repair"]);
    assert_eq!(said.code, 8, "{said:?}");
    let words = ["vault", "repair", "vault", "--from", "copy"];
    let done = place.json(&words);
    assert!(done[0]["objects"].as_array().unwrap().len() >= 4, "{done}");
    place.ok(&["verify", "--level", "full"]);
    let e = place.fails(&["vault", "repair", "vault", "--from", "vault"], 2);
    assert_eq!(e["code"], "BadArgument");
    let other = Place::with_vault();
    let foreign = other.text("vault");
    let e = place.fails(&["vault", "repair", "vault", "--from", &foreign], 7);
    assert_eq!(e["code"], "VaultForeign");
}

#[test]
fn a_check_with_a_budget_goes_on_where_the_last_one_stopped() {
    let mut place = with_a_point();
    place.set("STILLPOINT_SNAPSHOTS", "none");
    let words = ["verify", "--level", "full", "--older-than", "30d"];
    let little = [&words[..], &["--budget", "1"]].concat();
    let packs = objects(&place, "vault/packs").len() as u64;
    for _ in 0..packs {
        let said = place.json(&little);
        assert_eq!(
            (&said[0]["packs"], &said[0]["packsLeft"]),
            (&1.into(), &(packs - 1).into())
        );
    }
    let said = place.json(&words);
    assert_eq!(
        (&said[0]["packs"], &said[0]["packsLeft"]),
        (&0.into(), &packs.into())
    );
    // A deeper check than was made is made; so is one that was made too long ago.
    let said = place.json(&["verify", "--level", "full", "--older-than", "0d"]);
    assert_eq!(said[0]["packs"], packs);
    // What goes bad is found when its turn comes, again and again.
    spoil(&place, "vault");
    for _ in 0..2 {
        assert_eq!(place.run(&["verify", "--older-than", "0d"]).code, 8);
    }
    // A ledger that can't be read costs time only.
    for file in objects(&place, "state/verify") {
        fs::write(file, "{").unwrap();
    }
    assert_eq!(place.run(&words).code, 8);
    assert_eq!(place.run(&["verify", "latest", "--budget", "1"]).code, 2);
}
