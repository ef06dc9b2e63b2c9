//! An index segment, object `index/SESSION/NUMBER`: where records are, sorted by id.
//!
//! | offset | length | field |
//! |---|---|---|
//! | 0 | 8 | magic `STILLIDX` |
//! | 8 | 1 | format version, 1 |
//! | 9 | 3 | zero |
//! | 12 | 4 | number within the session |
//! | 16 | 8 | session |
//! | 24 | 16 | vault id |
//! | 40 | 4 | n, entries |
//! | 44 | 4 | m, parents |
//! | 48 | 4 | p, packs |
//! | 52 | 4 | f, fingerprints of the filter; 0 = no filter |
//! | 56 | 8 | the filter's seed |
//! | 64 | 4 | the filter's segment length |
//! | 68 | 4 | the filter's segment count length |
//! | 72 | 52n | entries, by id and then depth: id (32), pack (4, a place in the pack table), offset (4), length (4), kind (1), depth (1), data key number (2; 65535 = see the record), parent (4, a place in the parent table; 2³²-1 = none) |
//! | | 32m | parents: ids |
//! | | 12p | packs: session (8), number (4) |
//! | | 24⌈n/256⌉ | fences: for every 256 entries the first eight bytes of the first id, and the first 16 bytes of the BLAKE3 of these entries |
//! | | 2f | the filter: 16-bit binary fuse over the first eight bytes of each id, big-endian |
//! | end-80 | 16 | first 16 bytes of the BLAKE3 of the parents |
//! | end-64 | 32 | MAC over header, packs, fences, filter, and the 16 bytes before |
//! | end-32 | 32 | BLAKE3 of header, packs, fences, filter, and all from end-80 to here |
//!
//! A reader keeps packs, fences and filter in memory (about 2.4 bytes an entry) and reads
//! 13 KiB for a look-up that the filter lets through.

use base::{Code, Error, Result, VaultId};
use xorf::{BinaryFuse16, Filter as _};

use super::entry::SegmentName;
use super::id::Id;
use super::pack::{Location, PackName, key_to_u16};
use super::{Cursor, check_version, damaged, record};
use crate::keys::Keyring;

const MAGIC: &[u8; 8] = b"STILLIDX";
/// Bytes before the entries.
pub const HEADER: usize = 72;
/// Bytes of an entry.
pub const ENTRY: usize = 52;
/// Entries a fence stands for.
pub const BLOCK: usize = 256;
const TRAILER: usize = 80;
const FENCE: usize = 24;
/// The most entries of a segment, so that building a filter fits in memory.
pub const MAX_ENTRIES: usize = 8 << 20;
/// Segments with fewer entries have no filter: they are held in memory.
pub const FILTER_FROM: usize = 1024;

/// Writes a segment of these records.
///
/// # Errors
/// `Failed` if no filter can be built, which needs two ids with the same first eight bytes
/// in every one of a thousand tries.
pub fn write(ring: &Keyring, name: SegmentName, mut locations: Vec<Location>) -> Result<Vec<u8>> {
    locations.sort_unstable_by_key(|l| (l.id, l.depth, l.pack, l.offset));
    let mut packs: Vec<PackName> = locations.iter().map(|l| l.pack).collect();
    packs.sort_unstable();
    packs.dedup();
    let (mut entries, mut parents) = (Vec::with_capacity(locations.len() * ENTRY), Vec::new());
    for l in &locations {
        let pack = packs
            .binary_search(&l.pack)
            .expect("every pack is in the table");
        entries.extend_from_slice(&l.id.0);
        entries.extend_from_slice(&u32::try_from(pack).expect("few packs").to_le_bytes());
        entries.extend_from_slice(&l.offset.to_le_bytes());
        entries.extend_from_slice(&l.len.to_le_bytes());
        entries.extend_from_slice(&[l.kind as u8, l.depth]);
        entries.extend_from_slice(&key_to_u16(l.key).to_le_bytes());
        let parent = if l.kind == record::Kind::Patch {
            parents.extend_from_slice(&l.parent.0);
            u32::try_from(parents.len() / 32 - 1).expect("fewer than entries")
        } else {
            u32::MAX
        };
        entries.extend_from_slice(&parent.to_le_bytes());
    }
    let filter = if locations.len() >= FILTER_FROM {
        let mut keys: Vec<u64> = locations.iter().map(|l| l.id.prefix()).collect();
        keys.dedup();
        Some(BinaryFuse16::try_from(keys).map_err(|e| {
            Error::new(
                Code::Internal,
                format!("the index filter can't be built: {e}"),
            )
        })?)
    } else {
        None
    };

    let mut out = Vec::new();
    let len32 = |n: usize| {
        u32::try_from(n)
            .expect("a segment is bounded")
            .to_le_bytes()
    };
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&[super::VERSION, 0, 0, 0]);
    out.extend_from_slice(&name.number.to_le_bytes());
    out.extend_from_slice(&name.session.to_le_bytes());
    out.extend_from_slice(ring.vault_id().as_bytes());
    out.extend_from_slice(&len32(locations.len()));
    out.extend_from_slice(&len32(parents.len() / 32));
    out.extend_from_slice(&len32(packs.len()));
    out.extend_from_slice(&len32(filter.as_ref().map_or(0, |f| f.fingerprints.len())));
    let d = filter.as_ref().map(|f| &f.descriptor);
    out.extend_from_slice(&d.map_or(0, |d| d.seed).to_le_bytes());
    out.extend_from_slice(&d.map_or(0, |d| d.segment_length).to_le_bytes());
    out.extend_from_slice(&d.map_or(0, |d| d.segment_count_length).to_le_bytes());
    let header = out.clone();
    out.extend_from_slice(&entries);
    out.extend_from_slice(&parents);
    let tail_at = out.len();
    for p in &packs {
        out.extend_from_slice(&p.session.to_le_bytes());
        out.extend_from_slice(&p.number.to_le_bytes());
    }
    for block in entries.chunks(BLOCK * ENTRY) {
        out.extend_from_slice(&block[..8]);
        out.extend_from_slice(&blake3::hash(block).as_bytes()[..16]);
    }
    for fingerprint in filter.iter().flat_map(|f| &f.fingerprints) {
        out.extend_from_slice(&fingerprint.to_le_bytes());
    }
    out.extend_from_slice(&blake3::hash(&parents).as_bytes()[..16]);
    let mac = ring.mac(&[&header, &out[tail_at..]].concat());
    out.extend_from_slice(&mac);
    let sum = blake3::Hasher::new()
        .update(&header)
        .update(&out[tail_at..])
        .finalize();
    out.extend_from_slice(sum.as_bytes());
    Ok(out)
}

/// What a segment's header says about where its parts are.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    foreign: bool,
    entries: usize,
    parents: usize,
    packs: usize,
    fingerprints: usize,
    seed: u64,
    segment_length: u32,
    segment_count_length: u32,
}

impl Shape {
    /// Reads the first [`HEADER`] bytes of a segment of `size` bytes. Nothing of them is
    /// certain before [`Tail::read`].
    ///
    /// # Errors
    /// `Integrity`.
    pub fn read(header: &[u8], size: u64, name: SegmentName, vault: VaultId) -> Result<Self> {
        let bad = |why: &str| damaged(format!("{name} {why}"));
        if header.len() != HEADER || header[..8] != *MAGIC {
            return Err(bad("is not an index segment"));
        }
        let mut c = Cursor::new(&header[12..], "an index segment's header");
        let (number, session) = (c.u32()?, c.u64()?);
        if (SegmentName { session, number }) != name {
            return Err(bad("stands under another segment's name"));
        }
        // Told by the tail, once the checksum says that it is so.
        let foreign = VaultId::from_bytes(c.array()?) != vault;
        let shape = Self {
            foreign,
            entries: c.u32()? as usize,
            parents: c.u32()? as usize,
            packs: c.u32()? as usize,
            fingerprints: c.u32()? as usize,
            seed: c.u64()?,
            segment_length: c.u32()?,
            segment_count_length: c.u32()?,
        };
        if shape.entries > MAX_ENTRIES || shape.total() != size {
            return Err(bad("is not as long as its header says"));
        }
        // What the filter's look-up may touch must be inside its fingerprints.
        let reach = u64::from(shape.segment_count_length) + 2 * u64::from(shape.segment_length);
        let sane = shape.segment_length.is_power_of_two()
            && shape
                .segment_count_length
                .is_multiple_of(shape.segment_length)
            && reach <= shape.fingerprints as u64
            && shape.fingerprints <= 4 * MAX_ENTRIES;
        if shape.fingerprints > 0 && !sane {
            return Err(bad("has a filter that can't be"));
        }
        Ok(shape)
    }

    /// The filter with these fingerprints. The crate can't make one of parts, so a small one is
    /// built and filled.
    fn filter(&self, prints: &[u8]) -> BinaryFuse16 {
        let mut filter =
            BinaryFuse16::try_from(vec![1, 2]).expect("two different keys have a filter");
        filter.descriptor.seed = self.seed;
        filter.descriptor.segment_length = self.segment_length;
        filter.descriptor.segment_length_mask = self.segment_length - 1;
        filter.descriptor.segment_count_length = self.segment_count_length;
        let (pairs, _) = prints.as_chunks::<2>();
        filter.fingerprints = pairs.iter().map(|b| u16::from_le_bytes(*b)).collect();
        filter
    }

    fn fences(&self) -> usize {
        self.entries.div_ceil(BLOCK)
    }

    fn total(&self) -> u64 {
        self.tail_at()
            + (12 * self.packs as u64)
            + (FENCE * self.fences()) as u64
            + 2 * self.fingerprints as u64
            + TRAILER as u64
    }

    /// The number of packs.
    #[must_use]
    pub(crate) fn packs(&self) -> usize {
        self.packs
    }

    /// The number of entries.
    #[must_use]
    pub fn entries(&self) -> usize {
        self.entries
    }

    /// The first byte after the parents. From here to the end is held in memory.
    #[must_use]
    pub fn tail_at(&self) -> u64 {
        HEADER as u64 + (ENTRY * self.entries) as u64 + 32 * self.parents as u64
    }

    /// The bytes of block `block` of the entries: offset and length.
    #[must_use]
    pub fn block_range(&self, block: usize) -> (u64, usize) {
        let first = block * BLOCK;
        let count = BLOCK.min(self.entries.saturating_sub(first));
        ((HEADER + first * ENTRY) as u64, count * ENTRY)
    }

    /// The bytes of all parents: offset and length.
    #[must_use]
    pub fn parents_range(&self) -> (u64, usize) {
        ((HEADER + ENTRY * self.entries) as u64, 32 * self.parents)
    }

    /// The bytes of parent `i`: offset and length.
    ///
    /// # Errors
    /// `Integrity` if there is no such parent.
    pub fn parent_range(&self, i: u32) -> Result<(u64, usize)> {
        if i as usize >= self.parents {
            return Err(damaged(
                "an index entry names a parent that the segment lacks",
            ));
        }
        Ok((
            (HEADER + ENTRY * self.entries) as u64 + 32 * u64::from(i),
            32,
        ))
    }
}

/// The part of a segment that is held in memory.
pub struct Tail {
    shape: Shape,
    packs: Vec<PackName>,
    fences: Vec<(u64, [u8; 16])>,
    filter: Option<BinaryFuse16>,
    parents_sum: [u8; 16],
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tail")
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

impl Tail {
    /// Reads the tail, and checks checksum and, with a ring, MAC.
    ///
    /// # Errors
    /// `Integrity`, `Conflict` (another vault's), `Invalid` (a newer version).
    pub fn read(shape: Shape, header: &[u8], tail: &[u8], ring: Option<&Keyring>) -> Result<Self> {
        let bad = |why: &str| damaged(format!("an index segment {why}"));
        if tail.len() as u64 != shape.total() - shape.tail_at() {
            return Err(bad("is cut short"));
        }
        let (body, sum) = tail.split_at(tail.len() - 32);
        if blake3::Hasher::new()
            .update(header)
            .update(body)
            .finalize()
            .as_bytes()
            != sum
        {
            return Err(bad("has a wrong checksum"));
        }
        check_version(header[8], "an index segment")?;
        if shape.foreign {
            let what = "an index segment is of another vault";
            return Err(Error::new(Code::VaultForeign, what));
        }
        let (body, mac) = body.split_at(body.len() - 32);
        if ring.is_some_and(|r| {
            !r.verify_mac(&[header, body].concat(), mac.try_into().expect("32 bytes"))
        }) {
            return Err(bad("was not written with this vault's key"));
        }
        let mut c = Cursor::new(body, "an index segment");
        let mut packs = Vec::with_capacity(shape.packs);
        for _ in 0..shape.packs {
            packs.push(PackName {
                session: c.u64()?,
                number: c.u32()?,
            });
        }
        let mut fences = Vec::with_capacity(shape.fences());
        for _ in 0..shape.fences() {
            fences.push((u64::from_be_bytes(c.array()?), c.array()?));
        }
        let prints = c.take(2 * shape.fingerprints)?;
        let filter = (shape.fingerprints > 0).then(|| shape.filter(prints));
        let parents_sum = c.array()?;
        c.end()?;
        Ok(Self {
            shape,
            packs,
            fences,
            filter,
            parents_sum,
        })
    }

    /// Where the parts are.
    #[must_use]
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    /// The packs that the segment lists records of.
    #[must_use]
    pub fn packs(&self) -> &[PackName] {
        &self.packs
    }

    /// Whether the segment may hold `id`: false is sure.
    #[must_use]
    pub fn may_hold(&self, id: &Id) -> bool {
        self.filter
            .as_ref()
            .is_none_or(|f| f.contains(&id.prefix()))
    }

    /// The blocks in which `id` can stand.
    #[must_use]
    pub fn blocks_of(&self, id: &Id) -> std::ops::Range<usize> {
        let prefix = id.prefix();
        // The block before the first fence at or past the prefix may hold it too.
        let first = self
            .fences
            .partition_point(|f| f.0 < prefix)
            .saturating_sub(1);
        let end = self.fences.partition_point(|f| f.0 <= prefix);
        first..end.max(first)
    }

    /// Checks the bytes of all parents.
    ///
    /// # Errors
    /// `Integrity`.
    pub fn check_parents(&self, bytes: &[u8]) -> Result<()> {
        if blake3::hash(bytes).as_bytes()[..16] == self.parents_sum {
            Ok(())
        } else {
            Err(damaged(
                "the parents of an index segment have a wrong checksum",
            ))
        }
    }

    /// Reads the entries of a block whose bytes were read, after checking them.
    ///
    /// # Errors
    /// `Integrity`.
    pub fn read_block(&self, block: usize, bytes: &[u8]) -> Result<Vec<(Location, u32)>> {
        self.check_block(block, bytes)?;
        bytes.chunks_exact(ENTRY).map(|e| self.entry(e)).collect()
    }

    /// Checks the bytes of a block.
    ///
    /// # Errors
    /// `Integrity`.
    pub(crate) fn check_block(&self, block: usize, bytes: &[u8]) -> Result<()> {
        let sum = self
            .fences
            .get(block)
            .ok_or_else(|| damaged("no such index block"))?
            .1;
        if blake3::hash(bytes).as_bytes()[..16] != sum {
            return Err(damaged(format!(
                "block {block} of an index segment has a wrong checksum"
            )));
        }
        Ok(())
    }

    /// Reads an entry of a block that was checked: where the record is, and the place of its
    /// parent.
    pub(crate) fn entry(&self, bytes: &[u8]) -> Result<(Location, u32)> {
        let mut c = Cursor::new(bytes, "an index entry");
        let id = Id(c.array()?);
        let pack = *self
            .packs
            .get(c.u32()? as usize)
            .ok_or_else(|| damaged("an index entry names a pack that the segment lacks"))?;
        let (offset, len) = (c.u32()?, c.u32()?);
        let kind = record::Kind::from_number(c.u8()?)?;
        let (depth, key) = (c.u8()?, u32::from(c.u16()?));
        let location = Location {
            id,
            pack,
            offset,
            len,
            kind,
            depth,
            key,
            parent: Id::ZERO,
        };
        Ok((location, c.u32()?))
    }
}
