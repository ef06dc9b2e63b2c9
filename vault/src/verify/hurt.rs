//! What bad records hurt: which points, disks and bytes. Costs a second reading of the nodes,
//! and is done only if something is bad.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use base::{Kind, Result};
use block::Extent;

use super::Damage;
use super::listed::{edges, spread};
use super::trees::{STEP, Trees, nodes};
use crate::format::id::Id;
use crate::format::manifest::DiskRoot;
use crate::format::node::FAN_OUT;
use crate::format::record;
use crate::index::{self, Segment};
use crate::reader::Reader;
use crate::tree::{TreeRef, reach};

/// Decides which ids can be read.
pub(crate) struct Judge<'a> {
    segments: Arc<Vec<Arc<Segment>>>,
    damage: &'a Damage,
    asked: HashMap<(Id, u8), Option<Arc<str>>>,
}

impl<'a> Judge<'a> {
    pub(crate) fn new(segments: Arc<Vec<Arc<Segment>>>, damage: &'a Damage) -> Self {
        Self {
            segments,
            damage,
            asked: HashMap::new(),
        }
    }

    /// Why no record of `id` of less depth than `below` can be read; `None` if one can.
    ///
    /// # Errors
    /// Those of the index's files.
    pub(crate) fn why_lost(&mut self, id: &Id, below: u8) -> Result<Option<Arc<str>>> {
        if let Some(known) = self.asked.get(&(*id, below)) {
            return Ok(known.clone());
        }
        let why = self.look(id, below)?;
        self.asked.insert((*id, below), why.clone());
        Ok(why)
    }

    fn look(&mut self, id: &Id, below: u8) -> Result<Option<Arc<str>>> {
        let found = match index::find(&self.segments, id) {
            Err(e) if e.kind() == Kind::Integrity => return Ok(Some(e.to_string().into())),
            found => found?,
        };
        let mut last: Arc<str> = format!("no record of {id:?} in the index").into();
        for l in found.iter().filter(|l| l.depth < below) {
            if let Some(why) = self.damage.why_bad(l) {
                last = why.into();
            } else if l.kind == record::Kind::Patch {
                // The depth falls at every step, so this ends.
                match self.why_lost(&l.parent, l.depth)? {
                    Some(why) => last = why,
                    None => return Ok(None),
                }
            } else {
                return Ok(None);
            }
        }
        Ok(Some(last))
    }
}

/// The nodes that have something unreadable below them, and the chunks that are it.
#[derive(Debug, Default)]
pub(crate) struct Hurt {
    /// By level.
    nodes: Vec<HashSet<Id>>,
    /// Why chunks can't be read.
    pub(crate) chunks: HashMap<Id, Arc<str>>,
}

impl Hurt {
    /// Goes through the nodes from the leaves up.
    ///
    /// # Errors
    /// `Unavailable`; those of the index's files.
    pub(crate) async fn find(
        reader: &Reader,
        segments: &Arc<Vec<Arc<Segment>>>,
        trees: &Trees,
        damage: &Damage,
    ) -> Result<Self> {
        let mut suspects: HashSet<u64> = damage.lost.iter().copied().collect();
        suspects.extend(damage.bad_prefixes());
        // Where a segment's parents are damaged, any patch in it may name a wrong one.
        for segment in segments.iter() {
            if damage.segments.contains_key(&segment.name()) {
                let patches = edges(std::slice::from_ref(segment))?;
                suspects.extend(patches.iter().map(|(patch, _)| *patch));
            }
        }
        if suspects.is_empty() && trees.unreadable.is_empty() {
            return Ok(Self::default());
        }
        let all = Arc::clone(segments);
        let suspects = crate::cpu::run(move || {
            let mut suspects = suspects;
            spread(&mut suspects, edges(&all)?);
            Ok::<_, base::Error>(suspects)
        })
        .await?;
        let is_suspect = |id: &Id| suspects.contains(&id.prefix());
        Self::among(reader, segments, trees, damage, &is_suspect).await
    }

    /// The same, asking for every chunk.
    ///
    /// # Errors
    /// As [`Hurt::find`].
    pub(crate) async fn find_all(
        reader: &Reader,
        segments: &Arc<Vec<Arc<Segment>>>,
        trees: &Trees,
        damage: &Damage,
    ) -> Result<Self> {
        Self::among(reader, segments, trees, damage, &|_| true).await
    }

    async fn among(
        reader: &Reader,
        segments: &Arc<Vec<Arc<Segment>>>,
        trees: &Trees,
        damage: &Damage,
        is_suspect: &(dyn Fn(&Id) -> bool + Sync),
    ) -> Result<Self> {
        let mut hurt = Self::default();
        let mut judge = Judge::new(Arc::clone(segments), damage);
        for (level, ids) in trees.levels.iter().enumerate() {
            let mut bad: HashSet<Id> = HashSet::new();
            for step in ids.chunks(STEP) {
                for (id, node) in step.iter().zip(nodes(reader, step, level).await?) {
                    let Ok(node) = node else {
                        bad.insert(*id);
                        continue;
                    };
                    let mut hurts = false;
                    for child in node.children.iter().filter(|c| !c.is_zero()) {
                        if level > 0 {
                            hurts |= hurt.nodes[level - 1].contains(child);
                        } else if is_suspect(child)
                            && let Some(why) = judge.why_lost(child, u8::MAX)?
                        {
                            hurt.chunks.insert(*child, why);
                            hurts = true;
                        }
                    }
                    if hurts {
                        bad.insert(*id);
                    }
                }
            }
            hurt.nodes.push(bad);
        }
        Ok(hurt)
    }

    /// Where a disk can't be read, by what is wrong.
    ///
    /// # Errors
    /// `Unavailable`.
    pub(crate) async fn of_disk(
        &self,
        reader: &Reader,
        disk: &DiskRoot,
        chunk_size: u32,
    ) -> Result<BTreeMap<Arc<str>, Vec<Extent>>> {
        let mut found: BTreeMap<Arc<str>, Vec<Extent>> = BTreeMap::new();
        let unit = u64::from(chunk_size);
        let top = usize::from(TreeRef::of(disk, chunk_size).level());
        let mut open: Vec<(Id, u64)> = vec![(disk.root, 0)];
        for level in (0..=top).rev() {
            let Some(bad) = self.nodes.get(level) else {
                break;
            };
            open.retain(|(id, _)| bad.contains(id));
            let mut below = Vec::new();
            for step in open.chunks(STEP) {
                let ids: Vec<Id> = step.iter().map(|o| o.0).collect();
                for ((_, index), node) in step.iter().zip(nodes(reader, &ids, level).await?) {
                    let place = |i: usize| index.saturating_mul(FAN_OUT as u64) + i as u64;
                    let node = match node {
                        Ok(node) => node,
                        Err(why) => {
                            let span = reach(u8::try_from(level).expect("16 levels at most"));
                            let extent = piece(*index, span.saturating_mul(unit), disk.size);
                            found.entry(why.into()).or_default().push(extent);
                            continue;
                        }
                    };
                    for (i, child) in node.children.iter().enumerate() {
                        if level > 0 {
                            below.push((*child, place(i)));
                        } else if let Some(why) = self.chunks.get(child) {
                            let extent = piece(place(i), unit, disk.size);
                            found.entry(Arc::clone(why)).or_default().push(extent);
                        }
                    }
                }
            }
            open = below;
        }
        Ok(found)
    }
}

/// Piece `n` of a disk that is cut in pieces of `len` bytes.
fn piece(n: u64, len: u64, size: u64) -> Extent {
    let start = n.saturating_mul(len);
    Extent::new(start, len.min(size.saturating_sub(start)))
}
