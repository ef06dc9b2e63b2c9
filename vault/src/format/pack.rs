//! A pack, object `packs/SESSION/NUMBER`: many records and a directory of them.
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 8 | magic `STILLPAK` |
//! | 8 | 1 | format version, 1 |
//! | 9 | 1 | kind: 1 chunks, 2 tree nodes |
//! | 10 | 2 | zero |
//! | 12 | 4 | number within the session |
//! | 16 | 8 | session |
//! | 24 | 16 | vault id |
//! | 40 | | the records, one after another |
//! | D | | the directory: per record id (32), offset (4), length (4), kind (1), depth (1), data key number (2; 65535 = see the record), record checksum (16), and for patches the parent's id (32) |
//! | end-72 | 4 | D |
//! | end-68 | 4 | number of records |
//! | end-64 | 32 | MAC over header, directory and the eight bytes before |
//! | end-32 | 32 | BLAKE3 of header, directory, and all from D to here |
//!
//! The directory holds every record's checksum, so the last checksum covers the whole pack
//! without hashing the records twice.

use base::{Result, VaultId};
use bytes::Bytes;

use super::id::Id;
use super::record::{self, Record};
use super::{Cursor, check_version, damaged};
use crate::keys::Keyring;
use crate::large::Large;

const MAGIC: &[u8; 8] = b"STILLPAK";
/// Bytes before the first record.
pub const HEADER: usize = 40;
/// Bytes after the directory.
pub const TRAILER: usize = 72;
/// The largest pack that is read: larger ones are damage.
pub const MAX: u64 = 256 << 20;

/// What a pack's records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Chunks, whole or as patches.
    Chunks = 1,
    /// Tree nodes.
    Nodes = 2,
}

/// A pack's name: the session that wrote it and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PackName {
    /// The session.
    pub session: u64,
    /// The number, from 1.
    pub number: u32,
}

impl PackName {
    /// The pack of this object name, if it is one.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let (session, number) = name.strip_prefix("packs/")?.split_once('/')?;
        let parsed = Self {
            session: u64::from_str_radix(session, 16).ok()?,
            number: u32::from_str_radix(number, 16).ok()?,
        };
        (parsed.to_string() == name).then_some(parsed)
    }
}

impl std::fmt::Display for PackName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "packs/{:016x}/{:08x}", self.session, self.number)
    }
}

/// Where a record stands and what it rests on: what the index knows of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Location {
    /// The contents' id.
    pub id: Id,
    /// The pack.
    pub pack: PackName,
    /// First byte in the pack.
    pub offset: u32,
    /// Length of the record.
    pub len: u32,
    /// What it holds.
    pub kind: record::Kind,
    /// How deep it rests on others.
    pub depth: u8,
    /// The data key that seals it, 0 for nodes.
    pub key: u32,
    /// The parent; zero unless a patch.
    pub parent: Id,
}

const FAR_KEY: u16 = u16::MAX;

pub(super) fn key_to_u16(key: u32) -> u16 {
    u16::try_from(key).unwrap_or(FAR_KEY)
}

/// A pack in the making.
#[derive(Debug)]
pub struct Builder {
    name: PackName,
    kind: Kind,
    bytes: Large,
    directory: Vec<u8>,
    locations: Vec<Location>,
}

impl Builder {
    /// An empty pack.
    #[must_use]
    pub fn new(vault: VaultId, name: PackName, kind: Kind) -> Self {
        let mut bytes = match kind {
            Kind::Chunks => Large::new(),
            // Mostly small.
            Kind::Nodes => Large::default(),
        };
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&[super::VERSION, kind as u8, 0, 0]);
        bytes.extend_from_slice(&name.number.to_le_bytes());
        bytes.extend_from_slice(&name.session.to_le_bytes());
        bytes.extend_from_slice(vault.as_bytes());
        Self {
            name,
            kind,
            bytes,
            directory: Vec::new(),
            locations: Vec::new(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> PackName {
        self.name
    }

    /// What its records are.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Appends a record: `header` is its header, `bytes` the whole of it.
    pub fn push(&mut self, header: &record::Header, bytes: &[u8]) -> Location {
        let location = Location {
            id: header.id,
            pack: self.name,
            offset: u32::try_from(self.bytes.len()).expect("a pack is under 256 MiB"),
            len: u32::try_from(bytes.len()).expect("a record is under 5 MiB"),
            kind: header.kind,
            depth: header.depth,
            key: header.key,
            parent: header.parent,
        };
        self.bytes.extend_from_slice(bytes);
        let d = &mut self.directory;
        d.extend_from_slice(&location.id.0);
        d.extend_from_slice(&location.offset.to_le_bytes());
        d.extend_from_slice(&location.len.to_le_bytes());
        d.extend_from_slice(&[location.kind as u8, location.depth]);
        d.extend_from_slice(&key_to_u16(location.key).to_le_bytes());
        d.extend_from_slice(&bytes[bytes.len() - 16..]);
        if location.kind == record::Kind::Patch {
            d.extend_from_slice(&location.parent.0);
        }
        self.locations.push(location);
        location
    }

    /// Bytes of header and records so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() + self.directory.len()
    }

    /// Whether it has no record yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.locations.is_empty()
    }

    /// The whole object, and where its records are.
    #[must_use]
    pub fn finish(mut self, ring: &Keyring) -> (Bytes, Vec<Location>) {
        let at = u32::try_from(self.bytes.len()).expect("a pack is under 256 MiB");
        let count = u32::try_from(self.locations.len()).expect("a pack is under 256 MiB");
        let mut tail = self.directory;
        tail.extend_from_slice(&at.to_le_bytes());
        tail.extend_from_slice(&count.to_le_bytes());
        let mac = ring.mac(&[&self.bytes[..HEADER], &tail].concat());
        tail.extend_from_slice(&mac);
        let sum = blake3::Hasher::new()
            .update(&self.bytes[..HEADER])
            .update(&tail)
            .finalize();
        tail.extend_from_slice(sum.as_bytes());
        self.bytes.extend_from_slice(&tail);
        (self.bytes.into(), self.locations)
    }
}

/// Bytes that a record's entry takes in the directory.
#[must_use]
pub fn entry_len(kind: record::Kind) -> usize {
    match kind {
        record::Kind::Patch => 60 + 32,
        record::Kind::Whole | record::Kind::Node => 60,
    }
}

/// The directory of a pack, checked against the pack's last checksum.
#[derive(Debug)]
pub struct Directory {
    /// What its records are.
    pub kind: Kind,
    /// Each record and its checksum.
    pub records: Vec<(Location, [u8; 16])>,
}

/// How many bytes at the end of a pack of `size` bytes hold directory and trailer, read from
/// its last [`TRAILER`] bytes.
///
/// # Errors
/// `Integrity`.
pub fn tail_len(trailer: &[u8], size: u64) -> Result<u64> {
    let mut c = Cursor::new(trailer, "a pack's trailer");
    let at = u64::from(c.u32()?);
    if size > MAX || at < HEADER as u64 || at + TRAILER as u64 > size {
        return Err(damaged("a pack's trailer points outside the pack"));
    }
    Ok(size - at)
}

/// Reads a directory from the pack's header and its last `tail_len` bytes. With a ring its MAC
/// is checked too.
///
/// # Errors
/// `Integrity` on damage, `Conflict` if it is another vault's, `Invalid` for a newer version.
pub fn read_directory(
    header: &[u8],
    tail: &[u8],
    name: PackName,
    vault: VaultId,
    ring: Option<&Keyring>,
) -> Result<Directory> {
    let bad = |why: &str| damaged(format!("{name} {why}"));
    if header.len() != HEADER || header[..8] != *MAGIC || tail.len() < TRAILER {
        return Err(bad("is not a pack"));
    }
    let (body, sum) = tail.split_at(tail.len() - 32);
    let found = blake3::Hasher::new().update(header).update(body).finalize();
    if found.as_bytes() != sum {
        return Err(bad("has a wrong checksum in its directory"));
    }
    check_version(header[8], "a pack")?;
    let mut h = Cursor::new(&header[9..], "a pack's header");
    let kind = match h.u8()? {
        1 => Kind::Chunks,
        2 => Kind::Nodes,
        n => return Err(bad(&format!("is of kind {n}"))),
    };
    h.take(2)?;
    let (number, session) = (h.u32()?, h.u64()?);
    if (PackName { session, number }) != name {
        return Err(bad("stands under another pack's name"));
    }
    if VaultId::from_bytes(h.array()?) != vault {
        return Err(base::Error::new(
            base::Code::VaultForeign,
            format!("{name} is of another vault"),
        ));
    }
    let (signed, mac) = body.split_at(body.len() - 32);
    if ring.is_some_and(|r| {
        !r.verify_mac(
            &[header, signed].concat(),
            mac.try_into().expect("32 bytes"),
        )
    }) {
        return Err(bad("was not written with this vault's key"));
    }
    let (entries, trailer) = tail.split_at(tail.len() - TRAILER);
    let mut t = Cursor::new(trailer, "a pack's trailer");
    let (at, count) = (t.u32()?, t.u32()? as usize);
    let mut c = Cursor::new(entries, "a pack's directory");
    if count > entries.len() / 60 {
        return Err(bad("counts more records than its directory holds"));
    }
    let mut records = Vec::with_capacity(count);
    for _ in 0..count {
        let id = Id(c.array()?);
        let (offset, len) = (c.u32()?, c.u32()?);
        let kind = record::Kind::from_number(c.u8()?)?;
        let (depth, key) = (c.u8()?, u32::from(c.u16()?));
        let checksum = c.array()?;
        let parent = if kind == record::Kind::Patch {
            Id(c.array()?)
        } else {
            Id::ZERO
        };
        if offset < HEADER as u32 || u64::from(offset) + u64::from(len) > u64::from(at) {
            return Err(bad("has a record outside itself"));
        }
        let location = Location {
            id,
            pack: name,
            offset,
            len,
            kind,
            depth,
            key,
            parent,
        };
        records.push((location, checksum));
    }
    c.end()?;
    Ok(Directory { kind, records })
}

/// Checks that the bytes at a location are that record.
///
/// # Errors
/// `Integrity`.
pub fn read_record<'a>(location: &Location, bytes: &'a [u8]) -> Result<Record<'a>> {
    let record = Record::read(bytes)
        .map_err(|e| e.during(format!("{} at byte {}", location.pack, location.offset)))?;
    if record.header.id != location.id {
        return Err(damaged(format!(
            "{} at byte {} holds {:?} where {:?} belongs",
            location.pack, location.offset, record.header.id, location.id
        )));
    }
    Ok(record)
}
