//! The two traits.

use async_trait::async_trait;
use base::{Code, Error, Result};
use bytes::Bytes;

use crate::{Extent, Run};

/// A disk's contents, readable at any offset. Reads may run at the same time.
#[async_trait]
pub trait BlockSource: Send + Sync + std::fmt::Debug {
    /// The disk's size in bytes.
    fn size(&self) -> u64;

    /// Reads `buf.len()` bytes at `offset` into `buf` and gives it back. The buffer travels by
    /// value so that a pool of buffers can serve a whole backup.
    ///
    /// # Errors
    /// `Invalid` if the range is outside the disk; else those of the medium.
    async fn read(&self, offset: u64, buf: Vec<u8>) -> Result<Vec<u8>>;

    /// What is known of `range` without reading it: consecutive runs that cover it exactly.
    /// A source that knows nothing says [`crate::RunState::Data`] for all of it.
    ///
    /// # Errors
    /// Those of the medium.
    async fn runs(&self, range: Extent) -> Result<Vec<Run>>;

    /// Says that `range` has been read and will not be read again, so that what is held for
    /// it may be freed. Does nothing unless a source overrides it.
    ///
    /// # Errors
    /// Those of the medium; a caller may go on after one.
    async fn release(&self, _range: Extent) -> Result<()> {
        Ok(())
    }
}

/// A disk that can be written. It can be read too, so that a restore writes only what differs.
#[async_trait]
pub trait BlockSink: BlockSource {
    /// Writes `data` at `offset`. Durable only after [`BlockSink::flush`].
    ///
    /// # Errors
    /// `NoSpace` if the medium is full; else those of the medium.
    async fn write(&self, offset: u64, data: &[u8]) -> Result<()>;

    /// As [`BlockSink::write`], without a copy where the medium needs none: a file does not of
    /// [`Aligned`](crate::Aligned) bytes.
    ///
    /// # Errors
    /// As [`BlockSink::write`].
    async fn write_bytes(&self, offset: u64, data: Bytes) -> Result<()> {
        self.write(offset, &data).await
    }

    /// Makes `range` read as zero, as a hole where the medium can.
    ///
    /// # Errors
    /// As [`BlockSink::write`].
    async fn write_zeroes(&self, range: Extent) -> Result<()>;

    /// Makes all completed writes durable.
    ///
    /// # Errors
    /// Those of the medium; after one, nothing written since the last flush is to be trusted.
    async fn flush(&self) -> Result<()>;
}

/// Refuses a range that is not inside a disk of `size` bytes.
pub(crate) fn check_range(
    what: &dyn std::fmt::Display,
    size: u64,
    offset: u64,
    len: impl TryInto<u64>,
) -> Result<()> {
    let len = len.try_into().unwrap_or(u64::MAX);
    match offset.checked_add(len) {
        Some(end) if end <= size => Ok(()),
        _ => Err(Error::new(
            Code::BadArgument,
            format!("{what}: {len} bytes at {offset} are not inside its {size} bytes"),
        )),
    }
}
