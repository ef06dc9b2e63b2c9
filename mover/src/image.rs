//! An image file or block device as the source of a backup, without a hypervisor.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use base::{Code, Error, Result};
use block::{BlockSource, ExtentSet, FileDisk, Held, ImageOptions, QemuNbd};
use hypervisor::{
    AgentStatus, Changed, Consistency, Definition, Disk, DiskChoice, Ending, Firmware, Hardware,
    Hypervisor, ImageFormat, Machine, MachineState, Snapshot, SnapshotDisk, SnapshotReport,
    SnapshotRequest,
};

/// A host whose one machine is an image. Nobody may write to the image meanwhile: it is not a
/// snapshot. A file that changed while it was read is noticed by its time of change.
#[derive(Debug)]
pub struct ImageHost {
    path: PathBuf,
    format: String,
    name: String,
    changed: Option<ExtentSet>,
}

/// The name of the one disk.
const DISK: &str = "disk";

impl ImageHost {
    /// The image at `path`, of QEMU's format `format`, to be known by `name` in the vault.
    /// `changed` lists the bytes that may differ from the newest point of that name; without
    /// it all is read and compared.
    #[must_use]
    pub fn new(path: PathBuf, format: String, name: String, changed: Option<ExtentSet>) -> Self {
        Self {
            path,
            format,
            name,
            changed,
        }
    }

    async fn open(&self) -> Result<(Arc<dyn BlockSource>, Option<QemuNbd>)> {
        if self.format == "raw" {
            return Ok((Arc::new(FileDisk::open(&self.path).await?), None));
        }
        let mut options = ImageOptions::read(&self.path, &self.format);
        options.alone = true;
        let image = QemuNbd::open(options).await?;
        Ok((Arc::clone(image.client()) as _, Some(image)))
    }

    fn stamp(&self) -> Result<(u64, Option<std::time::SystemTime>)> {
        let meta = std::fs::metadata(&self.path).map_err(|e| Error::io(self.path.display(), e))?;
        Ok((
            meta.len(),
            meta.is_file().then(|| meta.modified().ok()).flatten(),
        ))
    }
}

#[async_trait]
impl Hypervisor for ImageHost {
    async fn list(&self) -> Result<Vec<Machine>> {
        let (source, image) = self.open().await?;
        let disk = Disk {
            name: DISK.to_owned(),
            path: Some(self.path.clone()),
            format: match self.format.as_str() {
                "raw" => ImageFormat::Raw,
                "qcow2" => ImageFormat::Qcow2,
                _ => ImageFormat::Other,
            },
            size: source.size(),
            bus: "none".to_owned(),
            boot_order: None,
            choice: DiskChoice::Included,
        };
        if let Some(image) = image {
            image.close().await?;
        }
        Ok(vec![Machine {
            uuid: format!("image:{}", self.name),
            name: self.name.clone(),
            state: MachineState::Stopped,
            firmware: Firmware::Bios,
            hardware: Hardware::default(),
            disks: vec![disk],
            agent: AgentStatus::NotConfigured,
        }])
    }

    async fn find(&self, _: &str) -> Result<Machine> {
        self.list()
            .await?
            .pop()
            .ok_or_else(|| Error::new(Code::MachineNotFound, "no image"))
    }

    async fn definition(&self, _: &Machine) -> Result<Definition> {
        Ok(Definition::Image)
    }

    async fn snapshot(&self, request: SnapshotRequest) -> Result<Box<dyn Snapshot>> {
        let stamp = self.stamp()?;
        let (source, image) = self.open().await?;
        // Of other formats qemu-nbd does.
        let held = match &image {
            Some(_) => None,
            None => Some(Held::for_reading(&self.path).await?),
        };
        let tracker = request.trackers.get(DISK).and_then(|t| t.first());
        let changed = match (&self.changed, tracker) {
            (Some(extents), Some(tracker)) => {
                if extents
                    .extents()
                    .last()
                    .is_some_and(|e| e.end() > source.size())
                {
                    return Err(Error::new(
                        Code::ExtentListInvalid,
                        format!(
                            "the list goes past the end of {} ({} bytes)",
                            self.path.display(),
                            source.size()
                        ),
                    ));
                }
                Changed::Since {
                    tracker: *tracker,
                    extents: extents.clone(),
                }
            }
            (Some(_), None) => Changed::Unknown {
                reason: "no earlier point".to_owned(),
            },
            (None, _) => Changed::Unknown {
                reason: "no list of changes".to_owned(),
            },
        };
        let disk = request.machine.disks[0].clone();
        Ok(Box::new(ImageSnapshot {
            host: Self {
                changed: None,
                path: self.path.clone(),
                format: self.format.clone(),
                name: self.name.clone(),
            },
            stamp,
            disks: vec![SnapshotDisk {
                disk,
                source,
                changed,
            }],
            image,
            _held: held,
            report: SnapshotReport {
                taken: std::time::Instant::now(),
                consistency: Consistency::Offline,
                downgrade: None,
                frozen: Duration::ZERO,
                paused: Duration::ZERO,
                warnings: Vec::new(),
            },
        }))
    }
}

#[derive(Debug)]
struct ImageSnapshot {
    host: ImageHost,
    stamp: (u64, Option<std::time::SystemTime>),
    disks: Vec<SnapshotDisk>,
    image: Option<QemuNbd>,
    _held: Option<Held>,
    report: SnapshotReport,
}

#[async_trait]
impl Snapshot for ImageSnapshot {
    fn report(&self) -> &SnapshotReport {
        &self.report
    }

    fn disks(&self) -> &[SnapshotDisk] {
        &self.disks
    }

    async fn check(&self) -> Result<()> {
        if self.host.stamp()? == self.stamp {
            return Ok(());
        }
        Err(Error::new(
            Code::SnapshotBroken,
            format!("{} changed while it was read", self.host.path.display()),
        ))
    }

    async fn finish(self: Box<Self>, _: Ending) -> Result<Vec<String>> {
        let Self { disks, image, .. } = *self;
        drop(disks);
        if let Some(image) = image {
            image.close().await?;
        }
        Ok(Vec::new())
    }
}
