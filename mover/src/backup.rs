//! Phase 1, Snapshot: one instant of a machine's disks into the first store.
//!
//! ```text
//! lock ─► find ─► disks and bases ─► session ─► instant ─► read each disk ─► still holds?
//!      ─► commit = a recovery point ─► trackers of older points go
//! ```
//!
//! When the snapshot breaks, what was read is kept as an attempt that the next run builds on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Kind, PointId, Result, TrackerName};
use hypervisor::{Definition, Ending, Hypervisor, Machine, Quiesce, ScratchPlace, SnapshotRequest};
use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;
use vault::{Manifest, Phase, PointState, Session, Surroundings, Vault};

use crate::lock::{PhaseLock, Wait};
use crate::progress::{Event, Events};
use crate::record::{Bases, Origin, PointRecord, bases_of};

mod choose;
mod disks;
mod report;

use choose::{check_space, choose};
use disks::Run;
pub use report::{BackupReport, DiskReport};
use report::{disk_report, millis};

/// Points looked at for what a disk can build on. Trackers are removed as points commit, so
/// older ones have none.
const HISTORY: usize = 16;

/// What is sampled of each disk and run unless said otherwise: 32 MiB.
///
/// A tracker is a hint. What it calls unchanged is compared with the point before, some of it at
/// each run, in an order that spreads over the disk and meets every chunk that holds data once
/// a round. If one differs, the whole disk is read, and the report has a warning.
pub const DEFAULT_SAMPLE: u64 = 32 << 20;

/// Which disks to take.
#[derive(Clone, Debug, Default)]
pub struct DiskFilter {
    /// Only these, if any are named.
    pub include: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
}

/// How to take a backup.
#[derive(Clone, Debug)]
pub struct BackupOptions {
    /// The new point's id; `None` for a new one. One that was given to a backup before must not
    /// come again, whatever became of that.
    pub point: Option<PointId>,
    /// Which disks.
    pub disks: DiskFilter,
    /// Whether to freeze the guest's file systems.
    pub quiesce: Quiesce,
    /// The longest time the guest may be frozen.
    pub freeze_budget: Duration,
    /// Where copy-before-write keeps old contents.
    pub scratch: ScratchPlace,
    /// Bytes read a second, at most.
    pub rate: Option<u64>,
    /// Bytes of each disk to compare although its tracker calls them unchanged, at most, in
    /// whole chunks: see [`DEFAULT_SAMPLE`].
    pub sample: u64,
    /// A folder of this host for locks.
    pub lock_dir: PathBuf,
    /// Ends the backup early. What was read is kept.
    pub cancel: CancellationToken,
    /// Whose point it is, for a server.
    pub origin: Option<Origin>,
}

/// Backs up `machine` (a name or UUID) into `store`. The point is durable when this returns.
///
/// # Errors
/// `BackupInProgress`, `MachineNotFound`, `NoDisks`, `DiskNotFound`, `SnapshotStoreTooSmall`;
/// those of [`Hypervisor::snapshot`]; `ScratchFull`, `SnapshotBroken` and `Cancelled`, after
/// which the next run goes on where this one stopped; those of the store.
pub async fn backup(
    host: &dyn Hypervisor,
    machine: &str,
    store: &Arc<Vault>,
    around: &Surroundings,
    options: &BackupOptions,
    events: &dyn Events,
) -> Result<BackupReport> {
    let machine = host.find(machine).await?;
    let _lock =
        PhaseLock::take(&options.lock_dir, &machine.uuid, Phase::Snapshot, Wait::No).await?;
    let once = |ground| take(host, &machine, store, around, options, events, ground);
    match once(Ground::Points).await {
        // What it would build on can't be read: damage costs a re-read, not the backup.
        Err(e) if e.kind() == Kind::Integrity => {
            let message = format!("the point before is damaged, so all is read: {e}");
            events.tell(Event::Warning { message });
            once(Ground::Nothing).await
        }
        done => done,
    }
}

/// What a backup builds on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ground {
    /// The machine's points.
    Points,
    /// Nothing: all is read, and its trees are stored anew.
    Nothing,
}

async fn take(
    host: &dyn Hypervisor,
    machine: &Machine,
    store: &Arc<Vault>,
    around: &Surroundings,
    options: &BackupOptions,
    events: &dyn Events,
    ground: Ground,
) -> Result<BackupReport> {
    let started = std::time::Instant::now();
    let disks = choose(machine, &options.disks)?;
    let point = match options.point {
        Some(point) if ground == Ground::Points => point,
        _ => PointId::new(&*around.random),
    };
    let machine_key = store.machine_key(&machine.uuid);
    let definition = host.definition(machine).await?;
    // What the session sees stays until it ends: only then is chosen what to build on.
    let session = Session::open(store, machine_key, Phase::Snapshot).await?;
    let bases = async {
        let mut history = session.history(HISTORY).await?;
        if definition == Definition::Image {
            // A list of changes counts from the newest point, no matter what an attempt saw later.
            history.retain(|p| p.entry.state == PointState::Whole);
        }
        if history.is_empty() {
            check_space(store, &disks)?;
        }
        // Of all disks, so that the trackers of one that is left out this time stay.
        let mut bases: BTreeMap<String, Bases> = BTreeMap::new();
        for disk in &machine.disks {
            let key = store.disk_key(&machine.uuid, &disk.name);
            let of_disk = match ground {
                Ground::Points => bases_of(store, &history, key, disk, &definition).await?,
                Ground::Nothing => Bases::damaged(),
            };
            bases.insert(disk.name.clone(), of_disk);
        }
        if options.cancel.is_cancelled() {
            return Err(cancelled());
        }
        Ok(bases)
    };
    let bases = match bases.await {
        Ok(bases) => bases,
        Err(e) => {
            close(&session).await;
            return Err(e);
        }
    };
    if ground == Ground::Nothing {
        session.distrust_nodes();
    }
    events.tell(Event::Step {
        what: format!("Snapshot of {}", machine.name),
    });
    let snapshot = host
        .snapshot(SnapshotRequest {
            machine: machine.clone(),
            disks: disks.iter().map(|d| d.name.clone()).collect(),
            tracker: TrackerName::new(store.id(), point),
            trackers: bases
                .iter()
                .map(|(n, b)| (n.clone(), b.trackers()))
                .collect(),
            quiesce: options.quiesce,
            freeze_budget: options.freeze_budget,
            scratch: options.scratch.clone(),
        })
        .await;
    let snapshot = match snapshot {
        Ok(snapshot) => snapshot,
        Err(e) => {
            close(&session).await;
            return Err(e);
        }
    };
    let report = snapshot.report().clone();
    let downgrade = report.downgrade.map(|code| code.name().to_owned());
    for message in &report.warnings {
        events.tell(Event::Warning {
            message: message.clone(),
        });
    }
    let since = SignedDuration::try_from(report.taken.elapsed()).unwrap_or_default();
    let created_at = (around.clock.now() - since).to_string();
    let run = Run {
        store,
        session: &session,
        snapshot: &*snapshot,
        bases: &bases,
        options,
        events,
    };
    let read = run.read_all(machine).await;
    let mut warnings = report.warnings.clone();
    let outcome = match read {
        Ok((done, found)) => {
            warnings.extend(found);
            let broken = done
                .iter()
                .find_map(|(_, d)| d.error.as_ref())
                .map(Error::code);
            let held = if broken.is_none() {
                snapshot.check().await
            } else {
                Ok(())
            };
            let mut record = PointRecord {
                machine: machine.clone(),
                definition,
                consistency: report.consistency,
                downgrade: downgrade.clone(),
                tracker: TrackerName::new(store.id(), point).to_string(),
                frozen_ms: millis(report.frozen),
                paused_ms: millis(report.paused),
                disks: done.iter().map(|(r, _)| r.clone()).collect(),
                warnings: warnings.clone(),
                origin: options.origin.clone(),
            };
            let manifest = Manifest {
                point,
                machine: machine_key,
                created_at: created_at.clone(),
                state: if broken.is_none() {
                    PointState::Whole
                } else {
                    PointState::Attempt
                },
                disks: done.iter().map(|(_, d)| d.root.clone()).collect(),
            };
            match (held, broken) {
                // The snapshot broke after the last read: no telling which read came too late.
                (Err(e), _) => Err((e, Ending::Discarded)),
                (Ok(()), None) => match session.commit(&manifest, &record.to_bytes()).await {
                    Ok(()) => Ok(done),
                    Err(e) => Err((e, Ending::Discarded)),
                },
                (Ok(()), Some(_)) => {
                    record
                        .warnings
                        .push("the snapshot broke before all was read".to_owned());
                    let kept = session.commit(&manifest, &record.to_bytes()).await;
                    let e = done.into_iter().find_map(|(_, d)| d.error);
                    let e =
                        e.unwrap_or_else(|| Error::new(Code::SnapshotBroken, "the snapshot broke"));
                    Err((
                        e,
                        if kept.is_ok() {
                            Ending::Kept
                        } else {
                            Ending::Discarded
                        },
                    ))
                }
            }
        }
        Err(e) => Err((e, Ending::Discarded)),
    };
    match outcome {
        Ok(done) => {
            // The point exists; trouble while tidying up is a warning.
            match snapshot.finish(Ending::Committed).await {
                Ok(more) => warnings.extend(more),
                Err(e) => warnings.push(format!("tidying up after the snapshot: {e}")),
            }
            Ok(BackupReport {
                point,
                machine: machine.name.clone(),
                uuid: machine.uuid.clone(),
                created_at,
                consistency: report.consistency,
                downgrade,
                frozen_ms: millis(report.frozen),
                paused_ms: millis(report.paused),
                disks: done.iter().map(|(r, d)| disk_report(r, d)).collect(),
                stored: session.stored(),
                seconds: started.elapsed().as_secs_f64(),
                warnings,
            })
        }
        Err((e, ending)) => {
            if ending == Ending::Discarded {
                close(&session).await;
            }
            match snapshot.finish(ending).await {
                Ok(more) => more
                    .into_iter()
                    .for_each(|message| events.tell(Event::Warning { message })),
                Err(tidy) => events.tell(Event::Warning {
                    message: format!("tidying up: {tidy}"),
                }),
            }
            Err(e)
        }
    }
}

/// The error of a backup that was asked to end.
pub(crate) fn cancelled() -> Error {
    Error::new(Code::Cancelled, "the backup was cancelled")
}

async fn close(session: &Session) {
    if let Err(e) = session.close().await {
        tracing::debug!("closing session {}: {e}", session.number());
    }
}
