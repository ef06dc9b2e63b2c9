//! Where points are.

use crate::command::{Place, image};

#[test]
fn with_the_vault_as_the_place_of_snapshots_the_transfer_is_only_a_commit() {
    for word in ["vault", "none"] {
        let mut place = Place::with_vault();
        place.set("STILLPOINT_SNAPSHOTS", word);
        image(&place.at("a.raw"), 4 << 20, &[(0, 1 << 20)]);
        let job = place.json(&["backup", "now", "--image", "a.raw"]);
        assert_eq!(job["transfer"]["alreadyThere"], true, "{job}");
        assert_eq!(job["transfer"]["stored"], 0);
        assert_eq!(place.json(&["point", "list"])[0]["tiers"], "Vault");
        let e = place.fails(&["backup", "transfer"], 2);
        assert_eq!(e["code"], "BadArgument");
    }
}

#[test]
fn a_vault_that_is_away_costs_the_transfer_and_the_next_point_carries_all() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 8 << 20, &[(0, 1 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    std::fs::rename(place.at("vault"), place.at("away")).unwrap();
    image(&place.at("a.raw"), 8 << 20, &[(2 << 20, 1 << 20)]);
    let said = place.run(&["backup", "now", "--image", "a.raw", "-o", "json"]);
    assert_eq!(said.code, 3, "{said:?}");
    assert!(said.err.contains("warning"), "{said:?}");
    assert!(
        !place.at("vault").exists(),
        "a missing mount point is not filled"
    );
    assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 2);
    place.ok(&["restore", "disks", "latest", "--to", "near"]);
    std::fs::rename(place.at("away"), place.at("vault")).unwrap();
    image(&place.at("a.raw"), 8 << 20, &[(4 << 20, 1 << 20)]);
    let job = place.json(&["backup", "now", "--image", "a.raw"]);
    assert!(
        job["transfer"]["stored"].as_u64().unwrap() > 2 << 20,
        "{job}"
    );
    let points = place.json(&["point", "list"]);
    let tiers: Vec<_> = points
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["tiers"].as_str().unwrap())
        .collect();
    assert_eq!(
        tiers,
        ["Snapshot and vault", "Snapshot", "Snapshot and vault"]
    );
}

#[test]
fn a_transfer_is_left_out_on_request_and_made_up_for_later() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 4 << 20, &[(0, 1 << 20)]);
    let job = place.json(&["backup", "now", "--image", "a.raw", "--no-transfer"]);
    assert_eq!(job["status"], "Completed");
    assert_eq!(job["phases"][1]["status"], "Skipped");
    let e = place.fails(&["backup", "transfer", "nobody"], 4);
    assert_eq!(e["code"], "PointNotFound");
    let sent = place.json(&["backup", "transfer", "a.raw"]);
    assert_eq!(sent["alreadyThere"], false);
    let sent = place.json(&["backup", "transfer"]);
    assert_eq!(sent[0]["report"]["alreadyThere"], true);
}

#[test]
fn without_the_vault_and_its_option_the_snapshot_store_is_enough_to_restore() {
    let mut place = Place::with_vault();
    image(&place.at("a.raw"), 4 << 20, &[(0, 1 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    place.unset("STILLPOINT_VAULT");
    place.unset("STILLPOINT_KEY");
    let pass = place.text("pass");
    place.ok(&[
        "restore",
        "disks",
        "latest",
        "--to",
        "out",
        "--passphrase-file",
        &pass,
    ]);
    place.set("STILLPOINT_SNAPSHOTS", "none");
    assert_eq!(place.fails(&["point", "list"], 2)["code"], "BadArgument");
}
