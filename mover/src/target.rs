//! Where a disk is restored to.
//!
//! A new image is written under a name of its own (`NAME.stillpoint-partial`) and gets the
//! asked name when it is complete and durable. An existing image is renamed
//! (`NAME.stillpoint-restoring`) for as long as it holds a mixture, so that no machine can be
//! started with it; a restore cut short leaves it so, and the next one goes on. A block
//! device can't be renamed: a note in the state folder marks it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Code, Error, Result};
use block::{BlockSink, BlockSource, FileDisk, ImageOptions, QemuNbd, create_image};

/// Where to restore a disk, and how.
#[derive(Clone, Debug)]
pub struct TargetSpec {
    /// The image file or block device.
    pub path: PathBuf,
    /// QEMU's name of the image's format; `raw` for devices.
    pub format: String,
    /// Whether to write over an image that exists, only the blocks that differ. A block device
    /// is always written so.
    pub overwrite: bool,
    /// The host's state folder, for notes about devices.
    pub state_dir: PathBuf,
}

/// An open target.
#[derive(Debug)]
pub struct Target {
    sink: Arc<dyn BlockSink>,
    fresh: bool,
    image: Option<QemuNbd>,
    working: PathBuf,
    wanted: PathBuf,
    note: Option<PathBuf>,
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn restoring(path: &Path) -> PathBuf {
    with_suffix(path, ".stillpoint-restoring")
}

fn device_note(state_dir: &Path, device: &Path) -> PathBuf {
    let name: String = device
        .to_string_lossy()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    state_dir.join("restoring").join(name)
}

/// The file or note that marks a restore onto `path` which was cut short, if there is one.
#[must_use]
pub fn unfinished_restore(path: &Path, state_dir: &Path) -> Option<PathBuf> {
    [restoring(path), device_note(state_dir, path)]
        .into_iter()
        .find(|p| p.exists())
}

impl Target {
    /// Opens the target for a disk of `size` bytes.
    ///
    /// # Errors
    /// `TargetExists`, `TargetTooSmall`, `BadArgument` (an existing image of another size),
    /// `MachineRunning` (a machine has it open), `NoSpace`, `FileAccessDenied`,
    /// `FileNotFound` (its folder), `ToolMissing`.
    pub async fn open(spec: &TargetSpec, size: u64) -> Result<Self> {
        use std::os::unix::fs::FileTypeExt;
        let meta = std::fs::metadata(&spec.path);
        let is_device = meta.as_ref().is_ok_and(|m| m.file_type().is_block_device());
        let exists = meta.is_ok() || restoring(&spec.path).exists();
        if is_device {
            return Self::device(spec, size).await;
        }
        if !exists {
            return Self::fresh(spec, size).await;
        }
        if !spec.overwrite {
            return Err(Error::new(
                Code::TargetExists,
                format!("{} exists", spec.path.display()),
            ));
        }
        Self::existing(spec, size).await
    }

    async fn fresh(spec: &TargetSpec, size: u64) -> Result<Self> {
        let working = with_suffix(&spec.path, ".stillpoint-partial");
        match std::fs::remove_file(&working) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(Error::io(working.display(), e)),
        }
        create_image(&working, &spec.format, size).await?;
        let opened = async {
            Ok(if spec.format == "raw" {
                (
                    Arc::new(FileDisk::open_writable(&working).await?) as Arc<dyn BlockSink>,
                    None,
                )
            } else {
                let image = QemuNbd::open(ImageOptions::write(&working, &spec.format)).await?;
                (
                    Arc::clone(image.client()) as Arc<dyn BlockSink>,
                    Some(image),
                )
            })
        };
        match opened.await {
            Ok((sink, image)) => {
                let wanted = spec.path.clone();
                Ok(Self {
                    sink,
                    fresh: true,
                    image,
                    working,
                    wanted,
                    note: None,
                })
            }
            Err(e) => {
                remove(&working);
                Err(e)
            }
        }
    }

    async fn existing(spec: &TargetSpec, size: u64) -> Result<Self> {
        let working = restoring(&spec.path);
        if spec.path.exists() && working.exists() {
            return Err(Error::new(
                Code::RestoreIncomplete,
                format!(
                    "{} is there beside {}, which an earlier restore left; remove the one that is not wanted",
                    spec.path.display(),
                    working.display()
                ),
            ));
        }
        let resumed = working.exists();
        if !resumed {
            rename(&spec.path, &working)?;
        }
        let opened = async {
            // Through qemu-nbd also for raw: it takes the image's lock, which a running
            // machine holds.
            let image = QemuNbd::open(ImageOptions::write(&working, &spec.format)).await?;
            let found = BlockSource::size(&**image.client());
            if found != size {
                return Err(Error::new(
                    Code::BadArgument,
                    format!(
                        "{} is a disk of {found} bytes, the point's has {size}",
                        spec.path.display()
                    ),
                ));
            }
            Ok(image)
        };
        match opened.await {
            Ok(image) => {
                let sink: Arc<dyn BlockSink> = Arc::clone(image.client()) as _;
                let (image, wanted) = (Some(image), spec.path.clone());
                Ok(Self {
                    sink,
                    fresh: false,
                    image,
                    working,
                    wanted,
                    note: None,
                })
            }
            Err(e) => {
                if !resumed {
                    rename(&working, &spec.path)?;
                }
                Err(in_use(e))
            }
        }
    }

    async fn device(spec: &TargetSpec, size: u64) -> Result<Self> {
        let image = QemuNbd::open(ImageOptions::write(&spec.path, &spec.format))
            .await
            .map_err(in_use)?;
        let found = BlockSource::size(&**image.client());
        if found < size {
            return Err(Error::new(
                Code::TargetTooSmall,
                format!("{} has {found} bytes, the disk {size}", spec.path.display()),
            ));
        }
        let note = device_note(&spec.state_dir, &spec.path);
        write_note(&note, &spec.path)?;
        let sink: Arc<dyn BlockSink> = Arc::clone(image.client()) as _;
        let (working, wanted) = (spec.path.clone(), spec.path.clone());
        Ok(Self {
            sink,
            fresh: false,
            image: Some(image),
            working,
            wanted,
            note: Some(note),
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
        self.fresh
    }

    /// Makes all that was written durable and gives the target its name.
    ///
    /// # Errors
    /// `TargetExists` if something got the name meanwhile; those of the medium.
    pub async fn finish(self) -> Result<()> {
        self.sink.flush().await?;
        let Self {
            sink,
            image,
            working,
            wanted,
            note,
            ..
        } = self;
        drop(sink);
        if let Some(image) = image {
            image.close().await?;
        }
        if working != wanted {
            rename(&working, &wanted)?;
        }
        if let Some(note) = note {
            std::fs::remove_file(&note).map_err(|e| Error::io(note.display(), e))?;
        }
        Ok(())
    }

    /// Gives up: a new image is removed, an existing one stays marked until a restore
    /// completes it.
    pub async fn abandon(self) {
        let Self {
            sink,
            image,
            working,
            fresh,
            ..
        } = self;
        drop(sink);
        if let Some(image) = image
            && let Err(e) = image.close().await
        {
            tracing::debug!("closing {}: {e}", working.display());
        }
        if fresh {
            remove(&working);
        }
    }
}

fn in_use(e: Error) -> Error {
    if e.code() == Code::ImageInUse {
        return Error::new(Code::MachineRunning, e.detail().to_owned()).because(e);
    }
    e
}

fn remove(path: &Path) {
    if let Err(e) = std::fs::remove_file(path) {
        tracing::warn!("{} is left behind: {e}", path.display());
    }
}

/// Renames, unless the new name is taken; durable when it returns.
fn rename(from: &Path, to: &Path) -> Result<()> {
    use rustix::fs::{CWD, RenameFlags};
    rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE).map_err(|e| {
        Error::io(
            format!("renaming {} to {}", from.display(), to.display()),
            e.into(),
        )
    })?;
    sync_folder(to)
}

fn sync_folder(path: &Path) -> Result<()> {
    let folder = match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    };
    std::fs::File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| Error::io(folder.display(), e))
}

fn write_note(note: &Path, device: &Path) -> Result<()> {
    let io = |e| Error::io(note.display(), e);
    if let Some(folder) = note.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    let text = format!("A restore onto {} is not complete.\n", device.display());
    std::fs::write(note, text).map_err(io)?;
    std::fs::File::open(note)
        .and_then(|f| f.sync_all())
        .map_err(io)?;
    sync_folder(note)
}
