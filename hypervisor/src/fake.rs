//! A hypervisor in memory, for tests of what uses one.
//!
//! Its machines have disks of 64 KiB pages; "guest" writes are recorded by trackers and, while
//! a snapshot is open, cost scratch space as copy-before-write does. Faults are scripted per
//! machine. The same conformance suite runs on it as on the real drivers.

mod disk;
mod snapshot;
mod state;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use base::{Code, Error, Result, TrackerName};

use crate::{Definition, Hypervisor, Machine, MachineState, Snapshot, SnapshotRequest};

pub use disk::PAGE;
use state::{FakeMachine, State};

/// What goes wrong with a machine. Each fault is scripted ahead and acts until it is cleared.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// The snapshot breaks at the n-th read of it (from 1), with this code
    /// (`SnapshotBroken`, `ScratchFull`); once broken, the fault is spent.
    BreakAtRead(u64, Code),
    /// The machine is gone at the n-th read of a snapshot (from 1).
    VanishAtRead(u64),
    /// Each read takes this long.
    SlowReads(Duration),
    /// The agent does not answer a freeze.
    AgentHangs,
    /// Taking a snapshot fails with this code.
    Refuse(Code),
    /// Ending a snapshot fails with this code; the trackers stay as they were.
    FinishFails(Code),
}

/// The hypervisor. Clones share their machines.
#[derive(Clone, Debug, Default)]
pub struct FakeHypervisor {
    state: Arc<Mutex<State>>,
}

impl FakeHypervisor {
    /// One without machines.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a running machine with an answering agent and qcow2 disks of these names and
    /// sizes (bytes, a multiple of 512).
    ///
    /// # Panics
    /// If the name is taken.
    pub fn add_machine(&self, name: &str, disks: &[(&str, u64)]) -> Machine {
        let mut state = self.lock();
        assert!(!state.machines.contains_key(name), "{name} exists");
        let machine = FakeMachine::new(name, disks);
        let described = machine.machine.clone();
        state.machines.insert(name.to_owned(), machine);
        described
    }

    /// Whether there is a machine of this name.
    #[must_use]
    pub fn has_machine(&self, name: &str) -> bool {
        self.lock().machines.contains_key(name)
    }

    /// Removes a machine; open snapshots of it fail with `MachineVanished`.
    pub fn remove_machine(&self, name: &str) {
        self.lock().machines.remove(name);
    }

    /// Writes as the guest does. While a snapshot is open it takes scratch space.
    ///
    /// # Panics
    /// If there is no such machine or disk, or the range is outside it.
    pub fn write(&self, machine: &str, disk: &str, offset: u64, data: &[u8]) {
        self.lock().machine(machine).guest_write(disk, offset, data);
    }

    /// Discards as the guest does: whole pages (64 KiB) become holes that read as zero, and
    /// the trackers mark them.
    ///
    /// # Panics
    /// If there is no such machine or disk, or the range is not of whole pages.
    pub fn discard(&self, machine: &str, disk: &str, offset: u64, len: u64) {
        self.lock()
            .machine(machine)
            .guest_discard(disk, offset, len);
    }

    /// A disk's bytes now.
    ///
    /// # Panics
    /// If there is no such machine or disk.
    #[must_use]
    pub fn read(&self, machine: &str, disk: &str, offset: u64, len: usize) -> Vec<u8> {
        self.lock()
            .machine(machine)
            .disk(disk)
            .pages
            .read(offset, len)
    }

    /// Sets whether the machine runs. Stopping or killing loses open snapshots; the trackers
    /// stay, as persistent bitmaps do.
    pub fn set_state(&self, machine: &str, to: MachineState) {
        let mut state = self.lock();
        let machine = state.machine(machine);
        if to == MachineState::Stopped {
            machine.open = None;
        }
        machine.machine.state = to;
    }

    /// Makes every tracker of the machine inconsistent, as a killed QEMU does.
    pub fn break_trackers(&self, machine: &str) {
        for disk in &mut self.lock().machine(machine).disks {
            for tracker in disk.trackers.values_mut() {
                tracker.consistent = false;
            }
        }
    }

    /// Removes every tracker of the machine without a trace, as a redefined machine does.
    pub fn lose_trackers(&self, machine: &str) {
        for disk in &mut self.lock().machine(machine).disks {
            disk.trackers.clear();
        }
    }

    /// The trackers that a disk has, in no order.
    #[must_use]
    pub fn trackers(&self, machine: &str, disk: &str) -> Vec<TrackerName> {
        self.lock()
            .machine(machine)
            .disk(disk)
            .trackers
            .keys()
            .copied()
            .collect()
    }

    /// Changes a disk's size; a shorter one loses its end.
    pub fn resize(&self, machine: &str, disk: &str, size: u64) {
        let mut state = self.lock();
        let machine = state.machine(machine);
        machine.disk(disk).pages.resize(size);
        for d in machine.machine.disks.iter_mut().filter(|d| d.name == disk) {
            d.size = size;
        }
    }

    /// Changes what discovery tells of the machine, disks excepted: agent, firmware, a
    /// disk's choice.
    pub fn describe(&self, machine: &str, change: impl FnOnce(&mut Machine)) {
        change(&mut self.lock().machine(machine).machine);
    }

    /// Scripts a fault.
    pub fn script(&self, machine: &str, fault: Fault) {
        self.lock().machine(machine).faults.push(fault);
    }

    /// Clears all faults.
    pub fn clear_faults(&self, machine: &str) {
        self.lock().machine(machine).faults.clear();
    }

    /// How many reads all snapshots of the machine have served.
    #[must_use]
    pub fn reads(&self, machine: &str) -> u64 {
        self.lock().machine(machine).reads
    }

    /// Bytes of scratch that the open snapshot takes; zero without one.
    #[must_use]
    pub fn scratch_used(&self, machine: &str) -> u64 {
        self.lock()
            .machine(machine)
            .open
            .as_ref()
            .map_or(0, |o| o.scratch_used())
    }

    /// Whether a snapshot was taken and not finished.
    #[must_use]
    pub fn has_open_snapshot(&self, machine: &str) -> bool {
        self.lock().machine(machine).open.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Hypervisor for FakeHypervisor {
    async fn list(&self) -> Result<Vec<Machine>> {
        Ok(self
            .lock()
            .machines
            .values()
            .map(|m| m.machine.clone())
            .collect())
    }

    async fn find(&self, name_or_uuid: &str) -> Result<Machine> {
        let list = self.list().await?;
        list.into_iter()
            .find(|m| m.name == name_or_uuid || m.uuid.eq_ignore_ascii_case(name_or_uuid))
            .ok_or_else(|| {
                Error::new(
                    Code::MachineNotFound,
                    format!("no machine `{name_or_uuid}`"),
                )
            })
    }

    async fn definition(&self, machine: &Machine) -> Result<Definition> {
        let found = self.find(&machine.uuid).await?;
        Ok(Definition::Qemu {
            arguments: vec!["qemu-system-fake".into(), "-name".into(), found.name],
            nvram: None,
        })
    }

    async fn snapshot(&self, request: SnapshotRequest) -> Result<Box<dyn Snapshot>> {
        snapshot::take(&self.state, &request)
    }
}

#[cfg(test)]
mod tests;
