//! Index segments and tree nodes, read by other code than the vault's.

use bytes::Bytes;

use crate::ledger::Name;

/// An id, as it stands in the bytes.
pub(crate) type RawId = [u8; 32];

/// What a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Whole,
    Patch,
    Node,
}

/// An entry of the index.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    pub(crate) id: RawId,
    pub(crate) pack: Name,
    pub(crate) offset: u32,
    pub(crate) len: u32,
    pub(crate) kind: Kind,
    pub(crate) depth: u8,
    /// Of a patch.
    pub(crate) parent: RawId,
}

/// A whole segment.
#[derive(Debug, Default)]
pub(crate) struct Segment {
    pub(crate) entries: Vec<Entry>,
    pub(crate) packs: Vec<Name>,
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn id_at(bytes: &[u8], at: usize) -> Option<RawId> {
    bytes.get(at..at + 32)?.try_into().ok()
}

impl Segment {
    /// Reads a segment; `None` if it is not one.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.get(..8)? != b"STILLIDX" {
            return None;
        }
        let count = |at| Some(u32_at(bytes, at)? as usize);
        let (entries, parents, packs) = (count(40)?, count(44)?, count(48)?);
        let parents_at = 72 + 52 * entries;
        let packs_at = parents_at + 32 * parents;
        let pack = |i: usize| {
            let at = packs_at + 12 * i;
            let session = u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?);
            Some((session, u32_at(bytes, at + 8)?))
        };
        let packs: Vec<Name> = (0..packs).map(pack).collect::<Option<_>>()?;
        let entry = |i: usize| {
            let at = 72 + 52 * i;
            let kind = match bytes.get(at + 44)? {
                1 => Kind::Whole,
                2 => Kind::Patch,
                3 => Kind::Node,
                _ => return None,
            };
            let parent = match kind {
                Kind::Patch => id_at(bytes, parents_at + 32 * count(at + 48)?)?,
                _ => [0; 32],
            };
            Some(Entry {
                id: id_at(bytes, at)?,
                pack: *packs.get(u32_at(bytes, at + 32)? as usize)?,
                offset: u32_at(bytes, at + 36)?,
                len: u32_at(bytes, at + 40)?,
                kind,
                depth: *bytes.get(at + 45)?,
                parent,
            })
        };
        let entries = (0..entries).map(entry).collect::<Option<_>>()?;
        Some(Self { entries, packs })
    }
}

/// Whether the record of `entry` stands in the pack `bytes`, sound and as the entry says.
pub(crate) fn stands(entry: &Entry, bytes: &Bytes) -> bool {
    let check = || {
        let record = record(entry, bytes)?;
        let (body, sum) = record.split_at(record.len().checked_sub(16)?);
        let kind = match entry.kind {
            Kind::Whole => 1,
            Kind::Patch => 2,
            Kind::Node => 3,
        };
        let parent = entry.kind != Kind::Patch || id_at(record, 48)? == entry.parent;
        let header = record[1] == kind && record[3] == entry.depth && parent;
        Some(
            header && id_at(record, 16)? == entry.id && blake3::hash(body).as_bytes()[..16] == *sum,
        )
    };
    check().unwrap_or(false)
}

fn record<'a>(entry: &Entry, pack: &'a Bytes) -> Option<&'a [u8]> {
    let start = entry.offset as usize;
    pack.get(start..start + entry.len as usize)
}

/// The children of a node that are not zero, and whether they are chunks.
pub(crate) fn children(entry: &Entry, pack: &Bytes) -> Option<(bool, Vec<RawId>)> {
    let record = record(entry, pack)?;
    let payload = record.get(48..48 + u32_at(record, 12)? as usize)?;
    let node = match record[2] {
        0 => payload.to_vec(),
        _ => zstd::decode_all(payload).ok()?,
    };
    let count = u16::from_le_bytes([*node.get(2)?, *node.get(3)?]).count_ones();
    let ids = (0..count as usize).map(|i| id_at(&node, 4 + 32 * i));
    Some((node[0] == 0, ids.collect::<Option<_>>()?))
}
