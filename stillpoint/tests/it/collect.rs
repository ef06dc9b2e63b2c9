//! Removing points, and getting their space back.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::command::{Place, image, noise, write_at};

/// All files below a folder, with their sizes.
pub fn files(folder: &Path) -> BTreeMap<String, u64> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(files(&path)),
            false => {
                let size = fs::metadata(&path).unwrap().len();
                all.insert(path.display().to_string(), size);
            }
        }
    }
    all
}

/// The bytes of a store's packs.
pub fn packs(place: &Place, store: &str) -> u64 {
    files(&place.at(&format!("{store}/packs"))).values().sum()
}

/// Backs up `a.raw`; gives the point.
pub fn back_up(place: &Place) -> String {
    let job = place.json(&["backup", "now", "--image", "a.raw"]);
    assert_eq!(job["status"], "Completed", "{job}");
    job["snapshot"]["point"].as_str().unwrap().to_owned()
}

/// The point of `a.raw` restores to these bytes.
pub fn restores(place: &Place, point: &str, bytes: &[u8]) {
    let _ = fs::remove_dir_all(place.at("out"));
    place.ok(&["restore", "disks", point, "--to", "out"]);
    assert!(fs::read(place.at("out/a.raw-disk.raw")).unwrap() == bytes);
}

/// A vault with two points of one image, the first with 4 MiB that the second lacks.
fn two_points() -> (Place, String, String) {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 16 << 20, &[(0, 6 << 20)]);
    let first = back_up(&place);
    write_at(&place.at("a.raw"), 0, &noise(77, 4 << 20));
    let second = back_up(&place);
    (place, first, second)
}

#[test]
fn removed_points_give_their_space_back_and_the_others_stay() {
    let (place, first, second) = two_points();
    let bytes = fs::read(place.at("a.raw")).unwrap();
    let removed = place.json(&["point", "remove", &first[..8]]);
    assert_eq!(removed[0]["id"], first.as_str());
    assert_eq!(removed[0]["machine"], "a.raw");
    let both = serde_json::json!(["snapshot", "vault"]);
    assert_eq!(removed[0]["tiers"], both, "{removed}");
    let e = place.fails(&["point", "show", &first], 4);
    assert_eq!(e["code"], "PointNotFound");

    let before = ["snapshots", "vault"].map(|store| packs(&place, store));
    let done = place.json(&["vault", "collect"]);
    let after = ["snapshots", "vault"].map(|store| packs(&place, store));
    for (i, tier) in ["snapshot", "vault"].into_iter().enumerate() {
        let one = &done[i];
        assert_eq!(one["tier"], tier, "{done}");
        assert_eq!(one["points"], 1);
        assert!(before[i] - after[i] >= 4 << 20, "{before:?} {after:?}");
        assert!(one["bytesDeleted"].as_u64().unwrap() >= 4 << 20, "{done}");
        assert_eq!(one["bytesWaiting"], 0);
        assert_eq!(one["error"], Value::Null);
    }
    place.ok(&["verify", "--level", "full"]);
    restores(&place, &second, &bytes);

    let again = place.json(&["vault", "collect"]);
    assert_eq!(again[1]["garbageRecords"], 0, "{again}");
    assert_eq!(again[1]["objectsDeleted"], 0, "{again}");
    let text = place.ok(&["vault", "collect"]);
    for word in ["SNAPSHOT STORE", "VAULT", "Freed", "Waiting"] {
        assert!(text.contains(word), "{text}");
    }
}

#[test]
fn a_plan_says_what_a_collection_would_do_and_changes_nothing() {
    let (place, first, _) = two_points();
    place.ok(&["point", "remove", &first]);
    let before = files(&place.at("vault"));
    let vault = place.text("vault");
    let plan = place.json(&["vault", "collect", &vault, "--plan"]);
    assert_eq!(files(&place.at("vault")), before);
    assert_eq!(plan[0]["tier"], Value::Null);
    assert_eq!(plan[0]["objectsDeleted"], Value::Null, "{plan}");
    let freed = plan[0]["freed"].as_u64().unwrap();
    assert!(freed >= 4 << 20, "{plan}");
    assert!(
        place
            .ok(&["vault", "collect", "--plan"])
            .contains("Would free")
    );

    let least = place.json(&[
        "vault",
        "collect",
        &vault,
        "--plan",
        "--most-copied",
        "1KiB",
    ]);
    assert_eq!(least[0]["packsCopied"], 0, "{least}");
    let done = place.json(&["vault", "collect", &vault]);
    assert_eq!(done[0]["freed"], freed);
    assert!(done[0]["bytesDeleted"].as_u64().unwrap() >= freed, "{done}");
    let snapshots = place.json(&["vault", "collect", "--plan"]);
    assert!(snapshots[0]["freed"].as_u64().unwrap() >= 4 << 20);
    assert_eq!(snapshots[1]["freed"], 0);
}

#[test]
fn a_point_goes_only_from_the_tier_that_is_named() {
    let (place, first, second) = two_points();
    let removed = place.json(&["point", "remove", "latest", "--tier", "snapshot"]);
    assert_eq!(removed[0]["id"], second.as_str());
    assert_eq!(removed[0]["tiers"], serde_json::json!(["snapshot"]));
    let tiers = |point: &str| place.json(&["point", "show", point])["tiers"].clone();
    assert_eq!(tiers(&second), "Vault");
    let e = place.fails(&["point", "remove", &second, "--tier", "snapshot"], 4);
    assert_eq!(e["code"], "PointNotFound");
    place.ok(&["point", "remove", "latest:a.raw", "--tier", "vault"]);
    place.fails(&["point", "show", &second], 4);
    assert_eq!(tiers(&first), "Snapshot and vault");
    // The next one finds nothing of what was removed, and is whole.
    let third = back_up(&place);
    restores(&place, &third, &fs::read(place.at("a.raw")).unwrap());
}

#[test]
fn points_are_removed_all_or_none() {
    let (place, first, second) = two_points();
    let e = place.fails(&["point", "remove", &first, "ffffffff"], 4);
    assert_eq!(e["code"], "PointNotFound");
    place.fails(&["point", "remove", "latest:nobody", &first], 4);
    assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 2);
    // Named twice is once.
    let removed = place.json(&["point", "remove", &first, &second, "latest"]);
    assert_eq!(removed.as_array().unwrap().len(), 2, "{removed}");
    let done = place.json(&["vault", "collect"]);
    assert_eq!(done[1]["points"], 0);
    assert_eq!(packs(&place, "vault") + packs(&place, "snapshots"), 0);
    let third = back_up(&place);
    restores(&place, &third, &fs::read(place.at("a.raw")).unwrap());
}

#[test]
fn a_vault_that_is_away_keeps_its_points_and_the_snapshot_store_collects() {
    let (place, first, second) = two_points();
    fs::rename(place.at("vault"), place.at("away")).unwrap();
    let e = place.fails(&["point", "remove", &first], 4);
    assert_eq!(e["code"], "NotAVault");
    place.ok(&["point", "remove", &first, "--tier", "snapshot"]);
    let before = packs(&place, "snapshots");
    let said = place.run(&["vault", "collect", "-o", "json"]);
    assert_eq!(said.code, 4, "{said:?}");
    let all: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(all[1]["error"]["code"], "NotAVault");
    assert!(packs(&place, "snapshots") + (4 << 20) <= before);
    fs::rename(place.at("away"), place.at("vault")).unwrap();
    let tiers = |point: &str| place.json(&["point", "show", point])["tiers"].clone();
    assert_eq!(tiers(&first), "Vault");
    assert_eq!(tiers(&second), "Snapshot and vault");
}

#[test]
fn a_point_with_a_damaged_manifest_stops_collection_until_it_is_removed() {
    let (mut place, first, second) = two_points();
    place.set("STILLPOINT_SNAPSHOTS", "none");
    let manifest = files(&place.at("vault/points"))
        .into_keys()
        .find(|name| name.ends_with(&first))
        .unwrap();
    let mut bytes = fs::read(&manifest).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&manifest, bytes).unwrap();
    let before = packs(&place, "vault");
    let e = place.fails(&["vault", "collect"], 8);
    let said = e["message"].as_str().unwrap();
    assert!(said.contains(&first), "{e}");
    assert_eq!(packs(&place, "vault"), before);
    // It is not listed, but goes by its whole id.
    place.ok(&["point", "remove", &first]);
    place.ok(&["vault", "collect"]);
    assert!(packs(&place, "vault") + (4 << 20) <= before);
    restores(&place, &second, &fs::read(place.at("a.raw")).unwrap());
}

#[test]
fn what_a_running_backup_may_need_waits_for_its_end() {
    let (mut place, first, second) = two_points();
    place.set("STILLPOINT_SNAPSHOTS", "none");
    let log = || files(&place.at("vault/log")).len();
    write_at(&place.at("a.raw"), 5 << 20, &noise(5, 2 << 20));
    let before = log();
    let words = ["backup", "now", "--image", "a.raw", "--rate", "4MiB"];
    let mut backup = place.start(&words);
    while log() == before {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    place.ok(&["point", "remove", &first, &second]);
    let done = place.json(&["vault", "collect"]);
    assert!(
        done[0]["bytesWaiting"].as_u64().unwrap() > 4 << 20,
        "{done}"
    );
    assert!(backup.try_wait().unwrap().is_none(), "it should still run");
    assert!(backup.wait().unwrap().success());
    restores(&place, "latest", &fs::read(place.at("a.raw")).unwrap());
    let done = place.json(&["vault", "collect"]);
    assert!(
        done[0]["bytesDeleted"].as_u64().unwrap() > 4 << 20,
        "{done}"
    );
    assert_eq!(done[0]["bytesWaiting"], 0);
    restores(&place, "latest", &fs::read(place.at("a.raw")).unwrap());
}
