//! Names that a power cut does not take back.
//!
//! A file's own `fsync` says nothing of its name: that is its folder's business, and a new
//! folder's name its parent's.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use crate::{Error, Kind, Result};

/// Makes durable which names are in the folder of `path`: after it was made, renamed or removed.
///
/// # Errors
/// Those of the folder.
pub fn sync_name(path: &Path) -> Result<()> {
    sync(match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    })
}

/// Makes the folder `path` if it is not there, and those that it is in. Their names are durable
/// when this returns, whoever made them: a process that did may have been killed since.
///
/// # Errors
/// Those of the file system.
pub fn make_folder(path: &Path) -> Result<()> {
    std::fs::create_dir_all(path).map_err(|e| Error::io(path.display(), e))?;
    sync_way(path)
}

/// As [`make_folder`]; whoever knows the name of a file in it may open that, as far as the file's
/// own mode lets them: for images that QEMU opens under a user of its own.
///
/// # Errors
/// Those of the file system.
pub fn make_passable_folder(path: &Path) -> Result<()> {
    make_folder(path)?;
    let io = |e| Error::io(path.display(), e);
    let mut mode = std::fs::metadata(path).map_err(io)?.permissions();
    mode.set_mode(mode.mode() | 0o111);
    std::fs::set_permissions(path, mode).map_err(io)
}

/// Makes durable the name of what is at `path` and those of all folders that it is in, on its
/// file system. A folder that this user may not read is passed by.
///
/// # Errors
/// `FileNotFound`; those of the file system.
pub fn sync_way(path: &Path) -> Result<()> {
    let path = path
        .canonicalize()
        .map_err(|e| Error::io(path.display(), e))?;
    let device = |p: &Path| std::fs::metadata(p).map(|m| m.dev()).ok();
    let this = device(&path);
    for folder in path.ancestors().skip(1).take_while(|f| device(f) == this) {
        match sync(folder) {
            Err(e) if e.kind() == Kind::Denied => {}
            done => done?,
        }
    }
    Ok(())
}

/// Makes a file durable, or which names are in a folder. Where there is nothing that could be
/// lost, as on a file system that is only read, it does nothing.
///
/// # Errors
/// Those of the file system.
pub fn sync(path: &Path) -> Result<()> {
    match File::open(path).and_then(|f| f.sync_all()) {
        Err(e) if e.kind() == ErrorKind::InvalidInput => Ok(()),
        done => done.map_err(|e| Error::io(path.display(), e)),
    }
}
