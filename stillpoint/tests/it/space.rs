//! Full disks.

use std::path::PathBuf;
use std::process::Command;

use crate::command::{Place, image};

/// A small file system. Needs root.
struct Small(PathBuf);

impl Small {
    fn new(place: &Place, name: &str, size: &str) -> Self {
        let path = place.at(name);
        std::fs::create_dir_all(&path).unwrap();
        let done = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={size}"),
                "stillpoint-test",
            ])
            .arg(&path)
            .status();
        assert!(done.unwrap().success(), "mounting a tmpfs needs root");
        Self(path)
    }

    fn grow(&self, size: &str) {
        let options = format!("remount,size={size}");
        let done = Command::new("mount")
            .args(["-o", &options])
            .arg(&self.0)
            .status();
        assert!(done.unwrap().success());
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn a_vault_that_is_full_keeps_its_points_and_takes_new_ones_when_there_is_room() {
    let mut place = Place::new();
    let small = Small::new(&place, "small", "8m");
    place.set("STILLPOINT_VAULT", &place.text("small/vault"));
    place.make_vault();
    image(&place.at("a.raw"), 64 << 20, &[(0, 1 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    image(&place.at("a.raw"), 64 << 20, &[(2 << 20, 20 << 20)]);
    let e = place.fails(&["backup", "now", "--image", "a.raw"], 10);
    assert_eq!(e["code"], "NoSpaceLeft");
    assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 1);
    place.ok(&["verify", "--level", "full"]);
    small.grow("64m");
    place.ok(&["backup", "now", "--image", "a.raw"]);
    place.ok(&["restore", "disks", "latest", "--to", "out"]);
    let same = std::fs::read(place.at("a.raw")).unwrap()
        == std::fs::read(place.at("out/a.raw-disk.raw")).unwrap();
    assert!(same);
}

#[test]
fn a_full_vault_costs_the_transfer_and_not_the_snapshot() {
    let mut place = Place::new();
    let small = Small::new(&place, "small", "4m");
    place.set("STILLPOINT_VAULT", &place.text("small/vault"));
    place.make_vault();
    place.set("STILLPOINT_SNAPSHOTS", &place.text("snapshots"));
    image(&place.at("a.raw"), 64 << 20, &[(0, 10 << 20)]);
    let said = place.run(&["backup", "now", "--image", "a.raw", "-o", "json"]);
    assert_eq!(said.code, 3, "{said:?}");
    let job: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(job["status"], "CompletedWithWarnings");
    assert_eq!(job["phases"][0]["status"], "Completed");
    assert_eq!(job["phases"][1]["status"], "Failed");
    assert_eq!(job["phases"][1]["error"]["code"], "NoSpaceLeft");
    assert_eq!(place.json(&["point", "list"])[0]["tiers"], "Snapshot");
    place.ok(&["restore", "disks", "latest", "--to", "out"]);
    small.grow("64m");
    place.ok(&["backup", "transfer"]);
    assert_eq!(
        place.json(&["point", "list"])[0]["tiers"],
        "Snapshot and vault"
    );
}

#[test]
fn a_snapshot_store_that_can_not_hold_the_first_backup_is_found_out_before() {
    let mut place = Place::with_vault();
    let _small = Small::new(&place, "small", "2m");
    place.set("STILLPOINT_SNAPSHOTS", &place.text("small/snapshots"));
    image(&place.at("a.raw"), 64 << 20, &[(0, 10 << 20)]);
    let e = place.fails(&["backup", "now", "--image", "a.raw"], 10);
    assert_eq!(e["code"], "SnapshotStoreTooSmall");
}

#[test]
fn a_restore_that_fills_the_disk_leaves_it_as_it_was() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 64 << 20, &[(0, 10 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    let small = Small::new(&place, "small", "4m");
    for format in ["raw", "qcow2"] {
        let to = place.text("small/out");
        let e = place.fails(
            &[
                "restore", "disks", "latest", "--to", &to, "--format", format,
            ],
            10,
        );
        assert_eq!(e["code"], "NoSpaceLeft", "{format}");
        assert_eq!(
            std::fs::read_dir(place.at("small/out")).unwrap().count(),
            0,
            "{format}"
        );
    }
    small.grow("64m");
    place.ok(&["restore", "disks", "latest", "--to", "small/out"]);
}
