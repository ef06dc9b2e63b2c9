//! A machine of libvirt.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::Value;
use testkit::libvirt::Libvirtd;
use testkit::process::{self, Guard};
use testkit::qmp::Qmp;

use super::machine::{KINDS, Machine, blank};

const NAME: &str = "stillpoint-test-history";

/// Ended when dropped, with its libvirtd.
pub struct Virtual {
    daemon: Libvirtd,
    guard: Mutex<Option<Guard>>,
    /// One of the test's own, for libvirtd may be dead.
    monitor: Mutex<Option<Qmp>>,
}

impl Virtual {
    /// Starts a libvirtd, makes blank disks, defines the domain and starts it.
    pub fn start() -> Self {
        let daemon = Libvirtd::start().unwrap();
        let machine = Self {
            daemon,
            guard: Mutex::new(None),
            monitor: Mutex::new(None),
        };
        let mut disks = String::new();
        for (disk, (format, size)) in machine.disks().iter().zip(KINDS) {
            blank(&machine.image(disk), format, size);
            disks.push_str(&machine.element(disk));
        }
        let xml = format!(
            "<domain type='{kind}' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\
             <name>{NAME}</name><memory unit='MiB'>32</memory>\
             <os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features>\
             <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>{disks}\
             <controller type='usb' model='none'/>\
             <controller type='scsi' index='0' model='virtio-scsi'/>\
             <memballoon model='none'/></devices>\
             <qemu:commandline><qemu:arg value='-qmp'/>\
             <qemu:arg value='unix:{monitor},server=on,wait=off'/></qemu:commandline></domain>",
            monitor = machine.monitor_path().display(),
            kind = match testkit::accel() {
                "kvm" => "kvm",
                _ => "qemu",
            },
        );
        machine.virsh_with("define", &xml).unwrap();
        machine.power_on(true);
        machine
    }

    fn element(&self, disk: &str) -> String {
        let n = self.disks().iter().position(|d| *d == disk).unwrap();
        let (bus, format) = (["virtio", "virtio", "scsi"][n], KINDS[n].0.name());
        format!(
            "<disk type='file' device='disk'><driver name='qemu' type='{format}' \
             discard='unmap'/><source file='{}'/><target dev='{disk}' bus='{bus}'/></disk>",
            self.image(disk).display()
        )
    }

    fn virsh(&self, words: &[&str]) -> Result<String> {
        self.daemon.virsh(words)
    }

    /// Runs virsh with a file that holds this XML.
    fn virsh_with(&self, command: &str, xml: &str) -> Result<String> {
        let file = self.daemon.dir().join("given.xml");
        fs::write(&file, xml)?;
        let file = file.display().to_string();
        match command {
            "define" => self.virsh(&[command, &file]),
            _ => self.virsh(&[command, NAME, &file, "--live", "--config"]),
        }
    }

    fn monitor_path(&self) -> PathBuf {
        self.daemon.dir().join("monitor.sock")
    }

    fn pid(&self) -> Option<u32> {
        let file = self.daemon.dir().join(format!("run/qemu/{NAME}.pid"));
        fs::read_to_string(file).ok()?.trim().parse().ok()
    }

    fn wait_off(&self) {
        let by = Instant::now() + Duration::from_secs(30);
        while self.is_on() {
            assert!(Instant::now() < by, "the domain stays on");
            std::thread::sleep(Duration::from_millis(20));
        }
        self.guard.lock().unwrap().take();
        self.monitor.lock().unwrap().take();
    }
}

impl Machine for Virtual {
    fn name(&self) -> &str {
        NAME
    }

    fn connect(&self) -> String {
        self.daemon.uri()
    }

    fn daemon(&self) -> Option<&Libvirtd> {
        Some(&self.daemon)
    }

    fn disks(&self) -> [&'static str; 3] {
        ["vda", "vdb", "sda"]
    }

    fn image(&self, disk: &str) -> PathBuf {
        self.daemon.dir().join(format!("{disk}.image"))
    }

    fn device(&self, disk: &str) -> &'static str {
        match disk {
            "vda" => "/machine/peripheral/virtio-disk0/virtio-backend",
            "vdb" => "/machine/peripheral/virtio-disk1/virtio-backend",
            _ => "scsi0-0-0-0",
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
        self.virsh(&["domstate", NAME]).unwrap() != "shut off"
    }

    fn power_on(&self, _: bool) {
        self.virsh(&["start", NAME]).unwrap();
        let guard = Guard::over(self.pid().unwrap(), Path::new(NAME)).unwrap();
        *self.guard.lock().unwrap() = Some(guard);
        *self.monitor.lock().unwrap() = Some(Qmp::connect(&self.monitor_path()).unwrap());
    }

    fn power_off(&self) {
        self.virsh(&["destroy", NAME, "--graceful"]).unwrap();
        self.wait_off();
    }

    fn kill(&self) {
        process::signal(self.pid().unwrap(), "KILL").unwrap();
        self.wait_off();
    }

    fn resize(&self, disk: &str, size: u64) -> bool {
        let size = format!("{size}B");
        self.virsh(&["blockresize", NAME, disk, &size]).is_ok()
    }

    fn plug(&self) -> bool {
        self.virsh_with("attach-device", &self.element("sda"))
            .is_ok()
    }

    fn unplug(&self) -> bool {
        self.virsh_with("detach-device", &self.element("sda"))
            .is_ok()
    }

    fn is_held(&self) -> bool {
        let jobs = self.qmp("query-jobs", Value::Null).unwrap_or_default();
        let mut jobs = jobs.as_array().into_iter().flatten();
        jobs.any(|j| j["type"] == "backup" && j["status"] == "running")
    }

    fn left(&self) -> Vec<String> {
        let by = Instant::now() + Duration::from_secs(20);
        loop {
            // libvirt notes the end of a job when QEMU's event has come.
            let libvirts = self.virsh(&["domjobinfo", NAME]).unwrap();
            let qemus = self.qmp("query-jobs", Value::Null).unwrap();
            let exports = self.qmp("query-block-exports", Value::Null).unwrap();
            let left = [libvirts, qemus.to_string(), exports.to_string()];
            if left[0].contains("None") && left[1..] == ["[]", "[]"] {
                return Vec::new();
            }
            if Instant::now() > by {
                return left.into();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn is_stuck(&self) -> bool {
        let info = self.virsh(&["domjobinfo", NAME]);
        info.is_err_and(|e| format!("{e:#}").contains("job data missing"))
    }

    fn printed(&self) -> String {
        let log = self.daemon.dir().join(format!("log/qemu/{NAME}.log"));
        fs::read_to_string(log).unwrap_or_default()
    }
}

impl Drop for Virtual {
    fn drop(&mut self) {
        if let Some(pid) = self.pid() {
            process::kill_if_mentions(pid, NAME);
        }
    }
}
