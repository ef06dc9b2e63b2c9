//! Chunks to records and back: zero test, id, compression, patch, seal. Pure work for the
//! processor.

use std::cell::RefCell;

use base::Result;

use crate::format::damaged;
use crate::format::id::Id;
use crate::format::record::{
    self, Encoding, Header, Kind, MAX_DEPTH, PATCH_BLOCK, Record, associated_data,
};
use crate::keys::{self, Keyring};

/// zstd's level (`docs/adr/0001-chunk-size.md` has the measurements).
const LEVEL: i32 = 3;

thread_local! {
    static COMPRESSOR: RefCell<zstd::bulk::Compressor<'static>> =
        RefCell::new(zstd::bulk::Compressor::new(LEVEL).expect("the level is one of zstd's"));
    static DECOMPRESSOR: RefCell<zstd::bulk::Decompressor<'static>> =
        RefCell::new(zstd::bulk::Decompressor::new().expect("a context fits in memory"));
    static PAYLOAD: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// A record ready to be stored.
#[derive(Debug)]
pub struct Encoded {
    /// Its header.
    pub header: Header,
    /// All its bytes.
    pub bytes: Vec<u8>,
}

/// A chunk that a patch may rest on.
#[derive(Clone, Copy, Debug)]
pub struct Parent<'a> {
    /// Its id.
    pub id: Id,
    /// The least depth of its records.
    pub depth: u8,
    /// Its contents, of the chunk's length.
    pub contents: &'a [u8],
}

/// Encodes and seals a chunk whose id is `id`: as a patch where a parent is given and at most
/// half of its blocks differ, else whole.
#[must_use]
pub fn encode(ring: &Keyring, id: Id, chunk: &[u8], parent: Option<Parent<'_>>) -> Encoded {
    let patch = parent
        .filter(|p| p.depth < MAX_DEPTH)
        .and_then(|p| Some((p, diff(chunk, p.contents)?)));
    let (kind, depth, parent, plain) = match &patch {
        Some((p, body)) => (Kind::Patch, p.depth + 1, p.id, body.as_slice()),
        None => (Kind::Whole, 0, Id::ZERO, chunk),
    };
    let (encoding, mut payload) = compress(plain);
    let (key_number, key) = ring.write_key();
    let header = Header {
        kind,
        encoding,
        depth,
        key: key_number,
        plain_len: u32::try_from(chunk.len()).expect("a chunk is at most 4 MiB"),
        id,
        parent,
    };
    let header_bytes = header.to_bytes(payload.len() + keys::TAG_LEN);
    let aad = associated_data(ring.vault_id(), &header_bytes);
    let nonce = keys::seal(key, &id.0, &aad, &mut payload);
    let mut bytes = Vec::with_capacity(header_bytes.len() + 12 + payload.len() + 16);
    record::assemble(&header_bytes, Some(&nonce), &payload, &mut bytes);
    Encoded { header, bytes }
}

/// Encodes a tree node. Nodes are not sealed: their id authenticates them.
#[must_use]
pub fn encode_node(id: Id, contents: &[u8]) -> Encoded {
    let header = Header {
        kind: Kind::Node,
        encoding: Encoding::Raw,
        depth: 0,
        key: 0,
        plain_len: u32::try_from(contents.len()).expect("a node is small"),
        id,
        parent: Id::ZERO,
    };
    let mut bytes = Vec::new();
    record::assemble(&header.to_bytes(contents.len()), None, contents, &mut bytes);
    Encoded { header, bytes }
}

/// The contents of a node's record, checked against its id.
///
/// # Errors
/// `Integrity`.
pub fn decode_node<'a>(ring: &Keyring, record: &Record<'a>) -> Result<&'a [u8]> {
    if record.header.kind != Kind::Node || ring.node_id(record.payload) != record.header.id.0 {
        return Err(damaged(format!(
            "tree node {:?} does not match its id",
            record.header.id
        )));
    }
    Ok(record.payload)
}

/// Opens a chunk's record and checks the contents against the id. A patch needs its parent's
/// contents.
///
/// # Errors
/// `Integrity`; `Denied` if the ring lacks the data key.
pub fn decode(ring: &Keyring, record: &Record<'_>, parent: Option<&[u8]>) -> Result<Vec<u8>> {
    let h = &record.header;
    let chunk_len = h.plain_len as usize;
    if h.kind != Kind::Patch {
        let mut chunk = vec![0; chunk_len];
        decode_whole(ring, record, &mut chunk)?;
        return Ok(chunk);
    }
    let wrong = |why: &str| damaged(format!("chunk {:?} {why}", h.id));
    let plain = opened(ring, record, |payload| match h.encoding {
        Encoding::Raw => Ok(payload.to_vec()),
        Encoding::Zstd => DECOMPRESSOR
            .with_borrow_mut(|d| d.decompress(payload, bitmap_len(chunk_len) + chunk_len))
            .map_err(|e| wrong("does not decompress").because(e)),
    })?;
    let parent = parent.ok_or_else(|| wrong("needs its parent"))?;
    let chunk = apply(&plain, parent, chunk_len).ok_or_else(|| wrong("is a malformed patch"))?;
    match ring.chunk_id(&chunk) == h.id.0 {
        true => Ok(chunk),
        false => Err(wrong("does not match its id")),
    }
}

/// Opens the record of a chunk that rests on no other into `chunk`, which has its length, and
/// checks the contents against the id. After an error `chunk` holds anything.
///
/// # Errors
/// `Integrity`; `Denied` if the ring lacks the data key.
pub fn decode_whole(ring: &Keyring, record: &Record<'_>, chunk: &mut [u8]) -> Result<()> {
    let h = &record.header;
    let wrong = |why: &str| damaged(format!("chunk {:?} {why}", h.id));
    if h.kind != Kind::Whole {
        return Err(wrong("is not stored whole"));
    }
    let len = opened(ring, record, |payload| match h.encoding {
        Encoding::Raw => {
            let part = chunk.get_mut(..payload.len());
            part.ok_or_else(|| wrong("is too long"))?
                .copy_from_slice(payload);
            Ok(payload.len())
        }
        Encoding::Zstd => DECOMPRESSOR
            .with_borrow_mut(|d| d.decompress_to_buffer(payload, chunk))
            .map_err(|e| wrong("does not decompress").because(e)),
    })?;
    if len != chunk.len() || ring.chunk_id(chunk) != h.id.0 {
        return Err(wrong("does not match its id"));
    }
    Ok(())
}

/// Unseals a chunk's payload in memory that each thread keeps, for `read`.
fn opened<T>(
    ring: &Keyring,
    record: &Record<'_>,
    read: impl FnOnce(&[u8]) -> Result<T>,
) -> Result<T> {
    let id = &record.header.id;
    let nonce = record
        .nonce
        .ok_or_else(|| damaged(format!("chunk {id:?} is a tree node")))?;
    let key = ring.data_key(record.header.key)?;
    let aad = associated_data(ring.vault_id(), record.header_bytes);
    PAYLOAD.with_borrow_mut(|payload| {
        payload.clear();
        payload.extend_from_slice(record.payload);
        keys::open(key, &id.0, &nonce, &aad, payload)?;
        read(payload)
    })
}

fn bitmap_len(chunk: usize) -> usize {
    chunk.div_ceil(PATCH_BLOCK).div_ceil(8)
}

/// The bytes in which two chunks differ, counted in patch blocks.
#[must_use]
pub fn changed_bytes(a: &[u8], b: &[u8]) -> u64 {
    let differing = a
        .chunks(PATCH_BLOCK)
        .zip(b.chunks(PATCH_BLOCK))
        .filter(|(x, y)| x != y);
    differing.map(|(x, _)| x.len() as u64).sum()
}

/// The patch that makes `chunk` of `parent`; `None` if more than half of it differs.
fn diff(chunk: &[u8], parent: &[u8]) -> Option<Vec<u8>> {
    if chunk.len() != parent.len() {
        return None;
    }
    let mut out = vec![0; bitmap_len(chunk.len())];
    let blocks = chunk.chunks(PATCH_BLOCK).zip(parent.chunks(PATCH_BLOCK));
    for (i, (new, _)) in blocks.enumerate().filter(|(_, (new, old))| new != old) {
        out[i / 8] |= 1 << (i % 8);
        out.extend_from_slice(new);
        if out.len() > chunk.len() / 2 + PATCH_BLOCK {
            return None;
        }
    }
    Some(out)
}

/// The chunk that `patch` makes of `parent`; `None` if it is malformed.
pub(crate) fn apply(patch: &[u8], parent: &[u8], chunk_len: usize) -> Option<Vec<u8>> {
    let (bitmap, mut blocks) = patch.split_at_checked(bitmap_len(chunk_len))?;
    let mut chunk = parent.to_vec();
    if chunk.len() != chunk_len {
        return None;
    }
    for (i, target) in chunk.chunks_mut(PATCH_BLOCK).enumerate() {
        if bitmap[i / 8] & (1 << (i % 8)) != 0 {
            let (block, rest) = blocks.split_at_checked(target.len())?;
            target.copy_from_slice(block);
            blocks = rest;
        }
    }
    blocks.is_empty().then_some(chunk)
}

/// Compresses where a probe says that it pays.
fn compress(plain: &[u8]) -> (Encoding, Vec<u8>) {
    if looks_compressible(plain) {
        // Room for the tag, so that sealing does not move the payload.
        let mut out =
            Vec::with_capacity(zstd::zstd_safe::compress_bound(plain.len()) + keys::TAG_LEN);
        let done = COMPRESSOR.with_borrow_mut(|c| c.compress_to_buffer(plain, &mut out));
        if done.is_ok() && out.len() < plain.len() - plain.len() / 64 {
            return (Encoding::Zstd, out);
        }
    }
    let mut out = Vec::with_capacity(plain.len() + keys::TAG_LEN);
    out.extend_from_slice(plain);
    (Encoding::Raw, out)
}

/// Bytes that the probe looks at.
const SAMPLE: usize = 4096;

/// Whether a sample of the data is worth compressing. Media, archives and ciphertext have
/// close to eight bits of entropy a byte in every part; a sample that has is tried once with
/// zstd itself, since repeats don't show in the entropy.
fn looks_compressible(plain: &[u8]) -> bool {
    if plain.len() <= 2 * SAMPLE {
        return true;
    }
    let step = plain.len() / 4;
    let mut sample = [0u8; SAMPLE];
    for (i, part) in sample.chunks_mut(SAMPLE / 4).enumerate() {
        part.copy_from_slice(&plain[i * step..i * step + SAMPLE / 4]);
    }
    let mut counts = [0u32; 256];
    for b in sample {
        counts[b as usize] += 1;
    }
    let n = SAMPLE as f32;
    let bits: f32 = counts
        .iter()
        .filter(|c| **c > 0)
        .map(|c| *c as f32 * (n / *c as f32).log2())
        .sum();
    if bits / n < 7.6 {
        return true;
    }
    let half = plain.len() / 2;
    let mut out = Vec::with_capacity(zstd::zstd_safe::compress_bound(SAMPLE));
    COMPRESSOR
        .with_borrow_mut(|c| c.compress_to_buffer(&plain[half..half + SAMPLE], &mut out))
        .is_ok_and(|n| n < SAMPLE - SAMPLE / 32)
}
