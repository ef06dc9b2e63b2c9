//! What the index lists, compared with what the trees name: one or two passes over it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

use base::Result;

use crate::collect::mark::Live;
use crate::collect::merge::Merge;
use crate::format::pack::{Location, PackName};
use crate::format::record;
use crate::index::Segment;

/// How many records of a pack are listed, and a sum over them: two lists of the same records
/// have the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sum {
    count: u64,
    sum: u64,
}

impl Sum {
    /// Takes in a record.
    pub(crate) fn add(&mut self, l: &Location) {
        let place = u64::from(l.offset) << 32 | u64::from(l.len);
        let mixed = (l.id.prefix() ^ place.rotate_left(17)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.count += 1;
        self.sum = self.sum.wrapping_add(mixed ^ u64::from(l.depth));
    }
}

/// What the index lists.
#[derive(Debug, Default)]
pub(crate) struct Listing {
    /// The packs of what is to be checked.
    pub(crate) packs: BTreeMap<PackName, Sum>,
    /// Prefixes of what is live, sorted: named by a tree, or what such a thing rests on.
    pub(crate) live: Vec<u64>,
    /// Prefixes of what is live and not listed.
    pub(crate) lost: Vec<u64>,
}

impl Listing {
    /// Goes through the index. If not `all` is wanted, only packs of what is live count.
    ///
    /// # Errors
    /// Those of the files; damaged blocks are passed by.
    pub(crate) fn make(segments: &[Arc<Segment>], mut live: Live, all: bool) -> Result<Self> {
        live.close(edges(segments)?);
        let live = live.into_sorted();
        let (mut packs, mut lost) = (BTreeMap::<PackName, Sum>::new(), Vec::new());
        let mut at = 0;
        let mut merge = Merge::of_what_is_left(segments)?;
        while let Some(group) = merge.next()? {
            let prefix = group[0].location.id.prefix();
            while live.get(at).is_some_and(|p| *p < prefix) {
                lost.push(live[at]);
                at += 1;
            }
            let is_live =
                live.get(at) == Some(&prefix) || at > 0 && live.get(at - 1) == Some(&prefix);
            if live.get(at) == Some(&prefix) {
                at += 1;
            }
            if !all && !is_live {
                continue;
            }
            for (i, l) in group.iter().enumerate() {
                let twice = group[..i].iter().any(|other| other.location == l.location);
                if !twice {
                    packs.entry(l.location.pack).or_default().add(&l.location);
                }
            }
        }
        lost.extend_from_slice(&live[at..]);
        Ok(Self { packs, live, lost })
    }
}

/// All patches with what they rest on: prefixes.
///
/// # Errors
/// Those of the files; damaged blocks are passed by.
pub(crate) fn edges(segments: &[Arc<Segment>]) -> Result<Vec<(u64, u64)>> {
    let mut edges = Vec::new();
    for segment in segments.iter().filter(|s| s.has_patches()) {
        let mut merge = Merge::of_what_is_left(std::slice::from_ref(segment))?;
        while let Some(group) = merge.next()? {
            let patches = group
                .iter()
                .filter(|l| l.location.kind == record::Kind::Patch);
            edges.extend(patches.map(|l| (l.location.id.prefix(), l.location.parent.prefix())));
        }
    }
    Ok(edges)
}

/// Adds to `suspects` whatever rests on them.
pub(crate) fn spread(suspects: &mut HashSet<u64>, mut edges: Vec<(u64, u64)>) {
    loop {
        let before = edges.len();
        edges.retain(|(patch, parent)| {
            let reached = suspects.contains(parent);
            if reached {
                suspects.insert(*patch);
            }
            !reached
        });
        if edges.len() == before {
            return;
        }
    }
}

/// All listed records of these packs, each once.
///
/// # Errors
/// Those of the files; damaged blocks are passed by.
pub(crate) fn records_of(
    segments: &[Arc<Segment>],
    packs: &BTreeSet<PackName>,
) -> Result<BTreeMap<PackName, Vec<Location>>> {
    let mut found: BTreeMap<PackName, Vec<Location>> = BTreeMap::new();
    for segment in segments {
        if !segment.packs().iter().any(|p| packs.contains(p)) {
            continue;
        }
        let mut merge = Merge::of_what_is_left(std::slice::from_ref(segment))?;
        while let Some(group) = merge.next()? {
            for l in group.iter().filter(|l| packs.contains(&l.location.pack)) {
                found.entry(l.location.pack).or_default().push(l.location);
            }
        }
    }
    for records in found.values_mut() {
        records.sort_unstable_by_key(|l| (l.offset, l.len, l.id, l.depth));
        records.dedup();
    }
    Ok(found)
}
