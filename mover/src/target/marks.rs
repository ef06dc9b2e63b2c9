//! Names and notes that tell a target in the middle of a restore from a complete one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

/// What a new image is called until it is complete.
pub(super) fn partial(path: &Path) -> PathBuf {
    with_suffix(path, ".stillpoint-partial")
}

/// What an existing image is called while it holds a mixture.
pub(super) fn restoring(path: &Path) -> PathBuf {
    with_suffix(path, ".stillpoint-restoring")
}

/// The note that marks a device while it holds a mixture.
pub(super) fn device_note(state_dir: &Path, device: &Path) -> PathBuf {
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
    let path = follow(path);
    [restoring(&path), device_note(state_dir, &path)]
        .into_iter()
        .find(|p| p.exists())
}

/// The path behind symbolic links, also when there is nothing behind the last one.
pub(super) fn follow(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as the system follows.
    for _ in 0..40 {
        let Ok(to) = std::fs::read_link(&path) else {
            break;
        };
        path = match path.parent() {
            Some(folder) => folder.join(to),
            None => to,
        };
    }
    path
}

/// Renames, unless the new name is taken; durable when it returns.
///
/// # Errors
/// `TargetExists`; those of the file system.
pub(super) fn rename(from: &Path, to: &Path) -> Result<()> {
    use rustix::fs::{CWD, RenameFlags};
    use rustix::io::Errno;
    let renamed = match rustix::fs::renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // A file system that can't do it in one step.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) if !to.exists() => {
            std::fs::rename(from, to)
        }
        Err(e) => Err(e.into()),
        Ok(()) => Ok(()),
    };
    let what = || format!("renaming {} to {}", from.display(), to.display());
    renamed.map_err(|e| Error::io(what(), e))?;
    sync_folder(to)
}

pub(super) fn remove(path: &Path) {
    if let Err(e) = std::fs::remove_file(path) {
        tracing::warn!("{} is left behind: {e}", path.display());
    }
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

/// Notes that `device` holds a mixture; durable when it returns.
pub(super) fn write_note(note: &Path, device: &Path) -> Result<()> {
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

/// The error for an image that another program has open.
pub(super) fn in_use(e: Error) -> Error {
    if e.code() == Code::ImageInUse {
        return Error::new(Code::MachineRunning, e.detail().to_owned()).because(e);
    }
    e
}
