//! The client's interface.

use async_trait::async_trait;
use base::{Code, Error, Result};

use crate::{BlockSink, BlockSource, Extent, ExtentSet, NbdAddress, Run};

/// A connection to one export of an NBD server.
#[derive(Debug)]
pub struct NbdClient {
    size: u64,
    read_only: bool,
}

fn later<T>() -> Result<T> {
    Err(Error::new(Code::Internal, "not written yet"))
}

impl NbdClient {
    /// Connects to `export` and asks for the metadata context `base:allocation` and those
    /// in `contexts` (such as `qemu:dirty-bitmap:NAME`).
    ///
    /// # Errors
    /// `NbdDisconnected`, `FileNotFound` (no such socket or export), `FileAccessDenied`,
    /// `ProtocolError`, `Timeout`.
    pub async fn connect(_address: &NbdAddress, _export: &str, _contexts: &[&str]) -> Result<Self> {
        later()
    }

    /// Whether the server granted the metadata context.
    #[must_use]
    pub fn has_context(&self, _context: &str) -> bool {
        false
    }

    /// Whether the export can't be written.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.read_only
    }

    /// The dirty bytes by a `qemu:dirty-bitmap:NAME` context.
    ///
    /// # Errors
    /// `BadArgument` if the server did not grant `context`; else those of the connection.
    pub async fn dirty(&self, _context: &str) -> Result<ExtentSet> {
        later()
    }

    /// Says good-bye and closes the connection. Does not flush.
    ///
    /// # Errors
    /// `NbdDisconnected` if the connection was lost before.
    pub async fn close(self) -> Result<()> {
        later()
    }
}

#[async_trait]
impl BlockSource for NbdClient {
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
impl BlockSink for NbdClient {
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
