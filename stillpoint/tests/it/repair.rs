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
    assert!(missing >= 65_536 && missing <= 2 * 65_536, "{done}");
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
