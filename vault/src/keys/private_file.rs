//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use base::{Code, Error, Result};
use zeroize::Zeroizing;

/// Makes `path` with mode 0600 and these bytes. Durable when this returns: file and folder
/// are synced. A failed write leaves no file.
///
/// # Errors
/// [`Code::TargetExists`] if something has the name; those of the file system.
pub(super) fn create(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.display();
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|e| Error::io(format_args!("making {name}"), e))?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| sync_folder_of(path));
    written.map_err(|e| {
        // The first error is the one to report; a file that is left is only litter.
        let _ = fs::remove_file(path);
        Error::io(format_args!("writing {name}"), e)
    })
}

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// [`Code::FileAccessDenied`] if group or others may use the file; [`Code::KeyFileDamaged`]
/// if it is no regular file or too large; those of the file system.
pub(super) fn read(path: &Path, max: usize) -> Result<Zeroizing<Vec<u8>>> {
    let name = path.display();
    let io = |e| Error::io(format_args!("reading {name}"), e);
    let file = File::open(path).map_err(io)?;
    // Asked of the open file, so that nobody can swap it in between.
    let meta = file.metadata().map_err(io)?;
    if !meta.is_file() {
        return Err(Error::new(
            Code::KeyFileDamaged,
            format!("{name} is no regular file"),
        ));
    }
    if meta.mode() & 0o077 != 0 {
        return Err(Error::new(
            Code::FileAccessDenied,
            format!(
                "{name} holds a key, but others than its owner may use it (mode {:03o}); run `chmod 600 {name}`, and replace the key if somebody may have read it",
                meta.mode() & 0o777
            ),
        ));
    }
    let too_large = || {
        Error::new(
            Code::KeyFileDamaged,
            format!("{name} is larger than {max} bytes, so it is no key"),
        )
    };
    let size = usize::try_from(meta.len()).map_err(|_| too_large())?;
    if size > max {
        return Err(too_large());
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(size + 1));
    file.take(max as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    if bytes.len() > max {
        return Err(too_large());
    }
    Ok(bytes)
}

fn sync_folder_of(path: &Path) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    File::open(folder)?.sync_all()
}
