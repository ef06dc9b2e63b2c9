//! Where a disk is restored to.
//!
//! A new image is written under a name of its own (`NAME.stillpoint-partial`) and gets the
//! asked name when it is complete and durable. An existing image is renamed
//! (`NAME.stillpoint-restoring`) for as long as it may hold a mixture, so that no machine can
//! be started with it; a restore cut short leaves it so, and the next one goes on. A block
//! device can't be renamed: a note in the state folder marks it.

mod marks;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Code, Error, Result};
use block::{BlockSink, BlockSource, FileDisk, Held, ImageOptions, QemuNbd, create_image};

use crate::lock::{Lock, Wait, lock_file};
use marks::{device_note, follow, in_use, key, partial, remove, rename, restoring, write_note};

pub use marks::unfinished_restore;

/// Where to restore a disk, and how.
#[derive(Clone, Debug)]
pub struct TargetSpec {
    /// The image file or block device. Symbolic links are followed.
    pub path: PathBuf,
    /// QEMU's name of the image's format; `raw` for devices.
    pub format: String,
    /// Whether to write over an image that exists, only the blocks that differ. A block device
    /// is always written so.
    pub overwrite: bool,
    /// The host's state folder, for locks and for notes about devices.
    pub state_dir: PathBuf,
}

/// An open target.
#[derive(Debug)]
pub struct Target {
    sink: Arc<dyn BlockSink>,
    kind: Kind,
    image: Option<QemuNbd>,
    /// The name it has now.
    working: PathBuf,
    /// The name it gets.
    wanted: PathBuf,
    /// Keeps a second restore on this host away from the same name.
    lock: Lock,
}

#[derive(Debug)]
enum Kind {
    /// It was made by us and reads as zero.
    Fresh,
    /// It was there. `resumed` says that an earlier restore left it as a mixture.
    Existing { resumed: bool },
    /// A device, marked by a note.
    Device {
        note: PathBuf,
        resumed: bool,
        /// Nobody mounts it meanwhile.
        _held: Held,
    },
}

impl Target {
    /// Opens the target for a disk of `size` bytes.
    ///
    /// # Errors
    /// `TargetExists`, `TargetTooSmall`, `BadArgument` (an existing image that is larger),
    /// `MachineRunning` (a machine has it open), `ImageInUse` (another restore is at work,
    /// or a device is mounted),
    /// `RestoreIncomplete` (an earlier restore left a mixture, and `overwrite` is not set or
    /// another file has the name now), `NoSpace`, `FileAccessDenied`, `FileNotFound` (its
    /// folder), `ToolMissing`.
    pub async fn open(spec: &TargetSpec, size: u64) -> Result<Self> {
        use std::os::unix::fs::FileTypeExt;
        let path = follow(&spec.path);
        let lock = lock(&spec.state_dir, &path).await?;
        let meta = std::fs::metadata(&path);
        if meta.as_ref().is_ok_and(|m| m.file_type().is_block_device()) {
            return Self::device(spec, path, size, lock).await;
        }
        let (there, mixture) = (meta.is_ok(), restoring(&path).exists());
        if mixture && (there || !spec.overwrite) {
            let left = restoring(&path);
            let (path, left) = (path.display(), left.display());
            let detail = match there {
                true => format!(
                    "{path} is there beside {left}, which an earlier restore left; remove the one that is not wanted"
                ),
                false => format!("an earlier restore onto {path} left {left}"),
            };
            return Err(Error::new(Code::RestoreIncomplete, detail));
        }
        match there || mixture {
            false => Self::fresh(spec, path, size, lock).await,
            true if spec.overwrite => Self::existing(spec, path, size, lock, mixture).await,
            true => {
                let detail = format!("{} exists", path.display());
                Err(Error::new(Code::TargetExists, detail))
            }
        }
    }

    async fn fresh(spec: &TargetSpec, wanted: PathBuf, size: u64, lock: Lock) -> Result<Self> {
        let working = partial(&wanted);
        // The lock says that nobody is writing to it any more.
        match std::fs::remove_file(&working) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(working.display(), e)),
        }
        create_image(&working, &spec.format, size).await?;
        let opened = async {
            if spec.format == "raw" {
                let file = FileDisk::open_writable(&working).await?;
                return Ok((Arc::new(file) as Arc<dyn BlockSink>, None));
            }
            let image = QemuNbd::open(ImageOptions::write(&working, &spec.format)).await?;
            Ok((Arc::clone(image.client()) as _, Some(image)))
        };
        match opened.await {
            Ok((sink, image)) => Ok(Self {
                sink,
                kind: Kind::Fresh,
                image,
                working,
                wanted,
                lock,
            }),
            Err(e) => {
                remove(&working);
                Err(e)
            }
        }
    }

    async fn existing(
        spec: &TargetSpec,
        wanted: PathBuf,
        size: u64,
        lock: Lock,
        resumed: bool,
    ) -> Result<Self> {
        let working = restoring(&wanted);
        let now = if resumed { &working } else { &wanted };
        // Through qemu-nbd also for raw: it takes the image's lock, which a running machine
        // holds. Only with the lock is the image renamed.
        let image = QemuNbd::open(ImageOptions::write(now, &spec.format))
            .await
            .map_err(in_use)?;
        let found = BlockSource::size(&**image.client());
        // QEMU rounds a raw file up to whole sectors.
        if found != size && found != size.next_multiple_of(512) {
            let code = match found < size {
                true => Code::TargetTooSmall,
                false => Code::BadArgument,
            };
            let path = wanted.display();
            let detail = format!("{path} is a disk of {found} bytes, the point's has {size}");
            return Err(Error::new(code, detail));
        }
        if !resumed {
            rename(&wanted, &working)?;
        }
        Ok(Self {
            sink: Arc::clone(image.client()) as _,
            kind: Kind::Existing { resumed },
            image: Some(image),
            working,
            wanted,
            lock,
        })
    }

    async fn device(spec: &TargetSpec, path: PathBuf, size: u64, lock: Lock) -> Result<Self> {
        let _held = Held::device(&path).await?;
        let image = QemuNbd::open(ImageOptions::write(&path, &spec.format))
            .await
            .map_err(in_use)?;
        let found = BlockSource::size(&**image.client());
        if found < size {
            let detail = format!("{} has {found} bytes, the disk {size}", path.display());
            return Err(Error::new(Code::TargetTooSmall, detail));
        }
        let note = device_note(&spec.state_dir, &path);
        let resumed = note.exists();
        write_note(&note, &path)?;
        Ok(Self {
            sink: Arc::clone(image.client()) as _,
            kind: Kind::Device {
                note,
                resumed,
                _held,
            },
            image: Some(image),
            working: path.clone(),
            wanted: path,
            lock,
        })
    }

    /// What to write to.
    #[must_use]
    pub fn sink(&self) -> &Arc<dyn BlockSink> {
        &self.sink
    }

    /// Whether it is new and reads as zero.
    #[must_use]
    pub fn is_fresh(&self) -> bool {
        matches!(self.kind, Kind::Fresh)
    }

    /// Makes all that was written durable and gives the target its name. On failure a new
    /// image is removed; one that existed stays marked.
    ///
    /// # Errors
    /// `TargetExists` if something got the name meanwhile; those of the medium.
    pub async fn finish(self) -> Result<()> {
        let Self {
            sink,
            kind,
            image,
            working,
            wanted,
            lock,
        } = self;
        let done = async {
            sink.flush().await?;
            drop(sink);
            if let Some(image) = image {
                image.close().await?;
            }
            match &kind {
                Kind::Fresh | Kind::Existing { .. } => rename(&working, &wanted),
                Kind::Device { note, .. } => {
                    std::fs::remove_file(note).map_err(|e| Error::io(note.display(), e))
                }
            }
        };
        let done = done.await;
        if done.is_err() && matches!(kind, Kind::Fresh) {
            remove(&working);
        }
        drop(lock);
        done
    }

    /// Gives up: a new image is removed. One that existed, and a device, stay marked until a
    /// restore completes them, unless nothing was written (`touched` is false), now or by an
    /// earlier restore that was cut short.
    pub async fn abandon(self, touched: bool) {
        drop(self.sink);
        if let Some(image) = self.image
            && let Err(e) = image.close().await
        {
            tracing::debug!("closing {}: {e}", self.working.display());
        }
        match self.kind {
            Kind::Fresh => remove(&self.working),
            Kind::Existing { resumed: false } if !touched => {
                if let Err(e) = rename(&self.working, &self.wanted) {
                    tracing::warn!("{} keeps its mark: {e}", self.wanted.display());
                }
            }
            Kind::Device { note, resumed, .. } if !touched && !resumed => remove(&note),
            Kind::Existing { .. } | Kind::Device { .. } => {}
        }
        drop(self.lock);
    }
}

/// Locks the name for this restore.
async fn lock(state_dir: &Path, path: &Path) -> Result<Lock> {
    let file = state_dir
        .join("locks")
        .join(format!("{}.restore", key(path)));
    lock_file(file, Wait::No).await?.ok_or_else(|| {
        let detail = format!("another restore to {} is running", path.display());
        Error::new(Code::ImageInUse, detail)
    })
}
