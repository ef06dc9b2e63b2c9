//! What to take of a machine, and what each disk can build on.

use base::{Code, Error, Result, TrackerName};

use super::job::PlannedDisk;
use super::leftovers::Checkpoints;
use super::link::Link;
use crate::agent::AgentChannel;
use crate::{AgentStatus, Disk, DiskChoice, ImageFormat, Machine, MachineState, SnapshotRequest};

/// Everything that is known before the instant.
pub(super) struct Plan {
    pub(super) disks: Vec<Disk>,
    /// All other disks of the machine, which the job must name to leave them out.
    pub(super) others: Vec<String>,
    /// As `disks`.
    pub(super) planned: Vec<PlannedDisk>,
    /// As `disks`: why there is no base, where there is none.
    pub(super) reasons: Vec<String>,
    /// The way to the guest agent, where there is one.
    pub(super) channel: Option<AgentChannel>,
    pub(super) state: MachineState,
}

/// What to read of each disk, by the machine as it is now.
pub(super) fn plan(
    link: &Link,
    request: &SnapshotRequest,
    machine: Machine,
    there: &Checkpoints,
) -> Result<Plan> {
    let mut plan = Plan {
        disks: Vec::new(),
        others: Vec::new(),
        planned: Vec::new(),
        reasons: Vec::new(),
        channel: (machine.agent != AgentStatus::NotConfigured).then(|| AgentChannel::Libvirt {
            uri: link.uri().into(),
            uuid: machine.uuid.clone(),
        }),
        state: machine.state,
    };
    for disk in chosen(&machine, request)? {
        let (planned, reason) = plan_disk(request, there, &disk);
        plan.disks.push(disk);
        plan.planned.push(planned);
        plan.reasons.push(reason);
    }
    let all = machine.disks.into_iter().map(|d| d.name);
    plan.others = all.filter(|d| !request.disks.contains(d)).collect();
    Ok(plan)
}

/// The disks asked for.
///
/// # Errors
/// `DiskNotFound`, `DiskUnsupported` (left out by discovery), `NoDisks`.
pub(super) fn chosen(machine: &Machine, request: &SnapshotRequest) -> Result<Vec<Disk>> {
    let mut chosen = Vec::new();
    for name in &request.disks {
        let found = machine.disks.iter().find(|d| d.name == *name);
        let disk = found.ok_or_else(|| {
            let what = format!("machine {} has no disk `{name}`", machine.name);
            Error::new(Code::DiskNotFound, what)
        })?;
        if let DiskChoice::Excluded(why) = &disk.choice {
            let what = format!("disk {name} of machine {}: {why}", machine.name);
            return Err(Error::new(Code::DiskUnsupported, what));
        }
        chosen.push(disk.clone());
    }
    if chosen.is_empty() {
        let what = format!("machine {}: no disk was asked for", machine.name);
        return Err(Error::new(Code::NoDisks, what));
    }
    Ok(chosen)
}

fn plan_disk(request: &SnapshotRequest, there: &Checkpoints, disk: &Disk) -> (PlannedDisk, String) {
    let asked = request
        .trackers
        .get(&disk.name)
        .map_or(&[][..], Vec::as_slice);
    let has = |t: &&TrackerName| {
        there
            .get(&t.to_string())
            .is_some_and(|disks| disks.contains(&disk.name))
    };
    let tracked = disk.format == ImageFormat::Qcow2 && !is_old_qcow2(disk);
    let base = asked.iter().find(has).copied().filter(|_| tracked);
    let reason = match (asked.is_empty(), tracked) {
        (true, _) => "no earlier point",
        (false, false) => "the image's format holds no dirty bitmaps",
        (false, true) => "no checkpoint of an earlier point is left",
    };
    let planned = PlannedDisk {
        name: disk.name.clone(),
        base,
        tracked,
    };
    (planned, reason.into())
}

/// Whether the image is of the version of qcow2 (2, `compat=0.10`) that holds no bitmaps.
/// An image that can't be read here is taken for a newer one.
fn is_old_qcow2(disk: &Disk) -> bool {
    use std::io::Read;
    let mut head = [0; 8];
    let read = disk
        .path
        .as_ref()
        .and_then(|p| std::fs::File::open(p).ok())
        .and_then(|mut f| f.read_exact(&mut head).ok());
    read.is_some() && head == *b"QFI\xfb\0\0\0\x02"
}
