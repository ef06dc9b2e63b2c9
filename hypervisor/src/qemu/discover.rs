//! What a running QEMU tells of its machine.

use std::path::{Path, PathBuf};

use base::Result;
use serde_json::{Value, json};

use super::graph::{Device, Graph};
use super::uuid_of_name;
use crate::qmp::Qmp;
use crate::{
    AgentStatus, Disk, DiskChoice, Firmware, Hardware, ImageFormat, Machine, MachineState,
};

/// A running machine: what everybody may know of it, and what the driver needs besides.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) machine: Machine,
    /// QEMU's own word for the state.
    pub(super) status: String,
    /// The devices behind `machine.disks`, in the same order.
    pub(super) devices: Vec<Device>,
    pub(super) graph: Graph,
    /// The words of QEMU's command line; empty if its process can't be looked at.
    pub(super) arguments: Vec<String>,
    /// The file with the UEFI variables.
    pub(super) nvram: Option<PathBuf>,
}

/// Asks QEMU. The agent is left as not configured.
pub(super) async fn running(qmp: &Qmp, name: &str) -> Result<Running> {
    let process = qmp
        .process()
        .map(|pid| PathBuf::from(format!("/proc/{pid}")));
    let folder = process
        .as_ref()
        .and_then(|p| std::fs::read_link(p.join("cwd")).ok());
    let arguments = process
        .map(|p| words(&p.join("cmdline")))
        .unwrap_or_default();
    let uuid = qmp.execute("query-uuid", Value::Null).await?;
    let status = qmp.execute("query-status", Value::Null).await?;
    let status = status["status"].as_str().unwrap_or("unknown").to_owned();
    let graph = Graph::read(qmp).await?;
    let mut firmware = Firmware::Bios;
    let (mut disks, mut devices, mut boot, mut nvram) = (Vec::new(), Vec::new(), Vec::new(), None);
    for device in &graph.devices {
        let properties = Properties::read(qmp, &device.qom).await?;
        if properties.kind.contains("flash") {
            firmware = Firmware::Uefi;
            let root = device.root.as_deref().filter(|_| !device.read_only);
            let path = root.and_then(|r| graph.path(graph.below_filters(r)));
            nvram = path.map(|p| absolute(folder.as_deref(), p)).or(nvram);
            continue;
        }
        disks.push(describe(device, &graph, &properties, folder.as_deref()));
        boot.push(properties.boot_index);
        devices.push(device.clone());
    }
    rank_boot_order(&mut disks, &boot);
    let machine = Machine {
        uuid: match uuid["UUID"].as_str() {
            Some(own) => own_uuid(own).unwrap_or_else(|| uuid_of_name(name)),
            None => uuid_of_name(name),
        },
        name: name.to_owned(),
        state: state(&status),
        firmware,
        hardware: Hardware::default(),
        disks,
        agent: AgentStatus::NotConfigured,
    };
    Ok(Running {
        machine,
        status,
        devices,
        graph,
        arguments,
        nvram,
    })
}

/// A UUID as QEMU tells it, which goes into names of files; `None` for one that is all zero.
fn own_uuid(text: &str) -> Option<String> {
    let uuid = uuid::Uuid::try_parse(text).ok()?;
    (!uuid.is_nil()).then(|| uuid.to_string())
}

/// What QEMU's object tree tells of a device.
#[derive(Default)]
pub(super) struct Properties {
    kind: String,
    bus: String,
    pub(super) boot_index: Option<u64>,
    shared: bool,
}

impl Properties {
    async fn read(qmp: &Qmp, qom: &str) -> Result<Self> {
        let get = |property| ("qom-get", json!({ "path": qom, "property": property }));
        let answers = qmp
            .batch(&[
                get("type"),
                get("parent_bus"),
                get("bootindex"),
                get("share-rw"),
            ])
            .await?;
        // A device may lack any of them.
        let mut answers = answers.into_iter().map(|a| a.unwrap_or(Value::Null));
        let mut next = || answers.next().unwrap_or(Value::Null);
        Ok(Self::parse([next(), next(), next(), next()]))
    }

    /// Reads `type`, `parent_bus`, `bootindex` and `share-rw`.
    pub(super) fn parse([kind, bus, boot_index, shared]: [Value; 4]) -> Self {
        Self {
            kind: kind.as_str().unwrap_or_default().to_owned(),
            bus: bus.as_str().unwrap_or_default().to_owned(),
            boot_index: boot_index.as_u64(),
            shared: shared == true,
        }
    }
}

pub(super) fn describe(
    device: &Device,
    graph: &Graph,
    of: &Properties,
    folder: Option<&Path>,
) -> Disk {
    let node = device.root.as_deref().map(|r| graph.below_filters(r));
    let info = node.and_then(|n| graph.nodes.get(n));
    let path = node
        .and_then(|n| graph.path(n))
        .map(|p| absolute(folder, p));
    let excluded = if device.removable {
        Some("its medium can be taken out (CD-ROM, floppy)")
    } else if info.is_none() {
        Some("it has no medium")
    } else if device.read_only {
        Some("the guest can't write to it")
    } else if of.shared {
        Some("it is shared with other machines, whose writes no snapshot of this one sees")
    } else if path.as_ref().is_some_and(|p| !p.exists()) {
        Some("it is temporary: its file has no name any more and goes with the machine")
    } else {
        None
    };
    Disk {
        name: disk_name(device),
        path,
        format: match info.map_or("", |n| n.driver.as_str()) {
            "qcow2" => ImageFormat::Qcow2,
            "raw" | "file" | "host_device" => ImageFormat::Raw,
            _ => ImageFormat::Other,
        },
        size: info.map_or(0, |n| n.size),
        bus: bus(&of.kind, &of.bus).to_owned(),
        boot_order: None,
        choice: excluded.map_or(DiskChoice::Included, |r| DiskChoice::Excluded(r.to_owned())),
    }
}

/// The device's id; without one the name of its drive, without that its place in the tree.
/// It goes into names of files and exports, so it has the form that QEMU asks of ids.
fn disk_name(device: &Device) -> String {
    let parts: Vec<&str> = device.qom.split('/').filter(|p| !p.is_empty()).collect();
    let id = match parts[..] {
        ["machine", "peripheral", id, ..] => id,
        _ => &device.drive,
    };
    if is_id(id) {
        return id.to_owned();
    }
    let own = parts.iter().rev().find(|p| **p != "virtio-backend");
    let place = own.unwrap_or(&"").chars();
    let place: String = place
        .filter(char::is_ascii_alphanumeric)
        .take(LONGEST_ID)
        .collect();
    if place.is_empty() {
        "disk".to_owned()
    } else {
        place
    }
}

/// The longest name of a disk.
const LONGEST_ID: usize = 64;

fn is_id(text: &str) -> bool {
    text.len() <= LONGEST_ID
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
}

fn bus(kind: &str, parent: &str) -> &'static str {
    match kind {
        k if k.starts_with("virtio") || k.starts_with("vhost") => "virtio",
        k if k.starts_with("nvme") => "nvme",
        k if k.starts_with("usb") || parent.contains("usb") => "usb",
        k if k.starts_with("scsi") => "scsi",
        k if k.starts_with("ide") && (parent.contains("ahci") || parent.contains("sata")) => "sata",
        k if k.starts_with("ide") && parent.contains("/q35/") => "sata",
        k if k.starts_with("ide") => "ide",
        k if k.starts_with("floppy") => "fdc",
        _ => "other",
    }
}

fn state(status: &str) -> MachineState {
    match status {
        "running" => MachineState::Running,
        "paused" | "io-error" | "prelaunch" | "suspended" | "debug" | "watchdog" => {
            MachineState::Paused
        }
        _ => MachineState::Other,
    }
}

/// QEMU's boot indexes are any numbers; what counts is their order.
pub(super) fn rank_boot_order(disks: &mut [Disk], indexes: &[Option<u64>]) {
    let mut given: Vec<u64> = indexes.iter().flatten().copied().collect();
    given.sort_unstable();
    for (disk, index) in disks.iter_mut().zip(indexes) {
        let place = index.and_then(|i| given.iter().position(|g| *g == i));
        disk.boot_order = place.and_then(|p| u32::try_from(p + 1).ok());
    }
}

fn absolute(folder: Option<&Path>, path: &str) -> PathBuf {
    folder.map_or_else(|| PathBuf::from(path), |f| f.join(path))
}

/// The words of a process's command line.
fn words(path: &Path) -> Vec<String> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let words = bytes
        .strip_suffix(&[0])
        .unwrap_or(&bytes)
        .split(|b| *b == 0);
    let words: Vec<_> = words
        .map(|w| String::from_utf8_lossy(w).into_owned())
        .collect();
    if bytes.is_empty() { Vec::new() } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(qom: &str, drive: &str) -> Device {
        Device {
            qom: qom.into(),
            drive: drive.into(),
            removable: false,
            root: None,
            read_only: false,
        }
    }

    #[test]
    fn a_disk_is_called_by_its_id_or_its_drive_or_its_place() {
        for (qom, drive, name) in [
            ("/machine/peripheral/vd0/virtio-backend", "", "vd0"),
            ("/machine/peripheral/sd1", "x", "sd1"),
            (
                "/machine/peripheral-anon/device[3]/virtio-backend",
                "virtio0",
                "virtio0",
            ),
            (
                "/machine/peripheral-anon/device[3]/virtio-backend",
                "",
                "device3",
            ),
        ] {
            assert_eq!(disk_name(&device(qom, drive)), name);
        }
    }

    #[test]
    fn names_that_could_leave_their_folder_are_not_taken() {
        for (qom, drive) in [
            ("/machine/peripheral/../backend", "x"),
            ("/machine/a", "../../etc/cron.d/x"),
            ("/machine/a", "a\nb"),
            ("", ""),
        ] {
            let name = disk_name(&device(qom, drive));
            assert!(["x", "a", "backend", "disk"].contains(&&*name), "{name}");
        }
        let own = "6D0FF19E-6d2f-4c6b-9d6e-5a8e8e6ac4b1";
        assert_eq!(own_uuid(own), Some(own.to_lowercase()));
        for text in ["00000000-0000-0000-0000-000000000000", "../../x", ""] {
            assert_eq!(own_uuid(text), None);
        }
    }

    #[test]
    fn boot_order_is_the_rank_of_the_boot_index() {
        let graph = Graph::default();
        let one = || {
            describe(
                &device("/machine/a", ""),
                &graph,
                &Properties::default(),
                None,
            )
        };
        let mut disks = [one(), one(), one()];
        rank_boot_order(&mut disks, &[Some(7), None, Some(0)]);
        assert_eq!(disks.map(|d| d.boot_order), [Some(2), None, Some(1)]);
    }

    #[test]
    fn a_machine_that_is_not_running_is_told_from_one_in_migration() {
        assert_eq!(state("io-error"), MachineState::Paused);
        assert_eq!(state("inmigrate"), MachineState::Other);
    }
}
