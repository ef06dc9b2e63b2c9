//! Keeping others away from a raw image or a device that is used directly.
//!
//! QEMU marks what it does with an image by shared locks on single bytes of it (`block/file-posix.c`
//! of its sources): byte 100 + n while it uses its right n, byte 200 + n while it lets nobody else
//! use it. Whoever is to be kept out asks whether anyone holds the other's byte. Rights: 0 read what
//! does not change by itself, 1 write, 3 change the size.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use base::{Code, Error, Result};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;
use rustix::fs::OFlags;

const USED: i64 = 100;
const REFUSED: i64 = 200;
const READ: i64 = 0;
const WRITE: i64 = 1;
const RESIZE: i64 = 3;

/// An image or device that nobody writes to, or mounts, until this is dropped.
#[derive(Debug)]
pub struct Held {
    _file: File,
}

impl Held {
    /// Holds a raw image file or a device that is read. A machine that would write to it does not
    /// start meanwhile.
    ///
    /// # Errors
    /// `ImageInUse` if a machine writes to it, or the device is mounted or part of something that
    /// is; `FileNotFound`, `FileAccessDenied`, `Io`.
    pub async fn for_reading(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        crate::file::blocking(move || Self::hold(&path)).await
    }

    /// Holds a device that is written by another program of ours. Nothing is done to a file.
    ///
    /// # Errors
    /// As [`Self::for_reading`], but for machines, which that program looks for itself.
    pub async fn device(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        crate::file::blocking(move || open(&path).map(|_file| Self { _file })).await
    }

    fn hold(path: &Path) -> Result<Self> {
        let file = open(path)?;
        let locked = (|| {
            for byte in [USED + READ, REFUSED + WRITE, REFUSED + RESIZE] {
                fcntl(&file, FcntlArg::F_OFD_SETLK(&lock(byte, libc::F_RDLCK)))?;
            }
            for byte in [USED + WRITE, USED + RESIZE, REFUSED + READ] {
                let mut other = lock(byte, libc::F_WRLCK);
                fcntl(&file, FcntlArg::F_OFD_GETLK(&mut other))?;
                if i32::from(other.l_type) != libc::F_UNLCK {
                    return Err(Errno::EAGAIN);
                }
            }
            Ok(())
        })();
        match locked {
            Ok(()) => Ok(Self { _file: file }),
            Err(Errno::EAGAIN | Errno::EACCES) => {
                let detail = format!("{}: a machine or another program uses it", path.display());
                Err(Error::new(Code::ImageInUse, detail))
            }
            // A file system without locks: QEMU has none there either.
            Err(e) => {
                tracing::debug!("{} can't be locked: {e}", path.display());
                Ok(Self { _file: file })
            }
        }
    }
}

/// Opens a file or device; a device for this process alone.
fn open(path: &Path) -> Result<File> {
    let named = |e| Error::io(path.display(), e);
    let kind = std::fs::metadata(path).map_err(named)?.file_type();
    let mut options = OpenOptions::new();
    options.read(true);
    if kind.is_block_device() {
        // Fails if the device is mounted or part of something that is.
        options.custom_flags(OFlags::EXCL.bits().cast_signed());
    }
    options.open(path).map_err(|e| match e.kind() {
        ErrorKind::ResourceBusy => {
            let detail = format!("{}: mounted or in use", path.display());
            Error::new(Code::ImageInUse, detail).because(e)
        }
        _ => named(e),
    })
}

fn lock(byte: i64, kind: i32) -> libc::flock {
    libc::flock {
        // The system's constants are small.
        l_type: kind as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: byte,
        l_len: 1,
        l_pid: 0,
    }
}
