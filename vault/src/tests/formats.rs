//! Small objects and packs there and back.

use base::{Code, PointId, SeededRandom, VaultId};
use proptest::prelude::*;

use super::{id, ring};
use crate::codec;
use crate::format::descriptor::Descriptor;
use crate::format::entry::{Entry, Event, Phase, SegmentName};
use crate::format::envelope::{self, Kind};
use crate::format::id::Id;
use crate::format::manifest::{DiskRoot, MachineKey, Manifest, PointState};
use crate::format::node::Node;
use crate::format::pack::{self, Builder, PackName};

fn event() -> impl Strategy<Value = Event> {
    let machine = any::<[u8; 16]>().prop_map(MachineKey);
    let open = (
        machine.clone(),
        any::<bool>(),
        prop::collection::vec(any::<u64>(), 0..4),
    );
    let segments = prop::collection::vec((any::<u64>(), any::<u32>()), 0..4);
    let commit = (
        any::<u64>(),
        any::<[u8; 16]>(),
        machine,
        any::<bool>(),
        segments,
    );
    prop_oneof![
        open.prop_map(|(machine, snapshot, inherits)| Event::Open {
            machine,
            phase: if snapshot {
                Phase::Snapshot
            } else {
                Phase::Transfer
            },
            inherits,
        }),
        commit.prop_map(|(session, point, machine, whole, segments)| Event::Commit {
            session,
            point: PointId::from_bytes(point),
            machine,
            state: if whole {
                PointState::Whole
            } else {
                PointState::Attempt
            },
            manifest: id(session),
            segments: segments
                .into_iter()
                .map(|(session, number)| SegmentName { session, number })
                .collect(),
            stored: session,
        }),
        any::<u64>().prop_map(|session| Event::Close { session }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn an_entry_reads_back(event in event(), number in any::<u64>(), at in ".{0,40}") {
        let ring = ring();
        let entry = Entry { number, prev: id(number), nonce: "00".into(), at, event };
        let bytes = envelope::write(&ring, Kind::Entry, &entry, None);
        let opened = envelope::open(&bytes, Kind::Entry).unwrap();
        opened.authenticate(&ring).unwrap();
        prop_assert_eq!(opened.clear::<Entry>().unwrap(), entry);
        prop_assert!(envelope::open(&bytes, Kind::Manifest).is_err());
    }

    #[test]
    fn a_manifest_and_its_sealed_part_read_back(
        disks in prop::collection::vec((any::<[u8; 16]>(), any::<u64>(), any::<[u8; 32]>()), 0..9),
        sealed in prop::collection::vec(any::<u8>(), 0..3000),
    ) {
        let ring = ring();
        let manifest = Manifest {
            point: PointId::from_bytes([3; 16]),
            machine: MachineKey([9; 16]),
            created_at: "2026-01-01T00:00:00Z".into(),
            state: PointState::Whole,
            disks: disks
                .into_iter()
                .map(|(key, size, root)| DiskRoot { key: MachineKey(key), size, root: Id(root) })
                .collect(),
        };
        let bytes = envelope::write(&ring, Kind::Manifest, &manifest, Some(&sealed));
        let opened = envelope::open(&bytes, Kind::Manifest).unwrap();
        opened.authenticate(&ring).unwrap();
        prop_assert_eq!(opened.clear::<Manifest>().unwrap(), manifest);
        prop_assert_eq!(opened.sealed(&ring).unwrap(), sealed);
    }

    #[test]
    fn a_node_reads_back(level in 0..16u8, map in any::<u16>(), n in any::<u64>()) {
        let mut node = Node::empty(level);
        for (i, child) in node.children.iter_mut().enumerate() {
            if map & 1 << i != 0 {
                *child = id(n.wrapping_add(i as u64));
            }
        }
        prop_assert_eq!(Node::read(&node.to_bytes(), level).unwrap(), node);
        prop_assert!(Node::read(&node.to_bytes(), level ^ 1).is_err());
        prop_assert_eq!(node.is_empty(), map == 0);
    }

    #[test]
    fn a_pack_tells_what_it_holds(sizes in prop::collection::vec(1..600usize, 0..40)) {
        let ring = ring();
        let name = PackName { session: 1 << 40, number: 77 };
        let mut builder = Builder::new(ring.vault_id(), name, pack::Kind::Chunks);
        let mut records = Vec::new();
        for (i, len) in sizes.iter().enumerate() {
            let chunk: Vec<u8> = (0..*len).map(|j| (i * j) as u8 | 1).collect();
            let (id, old) = (Id(ring.chunk_id(&chunk)), vec![1; *len]);
            let parent = codec::Parent { id: super::id(3), depth: 2, contents: &old };
            let parent = (i % 2 == 0).then_some(parent);
            let record = codec::encode(&ring, id, &chunk, parent);
            records.push((builder.push(&record.header, &record.bytes), record));
        }
        let (bytes, locations) = builder.finish(&ring);
        let n = bytes.len();
        let tail = pack::tail_len(&bytes[n - pack::TRAILER..], n as u64).unwrap();
        let (header, tail) = (&bytes[..pack::HEADER], &bytes[n - tail as usize..]);
        let read = |name, vault| pack::read_directory(header, tail, name, vault, Some(&ring));
        let directory = read(name, ring.vault_id()).unwrap();
        prop_assert_eq!(directory.kind, pack::Kind::Chunks);
        let found: Vec<_> = directory.records.iter().map(|r| r.0).collect();
        prop_assert_eq!(&found, &locations);
        for ((location, sum), (wanted, record)) in directory.records.iter().zip(&records) {
            prop_assert_eq!(location, wanted);
            let end = (location.offset + location.len) as usize;
            let stored = &bytes[location.offset as usize..end];
            prop_assert_eq!(stored, &record.bytes[..]);
            prop_assert_eq!(pack::read_record(location, stored).unwrap().checksum, *sum);
        }
        let other = PackName { session: 1, ..name };
        prop_assert!(read(other, ring.vault_id()).is_err());
        let foreign = read(name, VaultId::from_bytes([1; 16])).unwrap_err();
        prop_assert_eq!(foreign.code(), Code::VaultForeign);
    }
}

#[test]
fn a_newer_version_is_named_and_a_flipped_version_is_damage() {
    let ring = ring();
    let descriptor = Descriptor {
        vault_id: ring.vault_id(),
        chunk_size: 65536,
        created_at: String::new(),
    };
    let mut bytes = envelope::write(&ring, Kind::Descriptor, &descriptor, None);
    bytes[9] = 2;
    let open = |b: &[u8]| envelope::open(b, Kind::Descriptor).unwrap_err().code();
    assert_eq!(open(&bytes), Code::VaultDamaged);
    let n = bytes.len() - 32;
    let sum = blake3::hash(&bytes[..n]);
    bytes[n..].copy_from_slice(sum.as_bytes());
    assert_eq!(open(&bytes), Code::VaultTooNew);
}

#[test]
fn a_small_object_of_another_vault_or_forged_is_refused() {
    let ours = ring();
    let random = SeededRandom::new(6);
    let unlock = crate::keys::Unlock::KeyFile(crate::keys::KeyFile::new(&random));
    let theirs = |id: VaultId| {
        let made = crate::keys::KeyObject::create(id, &unlock, &random, jiff::Timestamp::MIN);
        crate::keys::Keyring::from_vault_keys(&made.unwrap().1)
    };
    let event = Event::Close { session: 1 };
    let (prev, nonce, at) = (Id::ZERO, String::new(), String::new());
    let entry = Entry {
        number: 1,
        prev,
        nonce,
        at,
        event,
    };
    let cases = [
        (theirs(VaultId::new(&random)), Code::VaultForeign),
        (theirs(ours.vault_id()), Code::VaultDamaged),
    ];
    for (ring, code) in cases {
        let bytes = envelope::write(&ring, Kind::Entry, &entry, None);
        let opened = envelope::open(&bytes, Kind::Entry).unwrap();
        assert_eq!(opened.authenticate(&ours).unwrap_err().code(), code);
    }
}
