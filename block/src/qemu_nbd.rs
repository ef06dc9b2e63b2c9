//! Images of any QEMU format through a `qemu-nbd` of our own.

use std::path::PathBuf;
use std::sync::Arc;

use base::{Code, Error, Result};

use crate::NbdClient;

/// How to open an image.
#[derive(Clone, Debug)]
pub struct ImageOptions {
    /// The image file or block device.
    pub path: PathBuf,
    /// QEMU's name of its format; never guessed, since a guest can write a header of its
    /// choice into a raw disk.
    pub format: String,
    /// Whether to write.
    pub writable: bool,
    /// Open although a machine has it open for writing. Only for reading; what is read may
    /// be torn.
    pub force_share: bool,
    /// A persistent dirty bitmap to serve as the context `qemu:dirty-bitmap:NAME`.
    pub bitmap: Option<String>,
    /// Whether zeroes written become holes (`discard=unmap`, `detect-zeroes=unmap`).
    pub unmap_zeroes: bool,
}

impl ImageOptions {
    /// Options to read the image.
    #[must_use]
    pub fn read(path: impl Into<PathBuf>, format: &str) -> Self {
        Self {
            path: path.into(),
            format: format.to_owned(),
            writable: false,
            force_share: false,
            bitmap: None,
            unmap_zeroes: false,
        }
    }

    /// Options to write the image; zeroes become holes.
    #[must_use]
    pub fn write(path: impl Into<PathBuf>, format: &str) -> Self {
        Self {
            writable: true,
            unmap_zeroes: true,
            ..Self::read(path, format)
        }
    }
}

/// A running `qemu-nbd` and the connection to it.
#[derive(Debug)]
pub struct QemuNbd {
    client: Arc<NbdClient>,
}

impl QemuNbd {
    /// Opens an image.
    ///
    /// # Errors
    /// `ToolMissing` (package `qemu-utils`), `FileNotFound`, `FileAccessDenied`,
    /// `ImageInUse` (a running machine holds the image's lock), `Io`.
    pub async fn open(_options: ImageOptions) -> Result<Self> {
        Err(Error::new(Code::Internal, "not written yet"))
    }

    /// The connection, source and sink of the image's contents.
    #[must_use]
    pub fn client(&self) -> &Arc<NbdClient> {
        &self.client
    }

    /// Flushes, ends the server and waits until it is gone: then the image is complete on
    /// disk and its lock is free.
    ///
    /// # Errors
    /// Those of the flush; `Io` if the server ended with an error.
    pub async fn close(self) -> Result<()> {
        Err(Error::new(Code::Internal, "not written yet"))
    }
}
