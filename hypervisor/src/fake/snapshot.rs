//! Snapshots of the fake.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base::{Code, Error, Result, TrackerName};
use block::{BlockSource, Extent, Run};

use super::Fault;
use super::disk::{FakeDisk, PAGE, Tracker};
use super::state::{FakeMachine, Open, OpenDisk, State};
use crate::{
    AgentStatus, Changed, Consistency, Ending, MachineState, Quiesce, Snapshot, SnapshotDisk,
    SnapshotReport, SnapshotRequest,
};

type Shared = Arc<Mutex<State>>;

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn vanished(name: &str) -> Error {
    Error::new(Code::MachineVanished, format!("machine {name} is gone"))
}

pub(super) fn take(shared: &Shared, request: &SnapshotRequest) -> Result<Box<dyn Snapshot>> {
    let name = request.machine.name.clone();
    let mut state = lock(shared);
    state.snapshots += 1;
    let number = state.snapshots;
    let machine = state
        .machines
        .get_mut(&name)
        .ok_or_else(|| Error::new(Code::MachineNotFound, format!("no machine `{name}`")))?;
    if machine
        .open
        .as_ref()
        .is_some_and(|o| o.alive.strong_count() > 0)
    {
        let text = format!("a backup of machine {name} is running");
        return Err(Error::new(Code::BackupInProgress, text));
    }
    machine.open = None;
    if let Some(code) = machine.faults.iter().find_map(|f| match f {
        Fault::Refuse(code) => Some(*code),
        _ => None,
    }) {
        return Err(Error::new(
            code,
            format!("machine {name}: scripted to refuse"),
        ));
    }
    let report = quiesce(machine, request)?;
    let live = machine.machine.state != MachineState::Stopped;
    for disk in &mut machine.disks {
        forget_others(disk, request);
    }
    let mut disks = Vec::new();
    let mut open = HashMap::new();
    for wanted in &request.disks {
        let described = machine
            .machine
            .disks
            .iter()
            .find(|d| d.name == *wanted)
            .cloned();
        let described = described.ok_or_else(|| {
            Error::new(
                Code::DiskNotFound,
                format!("machine {name} has no disk `{wanted}`"),
            )
        })?;
        let disk = machine.disk(wanted);
        let changed = changed(
            disk,
            request.trackers.get(wanted).map_or(&[], Vec::as_slice),
        );
        if live {
            disk.trackers.insert(request.tracker, Tracker::new());
        }
        let frozen = OpenDisk {
            pages: disk.pages.clone(),
            copied: BTreeSet::new(),
            released: BTreeSet::new(),
        };
        let source = FakeSource {
            shared: shared.clone(),
            machine: name.clone(),
            disk: wanted.clone(),
            number,
            size: disk.pages.size(),
        };
        open.insert(wanted.clone(), frozen);
        disks.push(SnapshotDisk {
            disk: described,
            source: Arc::new(source),
            changed,
        });
    }
    let alive = Arc::new(());
    machine.open = Some(Open {
        number,
        alive: Arc::downgrade(&alive),
        disks: open,
        limit: request.scratch.limit,
        broken: None,
        reads: 0,
    });
    let tracker = request.tracker;
    let shared = shared.clone();
    Ok(Box::new(FakeSnapshot {
        shared,
        machine: name,
        number,
        tracker,
        report,
        disks,
        _alive: alive,
    }))
}

/// Removes trackers of the vault that nobody can use any more.
fn forget_others(disk: &mut FakeDisk, request: &SnapshotRequest) {
    let wanted = request
        .trackers
        .get(&disk.name)
        .map_or(&[][..], Vec::as_slice);
    disk.trackers
        .retain(|t, _| !t.same_vault(&request.tracker) || wanted.contains(t));
}

fn changed(disk: &FakeDisk, wanted: &[TrackerName]) -> Changed {
    let mut reason = "no earlier point".to_owned();
    for name in wanted {
        match disk.trackers.get(name) {
            Some(t) if t.consistent => {
                return Changed::Since {
                    tracker: *name,
                    extents: t.extents(disk.pages.size()),
                };
            }
            Some(_) => reason = format!("bitmap {name} is inconsistent"),
            None => reason = format!("bitmap {name} is not there"),
        }
    }
    Changed::Unknown { reason }
}

fn quiesce(machine: &FakeMachine, request: &SnapshotRequest) -> Result<SnapshotReport> {
    let mut report = SnapshotReport {
        taken: Instant::now(),
        consistency: Consistency::CrashConsistent,
        downgrade: None,
        frozen: Duration::ZERO,
        paused: Duration::ZERO,
        warnings: Vec::new(),
    };
    if machine.machine.state == MachineState::Stopped {
        report.consistency = Consistency::Offline;
        return Ok(report);
    }
    let hangs = machine.faults.contains(&Fault::AgentHangs);
    let answers = matches!(machine.machine.agent, AgentStatus::Responding { .. });
    match request.quiesce {
        Quiesce::Skip => {}
        _ if answers && !hangs => {
            report.consistency = Consistency::FileSystemConsistent;
            report.frozen = Duration::from_millis(3);
        }
        Quiesce::Require => {
            let text = format!("machine {}: the agent did not freeze", machine.machine.name);
            return Err(Error::new(Code::FreezeFailed, text));
        }
        Quiesce::Try => {
            report.downgrade = Some(match answers {
                true => Code::FreezeFailed,
                false => Code::AgentUnavailable,
            });
            let text =
                "the guest agent did not freeze the file systems; the point is crash-consistent";
            report.warnings.push(text.to_owned());
        }
    }
    Ok(report)
}

#[derive(Debug)]
struct FakeSnapshot {
    shared: Shared,
    machine: String,
    number: u64,
    tracker: TrackerName,
    report: SnapshotReport,
    disks: Vec<SnapshotDisk>,
    _alive: Arc<()>,
}

#[async_trait]
impl Snapshot for FakeSnapshot {
    fn report(&self) -> &SnapshotReport {
        &self.report
    }

    fn disks(&self) -> &[SnapshotDisk] {
        &self.disks
    }

    async fn check(&self) -> Result<()> {
        holds(&mut lock(&self.shared), &self.machine, self.number).map(|_| ())
    }

    async fn finish(self: Box<Self>, ending: Ending) -> Result<Vec<String>> {
        let mut state = lock(&self.shared);
        let machine = state
            .machines
            .get_mut(&self.machine)
            .ok_or_else(|| vanished(&self.machine))?;
        if machine
            .open
            .as_ref()
            .is_some_and(|o| o.number == self.number)
        {
            machine.open = None;
        }
        if let Some(code) = machine.faults.iter().find_map(|f| match f {
            Fault::FinishFails(code) => Some(*code),
            _ => None,
        }) {
            return Err(Error::new(
                code,
                format!("{}: scripted to fail", self.machine),
            ));
        }
        for taken in &self.disks {
            let disk = machine.disk(&taken.disk.name);
            match ending {
                // Without the new one (the machine was off) the older ones go on counting.
                Ending::Committed if disk.trackers.contains_key(&self.tracker) => {
                    disk.trackers
                        .retain(|t, _| !t.same_vault(&self.tracker) || *t == self.tracker);
                }
                Ending::Committed | Ending::Kept => {}
                Ending::Discarded => {
                    disk.trackers.remove(&self.tracker);
                }
            }
        }
        Ok(Vec::new())
    }
}

/// The open snapshot of this number, if it holds.
fn holds<'a>(state: &'a mut State, name: &str, number: u64) -> Result<&'a mut Open> {
    let machine = state.machines.get_mut(name).ok_or_else(|| vanished(name))?;
    let open = machine.open.as_mut().filter(|o| o.number == number);
    let open = open.ok_or_else(|| vanished(name))?;
    match open.broken {
        Some(code) => Err(Error::new(
            code,
            format!("the snapshot of machine {name} was given up"),
        )),
        None => Ok(open),
    }
}

#[derive(Debug)]
struct FakeSource {
    shared: Shared,
    machine: String,
    disk: String,
    number: u64,
    size: u64,
}

impl FakeSource {
    fn in_range(&self, offset: u64, len: u64) -> Result<()> {
        if offset.checked_add(len).is_some_and(|end| end <= self.size) {
            return Ok(());
        }
        let text = format!(
            "{offset}+{len} is outside disk {} of {}",
            self.disk, self.machine
        );
        Err(Error::new(Code::BadArgument, text))
    }

    /// Counts a read and lets the scripted faults act. Gives how long it is to take.
    fn read_begins(&self) -> Result<Duration> {
        let mut state = lock(&self.shared);
        let machine = state
            .machines
            .get_mut(&self.machine)
            .ok_or_else(|| vanished(&self.machine))?;
        machine.reads += 1;
        let mut slow = Duration::ZERO;
        let faults = machine.faults.clone();
        let Some(open) = machine.open.as_mut().filter(|o| o.number == self.number) else {
            return Err(vanished(&self.machine));
        };
        open.reads += 1;
        for fault in faults {
            match fault {
                Fault::BreakAtRead(n, code) if open.reads >= n => {
                    open.broken = Some(code);
                    machine.faults.retain(|f| *f != fault);
                    break;
                }
                Fault::VanishAtRead(n) if open.reads >= n => {
                    state.machines.remove(&self.machine);
                    return Err(vanished(&self.machine));
                }
                Fault::SlowReads(time) => slow = time,
                _ => {}
            }
        }
        Ok(slow)
    }
}

#[async_trait]
impl BlockSource for FakeSource {
    fn size(&self) -> u64 {
        self.size
    }

    async fn read(&self, offset: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
        self.in_range(offset, buf.len() as u64)?;
        let slow = self.read_begins()?;
        if !slow.is_zero() {
            tokio::time::sleep(slow).await;
        }
        let mut state = lock(&self.shared);
        let open = holds(&mut state, &self.machine, self.number)?;
        let disk = &open.disks[&self.disk];
        if super::disk::touched(offset, buf.len() as u64).any(|p| disk.released.contains(&p)) {
            let text = format!("{offset}+{} of disk {} was released", buf.len(), self.disk);
            return Err(Error::new(Code::Internal, text));
        }
        let data = disk.pages.read(offset, buf.len());
        buf.copy_from_slice(&data);
        Ok(buf)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        self.in_range(range.offset, range.len)?;
        let mut state = lock(&self.shared);
        let open = holds(&mut state, &self.machine, self.number)?;
        Ok(open.disks[&self.disk].pages.runs(range))
    }

    async fn release(&self, range: Extent) -> Result<()> {
        let mut state = lock(&self.shared);
        let open = holds(&mut state, &self.machine, self.number)?;
        let Some(disk) = open.disks.get_mut(&self.disk) else {
            return Ok(());
        };
        let end = if range.end() >= self.size {
            self.size.div_ceil(PAGE)
        } else {
            range.end() / PAGE
        };
        for page in range.offset.div_ceil(PAGE)..end {
            disk.released.insert(page);
            disk.copied.remove(&page);
        }
        Ok(())
    }
}
