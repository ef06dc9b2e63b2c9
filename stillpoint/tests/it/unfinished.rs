//! Disks that a restore left as a mixture are not taken for good.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::command::{Place, image, noise, write_at};

fn wait_for(what: &str, mut there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !there() {
        assert!(start.elapsed() < Duration::from_secs(30), "no {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Ends with the test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a slow restore, and kills it once `begun`.
fn killed_restore(place: &Place, onto: &str, begun: impl FnMut() -> bool) {
    let words = [
        "restore", "disks", "latest", "--onto", onto, "--rate", "64K",
    ];
    let restore = Ending(place.start(&words));
    wait_for("mark", begun);
    drop(restore);
}

#[test]
fn an_image_is_not_backed_up_between_a_killed_restore_and_its_completion() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 8 << 20, &[(1 << 20, 3 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    let point = fs::read(place.at("a.raw")).unwrap();
    write_at(&place.at("a.raw"), 2 << 20, &noise(5, 1 << 20));
    let mark = place.at("a.raw.stillpoint-restoring");
    killed_restore(&place, "disk=a.raw", || mark.exists());

    let e = place.fails(&["backup", "now", "--image", "a.raw"], 7);
    assert_eq!(e["code"], "RestoreIncomplete");
    let said = e["message"].as_str().unwrap();
    assert!(said.contains("a.raw.stillpoint-restoring"), "{said}");
    place.ok(&["restore", "disks", "latest", "--onto", "disk=a.raw"]);
    assert!(fs::read(place.at("a.raw")).unwrap() == point);
    place.ok(&["backup", "now", "--image", "a.raw"]);
}

/// A block device over a file. Needs root and loop devices.
struct Loop(PathBuf);

impl Loop {
    fn new(file: &Path) -> Option<Self> {
        let made = Command::new("losetup")
            .args(["--find", "--show"])
            .arg(file)
            .output()
            .ok()?;
        let name = String::from_utf8(made.stdout).unwrap();
        made.status.success().then(|| Self(name.trim().into()))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        let _ = Command::new("losetup").arg("-d").arg(&self.0).status();
    }
}

#[test]
fn a_device_is_not_backed_up_between_a_killed_restore_and_its_completion() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 8 << 20, &[(1 << 20, 3 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw", "--name", "d"]);
    image(&place.at("backing"), 8 << 20, &[(0, 2 << 20)]);
    let Some(device) = Loop::new(&place.at("backing")) else {
        return;
    };
    // By another name, which stands for the same device.
    std::os::unix::fs::symlink(&device.0, place.at("link")).unwrap();
    let notes = place.at("state/restoring");
    let noted = || fs::read_dir(&notes).is_ok_and(|mut d| d.next().is_some());
    killed_restore(&place, "disk=link", noted);

    let path = device.0.to_str().unwrap();
    let backup = ["backup", "now", "--image", path, "--name", "d"];
    let e = place.fails(&backup, 7);
    assert_eq!(e["code"], "RestoreIncomplete");
    let onto = format!("disk={path}");
    place.ok(&["restore", "disks", "latest", "--onto", &onto]);
    assert!(!noted());
    place.ok(&backup);
}

#[test]
fn a_machine_with_an_unfinished_disk_is_shown_so_and_not_backed_up() {
    let mut place = Place::with_vault();
    place.set(
        "STILLPOINT_CONNECT",
        &format!("qmp://{}", place.text("machines")),
    );
    let folder = place.at("machines/m");
    fs::create_dir_all(&folder).unwrap();
    let (one, two) = (folder.join("one.raw"), folder.join("two.raw"));
    let mut qemu = Command::new("qemu-system-x86_64");
    qemu.args(["-nodefaults", "-machine", "q35,accel=tcg", "-m", "32"])
        .args(["-name", "m", "-S", "-display", "none"])
        .args(["-uuid", "6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1"])
        .arg("-qmp")
        .arg(format!(
            "unix:{}/qmp.sock,server=on,wait=off",
            folder.display()
        ));
    for (name, path) in [("one", &one), ("two", &two)] {
        image(path, 4 << 20, &[(0, 100_000)]);
        let path = path.display();
        qemu.arg("-blockdev").arg(format!(
            "driver=raw,node-name={name},file.driver=file,file.filename={path}"
        ));
        qemu.arg("-device")
            .arg(format!("virtio-blk-pci,drive={name},id={name}"));
    }
    let qemu = Ending(qemu.stdin(Stdio::null()).spawn().unwrap());
    wait_for("monitor", || folder.join("qmp.sock").exists());
    let machine = place.json(&["vm", "show", "m"]);
    assert_eq!(machine["unfinishedRestores"], serde_json::json!([]));
    let disks = machine["disks"].as_array().unwrap();
    let named = |path: &Path| {
        let own = |d: &&serde_json::Value| d["path"] == path.to_str().unwrap();
        let disk = disks.iter().find(own);
        disk.unwrap_or_else(|| panic!("{machine}"))["name"]
            .as_str()
            .unwrap()
    };
    let second = named(&two);
    drop(qemu);

    let mark = folder.join("two.raw.stillpoint-restoring");
    fs::rename(&two, &mark).unwrap();
    let shown = place.json(&["vm", "show", "m"]);
    let expected = serde_json::json!([{ "disk": second, "mark": mark }]);
    assert_eq!(shown["unfinishedRestores"], expected, "{shown}");
    let text = place.ok(&["vm", "show", "m"]);
    assert!(text.contains("two.raw.stillpoint-restoring"), "{text}");
    let e = place.fails(&["backup", "now", "m"], 7);
    assert_eq!(e["code"], "RestoreIncomplete");
    assert!(e["message"].as_str().unwrap().contains(second), "{e}");
    // A point without that disk holds no mixture.
    place.ok(&["backup", "now", "m", "--exclude", second]);
}
