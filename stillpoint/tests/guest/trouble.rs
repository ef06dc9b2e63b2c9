//! What goes wrong around a running machine.

use std::process::Child;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use testkit::{DiskSpec, Guest, disk};

use crate::command::{Place, Said};
use crate::host::{assert_only_trackers_left, place_of};

fn guest_and_place() -> (Guest, Place) {
    let guest = Guest::builder("m")
        .disk(DiskSpec::raw(32 << 20))
        .warm()
        .start()
        .unwrap();
    guest
        .write_file("/data1/a", &disk::noise(4, 2_000_000))
        .unwrap();
    let place = place_of(&guest);
    (guest, place)
}

/// A backup that is reading.
fn slow(place: &Place) -> Child {
    let child = place.start(&["backup", "now", "m", "--rate", "1M", "-o", "json"]);
    let start = Instant::now();
    let packs = place.at("snapshots/log");
    while !packs.exists() {
        assert!(start.elapsed() < Duration::from_secs(60), "no session");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::thread::sleep(Duration::from_secs(3));
    child
}

fn ended(child: Child) -> Said {
    Said::of(&["in the background"], child.wait_with_output().unwrap())
}

#[test]
fn a_second_backup_is_refused_and_a_machine_that_vanishes_ends_the_first() {
    let (guest, place) = guest_and_place();
    let first = slow(&place);
    let e = place.fails(&["backup", "now", "m"], 7);
    assert_eq!(e["code"], "UserErrorBackupOperationInProgress");
    guest.kill().unwrap();
    let said = ended(first);
    assert_eq!(said.code, 9, "{said:?}");
    assert_eq!(said.error()["code"], "UserErrorVmNotInDesirableState");
    let job: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(job["phases"][1]["status"], "Failed", "{job}");
    assert_eq!(place.json(&["point", "list"]), json!([]));
    guest.start_again().unwrap();
    place.ok(&["backup", "now", "m"]);
    place.ok(&["verify", "--level", "full"]);
}

#[test]
fn a_hook_that_hangs_costs_the_budget_and_the_guest_goes_on() {
    let (guest, place) = guest_and_place();
    let hook = "#!/bin/sh\n[ $1 = freeze ] && sleep 8\nexit 0\n";
    guest
        .write_file("/etc/qemu/fsfreeze-hook.d/slow", hook.as_bytes())
        .unwrap();
    guest
        .run("chmod +x /etc/qemu/fsfreeze-hook.d/slow")
        .unwrap();
    let words = ["backup", "now", "m", "--freeze-budget", "2s"];
    let e = place.fails(&[&words[..], &["--quiesce", "require"]].concat(), 9);
    assert_eq!(e["code"], "UserErrorFsFreezeFailed");
    let job = place.json(&words);
    assert_eq!(job["snapshot"]["consistency"], "crashConsistent", "{job}");
    assert!(
        !job["snapshot"]["warnings"].as_array().unwrap().is_empty(),
        "{job}"
    );
    let start = Instant::now();
    while guest.agent("guest-fsfreeze-status", json!({})).unwrap() != "thawed" {
        assert!(start.elapsed() < Duration::from_secs(30), "still frozen");
        std::thread::sleep(Duration::from_millis(200));
    }
    guest.write_file("/data1/after", b"alive").unwrap();
}

#[test]
fn a_killed_backup_and_an_interrupted_one_leave_nothing_in_the_way() {
    let (guest, place) = guest_and_place();
    let mut child = slow(&place);
    child.kill().unwrap();
    child.wait().unwrap();
    let child = slow(&place);
    let done = std::process::Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(done.unwrap().success());
    let said = ended(child);
    assert_eq!(said.code, 130, "{said:?}");
    let job = place.json(&["backup", "now", "m"]);
    assert_eq!(job["status"], "Completed");
    assert_only_trackers_left(&guest, &place, 2);
}

#[test]
fn a_running_machines_disk_is_not_restored_over() {
    let (guest, place) = guest_and_place();
    place.ok(&["backup", "now", "m"]);
    let onto = format!("vd1={}", guest.disk_path(1).display());
    let e = place.fails(&["restore", "disks", "latest", "--onto", &onto], 7);
    assert_eq!(e["code"], "UserErrorVmNotShutDown");
    // Also without a look at the machines of the host.
    let words = [
        "restore",
        "disks",
        "latest",
        "--onto",
        &onto,
        "--connect",
        "qmp:///no/folder",
    ];
    let e = place.fails(&words, 7);
    assert_eq!(e["code"], "UserErrorVmNotShutDown");
    assert!(guest.disk_path(1).exists());
    let before = guest.sha256("/data1/a").unwrap();
    guest.run("rm /data1/a").unwrap();
    guest.quit().unwrap();
    let done = place.json(&["restore", "disks", "latest", "--onto", &onto]);
    assert!(
        done["disks"][0]["written"].as_u64().unwrap() < 4 << 20,
        "{done}"
    );
    guest.start_again().unwrap();
    assert_eq!(guest.sha256("/data1/a").unwrap(), before);
}

#[test]
fn a_scratch_that_is_too_small_costs_the_snapshot_and_the_next_run_goes_on() {
    let (guest, place) = guest_and_place();
    // Overwriting what is stored needs scratch; filling what was empty does not.
    guest
        .write_file("/data1/b", &disk::noise(6, 10_000_000))
        .unwrap();
    let child = place.start(&[
        "backup",
        "now",
        "m",
        "--rate",
        "2M",
        "--scratch-limit",
        "4M",
        "-o",
        "json",
    ]);
    std::thread::sleep(Duration::from_secs(4));
    guest
        .run("dd if=/dev/urandom of=/data1/b bs=1M count=9 conv=notrunc,fsync")
        .unwrap();
    let said = ended(child);
    assert_eq!(said.code, 10, "{said:?}");
    assert_eq!(said.error()["code"], "SnapshotScratchFull");
    assert_eq!(
        guest.qmp("query-status", Value::Null).unwrap()["status"],
        "running"
    );
    let job = place.json(&["backup", "now", "m"]);
    assert_eq!(job["status"], "Completed", "{job}");
    place.ok(&["restore", "disks", "latest", "--to", "out"]);
    guest.quit().unwrap();
}
