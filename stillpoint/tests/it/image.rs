//! Images: backup, restore, targets.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use crate::command::{Place, image, noise, write_at};

fn same(a: &Path, b: &Path) -> bool {
    fs::read(a).unwrap() == fs::read(b).unwrap()
}

fn qemu_img(words: &[&str], place: &Place) -> bool {
    let done = Command::new("qemu-img")
        .args(words)
        .current_dir(place.at(""))
        .output()
        .unwrap();
    done.status.success()
}

#[test]
fn a_list_of_changes_makes_a_backup_read_only_those() {
    let place = Place::with_vault();
    image(
        &place.at("a.raw"),
        64 << 20,
        &[(1 << 20, 3 << 20), (40 << 20, 5000)],
    );
    let first = place.json(&["backup", "now", "--image", "a.raw"]);
    assert_eq!(first["status"], "Completed");
    assert_eq!(first["snapshot"]["consistency"], "offline");
    fs::copy(place.at("a.raw"), place.at("before.raw")).unwrap();
    write_at(&place.at("a.raw"), 2_000_000, &noise(5, 4096));
    fs::write(place.at("list"), "# one\n2000000 4096\n").unwrap();
    let second = place.json(&["backup", "now", "--image", "a.raw", "--changed", "list"]);
    let disk = &second["snapshot"]["disks"][0];
    assert_eq!(disk["read"], 65_536, "one chunk: {second}");
    assert!(disk["tracker"].is_string(), "{second}");
    assert!(
        second["transfer"]["stored"].as_u64().unwrap() < 80_000,
        "{second}"
    );

    let point = first["snapshot"]["point"].as_str().unwrap();
    place.ok(&["restore", "disks", &point[..8], "--to", "one"]);
    place.ok(&["restore", "disks", "latest:a.raw", "--to", "two"]);
    place.ok(&[
        "restore", "disks", "latest", "--to", "two", "--format", "qcow2",
    ]);
    assert!(same(
        &place.at("before.raw"),
        &place.at("one/a.raw-disk.raw")
    ));
    assert!(same(&place.at("a.raw"), &place.at("two/a.raw-disk.raw")));
    assert!(qemu_img(
        &["compare", "a.raw", "two/a.raw-disk.qcow2"],
        &place
    ));
    let blocks = fs::metadata(place.at("two/a.raw-disk.raw"))
        .unwrap()
        .blocks();
    assert!(blocks * 512 < 5 << 20, "holes stay holes: {blocks} blocks");
}

#[test]
fn a_qcow2_image_is_backed_up_by_what_it_shows() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 16 << 20, &[(5 << 20, 300_000)]);
    assert!(qemu_img(
        &["convert", "-O", "qcow2", "a.raw", "a.qcow2"],
        &place
    ));
    place.ok(&[
        "backup", "now", "--image", "a.qcow2", "--format", "qcow2", "--name", "q",
    ]);
    place.ok(&[
        "restore", "disks", "latest:q", "--to", "out", "--format", "raw",
    ]);
    assert!(same(&place.at("a.raw"), &place.at("out/q-disk.raw")));
    place.ok(&["restore", "disks", "latest:q", "--to", "out"]);
    assert!(qemu_img(&["compare", "a.raw", "out/q-disk.qcow2"], &place));
}

#[test]
fn a_restore_onto_an_image_writes_only_what_differs() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 32 << 20, &[(0, 4 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    fs::copy(place.at("a.raw"), place.at("kept.raw")).unwrap();
    write_at(&place.at("a.raw"), 1 << 20, &noise(9, 10_000));
    write_at(&place.at("a.raw"), 20 << 20, &noise(10, 5_000));
    let done = place.json(&["restore", "disks", "latest", "--onto", "disk=a.raw"]);
    assert!(same(&place.at("a.raw"), &place.at("kept.raw")));
    let written = done["disks"][0]["written"].as_u64().unwrap();
    assert!(written < 2 << 20, "{done}");
    let done = place.json(&["restore", "disks", "latest", "--onto", "disk=a.raw"]);
    assert_eq!(done["disks"][0]["written"], 0);
}

#[test]
fn a_target_that_exists_is_left_alone() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 1000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    fs::create_dir(place.at("out")).unwrap();
    fs::write(place.at("out/a.raw-disk.raw"), "mine").unwrap();
    let e = place.fails(&["restore", "disks", "latest", "--to", "out"], 7);
    assert_eq!(e["code"], "TargetExists");
    assert_eq!(fs::read(place.at("out/a.raw-disk.raw")).unwrap(), b"mine");
    // Over it: it is no disk of that size.
    let e = place.fails(
        &["restore", "disks", "latest", "--to", "out", "--overwrite"],
        2,
    );
    assert_eq!(e["code"], "TargetTooSmall");
    assert_eq!(fs::read(place.at("out/a.raw-disk.raw")).unwrap(), b"mine");
    let left: Vec<_> = fs::read_dir(place.at("out")).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
}

#[test]
fn an_image_that_only_looks_like_qcow2_is_not_believed() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 1000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    write_at(&place.at("a.raw"), 0, b"QFI\xfb");
    let e = place.fails(&["restore", "disks", "latest", "--onto", "disk=a.raw"], 2);
    assert!(e["message"].as_str().unwrap().contains("--format"), "{e}");
    place.ok(&[
        "restore",
        "disks",
        "latest",
        "--onto",
        "disk=a.raw",
        "--format",
        "raw",
    ]);
}

#[test]
fn words_that_name_nothing_say_so() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 1000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    for (words, exit, code) in [
        (
            &["restore", "disks", "ffffffff-0000", "--to", "x"][..],
            4,
            "PointNotFound",
        ),
        (
            &["restore", "disks", "latest:nobody", "--to", "x"],
            4,
            "PointNotFound",
        ),
        (
            &["restore", "disks", "latest", "--to", "x", "--disk", "vdz"],
            4,
            "DiskNotFound",
        ),
        (
            &["restore", "disks", "latest", "--onto", "disk"],
            2,
            "BadArgument",
        ),
        (
            &["restore", "disks", "latest", "--onto", "disk=/no/such"],
            4,
            "FileNotFound",
        ),
        (&["restore", "vm", "latest", "--to", "x"], 2, "BadArgument"),
        (&["backup", "now", "--image", "/no/such"], 4, "FileNotFound"),
        (
            &["backup", "now", "--image", "a.raw", "--changed", "/no/such"],
            4,
            "FileNotFound",
        ),
        (&["backup", "now", "nobody"], 9, "HypervisorUnavailable"),
        (
            &["vm", "list", "--connect", "qmp://relative"],
            2,
            "BadArgument",
        ),
        (
            &["point", "list", "--vault", "gs://bucket"],
            2,
            "BadArgument",
        ),
    ] {
        assert_eq!(place.fails(words, exit)["code"], code, "{words:?}");
    }
    // Words that are wrong in form end with 2 too, from the parser.
    for words in [
        &["backup", "now", "--image", "a.raw", "--rate", "fast"][..],
        &["backup", "now", "--freeze-budget", "0s", "web"],
        &["backup", "now"],
        &["restore", "disks", "latest"],
        &["no-such-verb"],
    ] {
        assert_eq!(place.run(words).code, 2, "{words:?}");
    }
}

#[test]
fn a_list_of_changes_beyond_the_end_is_refused() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 1000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    for list in ["1048576 1", "x y", "5", "18446744073709551615 2"] {
        fs::write(place.at("list"), list).unwrap();
        let e = place.fails(
            &["backup", "now", "--image", "a.raw", "--changed", "list"],
            2,
        );
        assert_eq!(e["code"], "ExtentListInvalid", "{list}");
    }
    assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn an_image_that_grew_and_shrank_restores_at_every_size() {
    let place = Place::with_vault();
    for size in [1_000_000, 5_000_000, 777_777] {
        image(
            &place.at("a.raw"),
            size,
            &[(0, 500_000), (size - 1000, 1000)],
        );
        place.ok(&["backup", "now", "--image", "a.raw"]);
        let folder = format!("out{size}");
        place.ok(&["restore", "disks", "latest", "--to", &folder]);
        assert!(
            same(
                &place.at("a.raw"),
                &place.at(&folder).join("a.raw-disk.raw")
            ),
            "{size}"
        );
    }
}

#[test]
fn a_qcow2_image_is_not_taken_for_raw_and_its_bytes_are_backed_up_if_that_is_said() {
    let place = Place::with_vault();
    assert!(qemu_img(
        &["create", "-q", "-f", "qcow2", "a", "4M"],
        &place
    ));
    let e = place.fails(&["backup", "now", "--image", "a"], 2);
    assert_eq!(e["code"], "BadArgument");
    assert!(
        e["message"].as_str().unwrap().contains("--format qcow2"),
        "{e}"
    );
    assert_eq!(place.json(&["point", "list"]), serde_json::json!([]));
    for format in ["qcow2", "raw"] {
        place.ok(&[
            "backup", "now", "--image", "a", "--format", format, "--name", format,
        ]);
    }
    place.ok(&["restore", "disks", "latest:raw", "--to", "there"]);
    assert!(same(&place.at("there/raw-disk.raw"), &place.at("a")));
}
