//! Chunks to records and back.

use proptest::prelude::*;

use super::ring;
use crate::codec::{self, Parent};
use crate::format::id::Id;
use crate::format::record::{Encoding, Kind, MAX_DEPTH, Record};

fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut out = vec![0; len];
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&seed.to_le_bytes())
        .finalize_xof()
        .fill(&mut out);
    out
}

fn chunk() -> impl Strategy<Value = Vec<u8>> {
    let size = prop_oneof![Just(16usize << 10), Just(64 << 10), 1..70_000usize];
    (size, any::<u64>(), 0..4u8).prop_map(|(len, seed, kind)| match kind {
        0 => noise(seed, len),
        1 => vec![seed as u8; len],
        2 => noise(seed, len).into_iter().map(|b| b & 3).collect(),
        _ => {
            let mut mixed = noise(seed, len);
            mixed[..len / 2].fill(b'a');
            mixed
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_chunk_opens_as_it_was_sealed_whole_or_as_a_patch(
        old in chunk(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        depth in 0..=MAX_DEPTH,
    ) {
        let ring = ring();
        let whole = codec::encode(&ring, Id(ring.chunk_id(&old)), &old, None);
        let read = Record::read(&whole.bytes).unwrap();
        prop_assert_eq!(read.header, whole.header);
        prop_assert_eq!(&codec::decode(&ring, &read, None).unwrap(), &old);
        let mut new = old.clone();
        for (at, byte) in &changes {
            *at.get_mut(&mut new) = *byte;
        }
        let (id, parent) = (Id(ring.chunk_id(&new)), Id(ring.chunk_id(&old)));
        let parent = Parent { id: parent, depth, contents: &old };
        let patch = codec::encode(&ring, id, &new, Some(parent));
        let read = Record::read(&patch.bytes).unwrap();
        let is_patch = read.header.kind == Kind::Patch;
        prop_assert_eq!(read.header.depth, if is_patch { depth + 1 } else { 0 });
        prop_assert!(is_patch || depth == MAX_DEPTH || new.len() < 64 << 10);
        prop_assert_eq!(&codec::decode(&ring, &read, Some(&old)).unwrap(), &new);
        if is_patch {
            // No parent or a shorter one is an error; another one never gives other bytes.
            let wrong = noise(1, old.len());
            for parent in [None, Some(&old[..old.len() - 1])] {
                prop_assert!(codec::decode(&ring, &read, parent).is_err());
            }
            prop_assert!(codec::decode(&ring, &read, Some(&wrong)).map_or(true, |c| c == new));
        }
    }
}

#[test]
fn what_does_not_shrink_is_stored_as_it_is_and_what_does_is_compressed() {
    let ring = ring();
    let cases = [
        (noise(1, 64 << 10), Encoding::Raw),
        (vec![7; 64 << 10], Encoding::Zstd),
    ];
    for (chunk, encoding) in cases {
        let record = codec::encode(&ring, Id(ring.chunk_id(&chunk)), &chunk, None);
        assert_eq!(record.header.encoding, encoding);
        assert!(record.bytes.len() < chunk.len() + 200);
    }
}

#[test]
fn a_record_moved_to_another_id_does_not_open() {
    let ring = ring();
    let chunk = noise(1, 16 << 10);
    let record = codec::encode(&ring, Id(ring.chunk_id(&chunk)), &chunk, None);
    let mut bytes = record.bytes;
    bytes[20] ^= 1;
    let n = bytes.len() - 16;
    let sum = blake3::hash(&bytes[..n]);
    bytes[n..].copy_from_slice(&sum.as_bytes()[..16]);
    let forged = Record::read(&bytes).unwrap();
    assert!(codec::decode(&ring, &forged, None).is_err());
}
