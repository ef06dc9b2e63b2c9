//! The machines of the fake and what guest writes do to an open snapshot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Weak;

use base::Code;

use super::Fault;
use super::disk::{FakeDisk, PAGE, Pages, touched};
use crate::{
    AgentStatus, Disk, DiskChoice, Firmware, Hardware, ImageFormat, Machine, MachineState,
};

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) machines: BTreeMap<String, FakeMachine>,
    /// Numbers snapshots, so that one that was replaced does not touch its successor.
    pub(super) snapshots: u64,
}

impl State {
    pub(super) fn machine(&mut self, name: &str) -> &mut FakeMachine {
        self.machines
            .get_mut(name)
            .unwrap_or_else(|| panic!("no machine {name}"))
    }
}

#[derive(Debug)]
pub(super) struct FakeMachine {
    pub(super) machine: Machine,
    pub(super) disks: Vec<FakeDisk>,
    pub(super) faults: Vec<Fault>,
    pub(super) open: Option<Open>,
    pub(super) reads: u64,
}

/// The snapshot that is open.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) number: u64,
    /// Dead once the snapshot was dropped without an end.
    pub(super) alive: Weak<()>,
    pub(super) disks: HashMap<String, OpenDisk>,
    pub(super) limit: u64,
    pub(super) broken: Option<Code>,
    pub(super) reads: u64,
}

impl Open {
    pub(super) fn scratch_used(&self) -> u64 {
        self.disks
            .values()
            .map(|d| d.copied.len() as u64 * PAGE)
            .sum()
    }
}

/// One disk of the snapshot that is open.
#[derive(Debug)]
pub(super) struct OpenDisk {
    pub(super) pages: Pages,
    pub(super) copied: BTreeSet<u64>,
    pub(super) released: BTreeSet<u64>,
}

impl FakeMachine {
    pub(super) fn new(name: &str, disks: &[(&str, u64)]) -> Self {
        let described = disks.iter().enumerate().map(|(i, (disk, size))| Disk {
            name: (*disk).to_owned(),
            path: Some(format!("/fake/{name}/{disk}.qcow2").into()),
            format: ImageFormat::Qcow2,
            size: *size,
            bus: "virtio".into(),
            boot_order: (i == 0).then_some(1),
            choice: DiskChoice::Included,
        });
        Self {
            machine: Machine {
                uuid: crate::qemu::uuid_of_name(name),
                name: name.to_owned(),
                state: MachineState::Running,
                firmware: Firmware::Bios,
                hardware: Hardware::default(),
                disks: described.collect(),
                agent: AgentStatus::Responding {
                    version: "10.0.2".into(),
                },
            },
            disks: disks
                .iter()
                .map(|(disk, size)| FakeDisk {
                    name: (*disk).to_owned(),
                    pages: Pages::new(*size),
                    trackers: HashMap::new(),
                })
                .collect(),
            faults: Vec::new(),
            open: None,
            reads: 0,
        }
    }

    pub(super) fn disk(&mut self, name: &str) -> &mut FakeDisk {
        self.disks
            .iter_mut()
            .find(|d| d.name == name)
            .unwrap_or_else(|| panic!("no disk {name}"))
    }

    pub(super) fn guest_write(&mut self, name: &str, offset: u64, data: &[u8]) {
        let pages = touched(offset, data.len() as u64);
        self.before_write(name, pages.clone());
        let disk = self.disk(name);
        disk.pages.write(offset, data);
        disk.mark(pages);
    }

    pub(super) fn guest_discard(&mut self, name: &str, offset: u64, len: u64) {
        assert!(
            offset.is_multiple_of(PAGE) && len.is_multiple_of(PAGE),
            "{offset}+{len} is not of whole pages"
        );
        let pages = touched(offset, len);
        self.before_write(name, pages.clone());
        let disk = self.disk(name);
        disk.pages.discard(pages.clone());
        disk.mark(pages);
    }

    /// Copies old contents to the scratch of an open snapshot, which may break it.
    fn before_write(&mut self, name: &str, pages: std::ops::Range<u64>) {
        if let Some(open) = &mut self.open {
            if let Some(disk) = open.disks.get_mut(name) {
                for page in pages {
                    if !disk.released.contains(&page) {
                        disk.copied.insert(page);
                    }
                }
            }
            if open.scratch_used() > open.limit {
                open.broken.get_or_insert(Code::ScratchFull);
            }
        }
    }
}
