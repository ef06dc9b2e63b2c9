//! A machine of bare QEMU.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use testkit::HostDir;
use testkit::libvirt::Libvirtd;
use testkit::process::Guard;
use testkit::qmp::Qmp;

use super::machine::{KINDS, Machine, blank};

/// Ended when dropped, or when the test process dies.
pub struct Bare {
    host: HostDir,
    running: Mutex<Option<(Child, Guard)>>,
    monitor: Mutex<Option<Qmp>>,
}

impl Bare {
    /// Makes blank disks and starts QEMU.
    pub fn start() -> Self {
        let host = HostDir::new().unwrap();
        fs::create_dir(host.path().join("m")).unwrap();
        let machine = Self {
            host,
            running: Mutex::new(None),
            monitor: Mutex::new(None),
        };
        for (disk, (format, size)) in machine.disks().iter().zip(KINDS) {
            blank(&machine.image(disk), format, size);
        }
        machine.power_on(true);
        machine
    }

    fn at(&self, name: &str) -> PathBuf {
        self.host.path().join("m").join(name)
    }

    fn names(&self, command: &str, arguments: Value, key: &str) -> Vec<String> {
        let all = self.qmp(command, arguments).unwrap();
        let names = all.as_array().unwrap().iter();
        names
            .filter_map(|v| v[key].as_str().map(str::to_owned))
            .collect()
    }

    /// The nodes of disk `n`: the options of each, those below first.
    fn nodes(&self, n: usize) -> [Value; 2] {
        let file = format!("disk{n}-file");
        [
            json!({ "driver": "file", "node-name": file, "discard": "unmap",
                    "filename": self.image(self.disks()[n]) }),
            json!({ "driver": KINDS[n].0.name(), "node-name": format!("disk{n}"), "file": file,
                    "discard": "unmap" }),
        ]
    }

    fn end(&self, kill: bool) {
        let mut running = self.running.lock().unwrap();
        let (mut qemu, _guard) = running.take().unwrap();
        if kill {
            qemu.kill().unwrap();
        }
        qemu.wait().unwrap();
        *self.monitor.lock().unwrap() = None;
    }
}

impl Machine for Bare {
    fn name(&self) -> &str {
        "m"
    }

    fn connect(&self) -> String {
        format!("qmp://{}", self.host.path().display())
    }

    fn daemon(&self) -> Option<&Libvirtd> {
        None
    }

    fn disks(&self) -> [&'static str; 3] {
        ["vd0", "vd1", "sd0"]
    }

    fn image(&self, disk: &str) -> PathBuf {
        self.at(&format!("{disk}.image"))
    }

    fn device(&self, disk: &str) -> &'static str {
        match disk {
            "vd0" => "/machine/peripheral/vd0/virtio-backend",
            "vd1" => "/machine/peripheral/vd1/virtio-backend",
            _ => "sd0",
        }
    }

    fn qmp(&self, command: &str, arguments: Value) -> Result<Value> {
        let mut monitor = self.monitor.lock().unwrap();
        monitor
            .as_mut()
            .context("it is off")?
            .call(command, arguments)
    }

    fn is_on(&self) -> bool {
        let mut running = self.running.lock().unwrap();
        running
            .as_mut()
            .is_some_and(|(qemu, _)| matches!(qemu.try_wait(), Ok(None)))
    }

    fn power_on(&self, plugged: bool) {
        let log = self.at("log");
        let out = File::options().create(true).append(true).open(log).unwrap();
        let mut qemu = Command::new("qemu-system-x86_64");
        let words = "-nodefaults -no-user-config -display none -machine q35,usb=off -m 32 -name m \
                     -uuid 6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1 -device virtio-scsi-pci,id=scsi0";
        qemu.args(words.split_whitespace())
            .args(["-accel", testkit::accel()]);
        for name in ["qmp", "qmp2"] {
            let path = self.at(&format!("{name}.sock"));
            let _ = fs::remove_file(&path);
            let path = path.display();
            let socket = format!("socket,id={name},path={path},server=on,wait=off");
            qemu.args(["-chardev", &socket]);
            qemu.args(["-mon", &format!("chardev={name},mode=control")]);
        }
        let devices = [
            "virtio-blk-pci,id=vd0,drive=disk0",
            "virtio-blk-pci,id=vd1,drive=disk1",
            "scsi-hd,bus=scsi0.0,id=sd0,drive=disk2",
        ];
        for (n, device) in devices.iter().enumerate().take(2 + usize::from(plugged)) {
            for node in self.nodes(n) {
                qemu.args(["-blockdev", &node.to_string()]);
            }
            qemu.args(["-device", device]);
        }
        let child = qemu
            .stdin(Stdio::null())
            .stdout(out.try_clone().unwrap())
            .stderr(out)
            .process_group(0)
            .spawn()
            .unwrap();
        let guard = Guard::over(child.id(), self.host.path()).unwrap();
        *self.running.lock().unwrap() = Some((child, guard));
        let by = Instant::now() + Duration::from_secs(30);
        let monitor = loop {
            match Qmp::connect(&self.at("qmp2.sock")) {
                Ok(monitor) => break monitor,
                Err(error) => assert!(Instant::now() < by, "{error:#}: {}", self.printed()),
            }
            assert!(self.is_on(), "QEMU does not start: {}", self.printed());
            std::thread::sleep(Duration::from_millis(10));
        };
        *self.monitor.lock().unwrap() = Some(monitor);
    }

    fn power_off(&self) {
        self.qmp("quit", Value::Null).unwrap();
        self.end(false);
    }

    fn kill(&self) {
        self.end(true);
    }

    fn resize(&self, disk: &str, size: u64) -> bool {
        let n = self.disks().iter().position(|d| *d == disk).unwrap();
        let arguments = json!({ "node-name": format!("disk{n}"), "size": size });
        self.qmp("block_resize", arguments).is_ok()
    }

    fn plug(&self) -> bool {
        // A filter that a killed backup left may hold the nodes of the disk that was there.
        for node in ["disk2", "disk2-file"] {
            let _ = self.qmp("blockdev-del", json!({ "node-name": node }));
        }
        let nodes = self.names(
            "query-named-block-nodes",
            json!({ "flat": true }),
            "node-name",
        );
        if nodes.iter().any(|n| n.starts_with("disk2")) {
            return false;
        }
        for node in self.nodes(2) {
            self.qmp("blockdev-add", node).unwrap();
        }
        let device =
            json!({ "driver": "scsi-hd", "bus": "scsi0.0", "id": "sd0", "drive": "disk2" });
        self.qmp("device_add", device).unwrap();
        true
    }

    fn unplug(&self) -> bool {
        if self.qmp("device_del", json!({ "id": "sd0" })).is_err() {
            return false;
        }
        let by = Instant::now() + Duration::from_secs(10);
        while self
            .names("query-block", Value::Null, "qdev")
            .contains(&"sd0".to_owned())
        {
            assert!(Instant::now() < by, "sd0 stays");
        }
        for node in ["disk2", "disk2-file"] {
            let _ = self.qmp("blockdev-del", json!({ "node-name": node }));
        }
        true
    }

    fn is_held(&self) -> bool {
        // The filters come one after another, but the last of them before any export.
        let exports = self.names("query-block-exports", Value::Null, "id");
        !exports.is_empty()
    }

    fn left(&self) -> Vec<String> {
        let mut left = self.names(
            "query-named-block-nodes",
            json!({ "flat": true }),
            "node-name",
        );
        left.extend(self.names("query-block-exports", Value::Null, "id"));
        left.extend(self.names("query-jobs", Value::Null, "id"));
        left.retain(|name| !name.starts_with("disk"));
        left.extend(
            self.at("stillpoint.nbd")
                .exists()
                .then(|| "socket".to_owned()),
        );
        left
    }

    fn printed(&self) -> String {
        fs::read_to_string(self.at("log")).unwrap_or_default()
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        if self.is_on() {
            self.end(true);
        }
    }
}
