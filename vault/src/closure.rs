//! Keeping the index closed: with a node all below it is listed, with a patch its parent at
//! less depth. When a collection changes what is listed, what others stored meanwhile may rest
//! on something that is listed no more; this finds it (ADR 0006).

use std::collections::HashSet;
use std::sync::Arc;

use base::{Kind, Result};

use crate::format::damaged;
use crate::format::id::Id;
use crate::format::pack::Location;
use crate::format::record;
use crate::index::{self, Segment};
use crate::reader::Reader;

/// Nodes read in one step.
const STEP: usize = 1024;

/// What is listed, and what was.
pub(crate) struct Closure {
    /// What will be listed.
    pub(crate) listed: Vec<Arc<Segment>>,
    /// What was listed before.
    pub(crate) before: Vec<Arc<Segment>>,
}

/// The search on its way.
struct Search {
    closure: Closure,
    lost: Vec<Location>,
    asked: HashSet<(Id, u8)>,
    /// Nodes whose children are still to be looked up.
    open: Vec<Id>,
}

impl Closure {
    /// The records that the contents of `segments`, and the trees below `roots`, rest on and
    /// that are not listed: parents before what rests on them. `reader` reads both what is
    /// listed and what was.
    ///
    /// # Errors
    /// `Integrity` if something is missing in both; `Unavailable`.
    pub(crate) async fn lost(
        self,
        reader: &Reader,
        segments: &[Arc<Segment>],
        roots: Vec<Id>,
    ) -> Result<Vec<Location>> {
        let mut search = Search {
            closure: self,
            lost: Vec::new(),
            asked: HashSet::new(),
            open: Vec::new(),
        };
        for root in roots.into_iter().filter(|r| !r.is_zero()) {
            search.need(root, u8::MAX)?;
        }
        search.follow(reader).await?;
        for segment in segments {
            let segment = Arc::clone(segment);
            search = crate::cpu::run(move || {
                search.segment(&segment)?;
                Ok::<_, base::Error>(search)
            })
            .await?;
            search.follow(reader).await?;
        }
        let mut lost = search.lost;
        lost.sort_unstable_by_key(|l| (l.depth, l.pack, l.offset));
        Ok(lost)
    }
}

impl Search {
    /// Takes in what the records of a segment rest on.
    fn segment(&mut self, segment: &Segment) -> Result<()> {
        for block in 0..segment.blocks() {
            for l in segment.entries(block)? {
                match l.kind {
                    record::Kind::Patch => self.need(l.parent, l.depth)?,
                    record::Kind::Node => self.open.push(l.id),
                    record::Kind::Whole => {}
                }
            }
        }
        Ok(())
    }

    /// Looks the children of open nodes up, and of those that are found to be lost.
    async fn follow(&mut self, reader: &Reader) -> Result<()> {
        while !self.open.is_empty() {
            let from = self.open.len().saturating_sub(STEP);
            let step = self.open.split_off(from);
            for node in reader.nodes(&step, None).await? {
                for child in node.children.iter().filter(|c| !c.is_zero()) {
                    self.need(*child, u8::MAX)?;
                }
            }
        }
        Ok(())
    }

    /// Notes `id` as lost if no record of less depth than `below` is listed, and what it rests
    /// on then.
    fn need(&mut self, id: Id, below: u8) -> Result<()> {
        let mut wanted = vec![(id, below)];
        while let Some((id, below)) = wanted.pop() {
            let fits = |l: &Location| l.depth < below;
            if find(&self.closure.listed, &id)?.iter().any(fits) || !self.asked.insert((id, below))
            {
                continue;
            }
            let before = find(&self.closure.before, &id)?.into_iter().find(fits);
            let record = before.ok_or_else(|| damaged(format!("no record of {id:?} is left")))?;
            match record.kind {
                record::Kind::Patch => wanted.push((record.parent, record.depth)),
                record::Kind::Node => self.open.push(id),
                record::Kind::Whole => {}
            }
            self.lost.push(record);
        }
        Ok(())
    }
}

/// The records of `id`; what a damaged part of the index lists counts as not listed.
fn find(segments: &[Arc<Segment>], id: &Id) -> Result<Vec<Location>> {
    match index::find(segments, id) {
        Err(e) if e.kind() == Kind::Integrity => Ok(Vec::new()),
        done => done,
    }
}
