//! What scripts and people read.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::command::{Place, image};

fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

/// The documented names, so that a change of one is a change of a test.
#[test]
fn json_has_the_documented_names() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 1000)]);
    let job = place.json(&["backup", "now", "--image", "a.raw"]);
    assert_eq!(
        keys(&job),
        BTreeSet::from(["status", "phases", "snapshot", "transfer"])
    );
    assert_eq!(
        keys(&job["phases"][0]),
        BTreeSet::from(["name", "status", "error"])
    );
    let snapshot = [
        "point",
        "machine",
        "uuid",
        "createdAt",
        "consistency",
        "frozenMs",
        "pausedMs",
        "disks",
        "stored",
        "seconds",
        "warnings",
    ];
    assert_eq!(keys(&job["snapshot"]), BTreeSet::from(snapshot));
    let disk = [
        "name",
        "size",
        "tracker",
        "reason",
        "read",
        "changed",
        "newChunks",
        "patches",
    ];
    let found = keys(&job["snapshot"]["disks"][0]);
    assert!(found.is_superset(&BTreeSet::from(disk)), "{found:?}");
    let transfer = [
        "point",
        "skipped",
        "alreadyThere",
        "copied",
        "encodedAnew",
        "stored",
        "seconds",
    ];
    assert_eq!(keys(&job["transfer"]), BTreeSet::from(transfer));
    let point = [
        "id",
        "machine",
        "uuid",
        "createdAt",
        "tiers",
        "consistency",
        "size",
        "snapshotStored",
        "vaultStored",
    ];
    let points = place.json(&["point", "list"]);
    assert_eq!(keys(&points[0]), BTreeSet::from(point));
    let shown = place.json(&["point", "show", "latest"]);
    let more = [
        "frozenMs",
        "pausedMs",
        "definition",
        "uefiVariables",
        "disks",
        "leftOut",
        "warnings",
    ];
    assert_eq!(keys(&shown), point.iter().chain(&more).copied().collect());
    let done = place.json(&["restore", "disks", "latest", "--to", "out"]);
    assert_eq!(
        keys(&done),
        BTreeSet::from(["point", "machine", "from", "disks"])
    );
    let disk = [
        "name", "path", "format", "size", "data", "written", "seconds",
    ];
    assert_eq!(keys(&done["disks"][0]), BTreeSet::from(disk));
    let checked = place.json(&["verify"]);
    let tier = [
        "tier",
        "points",
        "nodes",
        "chunks",
        "packs",
        "packsLeft",
        "bytes",
        "findings",
        "damagedObjects",
    ];
    assert_eq!(keys(&checked[0]), BTreeSet::from(tier));
    let backups = place.json(&["backup", "list"]);
    let backup = [
        "point",
        "machine",
        "createdAt",
        "tiers",
        "consistency",
        "changed",
        "read",
        "stored",
    ];
    assert_eq!(keys(&backups[0]), BTreeSet::from(backup));
}

#[test]
fn an_error_for_people_has_code_cause_and_remedy() {
    let place = Place::with_vault();
    let said = place.run(&["point", "show", "ffff"]);
    assert_eq!(said.code, 4);
    let lines: Vec<&str> = said.err.lines().collect();
    assert!(lines[0].starts_with("error PointNotFound: "), "{said:?}");
    assert!(
        lines[1].starts_with("  cause:  ") && lines[2].starts_with("  remedy: "),
        "{said:?}"
    );
}

#[test]
fn progress_in_json_is_a_line_for_each_event_on_standard_error() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 32 << 20, &[(0, 4 << 20)]);
    let words = [
        "backup",
        "now",
        "--image",
        "a.raw",
        "-o",
        "json",
        "--progress",
        "json",
    ];
    let said = place.run(&words);
    let events: Vec<Value> = said
        .err
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    assert!(events.iter().any(|e| e["event"] == "step"), "{said:?}");
    let last = events.iter().rfind(|e| e["event"] == "progress").unwrap();
    assert_eq!(last["done"], last["total"], "{said:?}");
    assert!(last["rate"].is_u64(), "{said:?}");
    serde_json::from_str::<Value>(&said.out).unwrap();
}

#[test]
fn every_command_explains_itself_with_an_example() {
    let place = Place::new();
    let verbs = "vault create|vault show|vault list|vault export-key|vault change-passphrase|\
                 vault lend-key|vm list|vm show|backup now|backup list|backup transfer|\
                 point list|point show|restore disks|restore vm|verify|completion";
    for verb in verbs.split('|') {
        let words: Vec<&str> = verb.split(' ').chain(["--help"]).collect();
        let help = place.ok(&words);
        assert!(
            help.contains("Example") && help.contains(&format!("stillpoint {verb}")),
            "{help}"
        );
    }
    assert!(place.ok(&["--help"]).contains("Exit codes"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(place.ok(&["completion", shell]).contains("stillpoint"));
    }
}

#[test]
fn tables_fit_into_80_columns() {
    let mut place = Place::with_vault();
    place.set("COLUMNS", "80");
    image(&place.at("a.raw"), 1 << 30, &[(0, 1000)]);
    let mut texts = vec![place.ok(&[
        "backup",
        "now",
        "--image",
        "a.raw",
        "--name",
        "a-longer-name.example",
    ])];
    for words in [
        &["point", "list"][..],
        &["backup", "list"],
        &["point", "show", "latest"],
        &["vault", "show", "./vault"],
        &["verify"],
    ] {
        texts.push(place.ok(words));
    }
    for line in texts.iter().flat_map(|t| t.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = Place::with_vault();
    let mut child = place.start(&["completion", "bash"]);
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
