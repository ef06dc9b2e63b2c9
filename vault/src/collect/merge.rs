//! One pass over all index segments together, in the order of ids.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;

use base::{Kind, Result};

use crate::format::id::Id;
use crate::format::pack::{Location, PackName};
use crate::index::Segment;

/// A record and the place of its segment among those merged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Listed {
    pub(crate) location: Location,
    pub(crate) segment: usize,
}

/// Reads one segment, block by block.
struct Cursor {
    segment: Arc<Segment>,
    block: usize,
    entries: std::vec::IntoIter<Location>,
    /// Whether damaged blocks are passed by.
    tolerant: bool,
}

impl Cursor {
    fn next(&mut self) -> Result<Option<Location>> {
        loop {
            if let Some(l) = self.entries.next() {
                return Ok(Some(l));
            }
            if self.block == self.segment.blocks() {
                return Ok(None);
            }
            let entries = match self.segment.entries(self.block) {
                Err(e) if self.tolerant && e.kind() == Kind::Integrity => Vec::new(),
                entries => entries?,
            };
            self.entries = entries.into_iter();
            self.block += 1;
        }
    }
}

/// Gives the records of each id together. Memory: a block of entries a segment.
pub(crate) struct Merge {
    cursors: Vec<Cursor>,
    heads: BinaryHeap<Reverse<(Id, usize)>>,
    waiting: Vec<Option<Location>>,
    group: Vec<Listed>,
}

impl Merge {
    pub(crate) fn new(segments: &[Arc<Segment>]) -> Result<Self> {
        Self::over(segments, false)
    }

    /// The same, passing by the blocks that are damaged.
    pub(crate) fn of_what_is_left(segments: &[Arc<Segment>]) -> Result<Self> {
        Self::over(segments, true)
    }

    fn over(segments: &[Arc<Segment>], tolerant: bool) -> Result<Self> {
        let mut merge = Self {
            cursors: Vec::with_capacity(segments.len()),
            heads: BinaryHeap::new(),
            waiting: vec![None; segments.len()],
            group: Vec::new(),
        };
        for (i, segment) in segments.iter().enumerate() {
            merge.cursors.push(Cursor {
                segment: Arc::clone(segment),
                block: 0,
                entries: Vec::new().into_iter(),
                tolerant,
            });
            merge.refill(i)?;
        }
        Ok(merge)
    }

    fn refill(&mut self, i: usize) -> Result<()> {
        self.waiting[i] = self.cursors[i].next()?;
        if let Some(l) = &self.waiting[i] {
            self.heads.push(Reverse((l.id, i)));
        }
        Ok(())
    }

    /// The records of the next id; `None` at the end.
    ///
    /// # Errors
    /// `Integrity`, and those of the files.
    pub(crate) fn next(&mut self) -> Result<Option<&[Listed]>> {
        self.group.clear();
        let Some(Reverse((id, _))) = self.heads.peek().copied() else {
            return Ok(None);
        };
        while let Some(Reverse((next, i))) = self.heads.peek().copied() {
            if next != id {
                break;
            }
            self.heads.pop();
            let location = self.waiting[i].take().expect("a head is waiting");
            self.group.push(Listed {
                location,
                segment: i,
            });
            self.refill(i)?;
        }
        Ok(Some(&self.group))
    }
}

/// Which record of an id stays: the one of least depth, so that no cycle can arise; of equals
/// the newest, which was stored by somebody who may have found the older ones damaged.
pub(crate) fn kept(group: &[Listed]) -> usize {
    let ranks = group.iter().map(|l| rank(&l.location)).enumerate();
    ranks.min_by_key(|(_, rank)| *rank).map_or(0, |(i, _)| i)
}

/// What orders the records of an id: the first stays.
pub(crate) fn rank(l: &Location) -> (u8, Reverse<PackName>, u32) {
    (l.depth, Reverse(l.pack), l.offset)
}
