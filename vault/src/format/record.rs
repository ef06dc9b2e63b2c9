//! A record: one chunk or tree node as it is stored, complete in itself.
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 1 | record version, 1 |
//! | 1 | 1 | kind: 1 whole chunk, 2 patch, 3 tree node |
//! | 2 | 1 | encoding of the payload: 0 as it is, 1 zstd |
//! | 3 | 1 | depth: 0, or for a patch more than that of every record it may rest on |
//! | 4 | 4 | data key number; 0 for nodes |
//! | 8 | 4 | length of the contents |
//! | 12 | 4 | P, length of the payload as stored |
//! | 16 | 32 | id of the contents |
//! | 48 | 32 | patches only: id of the parent |
//! | | 12 | chunks and patches: nonce |
//! | | P | payload; sealed for chunks and patches (tag of 16 at its end) |
//! | end-16 | 16 | first 16 bytes of the BLAKE3 of all before it |
//!
//! The associated data of the seal are `stillpoint record`, the vault id, and the header up
//! to the nonce. A patch's payload, before encoding, is a bitmap of the chunk's 4 KiB blocks
//! (bit i of byte i/8, lowest first) and then the blocks whose bit is set, in order; all
//! other blocks are the parent's.

use base::{Result, VaultId};

use super::id::Id;
use super::{Cursor, check_version, damaged};

/// What a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// A chunk.
    Whole = 1,
    /// What a chunk changes in its parent.
    Patch = 2,
    /// A tree node.
    Node = 3,
}

impl Kind {
    /// The kind of this number.
    ///
    /// # Errors
    /// `Integrity`.
    pub fn from_number(n: u8) -> Result<Self> {
        match n {
            1 => Ok(Self::Whole),
            2 => Ok(Self::Patch),
            3 => Ok(Self::Node),
            n => Err(damaged(format!("record kind {n}"))),
        }
    }
}

/// How the payload is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Encoding {
    /// As it is.
    Raw = 0,
    /// A zstd frame.
    Zstd = 1,
}

/// A patch rests on its parent at most this many records deep.
pub const MAX_DEPTH: u8 = 8;
/// The blocks that a patch counts in.
pub const PATCH_BLOCK: usize = 4096;
/// The longest record: a chunk of 4 MiB that did not shrink, and its frame.
pub const MAX_LEN: usize = (4 << 20) + 4096;

const FIXED: usize = 48;
const CHECKSUM: usize = 16;

/// A record's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it holds.
    pub kind: Kind,
    /// How the payload is encoded.
    pub encoding: Encoding,
    /// How deep it rests on others.
    pub depth: u8,
    /// The data key that seals it; 0 for nodes.
    pub key: u32,
    /// Length of the contents.
    pub plain_len: u32,
    /// The contents' id.
    pub id: Id,
    /// The parent; zero unless a patch.
    pub parent: Id,
}

impl Header {
    /// The header's bytes, for a payload of this stored length, up to the nonce.
    #[must_use]
    pub fn to_bytes(self, payload_len: usize) -> Vec<u8> {
        let mut out = Vec::with_capacity(FIXED + 32);
        out.extend_from_slice(&[
            super::VERSION,
            self.kind as u8,
            self.encoding as u8,
            self.depth,
        ]);
        out.extend_from_slice(&self.key.to_le_bytes());
        out.extend_from_slice(&self.plain_len.to_le_bytes());
        out.extend_from_slice(&u32::try_from(payload_len).expect("a record").to_le_bytes());
        out.extend_from_slice(&self.id.0);
        if self.kind == Kind::Patch {
            out.extend_from_slice(&self.parent.0);
        }
        out
    }
}

/// The associated data of a record with these header bytes.
#[must_use]
pub fn associated_data(vault: VaultId, header: &[u8]) -> Vec<u8> {
    [b"stillpoint record", vault.as_bytes().as_slice(), header].concat()
}

/// Puts a record together. `header` are [`Header::to_bytes`].
pub fn assemble(header: &[u8], nonce: Option<&[u8; 12]>, payload: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(header);
    out.extend_from_slice(nonce.map_or(&[], |n| n.as_slice()));
    out.extend_from_slice(payload);
    let sum = blake3::hash(&out[start..]);
    out.extend_from_slice(&sum.as_bytes()[..CHECKSUM]);
}

/// A record whose checksum is right, borrowed from the bytes it stands in.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Its header.
    pub header: Header,
    /// The header's bytes, up to the nonce.
    pub header_bytes: &'a [u8],
    /// The nonce, on sealed records.
    pub nonce: Option<[u8; 12]>,
    /// The payload as stored.
    pub payload: &'a [u8],
    /// The checksum.
    pub checksum: [u8; 16],
}

impl<'a> Record<'a> {
    /// Reads the record that is exactly `bytes` and checks its checksum.
    ///
    /// # Errors
    /// `Integrity`; `Invalid` for a newer version.
    pub fn read(bytes: &'a [u8]) -> Result<Self> {
        if bytes.len() < FIXED + CHECKSUM || bytes.len() > MAX_LEN {
            return Err(damaged(format!("a record of {} bytes", bytes.len())));
        }
        let (body, sum) = bytes.split_at(bytes.len() - CHECKSUM);
        if blake3::hash(body).as_bytes()[..CHECKSUM] != *sum {
            return Err(damaged("a record has a wrong checksum"));
        }
        check_version(bytes[0], "a record")?;
        let mut c = Cursor::new(body, "a record");
        c.u8()?;
        let kind = Kind::from_number(c.u8()?)?;
        let encoding = match c.u8()? {
            0 => Encoding::Raw,
            1 => Encoding::Zstd,
            n => return Err(damaged(format!("record encoding {n}"))),
        };
        let depth = c.u8()?;
        if depth > MAX_DEPTH || (kind == Kind::Patch) != (depth > 0) {
            return Err(damaged(format!("a record of depth {depth}")));
        }
        let (key, plain_len, payload_len) = (c.u32()?, c.u32()?, c.u32()? as usize);
        let id = Id(c.array()?);
        let parent = if kind == Kind::Patch {
            Id(c.array()?)
        } else {
            Id::ZERO
        };
        let header_bytes = &body[..body.len() - c.rest().len()];
        let nonce = if kind == Kind::Node {
            None
        } else {
            Some(c.array()?)
        };
        let payload = c.take(payload_len)?;
        c.end()?;
        if plain_len as usize > MAX_LEN {
            return Err(damaged(format!(
                "a record of {plain_len} bytes of contents"
            )));
        }
        let header = Header {
            kind,
            encoding,
            depth,
            key,
            plain_len,
            id,
            parent,
        };
        Ok(Self {
            header,
            header_bytes,
            nonce,
            payload,
            checksum: sum.try_into().expect("16 bytes"),
        })
    }
}
