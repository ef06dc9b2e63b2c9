//! Targets for fuzzing: each takes hostile bytes to a decoder, first as they are and then
//! with their checksums made right, so that what lies behind the checksums is reached. A
//! target must return, whatever the bytes.

use base::VaultId;

use crate::checkpoint::Checkpoint;
use crate::codec;
use crate::format::descriptor::Descriptor;
use crate::format::entry::{Entry, SegmentName};
use crate::format::envelope::{self, Kind};
use crate::format::id::Id;
use crate::format::manifest::Manifest;
use crate::format::node::{MAX_LEVEL, Node};
use crate::format::pack::{self, PackName};
use crate::format::record::Record;
use crate::format::segment::{self, Shape, Tail};
use crate::keys::KeyObject;

/// A function that takes hostile bytes.
pub type Target = fn(&[u8]);

/// All targets, with their names.
pub const TARGETS: [(&str, Target); 8] = [
    ("envelope", envelope),
    ("json", json),
    ("record", record),
    ("pack", pack),
    ("segment", segment),
    ("node", node),
    ("patch", patch),
    ("keys", keys),
];

fn checksum(parts: &[&[u8]]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    *hasher.finalize().as_bytes()
}

/// [`envelope::open`].
pub fn envelope(data: &[u8]) {
    let look = |bytes: &[u8]| {
        for kind in [
            Kind::Descriptor,
            Kind::Entry,
            Kind::Manifest,
            Kind::Checkpoint,
        ] {
            if let Ok(opened) = envelope::open(bytes, kind) {
                let _ = opened.clear::<Entry>();
                let _ = opened.clear::<Manifest>();
                let _ = opened.clear::<Descriptor>();
                let _ = opened.clear::<Checkpoint>();
                let _ = (opened.vault(), opened.checksum());
            }
        }
    };
    look(data);
    let mut sound = data.to_vec();
    sound.extend_from_slice(&checksum(&[data]));
    look(&sound);
}

/// The clear bodies of envelopes.
pub fn json(data: &[u8]) {
    let _ = serde_json::from_slice::<Entry>(data);
    let _ = serde_json::from_slice::<Manifest>(data);
    let _ = serde_json::from_slice::<Descriptor>(data);
    let _ = serde_json::from_slice::<Checkpoint>(data);
}

/// [`Record::read`].
pub fn record(data: &[u8]) {
    let _ = Record::read(data);
    let mut sound = data.to_vec();
    sound.extend_from_slice(&checksum(&[data])[..16]);
    let _ = Record::read(&sound);
}

/// [`pack::tail_len`] and [`pack::read_directory`] of a whole pack.
pub fn pack(data: &[u8]) {
    let mut bytes = data.to_vec();
    for _ in 0..2 {
        let (size, n) = (bytes.len() as u64, bytes.len());
        if n < pack::HEADER + pack::TRAILER {
            return;
        }
        let Ok(len) = pack::tail_len(&bytes[n - pack::TRAILER..], size) else {
            return;
        };
        let at = n - usize::try_from(len).expect("inside the pack");
        let name = PackName {
            number: u32::from_le_bytes(bytes[12..16].try_into().expect("four bytes")),
            session: u64::from_le_bytes(bytes[16..24].try_into().expect("eight bytes")),
        };
        let vault = VaultId::from_bytes(bytes[24..40].try_into().expect("16 bytes"));
        let header = &bytes[..pack::HEADER];
        if let Ok(directory) = pack::read_directory(header, &bytes[at..], name, vault, None) {
            for (location, _) in directory.records {
                let end = (location.offset + location.len) as usize;
                let _ = pack::read_record(&location, &bytes[location.offset as usize..end]);
            }
        }
        let sum = checksum(&[&bytes[..pack::HEADER], &bytes[at..n - 32]]);
        bytes[n - 32..].copy_from_slice(&sum);
    }
}

/// [`Shape::read`], [`Tail::read`], and look-ups.
pub fn segment(data: &[u8]) {
    let mut bytes = data.to_vec();
    for _ in 0..2 {
        let Some(header) = bytes.get(..segment::HEADER) else {
            return;
        };
        let name = SegmentName {
            number: u32::from_le_bytes(header[12..16].try_into().expect("four bytes")),
            session: u64::from_le_bytes(header[16..24].try_into().expect("eight bytes")),
        };
        let vault = VaultId::from_bytes(header[24..40].try_into().expect("16 bytes"));
        let Ok(shape) = Shape::read(header, bytes.len() as u64, name, vault) else {
            return;
        };
        let at = usize::try_from(shape.tail_at()).expect("inside the segment");
        if let Ok(tail) = Tail::read(shape, header, &bytes[at..], None) {
            look_up(&tail, &bytes);
        }
        // The fences' checksums, then the segment's own.
        let blocks = shape.entries().div_ceil(segment::BLOCK);
        let prints = bytes.len() - at - shape.packs() * 12 - blocks * 24 - 80;
        let fences = bytes.len() - 80 - prints - blocks * 24;
        for block in 0..blocks {
            let (start, len) = shape.block_range(block);
            let start = usize::try_from(start).expect("inside the segment");
            let sum = checksum(&[&bytes[start..start + len]]);
            let fence = fences + block * 24 + 8;
            bytes[fence..fence + 16].copy_from_slice(&sum[..16]);
        }
        let end = bytes.len() - 32;
        let sum = checksum(&[&bytes[..segment::HEADER], &bytes[at..end]]);
        bytes[end..].copy_from_slice(&sum);
    }
}

fn look_up(tail: &Tail, bytes: &[u8]) {
    let ids = (0..=u8::MAX).step_by(17).map(|b| Id([b; 32]));
    for id in ids {
        let _ = tail.may_hold(&id);
        for block in tail.blocks_of(&id) {
            let (start, len) = tail.shape().block_range(block);
            let start = usize::try_from(start).expect("inside the segment");
            for (_, parent) in tail
                .read_block(block, &bytes[start..start + len])
                .unwrap_or_default()
            {
                let _ = tail.shape().parent_range(parent);
            }
        }
    }
}

/// [`Node::read`].
pub fn node(data: &[u8]) {
    for level in [data.first().copied().unwrap_or(0), 0, MAX_LEVEL] {
        if let Ok(node) = Node::read(data, level) {
            assert_eq!(node.to_bytes(), data, "a node has one encoding");
        }
    }
}

/// A patch, once opened: the first two bytes say how long its chunk is.
pub fn patch(data: &[u8]) {
    if let Some((len, patch)) = data.split_at_checked(2) {
        let len = usize::from(u16::from_le_bytes([len[0], len[1]]));
        let parent = vec![7; len];
        if let Some(chunk) = codec::apply(patch, &parent, len) {
            assert_eq!(chunk.len(), len, "a patch keeps the length");
        }
    }
}

/// [`KeyObject::from_bytes`].
pub fn keys(data: &[u8]) {
    let _ = KeyObject::from_bytes(data);
}
