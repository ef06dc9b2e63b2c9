//! Taking an instant of a machine that is on.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Result, TrackerName};
use block::{BlockSource, NbdAddress, NbdClient};

use super::ffi::number;
use super::folder::{Folder, JobFiles};
use super::guard::Spec;
use super::guardian::{Guardian, Health};
use super::job::{PlannedDisk, backup_xml, checkpoint_xml, export_bitmap};
use super::leftovers::{self, Checkpoints};
use super::link::{LONG, Link};
use super::live_snapshot::LiveSnapshot;
use super::source::InstantSource;
use super::{LibvirtOptions, adopt, machines, space};
use crate::agent::AgentChannel;
use crate::watchdog::Quiescer;
use crate::{
    AgentStatus, Changed, Consistency, Disk, DiskChoice, ImageFormat, Machine, MachineState,
    Snapshot, SnapshotDisk, SnapshotReport, SnapshotRequest,
};

/// Everything that is known before the instant.
struct Plan {
    disks: Vec<Disk>,
    /// All other disks of the machine, which the job must name to leave them out.
    others: Vec<String>,
    /// As `disks`.
    planned: Vec<PlannedDisk>,
    /// As `disks`: why there is no base, where there is none.
    reasons: Vec<String>,
    /// The way to the guest agent, where there is one.
    channel: Option<AgentChannel>,
    state: MachineState,
}

/// Takes the instant. On failure everything that was added is removed again.
pub(super) async fn take(
    link: &Link,
    options: &LibvirtOptions,
    folder: Folder,
    request: &SnapshotRequest,
) -> Result<Box<dyn Snapshot>> {
    let uuid = &request.machine.uuid;
    let mut warnings = Vec::new();
    leftovers::end_old_job(link, uuid, &folder).await?;
    let mut there = leftovers::checkpoints(link, uuid).await?;
    let machine = machines::find(link, uuid).await?;
    adopt::adopt(link, &machine, request, &mut there).await;
    leftovers::drop_namesake(link, request, &mut there).await?;
    leftovers::drop_old(link, request, &mut there, &mut warnings).await;
    let mut plan = plan(link, request, machine, &there)?;
    let budget = space::budget(&request.scratch, plan.disks.len())?;
    let files = folder.files(&request.tracker, &request.disks)?;
    if let Some(owner) = machines::runs_as(link, uuid).await? {
        folder.give_to(owner);
    }
    let health = Health::default();
    let spec = Spec {
        uri: link.uri().into(),
        uuid: uuid.clone(),
        socket: files.socket.clone(),
        scratch: files.scratch.clone(),
        limit: budget.limit,
        floor: budget.floor,
    };
    let mut quiescer = Quiescer::prepare(
        &options.watchdog,
        plan.channel.clone(),
        request,
        plan.state,
        &mut warnings,
    )
    .await?;
    let guardian = Guardian::start(&options.watchdog, &spec, &health).await?;
    let begun = begin(
        link,
        &mut quiescer,
        request,
        &mut plan,
        &files,
        &mut warnings,
    )
    .await;
    let taken = match begun {
        Ok(quiet) => {
            space::reserve(&files, budget.limit);
            connect(link, &plan, &files, &health, request)
                .await
                .map(|disks| (quiet, disks))
        }
        Err(e) => Err(e),
    };
    let (instant, disks) = match taken {
        Ok(taken) => taken,
        Err(e) => {
            undo(link, request, &files, guardian, folder).await;
            return Err(e.during(format_args!("machine {}", request.machine.name)));
        }
    };
    let report = SnapshotReport {
        consistency: instant.consistency,
        frozen: instant.frozen,
        paused: Duration::ZERO,
        warnings,
    };
    Ok(Box::new(LiveSnapshot {
        link: link.clone(),
        request: request.clone(),
        files,
        health,
        guardian,
        folder,
        report,
        disks,
    }))
}

/// What to read of each disk, by the machine as it is now.
fn plan(
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

/// What the instant came to.
struct Instant {
    consistency: Consistency,
    frozen: Duration,
}

/// Starts the job inside a freeze. A checkpoint that turns out to be broken is deleted and
/// the disks that would have built on it are read whole.
async fn begin(
    link: &Link,
    quiescer: &mut Quiescer,
    request: &SnapshotRequest,
    plan: &mut Plan,
    files: &JobFiles,
    warnings: &mut Vec<String>,
) -> Result<Instant> {
    loop {
        let backup = backup_xml(&plan.planned, &plan.others, files)?;
        let checkpoint = checkpoint_xml(&request.tracker, &plan.planned, &plan.others);
        quiescer.freeze(warnings).await?;
        let begun = link
            .domain_once(&request.machine.uuid, LONG, move |d| {
                match d.backup_begin(&backup, checkpoint.as_deref()) {
                    Err(e) if e.number == number::CHECKPOINT_INCONSISTENT => Ok(Some(e.message)),
                    other => other.map(|()| None),
                }
            })
            .await;
        // Whatever came of it, and before anything else.
        let thawed = quiescer.thaw(warnings).await;
        match begun? {
            None => {
                let (consistency, frozen) = thawed?;
                return Ok(Instant {
                    consistency,
                    frozen,
                });
            }
            Some(message) => {
                thawed?;
                drop_broken(link, request, plan, &message, warnings).await?;
            }
        }
    }
}

/// Gives up the base that libvirt calls broken. libvirt names the disk in its message alone;
/// where that doesn't tell, all bases go, which costs reading and nothing else.
async fn drop_broken(
    link: &Link,
    request: &SnapshotRequest,
    plan: &mut Plan,
    message: &str,
    warnings: &mut Vec<String>,
) -> Result<()> {
    let named = |d: &PlannedDisk| message.contains(&format!("'{}'", d.name));
    let one = plan.planned.iter().any(|d| d.base.is_some() && named(d));
    let mut dropped = Vec::new();
    for (disk, reason) in plan.planned.iter_mut().zip(&mut plan.reasons) {
        if one && !named(disk) {
            continue;
        }
        if let Some(base) = disk.base.take() {
            *reason = format!("the dirty bitmap is lost or broken: {message}");
            dropped.push(base);
        }
    }
    if dropped.is_empty() {
        return Err(Error::new(
            Code::HypervisorError,
            format!("libvirt: {message}"),
        ));
    }
    warnings.push(format!("change tracking was lost: {message}"));
    for base in dropped {
        // Other disks may still build on it; then it stays until the next run.
        let used = plan.planned.iter().any(|d| d.base == Some(base));
        if !used
            && let Err(e) = leftovers::delete(link, &request.machine.uuid, &base.to_string()).await
        {
            warnings.push(format!("broken checkpoint {base} stays: {e}"));
        }
    }
    Ok(())
}

async fn connect(
    link: &Link,
    plan: &Plan,
    files: &JobFiles,
    health: &Health,
    request: &SnapshotRequest,
) -> Result<Vec<SnapshotDisk>> {
    let address = NbdAddress::Unix(files.socket.clone());
    let mut out = Vec::new();
    for ((disk, planned), reason) in plan.disks.iter().zip(&plan.planned).zip(&plan.reasons) {
        let context = format!("qemu:dirty-bitmap:{}", export_bitmap(&disk.name));
        let contexts: &[&str] = if planned.base.is_some() {
            &[&context]
        } else {
            &[]
        };
        let client = NbdClient::connect(&address, &disk.name, contexts).await?;
        let changed = match planned.base {
            Some(tracker) => Changed::Since {
                tracker,
                extents: client.dirty(&context).await?,
            },
            None => Changed::Unknown {
                reason: reason.clone(),
            },
        };
        let source = InstantSource {
            client: Arc::new(client),
            health: health.clone(),
            link: link.clone(),
            machine: request.machine.uuid.clone(),
            disk: disk.name.clone(),
        };
        let mut disk = disk.clone();
        disk.size = source.client.size();
        out.push(SnapshotDisk {
            disk,
            source: Arc::new(source),
            changed,
        });
    }
    Ok(out)
}

/// After a failure: the job, its files, the new checkpoint and the guard go.
async fn undo(
    link: &Link,
    request: &SnapshotRequest,
    files: &JobFiles,
    guardian: Guardian,
    folder: Folder,
) {
    let uuid = &request.machine.uuid;
    // Whatever fails here is removed by the next run, which finds it by its names.
    if leftovers::abort(link, uuid, &files.socket).await.is_err() {
        return drop(guardian);
    }
    let _ = leftovers::delete(link, uuid, &request.tracker.to_string()).await;
    guardian.end().await;
    if let Err(e) = folder.remove() {
        tracing::warn!("{e}");
    }
}
