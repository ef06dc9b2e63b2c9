//! Raw image files and block devices.

mod direct;

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use base::{Code, Error, Result};
use bytes::Bytes;
use rustix::fs::{FallocateFlags, OFlags, SeekFrom};
use rustix::io::Errno;

use crate::held::loops_over;
use crate::source::check_range;
use crate::{Aligned, BlockSink, BlockSource, Extent, Run, RunState};

use direct::Direct;
pub use direct::write_new;

/// Zeroes written where neither a hole nor a cheaper way is to be had.
const ZEROES: &[u8] = &[0; 256 * 1024];

/// A raw image file or a block device.
///
/// The size is taken when it is opened, to the byte: a file whose size is no multiple of a
/// sector has a short last one. The calls run on threads that may block; a dropped future
/// leaves its call to finish in the background, so a dropped write may or may not happen.
#[derive(Debug)]
pub struct FileDisk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: File,
    path: PathBuf,
    size: u64,
    device: bool,
    writable: bool,
    /// Made by us, and its name in the folder is not known to be durable yet.
    fresh: AtomicBool,
    /// The way past the page cache, for large writes.
    direct: Option<Direct>,
    /// Loop devices over it, held.
    _loops: Vec<File>,
}

impl FileDisk {
    /// Opens a file or device for reading.
    ///
    /// # Errors
    /// `FileNotFound`, `FileAccessDenied`, `BadArgument` if it is neither file nor block
    /// device, `Io`.
    pub async fn open(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        blocking(move || Inner::open(path, false)).await.map(Self)
    }

    /// Opens a file or device for reading and writing. QEMU's image locks are not looked
    /// at: the caller knows that no machine uses it.
    ///
    /// # Errors
    /// As [`Self::open`], and `ImageInUse` for what is mounted or otherwise held, as a device or
    /// through a loop device.
    pub async fn open_writable(path: &Path) -> Result<Self> {
        let path = path.to_owned();
        blocking(move || Inner::open(path, true)).await.map(Self)
    }

    /// Makes a sparse file of `size` bytes that reads as zero and only its owner may open,
    /// and opens it for writing. Its name is durable after the first [`BlockSink::flush`].
    ///
    /// # Errors
    /// `TargetExists` if there is anything at `path`, `NoSpace`, `FileAccessDenied`,
    /// `FileNotFound` if its folder is missing, `Io`.
    pub async fn create(path: &Path, size: u64) -> Result<Self> {
        let path = path.to_owned();
        blocking(move || Inner::create(path, size)).await.map(Self)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// Whether it was opened for writing.
    #[must_use]
    pub fn writable(&self) -> bool {
        self.0.writable
    }

    async fn call<T, F>(&self, call: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Inner) -> Result<T> + Send + 'static,
    {
        let inner = Arc::clone(&self.0);
        blocking(move || call(&inner)).await
    }

    fn check_writable(&self) -> Result<()> {
        if self.0.writable {
            return Ok(());
        }
        let detail = format!("{}: opened for reading only", self.0.path.display());
        Err(Error::new(Code::FileAccessDenied, detail))
    }
}

/// Opens a device that nobody has mounted, or made part of something else, until it is closed.
///
/// # Errors
/// `ImageInUse`; those of the device.
pub(crate) fn open_alone(path: &Path, options: &mut OpenOptions) -> Result<File> {
    let options = options.custom_flags(OFlags::EXCL.bits().cast_signed());
    options.open(path).map_err(|e| match e.kind() {
        ErrorKind::ResourceBusy => {
            let detail = format!("{}: mounted or in use", path.display());
            Error::new(Code::ImageInUse, detail).because(e)
        }
        _ => Error::io(path.display(), e),
    })
}

/// Runs `call` on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    call: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(call).await {
        Ok(result) => result,
        Err(e) if e.is_panic() => std::panic::resume_unwind(e.into_panic()),
        Err(e) => Err(Error::new(Code::Cancelled, "the program is ending").because(e)),
    }
}

impl Inner {
    fn open(path: PathBuf, writable: bool) -> Result<Arc<Self>> {
        let named = |e| Error::io(path.display(), e);
        let kind = std::fs::metadata(&path).map_err(named)?.file_type();
        if !kind.is_file() && !kind.is_block_device() {
            let detail = format!("{}: neither a file nor a block device", path.display());
            return Err(Error::new(Code::BadArgument, detail));
        }
        let device = kind.is_block_device();
        let mut options = OpenOptions::new();
        let file = match device && writable {
            true => open_alone(&path, options.read(true).write(true))?,
            false => options
                .read(true)
                .write(writable)
                .open(&path)
                .map_err(named)?,
        };
        let loops = match writable && !device {
            true => loops_over(&path)?,
            false => Vec::new(),
        };
        let size = rustix::fs::seek(&file, SeekFrom::End(0)).map_err(|e| named(e.into()))?;
        Ok(Arc::new(Self {
            _loops: loops,
            direct: writable.then(|| Direct::open(&file)).flatten(),
            file,
            path,
            size,
            device,
            writable,
            fresh: AtomicBool::new(false),
        }))
    }

    fn create(path: PathBuf, size: u64) -> Result<Arc<Self>> {
        let named = |e| Error::io(path.display(), e);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
            .map_err(named)?;
        if let Err(e) = file.set_len(size) {
            // The file is ours and empty; the first error says more than this one could.
            let _ = std::fs::remove_file(&path);
            return Err(Error::io(format!("{} of {size} bytes", path.display()), e));
        }
        Ok(Arc::new(Self {
            _loops: Vec::new(),
            direct: Direct::open(&file),
            file,
            path,
            size,
            device: false,
            writable: true,
            fresh: AtomicBool::new(true),
        }))
    }

    fn error(&self, doing: &str, at: u64, e: impl Into<std::io::Error>) -> Error {
        Error::io(
            format!("{}: {doing} at {at}", self.path.display()),
            e.into(),
        )
    }

    /// Data and holes as the file system knows them.
    fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        let mut runs = Vec::new();
        let mut push = |from: u64, to: u64, state| {
            if from < to {
                let extent = Extent::new(from, to - from);
                runs.push(Run { extent, state });
            }
        };
        let mut at = range.offset;
        while at < range.end() {
            let data = match rustix::fs::seek(&self.file, SeekFrom::Data(at)) {
                Ok(data) => data.clamp(at, range.end()),
                // No data from here to the end of the file.
                Err(Errno::NXIO) => range.end(),
                Err(Errno::INVAL | Errno::OPNOTSUPP) => at,
                Err(e) => return Err(self.error("finding data", at, e)),
            };
            push(at, data, RunState::Zero);
            if data == range.end() {
                break;
            }
            let hole = match rustix::fs::seek(&self.file, SeekFrom::Hole(data)) {
                // A file system that changes under us may name a hole that is no further.
                Ok(hole) if hole > data => hole.min(range.end()),
                Ok(_) | Err(Errno::NXIO | Errno::INVAL | Errno::OPNOTSUPP) => range.end(),
                Err(e) => return Err(self.error("finding holes", data, e)),
            };
            push(data, hole, RunState::Data);
            at = hole;
        }
        Ok(runs)
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        let past = self
            .direct
            .as_ref()
            .map_or(Ok(0), |d| d.write(offset, data));
        let rest = past.and_then(|n| {
            // What is short of a block at the end, or all of it.
            self.file.write_all_at(&data[n..], offset + n as u64)
        });
        rest.map_err(|e| self.error("writing", offset, e))
    }

    fn write_zeroes(&self, range: Extent) -> Result<()> {
        let how = if self.device {
            FallocateFlags::ZERO_RANGE | FallocateFlags::KEEP_SIZE
        } else {
            FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE
        };
        match rustix::fs::fallocate(&self.file, how, range.offset, range.len) {
            Ok(()) => Ok(()),
            // Not on this file system or device, or not at this alignment.
            Err(Errno::OPNOTSUPP | Errno::INVAL | Errno::NOSYS | Errno::NODEV) => {
                self.write_out_zeroes(range)
            }
            Err(e) => Err(self.error("zeroing", range.offset, e)),
        }
    }

    fn write_out_zeroes(&self, range: Extent) -> Result<()> {
        let mut at = range.offset;
        while at < range.end() {
            let n = (range.end() - at).min(ZEROES.len() as u64);
            // No more than ZEROES.len().
            let part = &ZEROES[..n as usize];
            self.file
                .write_all_at(part, at)
                .map_err(|e| self.error("writing", at, e))?;
            at += n;
        }
        Ok(())
    }

    fn flush(&self) -> Result<()> {
        self.file
            .sync_all()
            .map_err(|e| Error::io(format!("{}: flushing", self.path.display()), e))?;
        if self.fresh.load(Ordering::Acquire) {
            let folder = match self.path.parent() {
                Some(p) if !p.as_os_str().is_empty() => p,
                _ => Path::new("."),
            };
            File::open(folder)
                .and_then(|f| f.sync_all())
                .map_err(|e| Error::io(format!("{}: flushing", folder.display()), e))?;
            self.fresh.store(false, Ordering::Release);
        }
        Ok(())
    }
}

#[async_trait]
impl BlockSource for FileDisk {
    fn size(&self) -> u64 {
        self.0.size
    }

    async fn read(&self, offset: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
        check_range(&self.0.path.display(), self.0.size, offset, buf.len())?;
        self.call(
            move |inner| match inner.file.read_exact_at(&mut buf, offset) {
                Ok(()) => Ok(buf),
                Err(e) => Err(inner.error("reading", offset, e)),
            },
        )
        .await
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        check_range(&self.0.path.display(), self.0.size, range.offset, range.len)?;
        if self.0.device && range.len > 0 {
            let state = RunState::Data;
            return Ok(vec![Run {
                extent: range,
                state,
            }]);
        }
        self.call(move |inner| inner.runs(range)).await
    }
}

#[async_trait]
impl BlockSink for FileDisk {
    async fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.write_bytes(offset, Aligned::copy(data).into()).await
    }

    async fn write_bytes(&self, offset: u64, data: Bytes) -> Result<()> {
        self.check_writable()?;
        check_range(&self.0.path.display(), self.0.size, offset, data.len())?;
        self.call(move |inner| inner.write(offset, &data)).await
    }

    async fn write_zeroes(&self, range: Extent) -> Result<()> {
        self.check_writable()?;
        check_range(&self.0.path.display(), self.0.size, range.offset, range.len)?;
        if range.len == 0 {
            return Ok(());
        }
        self.call(move |inner| inner.write_zeroes(range)).await
    }

    async fn flush(&self) -> Result<()> {
        self.call(Inner::flush).await
    }
}
