//! The stored bytes: pure encoding and decoding, no input or output. `docs/format.md` says
//! the same in tables. Every decoder takes hostile bytes: it checks lengths before it
//! allocates, and fails with [`base::Code::VaultDamaged`].

pub mod descriptor;
pub mod entry;
pub mod envelope;
pub mod id;
pub mod manifest;
pub mod node;
pub mod pack;
pub mod record;
pub mod segment;

use base::{Code, Error};

/// The version of every structure of this format. Its byte is believed only where the
/// checksum is right, so that a flipped bit is not taken for a newer version. Magic, version,
/// length fields and checksum keep their places in all versions.
pub const VERSION: u8 = 1;

/// An error that names what is damaged.
pub(crate) fn damaged(what: impl std::fmt::Display) -> Error {
    Error::new(Code::VaultDamaged, what.to_string())
}

/// Checks the version byte of a structure.
pub(crate) fn check_version(version: u8, what: &str) -> base::Result<()> {
    match version {
        VERSION => Ok(()),
        v if v > VERSION => Err(Error::new(
            Code::VaultTooNew,
            format!("{what} has format version {v}; this Stillpoint reads up to {VERSION}"),
        )),
        v => Err(damaged(format!("{what} has format version {v}"))),
    }
}

/// Reads little-endian numbers and byte arrays one after another from checked bytes.
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    what: &'static str,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], what: &'static str) -> Self {
        Self { bytes, what }
    }

    pub(crate) fn take(&mut self, len: usize) -> base::Result<&'a [u8]> {
        if self.bytes.len() < len {
            return Err(damaged(format!("{} is cut short", self.what)));
        }
        let (head, tail) = self.bytes.split_at(len);
        self.bytes = tail;
        Ok(head)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> base::Result<[u8; N]> {
        Ok(self.take(N)?.try_into().expect("N bytes were taken"))
    }

    pub(crate) fn u8(&mut self) -> base::Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    pub(crate) fn u16(&mut self) -> base::Result<u16> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(crate) fn u32(&mut self) -> base::Result<u32> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(crate) fn u64(&mut self) -> base::Result<u64> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) fn end(&self) -> base::Result<()> {
        if self.bytes.is_empty() {
            Ok(())
        } else {
            Err(damaged(format!(
                "{} has {} bytes too many",
                self.what,
                self.bytes.len()
            )))
        }
    }
}
