//! Reading a machine that is off.
//!
//! The images are opened read-only by `qemu-nbd` with QEMU's usual lock. While the backup
//! reads, a QEMU that wants to start the machine fails with `Failed to get "write" lock`: try
//! again when the backup has ended. (Under libvirt the backup yields instead.)
//!
//! How the machine went off is not known, so the point is crash-consistent.
//!
//! No tracker is started, since nothing records while QEMU is off. The older ones stay: they
//! mark all that changed since an earlier point, which is at least what changes after this.

use std::fs::File;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base::{Code, Error, Result, ResultExt};
use block::{BlockSource, ImageOptions, QemuNbd, probe_image};
use tokio::process::Command;

use super::graph::Bitmap;
use super::memory::Memory;
use super::trackers::{Plan, plan};
use crate::{
    Changed, Consistency, Disk, DiskChoice, Ending, ImageFormat, Quiesce, Snapshot, SnapshotDisk,
    SnapshotReport, SnapshotRequest,
};

/// Why a point of a machine that is off is no better than crash-consistent: QEMU leaves no
/// word of its end, and its bitmaps are stored in order after a `quit` too, which cuts the
/// guest's power.
const UNKNOWN_END: &str = "the machine is off and nothing shows that it was shut down cleanly";

/// Opens the disks.
pub(super) async fn take(
    lock: File,
    memory: &Memory,
    request: &SnapshotRequest,
) -> Result<Box<dyn Snapshot>> {
    let name = &memory.machine.name;
    if request.quiesce == Quiesce::Require {
        let text = format!("machine {name}: {UNKNOWN_END}");
        return Err(Error::new(Code::FreezeFailed, text));
    }
    let mut report = SnapshotReport {
        taken: Instant::now(),
        consistency: Consistency::CrashConsistent,
        downgrade: None,
        frozen: Duration::ZERO,
        paused: Duration::ZERO,
        warnings: Vec::new(),
    };
    let (mut servers, mut disks) = (Vec::new(), Vec::new());
    let mut crashed = false;
    for wanted in &request.disks {
        let disk = memory.machine.disks.iter().find(|d| d.name == *wanted);
        let disk = disk.cloned().ok_or_else(|| {
            Error::new(
                Code::DiskNotFound,
                format!("machine {name} has no disk `{wanted}`"),
            )
        })?;
        let opened = open(disk, request, &mut report.warnings, &mut crashed).await;
        let (server, disk) = opened.during(format!("disk {wanted} of machine {name}"))?;
        servers.push(server);
        disks.push(disk);
    }
    // Now all images are locked.
    report.taken = Instant::now();
    if crashed {
        let text = "the machine's QEMU was killed, so the point is crash-consistent";
        report.warnings.push(text.to_owned());
    } else if request.quiesce == Quiesce::Try {
        let text = format!("the point is crash-consistent only: {UNKNOWN_END}");
        report.warnings.push(text);
    }
    Ok(Box::new(OfflineSnapshot {
        _lock: lock,
        report,
        servers,
        disks,
    }))
}

async fn open(
    mut disk: Disk,
    request: &SnapshotRequest,
    warnings: &mut Vec<String>,
    crashed: &mut bool,
) -> Result<(QemuNbd, SnapshotDisk)> {
    if let DiskChoice::Excluded(why) = &disk.choice {
        return Err(Error::new(Code::DiskUnsupported, why.as_str()));
    }
    let (format, path) = match (disk.format, disk.path.clone()) {
        (ImageFormat::Raw, Some(path)) => ("raw", path),
        (ImageFormat::Qcow2, Some(path)) => ("qcow2", path),
        _ => {
            let text = "it is neither raw nor qcow2 on this host; start the machine to back it up";
            return Err(Error::new(Code::DiskUnsupported, text));
        }
    };
    let mut plan = Plan {
        reason: "no earlier point".into(),
        ..Plan::default()
    };
    if disk.format == ImageFormat::Qcow2 {
        let bitmaps: Vec<Bitmap> = probe_image(&path, Some("qcow2"))
            .await?
            .bitmaps
            .into_iter()
            .map(stored)
            .collect();
        *crashed |= bitmaps.iter().any(|b| b.inconsistent);
        let trackers = request
            .trackers
            .get(&disk.name)
            .map_or(&[][..], Vec::as_slice);
        plan = self::plan(&bitmaps, trackers, &request.tracker);
        for name in &plan.remove {
            if let Err(e) = remove_bitmap(&path, &name.to_string()).await {
                warnings.push(format!("disk {}: an old bitmap stays: {e}", disk.name));
            }
        }
    } else if request
        .trackers
        .get(&disk.name)
        .is_some_and(|t| !t.is_empty())
    {
        plan.reason = "a raw image keeps no bitmap while its machine is off".into();
    }
    let mut options = ImageOptions::read(path, format);
    options.bitmap = plan.base.map(|b| b.to_string());
    let server = QemuNbd::open(options).await?;
    let client = server.client().clone();
    disk.size = client.size();
    let changed = match plan.base {
        None => Changed::Unknown {
            reason: plan.reason,
        },
        Some(tracker) => {
            let extents = client
                .dirty(&format!("qemu:dirty-bitmap:{tracker}"))
                .await?;
            Changed::Since { tracker, extents }
        }
    };
    Ok((
        server,
        SnapshotDisk {
            disk,
            source: client,
            changed,
        },
    ))
}

fn stored(info: block::BitmapInfo) -> Bitmap {
    Bitmap {
        name: info.name,
        recording: info.recording,
        persistent: true,
        inconsistent: info.in_use,
        busy: false,
    }
}

async fn remove_bitmap(image: &std::path::Path, name: &str) -> Result<()> {
    let mut command = Command::new("qemu-img");
    command
        .args(["bitmap", "--remove", "-f", "qcow2"])
        .arg("--")
        .arg(image)
        .arg(name);
    let done = command.kill_on_drop(true).output().await;
    let done = done.map_err(|e| Error::io("running qemu-img", e))?;
    if done.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&done.stderr);
    Err(Error::new(
        Code::HypervisorError,
        format!("qemu-img: {}", text.trim()),
    ))
}

#[derive(Debug)]
struct OfflineSnapshot {
    _lock: File,
    report: SnapshotReport,
    servers: Vec<QemuNbd>,
    disks: Vec<SnapshotDisk>,
}

#[async_trait]
impl Snapshot for OfflineSnapshot {
    fn report(&self) -> &SnapshotReport {
        &self.report
    }

    fn disks(&self) -> &[SnapshotDisk] {
        &self.disks
    }

    async fn check(&self) -> Result<()> {
        for server in &self.servers {
            let client: &Arc<_> = server.client();
            let len = client.size().min(512);
            let buf = vec![0; usize::try_from(len).expect("512 fits")];
            let read = client.read(0, buf).await;
            read.map_err(|e| {
                Error::new(Code::SnapshotBroken, "qemu-nbd no longer serves the image").because(e)
            })?;
        }
        Ok(())
    }

    async fn finish(self: Box<Self>, _ending: Ending) -> Result<Vec<String>> {
        let mut warnings = Vec::new();
        for server in self.servers {
            if let Err(e) = server.close().await {
                warnings.push(format!("closing an image: {e}"));
            }
        }
        Ok(warnings)
    }
}
