//! A raw image file or block device.

use std::path::Path;

use async_trait::async_trait;
use base::{Code, Error, Result};

use crate::{BlockSink, BlockSource, Extent, Run};

/// A raw image file or block device.
#[derive(Debug)]
pub struct FileDisk {
    size: u64,
}

fn later<T>() -> Result<T> {
    Err(Error::new(Code::Internal, "not written yet"))
}

impl FileDisk {
    /// Opens for reading.
    ///
    /// # Errors
    /// `FileNotFound`, `FileAccessDenied`, `Io`.
    pub async fn open(_path: &Path) -> Result<Self> {
        later()
    }

    /// Opens for reading and writing.
    ///
    /// # Errors
    /// As [`Self::open`], and `ImageInUse` for a device that is mounted or otherwise held.
    pub async fn open_writable(_path: &Path) -> Result<Self> {
        later()
    }

    /// Makes a sparse file of `size` bytes that reads as zero.
    ///
    /// # Errors
    /// `TargetExists` if there is anything at `path`, `NoSpace`, `FileAccessDenied`, `Io`.
    pub async fn create(_path: &Path, _size: u64) -> Result<Self> {
        later()
    }
}

#[async_trait]
impl BlockSource for FileDisk {
    fn size(&self) -> u64 {
        self.size
    }
    async fn read(&self, _offset: u64, _buf: Vec<u8>) -> Result<Vec<u8>> {
        later()
    }
    async fn runs(&self, _range: Extent) -> Result<Vec<Run>> {
        later()
    }
}

#[async_trait]
impl BlockSink for FileDisk {
    async fn write(&self, _offset: u64, _data: &[u8]) -> Result<()> {
        later()
    }
    async fn write_zeroes(&self, _range: Extent) -> Result<()> {
        later()
    }
    async fn flush(&self) -> Result<()> {
        later()
    }
}
