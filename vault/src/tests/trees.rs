//! Trees against a plain list of ids.

use proptest::prelude::*;

use super::{id, ring};
use crate::format::entry::SegmentName;
use crate::format::id::Id;
use crate::format::pack::{Builder, Kind, PackName};
use crate::format::{record, segment};
use crate::index::Segment;
use crate::keys::Keyring;
use crate::reader::Reader;
use crate::store::Store;
use crate::tree::{Leaves, NewNode, TreeBuilder, TreeRef};

use std::collections::HashMap;
use std::sync::Arc;

/// A store of nodes that grows.
struct Nodes {
    store: Store,
    ring: Arc<Keyring>,
    segments: Vec<Arc<Segment>>,
    known: HashMap<Id, Vec<u8>>,
}

impl Nodes {
    fn new() -> Self {
        Self {
            store: Store::memory(),
            ring: ring(),
            segments: Vec::new(),
            known: HashMap::new(),
        }
    }

    fn reader(&self) -> Reader {
        let ring = Arc::clone(&self.ring);
        Reader::new(self.store.clone(), ring, self.segments.clone())
    }

    async fn keep(&mut self, nodes: Vec<NewNode>) {
        for node in &nodes {
            let below = crate::format::node::Node::read(&node.contents, node.contents[0]).unwrap();
            for child in below.children {
                assert!(
                    below.level == 0 || child.is_zero() || self.known.contains_key(&child),
                    "a node before its child"
                );
            }
            self.known.insert(node.id, node.contents.clone());
        }
        let nodes = nodes.iter().map(|n| (n.id, n.contents.as_slice()));
        self.list(nodes).await;
    }

    async fn list(&mut self, nodes: impl Iterator<Item = (Id, &[u8])>) {
        let number = u32::try_from(self.segments.len()).unwrap() + 1;
        let pack = PackName { session: 1, number };
        let mut pack = Builder::new(self.ring.vault_id(), pack, Kind::Nodes);
        let name = pack.name().to_string();
        for (id, contents) in nodes {
            let record = crate::codec::encode_node(id, contents);
            pack.push(&record.header, &record.bytes);
        }
        let (bytes, locations) = pack.finish(&self.ring);
        self.store.put_new(&name, bytes).await.unwrap();
        let name = SegmentName { session: 1, number };
        let bytes = segment::write(&self.ring, name, locations).unwrap();
        let object = name.to_string();
        self.store.put_new(&object, bytes.into()).await.unwrap();
        let segment = Segment::open(&self.store, &self.ring, name).await.unwrap();
        self.segments.push(Arc::new(segment));
    }

    /// Builds the tree of `ids`, setting only what differs from `base`, and more if asked.
    async fn build(&mut self, ids: &[Id], base: Option<(TreeRef, &[Id])>, more: u64) -> TreeRef {
        let chunks = ids.len() as u64;
        let from = base.map(|b| (self.reader(), b.0));
        let mut builder = TreeBuilder::new(from, chunks);
        let mut nodes = Vec::new();
        for (slot, new) in ids.iter().enumerate() {
            let old = base.and_then(|b| b.1.get(slot).copied());
            let old = old.unwrap_or(Id::ZERO);
            let leaf = builder.base_leaf(slot as u64 / 16).await.unwrap();
            assert_eq!(leaf[slot % 16], old, "slot {slot} of the base");
            if *new != old || more > 0 && (slot as u64).is_multiple_of(more) {
                builder.set(&self.ring, slot as u64, *new).await.unwrap();
                nodes.extend(builder.take_nodes());
            }
        }
        let (root, last) = builder.finish(&self.ring).await.unwrap();
        nodes.extend(last);
        self.keep(nodes).await;
        TreeRef { root, chunks }
    }

    async fn read(&self, tree: TreeRef, slots: std::ops::Range<u64>) -> Vec<Id> {
        let mut out = vec![Id::ZERO; usize::try_from(tree.chunks).unwrap()];
        let mut leaves = Leaves::new(self.reader(), tree, slots);
        let mut last = None;
        while let Some(batch) = leaves.next().await.unwrap() {
            for leaf in batch {
                assert!(last < Some(leaf.first_slot), "leaves come in order");
                last = Some(leaf.first_slot);
                for (i, id) in leaf.node.children.into_iter().enumerate() {
                    match out.get_mut(usize::try_from(leaf.first_slot).unwrap() + i) {
                        Some(slot) => *slot = id,
                        None => assert!(id.is_zero(), "a child past the end"),
                    }
                }
            }
        }
        out
    }
}

#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u64),
    Zero(prop::sample::Index, usize),
    Resize(usize),
}

fn change() -> impl Strategy<Value = Change> {
    let slot = any::<prop::sample::Index>;
    prop_oneof![
        4 => (slot(), 1..20u64).prop_map(|(s, n)| Change::Set(s, n)),
        2 => (slot(), 1..300usize).prop_map(|(s, n)| Change::Zero(s, n)),
        1 => prop_oneof![0..40usize, 250..260usize, 4090..4100usize].prop_map(Change::Resize),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_same_contents_have_the_same_root_however_they_were_reached(
        start in prop_oneof![0..40usize, 250..260usize, 4090..4100usize],
        rounds in prop::collection::vec((prop::collection::vec(change(), 0..12), 0..40u64), 1..6),
        cut in any::<(prop::sample::Index, prop::sample::Index)>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut nodes = Nodes::new();
            let mut ids: Vec<Id> = (0..start as u64).map(|n| if n % 7 == 0 { Id::ZERO } else { id(n) }).collect();
            let mut tree = nodes.build(&ids, None, 0).await;
            for (changes, more) in rounds {
                let before = ids.clone();
                for change in changes {
                    match change {
                        Change::Resize(n) => ids.resize(n, Id::ZERO),
                        _ if ids.is_empty() => {}
                        Change::Set(slot, n) => *slot.get_mut(&mut ids) = id(n),
                        Change::Zero(slot, n) => {
                            let at = slot.index(ids.len());
                            let end = (at + n).min(ids.len());
                            ids[at..end].fill(Id::ZERO);
                        }
                    }
                }
                tree = nodes.build(&ids, Some((tree, &before)), more).await;
                let fresh = nodes.build(&ids, None, 0).await;
                assert_eq!(tree, fresh);
                assert_eq!(nodes.read(tree, 0..tree.chunks).await, ids);
            }
            // A walk of a part gives that part.
            if !ids.is_empty() {
                let (a, b) = (cut.0.index(ids.len()), cut.1.index(ids.len()));
                let (a, b) = (a.min(b), a.max(b) + 1);
                let part = nodes.read(tree, a as u64..b as u64).await;
                assert_eq!(part[a..b], ids[a..b]);
            }
        });
    }
}

#[test]
fn a_record_of_a_node_has_no_depth() {
    let record = crate::codec::encode_node(id(1), &[0, 0, 0, 0]);
    let read = record::Record::read(&record.bytes).unwrap();
    assert_eq!((read.header.depth, read.nonce), (0, None));
}

#[tokio::test]
async fn a_lost_leaf_that_is_read_ahead_hurts_only_who_asks_for_it() {
    let ids: Vec<Id> = (1..=256).map(id).collect();
    let mut whole = Nodes::new();
    let tree = whole.build(&ids, None, 0).await;
    let fifth = |contents: &[u8]| {
        let node = crate::format::node::Node::read(contents, None).unwrap();
        node.level == 0 && node.children[..] == ids[80..96]
    };
    let mut partial = Nodes::new();
    let left = whole.known.iter().filter(|(_, contents)| !fifth(contents));
    let left: Vec<(Id, &[u8])> = left.map(|(id, c)| (*id, c.as_slice())).collect();
    assert_eq!(left.len() + 1, whole.known.len());
    partial.list(left.into_iter()).await;
    let mut builder = TreeBuilder::new(Some((partial.reader(), tree)), tree.chunks);
    for leaf in (0..16).filter(|leaf| *leaf != 5) {
        let found = builder.base_leaf(leaf).await.unwrap();
        let at = usize::try_from(leaf).unwrap() * 16;
        assert_eq!(found[..], ids[at..at + 16], "leaf {leaf}");
    }
    let lost = builder.base_leaf(5).await.unwrap_err();
    assert_eq!(lost.kind(), base::Kind::Integrity);
}
