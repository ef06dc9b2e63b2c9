//! Restoring disks of a point, all of them or none.
//!
//! ```text
//! open all targets (marks what exists) ─► write each, make it durable ─► name all
//! ```

mod flushing;
mod write;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{ByteSize, Code, Error, Result};
use block::BlockSource;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use vault::PointDisk;

use crate::progress::{Events, Meter};
use crate::target::{Target, TargetSpec};
use crate::throttle::Throttle;
use write::{Writer, write_disk};

/// What a restore of a disk did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// The disk's size.
    pub size: u64,
    /// Bytes of it that are not zero, in chunks.
    pub data: u64,
    /// Bytes written to the target.
    pub written: u64,
    /// Seconds it took.
    pub seconds: f64,
}

/// A disk to be restored, and where to.
#[derive(Debug)]
pub struct DiskRestore {
    /// The disk's name, for messages.
    pub name: String,
    /// What to write.
    pub disk: PointDisk,
    /// Where to.
    pub target: TargetSpec,
}

/// Restores disks of one point, so that no machine is left with some disks of the point and
/// some of another time: all targets are opened, which marks those that exist, before any is
/// written to; all are written and durable before any gets its name back. Gives a report for
/// each disk, in their order. `rate` is in bytes read from the store a second, for all disks
/// together.
///
/// On failure or cancellation new images are removed. Those that existed get their names back
/// if nothing was written to any of them; otherwise all stay marked, and the same call
/// completes them. If the process ends, or an error comes, while the names are given, every
/// disk is complete: those still marked only need the same call again, and new images that
/// have their names keep them.
///
/// Not cancel-safe: a call that is dropped leaves marks and new images behind, which the same
/// call takes up. Use `cancel`.
///
/// # Errors
/// `NoSpace`, `Cancelled`, `Integrity`, `Denied`, `Unavailable`; `TargetExists`,
/// `TargetTooSmall`, `BadArgument` (an existing image that is larger), `MachineRunning`,
/// `ImageInUse` (another restore to the same target, also one of this call),
/// `RestoreIncomplete`; those of the targets' medium.
pub async fn restore_disks(
    disks: Vec<DiskRestore>,
    rate: Option<u64>,
    cancel: &CancellationToken,
    events: &dyn Events,
) -> Result<Vec<RestoreReport>> {
    let written = AtomicU64::new(0);
    let mut targets = Vec::new();
    let all = async {
        for disk in &disks {
            refuse_cancelled(cancel, &disk.name)?;
            targets.push(Target::open(&disk.target, disk.disk.size()).await?);
        }
        let throttle = Throttle::new(rate);
        let mut reports = Vec::new();
        for (disk, target) in disks.into_iter().zip(&targets) {
            let name = disk.name.clone();
            let work = restore(disk, target, &throttle, events, &written);
            let report = tokio::select! {
                biased;
                () = cancel.cancelled() => return refuse_cancelled(cancel, &name).map(|()| reports),
                report = work => report?,
            };
            reports.push(report);
        }
        Ok(reports)
    };
    match all.await {
        Ok(reports) => name_all(targets).await.map(|()| reports),
        Err(e) => {
            abandon_all(targets, written.into_inner() > 0).await;
            Err(e)
        }
    }
}

/// Writes a disk and makes it durable; the target keeps its mark. Adds to `all_written` when
/// writing to the target begins.
async fn restore(
    disk: DiskRestore,
    target: &Target,
    throttle: &Throttle,
    events: &dyn Events,
    all_written: &AtomicU64,
) -> Result<RestoreReport> {
    let started = std::time::Instant::now();
    let size = disk.disk.size();
    let what = format!("Restoring {}, {}", disk.name, ByteSize(size));
    let meter = Meter::new(events, &what, size);
    let before = all_written.load(Ordering::Relaxed);
    let writer = Writer {
        sink: Arc::clone(target.sink()),
        fresh: target.is_fresh(),
        size,
        written: all_written,
    };
    let mut report = write_disk(disk.disk, writer, &meter, throttle).await?;
    target.sink().flush().await?;
    meter.set(size);
    report.written -= before;
    report.seconds = started.elapsed().as_secs_f64();
    Ok(report)
}

fn refuse_cancelled(cancel: &CancellationToken, name: &str) -> Result<()> {
    if cancel.is_cancelled() {
        let what = format!("the restore of {name} was cancelled");
        return Err(Error::new(Code::Cancelled, what));
    }
    Ok(())
}

/// Finishes targets that are all complete and durable. Goes on after a failure only to let
/// go of the others, which keep their marks.
async fn name_all(targets: Vec<Target>) -> Result<()> {
    let mut targets = targets.into_iter();
    while let Some(target) = targets.next() {
        if let Err(e) = target.finish().await {
            abandon_all(targets, true).await;
            return Err(e);
        }
    }
    Ok(())
}

async fn abandon_all(targets: impl IntoIterator<Item = Target>, touched: bool) {
    for target in targets {
        target.abandon(touched).await;
    }
}
