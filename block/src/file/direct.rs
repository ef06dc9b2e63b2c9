//! Large writes past the page cache.
//!
//! Neither a restored disk nor a vault's pack is soon read again by who wrote it. Written directly
//! it costs no copy in the kernel, leaves the host's cache to its machines, and has little left to
//! flush.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Result};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::OFlags;

use crate::aligned::{Aligned, BLOCK};

/// Smaller writes are better gathered by the page cache.
const LEAST: usize = 256 << 10;
/// Bytes made aligned at a time, as many as stay in the processor's cache.
const STEP: usize = 1 << 20;

/// Writes these bytes into a new file, past the page cache where they are many and it can be
/// done. Nothing is durable before the file is synced.
///
/// # Errors
/// Those of writing.
pub fn write_new(file: &File, bytes: &[u8]) -> Result<()> {
    let mut done = 0;
    if let Some(direct) = (bytes.len() >= LEAST).then(|| Direct::open(file)).flatten() {
        let mut step = Aligned::with_capacity(STEP);
        for part in bytes.chunks(STEP) {
            step.fill(part);
            let written = direct.write(done as u64, &step)?;
            done += written;
            if written < part.len() {
                break;
            }
        }
    }
    file.write_all_at(&bytes[done..], done as u64)
}

/// A file or device opened for direct writing.
#[derive(Debug)]
pub(super) struct Direct {
    file: File,
    /// The file system or device wants it otherwise.
    refused: AtomicBool,
}

impl Direct {
    /// Opens what `file` is anew, whatever name it has by now, if it can be written so.
    pub(super) fn open(file: &File) -> Option<Self> {
        let mut options = OpenOptions::new();
        let options = options
            .write(true)
            .custom_flags(OFlags::DIRECT.bits().cast_signed());
        let refused = AtomicBool::new(false);
        let itself = format!("/proc/self/fd/{}", file.as_raw_fd());
        options.open(itself).ok().map(|file| Self { file, refused })
    }

    /// Writes as much of `data` from its start as can be written directly: whole blocks, or
    /// nothing where offset or memory are not aligned. Returns how many bytes.
    ///
    /// # Errors
    /// Those of writing.
    pub(super) fn write(&self, offset: u64, data: &[u8]) -> Result<usize> {
        let len = data.len() / BLOCK * BLOCK;
        let aligned = offset.is_multiple_of(BLOCK as u64) && data.as_ptr().align_offset(BLOCK) == 0;
        let fits = len >= LEAST && aligned;
        if !fits || self.refused.load(Ordering::Relaxed) {
            return Ok(0);
        }
        match self.file.write_all_at(&data[..len], offset) {
            Ok(()) => Ok(len),
            Err(e) if matches!(e.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
                self.refused.store(true, Ordering::Relaxed);
                Ok(0)
            }
            Err(e) => Err(e),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Aligned;

    #[test]
    fn what_is_not_of_whole_blocks_or_small_is_left_to_the_caller() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        let disk = File::create(&path).unwrap();
        disk.set_len(4 << 20).unwrap();
        // Not every file system of a temporary folder can; then there is nothing to test.
        let Some(direct) = Direct::open(&disk) else {
            return;
        };
        let data: Vec<u8> = (0..LEAST + 5000).map(|i| (i % 251) as u8).collect();
        let whole = Aligned::copy(&data);
        assert_eq!(*whole, *data);
        assert_eq!(direct.write(512, &whole).unwrap(), 0);
        assert_eq!(direct.write(0, &whole[8..]).unwrap(), 0);
        assert_eq!(
            direct.write(0, &Aligned::copy(&data[..LEAST - 1])).unwrap(),
            0
        );
        let done = direct.write(8192, &whole).unwrap();
        assert_eq!(done, (LEAST + 5000) / BLOCK * BLOCK);
        let found = std::fs::read(&path).unwrap();
        assert_eq!(found[8192..8192 + done], data[..done]);
        assert!(crate::is_zero(&found[..8192]) && crate::is_zero(&found[8192 + done..]));
    }
}
