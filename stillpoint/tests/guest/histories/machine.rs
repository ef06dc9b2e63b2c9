//! A machine that a history is played on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::{Value, json};
use testkit::Format;
use testkit::libvirt::Libvirtd;

/// A machine of three small disks, the last of which can be unplugged. No system runs in it:
/// what it writes is written through its devices by QEMU's monitor.
pub trait Machine {
    /// What backups call it.
    fn name(&self) -> &str;
    /// What `--connect` is told.
    fn connect(&self) -> String;
    /// The libvirtd it belongs to, if any.
    fn daemon(&self) -> Option<&Libvirtd>;
    /// Its disks by the names that points give them.
    fn disks(&self) -> [&'static str; 3];
    /// The image of a disk.
    fn image(&self, disk: &str) -> PathBuf;
    /// The device in QEMU's object tree.
    fn device(&self, disk: &str) -> &'static str;
    /// One command to its monitor.
    fn qmp(&self, command: &str, arguments: Value) -> Result<Value>;
    /// Whether QEMU lives.
    fn is_on(&self) -> bool;
    /// Starts QEMU, with or without the last disk.
    fn power_on(&self, plugged: bool);
    /// Ends QEMU in good order.
    fn power_off(&self);
    /// Ends QEMU with SIGKILL.
    fn kill(&self);
    /// Makes a disk larger or smaller. False if QEMU refuses.
    fn resize(&self, disk: &str, size: u64) -> bool;
    /// Plugs the last disk in. False if something is in the way.
    fn plug(&self) -> bool;
    /// Takes the last disk out. False if QEMU refuses.
    fn unplug(&self) -> bool;
    /// Whether QEMU holds a backup's instant: writes from now on are not in it.
    fn is_held(&self) -> bool;
    /// What backups left in QEMU.
    fn left(&self) -> Vec<String>;
    /// Whether libvirt takes no job any more, which is its own fault.
    fn is_stuck(&self) -> bool {
        false
    }
    /// What QEMU printed.
    fn printed(&self) -> String;

    /// Runs a command of qemu-io on a disk, through its device, as the guest's own writes go.
    /// Whether it did well shows in what the disk holds.
    fn io(&self, disk: &str, command: &str) {
        let line = format!("qemu-io -d {} \"{command}\"", self.device(disk));
        let said = self.qmp("human-monitor-command", json!({ "command-line": line }));
        assert_eq!(said.unwrap(), "", "{disk}: {command}");
    }

    /// QEMU's word for how it is.
    fn status(&self) -> String {
        let status = self.qmp("query-status", Value::Null).unwrap();
        status["status"].as_str().unwrap().to_owned()
    }

    /// What a disk of a machine that is off holds.
    fn read(&self, disk: &str) -> Vec<u8> {
        let image = self.image(disk);
        let raw = image.with_extension("read");
        let format = Format::of(&image).unwrap().name();
        run(Command::new("qemu-img")
            .args(["convert", "-f", format, "-O", "raw"])
            .args([&image, &raw]));
        let bytes = std::fs::read(&raw).unwrap();
        std::fs::remove_file(raw).unwrap();
        bytes
    }
}

/// What the disks are at the beginning.
pub const KINDS: [(Format, usize); 3] = [
    (Format::Qcow2, 8 << 20),
    (Format::Raw, (5 << 20) + 1536),
    (Format::Qcow2, 3 << 20),
];

/// Makes a blank image, over what is there.
pub fn blank(image: &Path, format: Format, size: usize) {
    let _ = std::fs::remove_file(image);
    testkit::disk::create(image, format, size as u64).unwrap();
}

/// Runs a command that must succeed.
pub fn run(command: &mut Command) {
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {said}");
}
