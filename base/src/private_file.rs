//! Files that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use crate::{Code, Error, Result, durable};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;
use zeroize::Zeroizing;

/// Makes `path` with mode 0600 and these bytes, whole or not at all, also at a power cut. It is
/// written as `NAME.stillpoint-partial` first. Durable when this returns: file and folder are
/// synced.
///
/// # Errors
/// [`Code::TargetExists`] if something has the name; those of the file system.
pub fn create(path: &Path, bytes: &[u8]) -> Result<()> {
    let name = path.display();
    let io = |e| Error::io(format_args!("making {name}"), e);
    if path.symlink_metadata().is_ok() {
        return Err(io(ErrorKind::AlreadyExists.into()));
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".stillpoint-partial");
    let partial = PathBuf::from(partial);
    // One that an earlier run left.
    let _ = fs::remove_file(&partial);
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&partial)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        match renameat_with(CWD, &partial, CWD, path, RenameFlags::NOREPLACE) {
            // A file system that can't say so.
            Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => fs::rename(&partial, path)?,
            done => done?,
        }
        // Another process that makes it too may have put its own in the place of ours.
        if *Zeroizing::new(fs::read(path)?) != *bytes {
            return Err(ErrorKind::AlreadyExists.into());
        }
        Ok(())
    };
    if let Err(e) = write() {
        // The first error is the one to report; a file that is left is only litter.
        let _ = fs::remove_file(&partial);
        return Err(io(e));
    }
    durable::sync_name(path)
}

/// Reads a file of at most `max` bytes.
///
/// # Errors
/// [`Code::FileAccessDenied`] if group or others may use the file; [`Code::KeyFileDamaged`]
/// if it is no regular file or too large; those of the file system.
pub fn read(path: &Path, max: usize) -> Result<Zeroizing<Vec<u8>>> {
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
