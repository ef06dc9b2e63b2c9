//! The envelope of the small objects: descriptor, log entries, manifests.
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 8 | magic `STILLPNT` |
//! | 8 | 1 | object kind: 1 descriptor, 2 log entry, 3 manifest, 4 checkpoint |
//! | 9 | 1 | format version, 1 |
//! | 10 | 2 | zero |
//! | 12 | 16 | vault id |
//! | 28 | 4 | C, length of the clear body |
//! | 32 | 4 | S, length of the sealed body; 0 = none |
//! | 36 | C | clear body: JSON, UTF-8 |
//! | 36+C | S | sealed body: data key number (4), nonce (12), ciphertext, tag (16) |
//! | end-64 | 32 | MAC: BLAKE3 keyed by the vault's MAC key over all before it |
//! | end-32 | 32 | BLAKE3 of all before it, without a key |
//!
//! The sealed body's record key is made for the id `MAC key over bytes 0..36+C`, and its
//! associated data are those same bytes: a sealed body opens only with its clear one.

use base::{Result, VaultId};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Cursor, check_version, damaged};
use crate::keys::{self, Keyring};

const MAGIC: &[u8; 8] = b"STILLPNT";
const HEADER: usize = 36;
const TRAILER: usize = 64;
/// The largest object that is read: larger ones are damage.
pub const MAX: usize = 64 << 20;

/// Which object an envelope holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The vault's descriptor.
    Descriptor = 1,
    /// An entry of the log.
    Entry = 2,
    /// The manifest of a point.
    Manifest = 3,
    /// A checkpoint of the log.
    Checkpoint = 4,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Descriptor => "the vault's descriptor",
            Self::Entry => "a log entry",
            Self::Manifest => "a manifest",
            Self::Checkpoint => "a checkpoint",
        }
    }
}

/// Writes an envelope. `sealed` is compressed and sealed under the ring's current data key.
pub fn write<T: Serialize>(
    ring: &Keyring,
    kind: Kind,
    clear: &T,
    sealed: Option<&[u8]>,
) -> Vec<u8> {
    let clear = serde_json::to_vec(clear).expect("plain data becomes JSON");
    let mut out = Vec::with_capacity(HEADER + clear.len() + TRAILER);
    let sealed_plain =
        sealed.map(|s| zstd::bulk::compress(s, 3).expect("compressing into memory does not fail"));
    let sealed_len = sealed_plain.as_ref().map_or(0, |s| 4 + 12 + s.len() + 16);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[kind as u8, super::VERSION, 0, 0]);
    out.extend_from_slice(ring.vault_id().as_bytes());
    out.extend_from_slice(
        &u32::try_from(clear.len())
            .expect("a small object")
            .to_le_bytes(),
    );
    out.extend_from_slice(
        &u32::try_from(sealed_len)
            .expect("a small object")
            .to_le_bytes(),
    );
    out.extend_from_slice(&clear);
    if let Some(mut payload) = sealed_plain {
        let (number, key) = ring.write_key();
        let nonce = keys::seal(key, &ring.mac(&out), &out, &mut payload);
        out.extend_from_slice(&number.to_le_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&payload);
    }
    out.extend_from_slice(&ring.mac(&out));
    out.extend_from_slice(blake3::hash(&out).as_bytes());
    out
}

/// An envelope whose checksum is right. The MAC is checked by [`Opened::authenticate`], so
/// that damage can be told from forgery and checks can run without a key.
#[derive(Debug)]
pub struct Opened<'a> {
    kind: Kind,
    vault: VaultId,
    body_end: usize,
    sealed: &'a [u8],
    bytes: &'a [u8],
}

/// Reads an envelope and checks its checksum.
///
/// # Errors
/// `Integrity` if it is damaged, `Invalid` if it is of a newer version.
pub fn open(bytes: &[u8], kind: Kind) -> Result<Opened<'_>> {
    let what = kind.name();
    if bytes.len() < HEADER + TRAILER || bytes.len() > MAX || bytes[..8] != *MAGIC {
        return Err(damaged(format!("{what} is not a Stillpoint object")));
    }
    let (body, sum) = bytes.split_at(bytes.len() - 32);
    if blake3::hash(body).as_bytes() != sum {
        return Err(damaged(format!("{what} has a wrong checksum")));
    }
    check_version(bytes[9], what)?;
    if bytes[8] != kind as u8 {
        return Err(damaged(format!(
            "{what} holds another kind of object ({})",
            bytes[8]
        )));
    }
    let mut c = Cursor::new(&bytes[12..bytes.len() - TRAILER], what);
    let vault = VaultId::from_bytes(c.array()?);
    let (clear, sealed) = (c.u32()? as usize, c.u32()? as usize);
    c.take(clear)?;
    let sealed = c.take(sealed)?;
    c.end()?;
    Ok(Opened {
        kind,
        vault,
        body_end: HEADER + clear,
        sealed,
        bytes,
    })
}

impl Opened<'_> {
    /// The vault it says it belongs to.
    #[must_use]
    pub fn vault(&self) -> VaultId {
        self.vault
    }

    /// The unkeyed checksum, which names these bytes elsewhere.
    #[must_use]
    pub fn checksum(&self) -> [u8; 32] {
        self.bytes[self.bytes.len() - 32..]
            .try_into()
            .expect("32 bytes")
    }

    /// Checks that a holder of the vault's keys wrote it.
    ///
    /// # Errors
    /// `Conflict` if it belongs to another vault, `Integrity` if the MAC is wrong.
    pub fn authenticate(&self, ring: &Keyring) -> Result<()> {
        if self.vault != ring.vault_id() {
            return Err(base::Error::new(
                base::Code::VaultForeign,
                format!(
                    "{} is of vault {}, the key of {}",
                    self.kind.name(),
                    self.vault,
                    ring.vault_id()
                ),
            ));
        }
        let (body, rest) = self.bytes.split_at(self.bytes.len() - TRAILER);
        if ring.verify_mac(body, rest[..32].try_into().expect("32 bytes")) {
            Ok(())
        } else {
            Err(damaged(format!(
                "{} was not written with this vault's key",
                self.kind.name()
            )))
        }
    }

    /// The clear body.
    ///
    /// # Errors
    /// `Integrity` if it is not of this shape.
    pub fn clear<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.bytes[HEADER..self.body_end])
            .map_err(|e| damaged(format!("{} can't be read", self.kind.name())).because(e))
    }

    /// The sealed body, opened.
    ///
    /// # Errors
    /// `Denied` if the ring lacks the data key, `Integrity` if it does not open.
    pub fn sealed(&self, ring: &Keyring) -> Result<Vec<u8>> {
        let mut c = Cursor::new(self.sealed, "a sealed body");
        let key = ring.data_key(c.u32()?)?;
        let nonce: [u8; 12] = c.array()?;
        let mut payload = c.rest().to_vec();
        let clear = &self.bytes[..self.body_end];
        keys::open(key, &ring.mac(clear), &nonce, clear, &mut payload)?;
        zstd::bulk::decompress(&payload, MAX)
            .map_err(|e| damaged(format!("the sealed body of {}", self.kind.name())).because(e))
    }
}
