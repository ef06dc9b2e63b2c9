//! Machines of bare QEMU.

use std::path::PathBuf;

use serde_json::Value;
use testkit::{DiskSpec, Guest, disk};

use crate::host::place_of;

fn images(restored: &Value) -> Vec<PathBuf> {
    let disks = restored["disks"].as_array().unwrap();
    disks
        .iter()
        .map(|d| PathBuf::from(d["path"].as_str().unwrap()))
        .collect()
}

#[test]
fn a_running_guest_is_backed_up_twice_and_boots_again_from_the_vault() {
    let guest = Guest::builder("web")
        .disk(DiskSpec::qcow2(64 << 20))
        .disk(DiskSpec::raw(32 << 20))
        .start()
        .unwrap();
    guest.wait_agent().unwrap();
    let place = place_of(&guest);

    let machines = place.json(&["vm", "list"]);
    assert_eq!(machines[0]["name"], "web");
    assert_eq!(machines[0]["state"], "running");
    assert_eq!(machines[0]["uuid"], guest.uuid());
    assert_eq!(machines[0]["agent"]["status"], "responding");
    assert_eq!(machines[0]["disks"].as_array().unwrap().len(), 3);
    assert!(place.ok(&["vm", "show", "web"]).contains("GiB"));

    guest
        .write_file("/data1/a", &disk::noise(1, 3_000_000))
        .unwrap();
    guest.write_file("/data2/b", b"first").unwrap();
    let first_sum = guest.sha256("/data1/a").unwrap();
    let job = place.json(&["backup", "now", "web"]);
    assert_eq!(job["status"], "Completed", "{job}");
    let first = &job["snapshot"];
    assert_eq!(first["consistency"], "fileSystemConsistent", "{job}");
    assert!(first["frozenMs"].as_u64().unwrap() > 0, "{job}");
    let first_point = first["point"].as_str().unwrap().to_owned();

    guest
        .write_file("/data1/a", &disk::noise(2, 3_000_000))
        .unwrap();
    guest.write_file("/data2/b", b"second").unwrap();
    let second_sum = guest.sha256("/data1/a").unwrap();
    let job = place.json(&["backup", "now", "web", "--no-transfer"]);
    assert_eq!(job["transfer"], Value::Null, "{job}");
    let second = &job["snapshot"];
    let read: u64 = second["disks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|d| d["read"].as_u64().unwrap())
        .sum();
    assert!((1..40 << 20).contains(&read), "read {read}: {job}");
    for disk in second["disks"].as_array().unwrap() {
        assert!(disk["tracker"].is_string(), "{disk}");
    }
    let points = place.json(&["point", "list", "web"]);
    assert_eq!(points[0]["tiers"], "Snapshot and vault");
    assert_eq!(points[1]["tiers"], "Snapshot");
    guest.write_file("/data1/a", b"not in any point").unwrap();

    let sent = place.json(&["backup", "transfer", "web"]);
    assert_eq!(sent["point"], second["point"]);
    assert!(sent["copied"].as_u64().unwrap() > 0, "{sent}");
    std::fs::remove_dir_all(place.at("snapshots")).unwrap();
    guest.quit().unwrap();

    for (point, sum, text) in [
        (first_point.as_str(), first_sum, "first"),
        ("latest:web", second_sum, "second"),
    ] {
        let folder = place.text(text);
        let restored = place.json(&["restore", "disks", point, "--to", &folder]);
        assert_eq!(restored["from"], "vault");
        let copy = Guest::builder(text)
            .host(guest.host())
            .firmware_boot()
            .boot_from(&images(&restored))
            .start()
            .unwrap();
        copy.wait_agent().unwrap();
        assert_eq!(copy.sha256("/data1/a").unwrap(), sum);
        assert_eq!(copy.read_file("/data2/b").unwrap(), text.as_bytes());
    }
}

#[test]
fn a_restored_machine_starts_by_its_own_script_beside_the_old_one() {
    let guest = Guest::builder("app")
        .disk(DiskSpec::raw(16 << 20))
        .network()
        .start()
        .unwrap();
    guest.wait_agent().unwrap();
    let place = place_of(&guest);
    guest.write_file("/data1/a", b"kept").unwrap();
    place.json(&["backup", "now", "app"]);

    let folder = guest.hostdir().join("app2");
    let to = folder.display().to_string();
    let restored = place.json(&[
        "restore",
        "vm",
        "latest:app",
        "--to",
        &to,
        "--name",
        "app2",
        "--new-identity",
        "--start",
    ]);
    assert_eq!(restored["started"], true, "{restored}");
    let pid: i32 = std::fs::read_to_string(folder.join("pid"))
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let _end = End(pid);
    let show = || place.json(&["vm", "show", "app2"]);
    let start = std::time::Instant::now();
    while show()["agent"]["status"] != "responding" {
        assert!(start.elapsed().as_secs() < 120, "{}", show());
        std::thread::sleep(std::time::Duration::from_millis(500));
    }
    let copy = show();
    assert_eq!(copy["uuid"], restored["uuid"]);
    assert_ne!(copy["uuid"], guest.uuid());
    // The copy is a machine like any other: it can be backed up, and it holds the file.
    place.json(&["backup", "now", "app2"]);
    let agent = |command: &str, arguments: Value| {
        let mut socket = testkit::agent::Socket::new(&folder.join("qga.sock"));
        use testkit::agent::Channel;
        socket
            .call(command, arguments, std::time::Duration::from_secs(30))
            .unwrap()
    };
    let handle = agent("guest-file-open", serde_json::json!({ "path": "/data1/a" }));
    let read = agent("guest-file-read", serde_json::json!({ "handle": handle }));
    assert_eq!(read["buf-b64"], "a2VwdA==", "{read}");
    assert!(guest.is_running());
}

/// Ends a process that the program left running, as it should.
struct End(i32);

impl Drop for End {
    fn drop(&mut self) {
        if let Some(pid) = rustix::process::Pid::from_raw(self.0) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
    }
}

#[test]
fn uefi_variables_come_back_with_the_machine() {
    let guest = Guest::builder("efi").uefi().start().unwrap();
    let place = place_of(&guest);
    place.json(&["backup", "now", "efi", "--quiesce", "skip"]);
    let shown = place.json(&["point", "show", "latest"]);
    assert_eq!(shown["uefiVariables"], true, "{shown}");
    let restored = place.json(&["restore", "vm", "latest", "--to", &place.text("out")]);
    let nvram = place.at("out/efi_VARS.fd");
    assert_eq!(restored["nvram"], nvram.display().to_string());
    let (old, new) = (
        guest.dir().join("nvram.fd"),
        std::fs::metadata(&nvram).unwrap(),
    );
    assert_eq!(std::fs::metadata(old).unwrap().len(), new.len());
    let words = std::fs::read_to_string(place.at("out/efi.json")).unwrap();
    assert!(words.contains(&nvram.display().to_string()), "{words}");
    assert!(
        !words.contains(&guest.dir().display().to_string()),
        "{words}"
    );
    // A second time only over what is there.
    let again = ["restore", "vm", "latest", "--to", &place.text("out")];
    assert_eq!(place.fails(&again, 7)["code"], "TargetExists");
    place.ok(&[&again[..], &["--overwrite"]].concat());
}
