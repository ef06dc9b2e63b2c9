//! Hostile bytes: no decoder panics, none allocates what the bytes don't hold, and no change
//! to a valid object goes unseen.

use proptest::prelude::*;

use super::{id, ring};
use crate::codec;
use crate::format::descriptor::Descriptor;
use crate::format::entry::SegmentName;
use crate::format::envelope::{self, Kind};
use crate::format::id::Id;
use crate::format::pack::{self, Builder, PackName};
use crate::format::record::Record;
use crate::format::segment::{self, Shape, Tail};
use crate::fuzz::TARGETS;
use crate::keys::Keyring;

const PACK: PackName = PackName {
    session: 2,
    number: 1,
};
const SEGMENT: SegmentName = SegmentName {
    session: 2,
    number: 1,
};

/// One valid object a target, in the order of [`TARGETS`].
fn valid(ring: &Keyring) -> Vec<Vec<u8>> {
    let descriptor = Descriptor {
        vault_id: ring.vault_id(),
        chunk_size: 65536,
        created_at: "then".into(),
    };
    let chunk: Vec<u8> = (0..9000u32).map(|n| (n / 7) as u8).collect();
    let old = vec![3; 9000];
    let parent = codec::Parent {
        id: id(1),
        depth: 0,
        contents: &old,
    };
    let mut builder = Builder::new(ring.vault_id(), PACK, pack::Kind::Chunks);
    let mut last = Vec::new();
    for n in 0..4u8 {
        let mut chunk = if n % 2 == 0 {
            chunk.clone()
        } else {
            old.clone()
        };
        chunk[0] = n;
        let parent = (n % 2 == 1).then_some(parent);
        let record = codec::encode(ring, Id(ring.chunk_id(&chunk)), &chunk, parent);
        builder.push(&record.header, &record.bytes);
        last = record.bytes;
    }
    let (pack, locations) = builder.finish(ring);
    let many = locations.iter().flat_map(|l| {
        (0..300).map(|n| {
            let mut l = *l;
            l.id.0[..8].copy_from_slice(&id(n).0[..8]);
            l
        })
    });
    let mut node = crate::format::node::Node::empty(1);
    node.children[3] = id(3);
    vec![
        envelope::write(ring, Kind::Manifest, &descriptor, Some(b"sealed")),
        serde_json::to_vec(&descriptor).unwrap(),
        last,
        pack.to_vec(),
        segment::write(ring, SEGMENT, many.collect()).unwrap(),
        node.to_bytes(),
        [&[0, 32, 2][..], &[5; 4096]].concat(),
        include_bytes!("../keys/tests/known-v1.keys").to_vec(),
    ]
}

/// Reads all of an object; an error if anything is wrong. The ring is not needed for that.
fn check(target: &str, bytes: &[u8], ring: &Keyring) -> base::Result<()> {
    let vault = ring.vault_id();
    let cut = |what: &str| crate::format::damaged(what);
    match target {
        "envelope" => envelope::open(bytes, Kind::Manifest).map(|_| ()),
        "record" => Record::read(bytes).map(|_| ()),
        "pack" => {
            let n = bytes.len();
            let trailer = bytes
                .get(n.saturating_sub(pack::TRAILER)..)
                .ok_or_else(|| cut("short"))?;
            let tail = n - usize::try_from(pack::tail_len(trailer, n as u64)?).unwrap();
            let header = bytes.get(..pack::HEADER).ok_or_else(|| cut("short"))?;
            let directory = pack::read_directory(header, &bytes[tail..], PACK, vault, None)?;
            for (l, sum) in directory.records {
                let at = l.offset as usize;
                let record = pack::read_record(&l, &bytes[at..at + l.len as usize])?;
                if record.checksum != sum {
                    return Err(cut("another record"));
                }
            }
            Ok(())
        }
        "segment" => {
            let n = bytes.len();
            let header = bytes.get(..segment::HEADER).ok_or_else(|| cut("short"))?;
            let shape = Shape::read(header, n as u64, SEGMENT, vault)?;
            let at = usize::try_from(shape.tail_at()).unwrap();
            let tail = Tail::read(shape, header, &bytes[at..], None)?;
            for block in 0..shape.entries().div_ceil(segment::BLOCK) {
                let (at, len) = shape.block_range(block);
                let at = usize::try_from(at).unwrap();
                tail.read_block(block, &bytes[at..at + len])?;
            }
            let (at, len) = shape.parents_range();
            let at = usize::try_from(at).unwrap();
            tail.check_parents(&bytes[at..at + len])
        }
        _ => Err(cut("a target without a checksum")),
    }
}

#[test]
fn every_flip_and_every_cut_of_a_valid_object_is_seen() {
    let ring = ring();
    for ((name, target), bytes) in TARGETS.iter().zip(valid(&ring)) {
        let guarded = ["envelope", "record", "pack", "segment"].contains(name);
        if guarded {
            check(name, &bytes, &ring).unwrap();
        }
        // All bits of small objects, of others those of head and trailer and some between.
        let (n, step) = (bytes.len(), if bytes.len() < 1000 { 1 } else { 101 });
        let edge = |bit: &usize| bit / 8 < 80 || bit / 8 + 80 >= n;
        for bit in (0..n * 8).filter(|bit| bit.is_multiple_of(step) || edge(bit)) {
            let mut hurt = bytes.clone();
            hurt[bit / 8] ^= 1 << (bit % 8);
            if guarded {
                let e = check(name, &hurt, &ring).expect_err("a flip");
                // A record under another name or of another vault is told apart.
                let codes = [base::Code::VaultDamaged, base::Code::VaultForeign];
                assert!(codes.contains(&e.code()), "bit {bit} of a {name}: {e:?}");
            }
            target(&hurt);
        }
        for len in (0..n).step_by(step.div_ceil(3)) {
            if guarded {
                assert!(
                    check(name, &bytes[..len], &ring).is_err(),
                    "{name} of {len} bytes"
                );
            }
            target(&bytes[..len]);
        }
    }
}

#[test]
fn counts_that_promise_gigabytes_allocate_nothing() {
    let ring = ring();
    let all = valid(&ring);
    for ((name, target), bytes) in TARGETS.iter().zip(&all) {
        // Every aligned word of head and tail set to large values.
        let places = (0..bytes.len().min(80)).chain(bytes.len().saturating_sub(80)..bytes.len());
        for at in places.filter(|at| at % 2 == 0 && at + 4 <= bytes.len()) {
            for value in [u32::MAX, u32::MAX / 2, 1 << 28, 0x00FF_FFFF] {
                let mut hurt = bytes.clone();
                hurt[at..at + 4].copy_from_slice(&value.to_le_bytes());
                target(&hurt);
                if name == &"segment" && hurt.len() > segment::HEADER {
                    // Also with a size that fits what the header promises.
                    let header = &hurt[..segment::HEADER];
                    for size in [u64::MAX, 1 << 40, 1 << 33] {
                        let _ = Shape::read(header, size, SEGMENT, ring.vault_id());
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..Default::default() })]

    #[test]
    fn random_bytes_break_no_decoder(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }

    #[test]
    fn valid_objects_with_random_changes_break_no_decoder(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let ring = ring();
        for ((_, target), mut bytes) in TARGETS.into_iter().zip(valid(&ring)) {
            for (at, byte) in &changes {
                *at.get_mut(&mut bytes) = *byte;
            }
            if let Some(cut) = cut {
                bytes.truncate(cut.index(bytes.len()));
            }
            target(&bytes);
        }
    }
}
