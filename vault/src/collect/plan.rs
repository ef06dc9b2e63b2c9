//! What a collection would do: which packs go, which are copied, which segments are rewritten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::Result;

use super::mark::Mark;
use super::merge::{Listed, Merge, kept, rank};
use super::{CollectOptions, Figures};
use crate::format::id::Id;
use crate::format::pack::{self, Location, PackName, entry_len};
use crate::format::record;
use crate::index::{self, Segment};

/// Segments with fewer entries are merged with each other,
const SMALL_SEGMENT: usize = 1 << 16;
/// once there are so many of them.
const MANY_SMALL: usize = 8;

/// Bytes of a pack besides its records and their entries.
const FRAME: usize = pack::HEADER + pack::TRAILER;

/// A plan, made for the segments and points of one state.
pub(super) struct Plan {
    pub(super) segments: Vec<Arc<Segment>>,
    /// The prefixes of all live ids, sorted.
    pub(super) live: Vec<u64>,
    /// Which of `segments` are merged into new ones.
    pub(super) rewrite: Vec<bool>,
    /// Packs that are copied: most of them is garbage.
    pub(super) repack: BTreeSet<PackName>,
    /// Packs of which nothing stays.
    pub(super) dead: BTreeSet<PackName>,
    /// Packs that are in the store.
    pub(super) packs: BTreeSet<PackName>,
    pub(super) figures: Figures,
}

/// What one pack holds.
#[derive(Default)]
struct Use {
    /// Bytes of the records that stay.
    live: u64,
    /// Bytes of their entries in the directory.
    entries: u64,
    /// Bytes of all records listed.
    listed: u64,
}

/// Tells of the ids in a pass, which come sorted, whether they are live.
#[derive(Debug, Default)]
struct Pointer(usize);

impl Pointer {
    fn is_live(&mut self, live: &[u64], id: &Id) -> bool {
        let prefix = id.prefix();
        while live.get(self.0).is_some_and(|first| *first < prefix) {
            self.0 += 1;
        }
        live.get(self.0) == Some(&prefix)
    }
}

impl Plan {
    /// Goes through the index twice: for what live patches rest on, and for what stays where.
    /// `sizes` are those of the packs in the store.
    ///
    /// # Errors
    /// `Integrity` and those of the files.
    pub(super) fn make(
        segments: Vec<Arc<Segment>>,
        mut mark: Mark,
        sizes: &BTreeMap<PackName, u64>,
        options: &CollectOptions,
    ) -> Result<Self> {
        mark.live.close(patches(&segments)?);
        let live = mark.live.into_sorted();
        let mut packs: BTreeMap<PackName, Use> = BTreeMap::new();
        let mut goes = vec![0u64; segments.len()];
        let mut figures = Figures {
            nodes: mark.nodes,
            ..Figures::default()
        };
        let mut pointer = Pointer::default();
        let mut merge = Merge::new(&segments)?;
        while let Some(group) = merge.next()? {
            let stays = pointer
                .is_live(&live, &group[0].location.id)
                .then(|| kept(group));
            for (i, l) in group.iter().enumerate() {
                let len = u64::from(l.location.len);
                let pack = packs.entry(l.location.pack).or_default();
                pack.listed += len;
                figures.records += 1;
                if stays == Some(i) {
                    pack.live += len;
                    pack.entries += entry_len(l.location.kind) as u64;
                } else {
                    goes[l.segment] += 1;
                    figures.garbage_records += 1;
                    figures.garbage_bytes += len;
                }
            }
        }
        let (mut repack, mut dead) = (BTreeSet::new(), BTreeSet::new());
        for (name, used) in &packs {
            let size = sizes.get(name).copied().unwrap_or(used.listed);
            let alone = used.live + used.entries + FRAME as u64;
            let garbage = size.saturating_sub(alone);
            if used.live == 0 {
                figures.freed += size;
                dead.insert(*name);
            } else if garbage > 0
                && garbage * 100 >= size * u64::from(options.repack_from_percent)
                && figures.copied + used.live <= options.most_copied
            {
                figures.freed += garbage;
                figures.copied += used.live;
                repack.insert(*name);
            }
        }
        let small = |s: &Arc<Segment>| s.count() < SMALL_SEGMENT;
        let many_small = segments.iter().filter(|s| small(s)).count() >= MANY_SMALL;
        let rewrite = segments.iter().zip(&goes).map(|(s, goes)| {
            *goes > 0 || (many_small && small(s)) || s.packs().iter().any(|p| repack.contains(p))
        });
        let rewrite: Vec<bool> = rewrite.collect();
        figures.packs = packs.len() as u64;
        figures.packs_dropped = dead.len() as u64;
        figures.packs_copied = repack.len() as u64;
        figures.segments = segments.len() as u64;
        figures.segments_rewritten = rewrite.iter().filter(|r| **r).count() as u64;
        Ok(Self {
            rewrite,
            segments,
            live,
            repack,
            dead,
            packs: sizes.keys().copied().collect(),
            figures,
        })
    }

    /// Whether the index stays as it is.
    pub(super) fn is_empty(&self) -> bool {
        !self.rewrite.contains(&true)
    }

    /// The record of `id` that stays, if it is live.
    ///
    /// # Errors
    /// `Integrity` and those of the files.
    pub(super) fn stays(&self, id: &Id) -> Result<Option<Location>> {
        if self.live.binary_search(&id.prefix()).is_err() {
            return Ok(None);
        }
        let there = index::find(&self.segments, id)?;
        Ok(there.into_iter().min_by_key(rank))
    }

    /// Those of a pack's records that stay and that no segment of `own`, the collector's, lists
    /// already; parents first.
    ///
    /// # Errors
    /// `Integrity` and those of the files.
    pub(super) fn staying_of(
        &self,
        directory: &[Location],
        own: &[Arc<Segment>],
    ) -> Result<Vec<Location>> {
        let mut staying = Vec::new();
        for record in directory {
            let there = index::find(own, &record.id)?;
            if there.iter().all(|l| l.depth > record.depth)
                && self.stays(&record.id)? == Some(*record)
            {
                staying.push(*record);
            }
        }
        staying.sort_unstable_by_key(|l| (l.depth, l.offset));
        Ok(staying)
    }

    /// One more pass over the index: what stays of the segments that are rewritten, without
    /// the packs that were `copied`.
    ///
    /// # Errors
    /// `Integrity` and those of the files.
    pub(super) fn staying(self: &Arc<Self>, copied: &BTreeSet<PackName>) -> Result<Staying> {
        Ok(Staying {
            merge: Merge::new(&self.segments)?,
            plan: Arc::clone(self),
            copied: copied.clone(),
            pointer: Pointer::default(),
        })
    }
}

/// A pass over what stays.
pub(super) struct Staying {
    plan: Arc<Plan>,
    copied: BTreeSet<PackName>,
    merge: Merge,
    pointer: Pointer,
}

impl Staying {
    /// The next `most` records, sorted; fewer at the end.
    ///
    /// # Errors
    /// `Integrity` and those of the files.
    pub(super) fn next(&mut self, most: usize) -> Result<Vec<Location>> {
        let mut out = Vec::new();
        while out.len() < most
            && let Some(group) = self.merge.next()?
        {
            let Listed { location, segment } = group[kept(group)];
            if self.pointer.is_live(&self.plan.live, &location.id)
                && self.plan.rewrite[segment]
                && !self.copied.contains(&location.pack)
            {
                out.push(location);
            }
        }
        Ok(out)
    }
}

/// The patches that are kept if they are live, with what they rest on: prefixes.
fn patches(segments: &[Arc<Segment>]) -> Result<Vec<(u64, u64)>> {
    let mut edges = Vec::new();
    if segments.iter().all(|s| !s.has_patches()) {
        return Ok(edges);
    }
    let mut merge = Merge::new(segments)?;
    while let Some(group) = merge.next()? {
        let stays = group[kept(group)].location;
        if stays.kind == record::Kind::Patch {
            edges.push((stays.id.prefix(), stays.parent.prefix()));
        }
    }
    Ok(edges)
}
