//! Keeping others away from a raw image or a device that is used directly.
//!
//! QEMU marks what it does with an image by shared locks on single bytes of it (`block/file-posix.c`
//! of its sources): byte 100 + n while it uses its right n, byte 200 + n while it lets nobody else
//! use it. Whoever is to be kept out asks whether anyone holds the other's byte. Rights: 0 read what
//! does not change by itself, 1 write, 3 change the size.

use std::fs::{File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use base::{Code, Error, Result, ResultExt};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

use crate::file::{blocking, open_alone};

const USED: i64 = 100;
const REFUSED: i64 = 200;
const READ: i64 = 0;
const WRITE: i64 = 1;
const RESIZE: i64 = 3;

/// An image or device that nobody writes to, or mounts, until this is dropped.
#[derive(Debug)]
pub struct Held {
    file: File,
    _loops: Vec<File>,
}

impl Held {
    /// Holds a raw image file or a device that is read. A machine that would write to it does not
    /// start meanwhile.
    ///
    /// # Errors
    /// `ImageInUse` if a machine writes to it, or it is mounted, as a device or through a loop
    /// device, or part of something that is; `FileNotFound`, `FileAccessDenied`, `Io`.
    pub async fn for_reading(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        blocking(move || Self::hold(&path)).await
    }

    /// Holds a device, or the loop devices over a file, that a program of ours writes to.
    ///
    /// # Errors
    /// As [`Self::for_reading`], but for machines, which that program looks for itself.
    pub async fn device(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        blocking(move || Self::open(&path)).await
    }

    /// Opens a file or device; devices for this process alone.
    fn open(path: &Path) -> Result<Self> {
        let named = |e| Error::io(path.display(), e);
        let kind = std::fs::metadata(path).map_err(named)?.file_type();
        let (file, loops) = match kind.is_block_device() {
            true => (open_alone(path, OpenOptions::new().read(true))?, Vec::new()),
            false => (File::open(path).map_err(named)?, loops_over(path)?),
        };
        Ok(Self {
            file,
            _loops: loops,
        })
    }

    fn hold(path: &Path) -> Result<Self> {
        let held = Self::open(path)?;
        let file = &held.file;
        let locked = (|| {
            for byte in [USED + READ, REFUSED + WRITE, REFUSED + RESIZE] {
                fcntl(file, FcntlArg::F_OFD_SETLK(&lock(byte, libc::F_RDLCK)))?;
            }
            for byte in [USED + WRITE, USED + RESIZE, REFUSED + READ] {
                let mut other = lock(byte, libc::F_WRLCK);
                fcntl(file, FcntlArg::F_OFD_GETLK(&mut other))?;
                if i32::from(other.l_type) != libc::F_UNLCK {
                    return Err(Errno::EAGAIN);
                }
            }
            Ok(())
        })();
        match locked {
            Ok(()) => Ok(held),
            Err(Errno::EAGAIN | Errno::EACCES) => {
                let detail = format!("{}: a machine or another program uses it", path.display());
                Err(Error::new(Code::ImageInUse, detail))
            }
            // A file system without locks: QEMU has none there either.
            Err(e) => {
                tracing::debug!("{} can't be locked: {e}", path.display());
                Ok(held)
            }
        }
    }
}

/// The loop devices over a file, each open for this process alone.
///
/// # Errors
/// `ImageInUse` if one is mounted or otherwise held; `FileAccessDenied`, `Io`.
pub(crate) fn loops_over(path: &Path) -> Result<Vec<File>> {
    let whole = path
        .canonicalize()
        .map_err(|e| Error::io(path.display(), e))?;
    let mut loops = Vec::new();
    for device in std::fs::read_dir("/sys/block")
        .into_iter()
        .flatten()
        .flatten()
    {
        // Most devices are none.
        let Ok(over) = std::fs::read(device.path().join("loop/backing_file")) else {
            continue;
        };
        if over.strip_suffix(b"\n") == Some(whole.as_os_str().as_bytes()) {
            let device = Path::new("/dev").join(device.file_name());
            let open = open_alone(&device, OpenOptions::new().read(true));
            loops.push(open.during(path.display())?);
        }
    }
    Ok(loops)
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
