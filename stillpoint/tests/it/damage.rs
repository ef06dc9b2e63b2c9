//! Damaged and foreign vaults.

use std::fs;
use std::path::PathBuf;

use crate::command::{Place, image, write_at};

fn packs(place: &Place, store: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![place.at(store).join("packs")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

fn with_damage() -> Place {
    with_damage_in("vault")
}

fn with_damage_in(store: &str) -> Place {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 8 << 20, &[(0, 3 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    for pack in packs(&place, store) {
        write_at(&pack, fs::metadata(&pack).unwrap().len() / 2, b"flipped!");
    }
    place
}

#[test]
fn verify_names_the_point_the_disk_and_the_bytes_that_damage_hurts() {
    let place = with_damage();
    let said = place.run(&["verify", "-o", "json"]);
    assert_eq!(said.code, 8, "{said:?}");
    let tiers: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(tiers[0]["tier"], "snapshot");
    assert_eq!(tiers[0]["findings"].as_array().unwrap().len(), 0);
    let finding = &tiers[1]["findings"][0];
    assert_eq!(finding["machine"], "a.raw");
    assert_eq!(finding["disk"], "disk");
    assert!(
        finding["extents"][0][1].as_u64().unwrap() >= 65_536,
        "{finding}"
    );
    let said = place.run(&["verify"]);
    assert!(said.out.contains("can't be restored"), "{said:?}");
}

#[test]
fn a_damaged_vault_restores_from_the_snapshot_store_and_fails_without_it() {
    let mut place = with_damage();
    place.ok(&["restore", "disks", "latest", "--to", "near"]);
    place.set("STILLPOINT_SNAPSHOTS", "none");
    let e = place.fails(&["restore", "disks", "latest", "--to", "far"], 8);
    assert_eq!(e["code"], "UserErrorVaultDamaged");
    let left: Vec<_> = fs::read_dir(place.at("far")).unwrap().collect();
    assert!(left.is_empty(), "nothing half-restored stays: {left:?}");
}

#[test]
fn a_folder_without_a_vault_is_named() {
    let mut place = Place::with_vault();
    place.set("STILLPOINT_SNAPSHOTS", "none");
    for at in ["/no/such/folder", "/etc", "host.key"] {
        let e = place.fails(&["point", "list", "--vault", at], 4);
        assert_eq!(e["code"], "NotAVault", "{at}");
    }
}

#[test]
fn another_vaults_key_or_snapshot_store_is_refused() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 1000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    let other = Place::with_vault();
    let (key, snapshots) = (other.text("host.key"), other.text("snapshots"));
    other.ok(&["vault", "show"]);
    let e = place.fails(&["point", "list", "--key", &key], 7);
    assert_eq!(e["code"], "VaultForeign");
    image(&other.at("a.raw"), 1 << 20, &[(0, 1000)]);
    other.ok(&["backup", "now", "--image", "a.raw"]);
    let e = place.fails(
        &[
            "backup",
            "now",
            "--image",
            "a.raw",
            "--snapshots",
            &snapshots,
        ],
        7,
    );
    assert_eq!(e["code"], "VaultForeign");
    let e = place.fails(&["point", "list", "--snapshots", &snapshots], 7);
    assert_eq!(e["code"], "VaultForeign");
    assert_eq!(other.json(&["point", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn a_descriptor_that_is_cut_short_is_damage() {
    let mut place = Place::with_vault();
    place.set("STILLPOINT_SNAPSHOTS", "none");
    let bytes = fs::read(place.at("vault/vault")).unwrap();
    for len in [0, 10, bytes.len() - 1] {
        fs::write(place.at("vault/vault"), &bytes[..len]).unwrap();
        let e = place.fails(&["point", "list"], 8);
        assert_eq!(e["code"], "UserErrorVaultDamaged", "{len}");
    }
}

#[test]
fn a_damaged_snapshot_store_is_passed_over_for_the_vault() {
    let place = with_damage_in("snapshots");
    let done = place.json(&["restore", "disks", "latest", "--to", "out"]);
    assert_eq!(done["from"], "vault");
    let read = |name: &str| fs::read(place.at(name)).unwrap();
    assert!(read("a.raw") == read("out/a.raw-disk.raw"));
    // Onto an image that exists, too.
    write_at(&place.at("a.raw"), 5000, b"changed");
    let done = place.json(&["restore", "disks", "latest", "--onto", "disk=a.raw"]);
    assert_eq!(done["from"], "vault");
    assert!(read("a.raw") == read("out/a.raw-disk.raw"));
    fs::write(place.at("snapshots/vault"), "x").unwrap();
    let said = place.run(&["point", "list", "-o", "json"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("warning: the snapshot store"), "{said:?}");
}

#[test]
fn rescue_of_a_folder_without_anything_of_a_vault_says_so() {
    let place = Place::with_vault();
    fs::create_dir(place.at("empty")).unwrap();
    let e = place.fails(&["rescue", "empty", "--list"], 4);
    assert_eq!(e["code"], "NotAVault");
}

#[test]
fn no_vault_is_made_if_its_host_key_could_not_be_written() {
    let place = Place::new();
    let secrets = [
        "--passphrase-file",
        "pass",
        "--host-key",
        "nowhere/host.key",
    ];
    let words = [&["vault", "create", "other"], &secrets[..]].concat();
    let e = place.fails(&words, 4);
    assert_eq!(e["code"], "FileNotFound");
    assert!(!place.at("other").exists());
    fs::create_dir(place.at("nowhere")).unwrap();
    place.ok(&words);
}
