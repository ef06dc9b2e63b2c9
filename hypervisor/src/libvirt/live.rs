//! Taking an instant of a machine that is on.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base::{Code, Error, Result};
use block::{BlockSource, NbdAddress, NbdClient};

use super::ffi::number;
use super::folder::{Folder, JobFiles};
use super::guard::Spec;
use super::guardian::{Guardian, Health};
use super::job::{PlannedDisk, backup_xml, checkpoint_xml, export_bitmap};
use super::leftovers;
use super::link::{LONG, Link};
use super::live_snapshot::LiveSnapshot;
use super::plan::{self, Plan};
use super::source::InstantSource;
use super::{LibvirtOptions, adopt, machines, space};
use crate::watchdog::{Quiescer, with_thaw};
use crate::{Changed, Consistency, Snapshot, SnapshotDisk, SnapshotReport, SnapshotRequest};

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
    let mut plan = plan::plan(link, request, machine, &there)?;
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
    let (moment, disks) = match taken {
        Ok(taken) => taken,
        Err(e) => {
            undo(link, request, &files, guardian, folder).await;
            return Err(e.during(format_args!("machine {}", request.machine.name)));
        }
    };
    let report = SnapshotReport {
        taken: moment.taken,
        consistency: moment.consistency,
        downgrade: quiescer.downgraded(),
        frozen: moment.frozen,
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

/// What the instant came to.
struct Moment {
    taken: Instant,
    consistency: Consistency,
    frozen: Duration,
}

/// What came of asking libvirt for the job.
enum Begun {
    /// The job runs; libvirt answered then.
    At(Instant),
    /// A checkpoint is broken, with libvirt's message.
    Broken(String),
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
) -> Result<Moment> {
    loop {
        let backup = backup_xml(&plan.planned, &plan.others, files)?;
        let checkpoint = checkpoint_xml(&request.tracker, &plan.planned, &plan.others);
        quiescer.freeze(warnings).await?;
        let begun = link
            .domain_once(&request.machine.uuid, LONG, move |d| {
                match d.backup_begin(&backup, checkpoint.as_deref()) {
                    Err(e) if e.number == number::CHECKPOINT_INCONSISTENT => {
                        Ok(Begun::Broken(e.message))
                    }
                    other => other.map(|()| Begun::At(Instant::now())),
                }
            })
            .await;
        // Whatever came of it, and before anything else.
        let thawed = quiescer.thaw(warnings).await;
        let (begun, (consistency, frozen)) = with_thaw(begun, thawed)?;
        match begun {
            Begun::At(taken) => {
                return Ok(Moment {
                    taken,
                    consistency,
                    frozen,
                });
            }
            Begun::Broken(message) => {
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
