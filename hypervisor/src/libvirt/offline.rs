//! A machine that is off, read from its images.
//!
//! The images are opened without QEMU's locks, so libvirt can start the machine at any time.
//! Then the snapshot is broken, and whoever takes it again gets the running machine. A start is
//! noticed by libvirt's word, and by the images' change times even if it was too short for
//! that.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base::{Code, Error, Result, TrackerName};
use block::{BlockSource, Extent, ImageOptions, NbdClient, QemuNbd, Run, probe_image};
use tokio::task::JoinHandle;

use super::ffi::State;
use super::folder::Folder;
use super::guardian::Health;
use super::link::{Link, SHORT};
use super::{machines, plan, watch};
use crate::{
    Changed, Consistency, Disk, Ending, ImageFormat, Snapshot, SnapshotDisk, SnapshotReport,
    SnapshotRequest,
};

/// How often libvirt is asked whether the machine is still off.
const LOOK: Duration = Duration::from_millis(250);

/// Opens the images of a machine that is off; `None` if it is on.
///
/// # Errors
/// `SnapshotBroken` if it was started meanwhile; `DiskUnsupported`, `FileAccessDenied`,
/// `FileNotFound`, `ToolMissing` of an image.
pub(super) async fn take(
    link: &Link,
    folder: Folder,
    request: &SnapshotRequest,
) -> Result<std::result::Result<Box<dyn Snapshot>, Folder>> {
    let uuid = &request.machine.uuid;
    let machine = machines::find(link, uuid).await?;
    let disks = plan::chosen(&machine, request)?;
    let images: Vec<PathBuf> = disks.iter().filter_map(|d| d.path.clone()).collect();
    let marks = marks(&images)?;
    // Asked after the marks: what is written from now on shows.
    let state = link.domain(uuid, SHORT, |d| d.state()).await?;
    if !matches!(state, State::Off | State::OffCleanly) {
        return Ok(Err(folder));
    }
    folder.clear()?;
    let health = Health::default();
    let (mut servers, mut shown) = (Vec::new(), Vec::new());
    for disk in disks {
        let (server, disk) = open(disk, request, &health)
            .await
            .map_err(|e| e.during(format_args!("machine {}", machine.name)))?;
        servers.push(server);
        shown.push(disk);
    }
    let mut warnings = Vec::new();
    let consistency = if state == State::OffCleanly {
        Consistency::Offline
    } else {
        let what = "the point is crash-consistent only: libvirt does not know of a clean shutdown";
        warnings.push(what.into());
        Consistency::CrashConsistent
    };
    let snapshot = OfflineSnapshot {
        watcher: tokio::spawn(watch_for_start(link.clone(), uuid.clone(), health.clone())),
        link: link.clone(),
        uuid: uuid.clone(),
        health,
        images,
        marks,
        folder,
        servers,
        disks: shown,
        report: SnapshotReport {
            taken: Instant::now(),
            consistency,
            downgrade: None,
            frozen: Duration::ZERO,
            paused: Duration::ZERO,
            warnings,
        },
    };
    snapshot.check().await?;
    Ok(Ok(Box::new(snapshot)))
}

async fn open(
    disk: Disk,
    request: &SnapshotRequest,
    health: &Health,
) -> Result<(QemuNbd, SnapshotDisk)> {
    let unusable = |why: &str| {
        let what = format!("disk {} of a machine that is off: {why}", disk.name);
        Error::new(Code::DiskUnsupported, what)
    };
    let path = disk
        .path
        .as_ref()
        .ok_or_else(|| unusable("it has no path"))?;
    let format = match disk.format {
        ImageFormat::Raw => "raw",
        ImageFormat::Qcow2 => "qcow2",
        ImageFormat::Other => return Err(unusable("only raw and qcow2 images are read")),
    };
    let (base, reason) = match disk.format {
        ImageFormat::Qcow2 => base(path, &disk, request).await?,
        _ => (None, "the image's format holds no dirty bitmaps".into()),
    };
    let server = QemuNbd::open(ImageOptions {
        force_share: true,
        bitmap: base.map(|b| b.to_string()),
        ..ImageOptions::read(path, format)
    })
    .await?;
    let client = server.client().clone();
    let changed = match base {
        Some(tracker) => Changed::Since {
            tracker,
            extents: client
                .dirty(&format!("qemu:dirty-bitmap:{tracker}"))
                .await?,
        },
        None => Changed::Unknown { reason },
    };
    let source = OfflineSource {
        client,
        health: health.clone(),
    };
    let shown = SnapshotDisk {
        disk: Disk {
            size: source.size(),
            ..disk
        },
        source: Arc::new(source),
        changed,
    };
    Ok((server, shown))
}

/// The first tracker asked for whose bitmap is whole, or why there is none.
async fn base(
    path: &Path,
    disk: &Disk,
    request: &SnapshotRequest,
) -> Result<(Option<TrackerName>, String)> {
    let asked = request
        .trackers
        .get(&disk.name)
        .map_or(&[][..], Vec::as_slice);
    if asked.is_empty() {
        return Ok((None, "no earlier point".into()));
    }
    let bitmaps = probe_image(path, Some("qcow2")).await?.bitmaps;
    let find = |t: &TrackerName| {
        let name = t.to_string();
        bitmaps.iter().find(move |b| b.name == name)
    };
    let whole = asked
        .iter()
        .find(|t| find(t).is_some_and(|b| !b.in_use && b.recording));
    let reason = if asked.iter().any(|t| find(t).is_some()) {
        "the dirty bitmap is not whole: QEMU ended without storing it"
    } else {
        "no dirty bitmap of an earlier point is in the image"
    };
    Ok((whole.copied(), reason.into()))
}

/// What changes when an image is written to: device, inode, size and change times.
type Mark = (u64, u64, u64, i64, i64, i64, i64);

fn marks(images: &[PathBuf]) -> Result<Vec<Mark>> {
    images.iter().map(|path| mark(path)).collect()
}

fn mark(path: &Path) -> Result<Mark> {
    let m = std::fs::metadata(path)
        .map_err(|e| Error::io(format_args!("look at {}", path.display()), e))?;
    Ok((
        m.dev(),
        m.ino(),
        m.size(),
        m.mtime(),
        m.mtime_nsec(),
        m.ctime(),
        m.ctime_nsec(),
    ))
}

async fn watch_for_start(link: Link, uuid: String, health: Health) {
    loop {
        tokio::time::sleep(LOOK).await;
        // A daemon that is away tells nothing; the marks do.
        if let Ok(false) = watch::is_off(&link, &uuid).await {
            return started(&health);
        }
    }
}

fn started(health: &Health) {
    health.break_with(
        Code::SnapshotBroken,
        "the machine was started while its images were read",
    );
}

/// Images of a machine that is off.
#[derive(Debug)]
struct OfflineSnapshot {
    link: Link,
    uuid: String,
    health: Health,
    images: Vec<PathBuf>,
    marks: Vec<Mark>,
    folder: Folder,
    watcher: JoinHandle<()>,
    servers: Vec<QemuNbd>,
    disks: Vec<SnapshotDisk>,
    report: SnapshotReport,
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
        // Asked in this order: a start before the question is seen by the one or the other.
        if let Ok(false) = watch::is_off(&self.link, &self.uuid).await {
            started(&self.health);
        }
        if marks(&self.images)? != self.marks {
            started(&self.health);
        }
        self.health.check()
    }

    /// No tracker can be made or removed while the machine is off; an older one holds all
    /// that a newer one would, and more. So `ending` changes nothing.
    async fn finish(self: Box<Self>, _ending: Ending) -> Result<Vec<String>> {
        self.watcher.abort();
        drop(self.disks);
        let mut result = Ok(());
        for server in self.servers {
            result = result.and(server.close().await);
        }
        result.and(self.folder.remove()).map(|()| Vec::new())
    }
}

/// An image, until its machine is started.
#[derive(Debug)]
struct OfflineSource {
    client: Arc<NbdClient>,
    health: Health,
}

#[async_trait]
impl BlockSource for OfflineSource {
    fn size(&self) -> u64 {
        self.client.size()
    }

    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>> {
        let result = self.client.read(offset, buf).await;
        self.health.check()?;
        result
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        let result = self.client.runs(range).await;
        self.health.check()?;
        result
    }
}
