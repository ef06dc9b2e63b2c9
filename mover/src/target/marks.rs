//! Names and notes that tell a target in the middle of a restore from a complete one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, durable};

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
    state_dir.join("restoring").join(key(device))
}

/// A file's name that stands for `path`, by whatever folders and links it is reached. The file
/// itself need not be there.
pub(super) fn key(path: &Path) -> String {
    let path = follow(path);
    let in_folder = || {
        let folder = path.parent()?;
        let folder = if folder == Path::new("") {
            Path::new(".")
        } else {
            folder
        };
        Some(folder.canonicalize().ok()?.join(path.file_name()?))
    };
    let full = in_folder().unwrap_or_else(|| path.clone());
    blake3::hash(full.as_os_str().as_encoded_bytes()).to_hex()[..32].to_owned()
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
    durable::sync_name(to)
}

pub(super) fn remove(path: &Path) {
    if let Err(e) = std::fs::remove_file(path) {
        tracing::warn!("{} is left behind: {e}", path.display());
    }
}

/// Notes that `device` holds a mixture; durable when it returns.
pub(super) fn write_note(note: &Path, device: &Path) -> Result<()> {
    let io = |e| Error::io(note.display(), e);
    if let Some(folder) = note.parent() {
        durable::make_folder(folder)?;
    }
    let text = format!("A restore onto {} is not complete.\n", device.display());
    std::fs::write(note, text).map_err(io)?;
    std::fs::File::open(note)
        .and_then(|f| f.sync_all())
        .map_err(io)?;
    durable::sync_name(note)
}

/// The error for an image that another program has open.
pub(super) fn in_use(e: Error) -> Error {
    if e.code() == Code::ImageInUse {
        return Error::new(Code::MachineRunning, e.detail().to_owned()).because(e);
    }
    e
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_of_similar_names_have_notes_of_their_own() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let [dash, low] = ["a-b", "a_b"].map(|n| folder.path().join(n));
        write_note(&device_note(&state, &dash), &dash).unwrap();
        assert!(unfinished_restore(&dash, &state).is_some());
        assert_eq!(unfinished_restore(&low, &state), None);
    }

    #[test]
    fn a_note_is_found_by_every_path_to_the_device() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let real = folder.path().join("dev/sda");
        std::fs::create_dir_all(folder.path().join("dev/disk")).unwrap();
        std::fs::write(&real, b"").unwrap();
        let by_id = folder.path().join("dev/disk/wwn-1");
        std::os::unix::fs::symlink("../sda", &by_id).unwrap();
        let alias = folder.path().join("alias");
        std::os::unix::fs::symlink("dev", &alias).unwrap();
        let note = device_note(&state, &by_id);
        write_note(&note, &by_id).unwrap();
        for path in [real, by_id, alias.join("sda"), alias.join("disk/wwn-1")] {
            assert_eq!(unfinished_restore(&path, &state), Some(note.clone()));
        }
    }
}
