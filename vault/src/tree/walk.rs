//! Walking a tree in the order of its slots, many nodes a read.

use base::Result;

use super::reach;
use crate::format::id::Id;
use crate::format::manifest::DiskRoot;
use crate::format::node::{FAN_OUT, Node, root_level};
use crate::reader::Reader;

/// A tree in a store: its root and how many chunks it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TreeRef {
    /// The root; zero if all is zero.
    pub root: Id,
    /// The number of chunks.
    pub chunks: u64,
}

impl TreeRef {
    /// The tree of a disk.
    #[must_use]
    pub fn of(disk: &DiskRoot, chunk_size: u32) -> Self {
        Self {
            root: disk.root,
            chunks: disk.size.div_ceil(u64::from(chunk_size)),
        }
    }

    /// The level of the root.
    #[must_use]
    pub fn level(&self) -> u8 {
        root_level(self.chunks)
    }
}

/// A node that is still to be walked.
#[derive(Clone, Copy, Debug)]
struct Open {
    id: Id,
    level: u8,
    index: u64,
}

/// Leaves read in one go: 256 leaves are 4,096 chunks.
const BATCH: usize = 256;

/// A leaf on the way.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// Its first slot.
    pub first_slot: u64,
    /// Its id.
    pub id: Id,
    /// Its children.
    pub node: Node,
}

/// Tells of a node's id whether to pass by what lies below it.
pub type Skip = Box<dyn Fn(&Id) -> Result<bool> + Send>;

/// Walks the leaves of a tree that are not zero, in order of their slots.
pub struct Leaves {
    reader: Reader,
    skip: Option<Skip>,
    /// Inner nodes that were opened, with their levels; kept only if some are skipped.
    inner: Vec<(u8, Id, Node)>,
    /// Nodes still to open, the next one last.
    stack: Vec<Open>,
    first_slot: u64,
    end_slot: u64,
}

impl Leaves {
    /// The leaves that cover any slot of `slots`.
    #[must_use]
    pub fn new(reader: Reader, tree: TreeRef, slots: std::ops::Range<u64>) -> Self {
        let root = Open {
            id: tree.root,
            level: tree.level(),
            index: 0,
        };
        Self {
            reader,
            skip: None,
            inner: Vec::new(),
            stack: vec![root],
            first_slot: slots.start,
            end_slot: slots.end.min(tree.chunks),
        }
    }

    /// The leaves that are not below a node which `skip` names.
    #[must_use]
    pub fn skipping(mut self, skip: Skip) -> Self {
        self.skip = Some(skip);
        self
    }

    /// The inner nodes opened so far, of a walk that skips.
    #[must_use]
    pub fn into_inner_nodes(self) -> Vec<(u8, Id, Node)> {
        self.inner
    }

    fn wanted(&self, o: &Open) -> Result<bool> {
        let span = reach(o.level);
        let start = o.index.saturating_mul(span);
        let inside = start < self.end_slot && start.saturating_add(span) > self.first_slot;
        if o.id.is_zero() || !inside {
            return Ok(false);
        }
        self.skip
            .as_ref()
            .map_or(Ok(true), |skip| Ok(!skip(&o.id)?))
    }

    /// The next leaves. `None` at the end.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn next(&mut self) -> Result<Option<Vec<Leaf>>> {
        loop {
            let Some(top) = self.stack.last().copied() else {
                return Ok(None);
            };
            if !self.wanted(&top)? {
                self.stack.pop();
                continue;
            }
            // All open nodes of the lowest level stand together at the top, in order. Inner
            // nodes are opened a few at a time, so that what comes of them stays small.
            let most = match top.level {
                0 => BATCH,
                1 => BATCH / FAN_OUT,
                _ => 1,
            };
            let mut batch = Vec::new();
            while let Some(o) = self.stack.last().filter(|o| o.level == top.level).copied() {
                if batch.len() == most {
                    break;
                }
                self.stack.pop();
                if self.wanted(&o)? {
                    batch.push(o);
                }
            }
            let ids: Vec<Id> = batch.iter().map(|o| o.id).collect();
            let nodes = self.reader.nodes(&ids, top.level).await?;
            if top.level == 0 {
                let leaf = |(o, node): (&Open, Node)| Leaf {
                    first_slot: o.index * FAN_OUT as u64,
                    id: o.id,
                    node,
                };
                return Ok(Some(batch.iter().zip(nodes).map(leaf).collect()));
            }
            for (o, node) in batch.iter().zip(&nodes).rev() {
                if self.skip.is_some() {
                    self.inner.push((o.level, o.id, *node));
                }
                for (i, id) in node.children.iter().enumerate().rev() {
                    let index = o.index * FAN_OUT as u64 + i as u64;
                    self.stack.push(Open {
                        id: *id,
                        level: top.level - 1,
                        index,
                    });
                }
            }
        }
    }
}

/// How many of these slots hold data: as many nodes are read as it has leaves there.
///
/// # Errors
/// `Integrity`, `Unavailable`.
pub async fn count_data(reader: Reader, tree: TreeRef, slots: std::ops::Range<u64>) -> Result<u64> {
    let end = slots.end.min(tree.chunks);
    let mut leaves = Leaves::new(reader, tree, slots.clone());
    let mut count = 0;
    while let Some(batch) = leaves.next().await? {
        for leaf in batch {
            let all = (leaf.first_slot..).zip(&leaf.node.children);
            let held = all.filter(|(slot, id)| (slots.start..end).contains(slot) && !id.is_zero());
            count += held.count() as u64;
        }
    }
    Ok(count)
}

impl std::fmt::Debug for Leaves {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Leaves")
            .field("stack", &self.stack)
            .finish_non_exhaustive()
    }
}
