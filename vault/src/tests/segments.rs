//! Index segments against a map.

use std::collections::HashMap;

use proptest::prelude::*;

use super::{id, ring};
use crate::format::entry::SegmentName;
use crate::format::id::Id;
use crate::format::pack::{Location, PackName};
use crate::format::{record, segment};
use crate::index::{self, Segment};
use crate::store::Store;

const NAME: SegmentName = SegmentName {
    session: 9,
    number: 3,
};

fn location(n: u64, depth: u8) -> Location {
    let kind = match (depth, n % 5) {
        (0, 0) => record::Kind::Node,
        (0, _) => record::Kind::Whole,
        _ => record::Kind::Patch,
    };
    Location {
        id: id(n),
        pack: PackName {
            session: n % 3,
            number: u32::try_from(n % 11).unwrap(),
        },
        offset: u32::try_from(n).unwrap() * 10 + u32::from(depth),
        len: 77,
        kind,
        depth,
        key: u32::try_from(n % 4).unwrap(),
        parent: if depth > 0 { id(n + 1) } else { Id::ZERO },
    }
}

async fn check(store: &Store, locations: Vec<Location>) {
    let ring = ring();
    let mut map: HashMap<Id, Vec<Location>> = HashMap::new();
    for l in &locations {
        map.entry(l.id).or_default().push(*l);
    }
    let count = locations.len();
    let bytes = segment::write(&ring, NAME, locations).unwrap();
    store.delete(&NAME.to_string()).await.unwrap();
    store
        .put_new(&NAME.to_string(), bytes.into())
        .await
        .unwrap();
    let segment = std::sync::Arc::new(Segment::open(store, &ring, NAME).await.unwrap());
    assert_eq!(segment.check().unwrap(), count);
    let segments = [segment];
    for (id, wanted) in &mut map {
        let found = index::find(&segments, id).unwrap();
        wanted.sort_by_key(|l| (l.depth, l.pack, l.offset));
        assert_eq!(found, *wanted);
    }
    for n in 1_000_000..1_000_500 {
        assert!(index::find(&segments, &id(n)).unwrap().is_empty());
    }
    assert!(index::find(&segments, &Id::ZERO).unwrap().is_empty());
    assert!(index::find(&segments, &Id([255; 32])).unwrap().is_empty());
}

#[tokio::test]
async fn a_segment_finds_what_it_holds_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    for store in [Store::memory(), Store::local(folder.path()).unwrap()] {
        for n in [
            0, 1, 2, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 5000,
        ] {
            let depth = |n: u64| if n.is_multiple_of(3) { 1 } else { 0 };
            check(&store, (0..n).map(|n| location(n, depth(n))).collect()).await;
        }
    }
}

#[tokio::test]
async fn all_records_of_an_id_are_found_across_blocks() {
    let store = Store::memory();
    for (ids, each) in [(1, 9u8), (40, 9), (300, 9), (1, 200), (5, 250)] {
        let all = (0..ids).flat_map(|n| (0..each).map(move |d| location(n, d)));
        check(&store, all.collect()).await;
    }
    // More than the filter's threshold of one id.
    let many = (0..2000).map(|i| Location {
        offset: i,
        ..location(1, 0)
    });
    check(&store, many.collect()).await;
}

#[tokio::test]
async fn ids_with_the_same_first_bytes_are_told_apart() {
    let twins = (0..1500u64).map(|n| {
        let mut l = location(n, 0);
        l.id.0[..8].copy_from_slice(&(n / 700).to_be_bytes());
        l
    });
    check(&Store::memory(), twins.collect()).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_segment_is_a_map(entries in prop::collection::vec((0..400u64, 0..9u8), 0..1500)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let mut all: Vec<_> = entries.into_iter().map(|(n, d)| location(n, d)).collect();
        all.sort_by_key(|l| (l.id, l.depth));
        all.dedup();
        runtime.block_on(check(&Store::memory(), all));
    }
}
