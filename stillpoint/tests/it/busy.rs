//! Two at once, and ^C.

use std::process::Child;
use std::time::{Duration, Instant};

use crate::command::{Place, Said, image};

/// A backup that takes a while, once it holds its lock.
fn slow(place: &Place) -> Child {
    image(&place.at("a.raw"), 64 << 20, &[(0, 8 << 20)]);
    let words = [
        "backup", "now", "--image", "a.raw", "--rate", "1M", "-o", "json",
    ];
    let child = place.start(&words);
    let lock = place.at("state/locks/image_a_raw.snapshot");
    let start = Instant::now();
    while !lock.exists() {
        assert!(start.elapsed() < Duration::from_secs(30), "no lock");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(1500));
    child
}

fn signal(child: &Child, which: &str) {
    let done = std::process::Command::new("kill")
        .args([which, &child.id().to_string()])
        .status();
    assert!(done.unwrap().success());
}

#[test]
fn a_second_backup_of_the_same_machine_is_refused_while_one_runs() {
    let place = Place::with_vault();
    let mut first = slow(&place);
    let e = place.fails(&["backup", "now", "--image", "a.raw"], 7);
    assert_eq!(e["code"], "UserErrorBackupOperationInProgress");
    // Another machine is not in the way.
    image(&place.at("b.raw"), 1 << 20, &[(0, 1000)]);
    place.ok(&["backup", "now", "--image", "b.raw"]);
    signal(&first, "-KILL");
    first.wait().unwrap();
    // The lock went with its holder.
    place.ok(&["backup", "now", "--image", "a.raw"]);
}

#[test]
fn an_interrupt_ends_a_backup_in_good_order_and_the_next_one_goes_on() {
    let place = Place::with_vault();
    let child = slow(&place);
    signal(&child, "-INT");
    let start = Instant::now();
    let said = Said::of(&["interrupted"], child.wait_with_output().unwrap());
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(said.code, 130, "{said:?}");
    assert_eq!(said.error()["code"], "Cancelled");
    let job: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(job["status"], "Cancelled");
    assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 0);
    let job = place.json(&["backup", "now", "--image", "a.raw"]);
    let stored = job["snapshot"]["stored"].as_u64().unwrap();
    assert!(
        stored < (8 << 20) - 500_000,
        "some was stored before: {job}"
    );
    place.ok(&["restore", "disks", "latest", "--to", "out"]);
    let same = std::fs::read(place.at("a.raw")).unwrap()
        == std::fs::read(place.at("out/a.raw-disk.raw")).unwrap();
    assert!(same);
}

#[test]
fn a_restore_that_is_interrupted_leaves_no_image() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 64 << 20, &[(0, 8 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    let child = place.start(&["restore", "disks", "latest", "--to", "out", "--rate", "1M"]);
    let start = Instant::now();
    while !place.at("out/a.raw-disk.raw.stillpoint-partial").exists() {
        assert!(start.elapsed() < Duration::from_secs(30), "no image");
        std::thread::sleep(Duration::from_millis(20));
    }
    signal(&child, "-TERM");
    let said = Said::of(&["interrupted"], child.wait_with_output().unwrap());
    assert_eq!(said.code, 130, "{said:?}");
    assert_eq!(std::fs::read_dir(place.at("out")).unwrap().count(), 0);
}
