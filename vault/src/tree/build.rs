//! Building a tree from the one before and the slots that changed.
//!
//! Changes come in the order of their slots. One node a level is open at a time; when a
//! change leaves it, its id goes to the level above as a change there. So memory is a few
//! nodes whatever the disk's size, and children are given out before their parents.

use std::collections::HashMap;

use base::{Kind, Result};

use super::{TreeRef, reach};
use crate::format::id::Id;
use crate::format::node::{FAN_OUT, Node, root_level};
use crate::keys::Keyring;
use crate::reader::Reader;

/// A node to be stored.
#[derive(Debug)]
pub struct NewNode {
    /// Its id.
    pub id: Id,
    /// Its stored contents.
    pub contents: Vec<u8>,
}

#[derive(Debug)]
struct OpenNode {
    index: u64,
    node: Node,
    /// The id of the base's node at this place; zero if there is none.
    was: Id,
}

/// Builds one tree.
#[derive(Debug)]
pub struct TreeBuilder {
    base: Option<(Reader, TreeRef)>,
    cache: HashMap<(u8, u64), (Id, Node)>,
    /// The leaf of the base that was last read.
    last_leaf: Option<u64>,
    chunks: u64,
    open: Vec<Option<OpenNode>>,
    new: Vec<NewNode>,
    started: bool,
}

impl TreeBuilder {
    /// A tree over `chunks` chunks that is all zero, or as `base` where nothing is set. A base
    /// that is longer is cut, a shorter one goes on with zeros.
    #[must_use]
    pub fn new(base: Option<(Reader, TreeRef)>, chunks: u64) -> Self {
        let levels = usize::from(root_level(chunks)) + 1;
        Self {
            base,
            cache: HashMap::new(),
            last_leaf: None,
            chunks,
            open: std::iter::repeat_with(|| None).take(levels).collect(),
            new: Vec::new(),
            started: false,
        }
    }

    /// Opens place 0 of the levels that the base lacks, so that the base's root gets a parent
    /// on each of them even if nothing near it is set.
    async fn start(&mut self, ring: &Keyring) -> Result<()> {
        if std::mem::replace(&mut self.started, true) {
            return Ok(());
        }
        let base_top = self
            .base
            .as_ref()
            .map_or(usize::MAX, |(_, b)| usize::from(b.level()));
        for level in base_top.saturating_add(1)..self.open.len() {
            self.enter(ring, u8::try_from(level).expect("16 levels at most"), 0)
                .await?;
        }
        Ok(())
    }

    /// The ids that the base has in the 16 slots of leaf `index`.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn base_leaf(&mut self, index: u64) -> Result<[Id; FAN_OUT]> {
        Ok(self.base_node(0, index).await?.1.children)
    }

    /// The base's node at this place, as this tree would have it: zero past the end.
    async fn base_node(&mut self, level: u8, index: u64) -> Result<(Id, Node)> {
        let Some((reader, base)) = self.base.clone() else {
            return Ok((Id::ZERO, Node::empty(level)));
        };
        if let Some(found) = self.cache.get(&(level, index)) {
            return Ok(*found);
        }
        let top = base.level();
        let found = if level > top {
            // The base ends below this level: its own root hangs at place 0.
            let mut node = Node::empty(level);
            if index == 0 {
                node.children[0] = Box::pin(self.base_node(level - 1, 0)).await?.0;
            }
            vec![(Id::ZERO, node)]
        } else if level == top {
            let root = if index == 0 { base.root } else { Id::ZERO };
            read(&reader, &[root], level).await?
        } else {
            let above = Box::pin(self.base_node(level + 1, index / FAN_OUT as u64))
                .await?
                .1;
            let place = usize::try_from(index % FAN_OUT as u64).expect("below 16");
            let siblings = if level == 0 && self.goes_on(index) {
                FAN_OUT
            } else {
                place + 1
            };
            read(&reader, &above.children[place..siblings], level).await?
        };
        if self.cache.len() > 256 {
            self.cache
                .retain(|(l, _), _| *l > 0 && usize::from(*l) + 1 >= self.open.len());
        }
        for (index, (id, mut node)) in (index..).zip(found) {
            self.cut(level, index, &mut node);
            self.cache.insert((level, index), (id, node));
        }
        Ok(self.cache[&(level, index)])
    }

    /// Whether the leaf that was read before has the same parent: then more of them will be
    /// asked for, and are read with this one.
    fn goes_on(&mut self, leaf: u64) -> bool {
        let last = self.last_leaf.replace(leaf);
        last.is_some_and(|last| last / FAN_OUT as u64 == leaf / FAN_OUT as u64)
    }

    /// Leaves out of a base's node what is past the end of this tree.
    fn cut(&self, level: u8, index: u64, node: &mut Node) {
        let span = reach(level) / FAN_OUT as u64;
        for (i, child) in node.children.iter_mut().enumerate() {
            if (index * FAN_OUT as u64 + i as u64).saturating_mul(span) >= self.chunks {
                *child = Id::ZERO;
            }
        }
    }

    /// Sets the chunk of `slot`. Slots must come in rising order.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`: the base could not be read.
    pub async fn set(&mut self, ring: &Keyring, slot: u64, id: Id) -> Result<()> {
        debug_assert!(slot < self.chunks);
        self.start(ring).await?;
        self.set_at(ring, 0, slot, id).await
    }

    async fn set_at(&mut self, ring: &Keyring, level: u8, place: u64, id: Id) -> Result<()> {
        let index = place / FAN_OUT as u64;
        self.enter(ring, level, index).await?;
        let open = self.open[usize::from(level)]
            .as_mut()
            .expect("it was entered");
        open.node.children[usize::try_from(place % FAN_OUT as u64).expect("below 16")] = id;
        Ok(())
    }

    /// Makes node `index` the open one of its level.
    async fn enter(&mut self, ring: &Keyring, level: u8, index: u64) -> Result<()> {
        if self.open[usize::from(level)]
            .as_ref()
            .is_some_and(|o| o.index == index)
        {
            return Ok(());
        }
        Box::pin(self.leave(ring, level)).await?;
        let (was, node) = self.base_node(level, index).await?;
        self.open[usize::from(level)] = Some(OpenNode { index, node, was });
        Ok(())
    }

    /// Closes the open node of a level and tells the level above if it changed.
    async fn leave(&mut self, ring: &Keyring, level: u8) -> Result<()> {
        let Some(open) = self.open[usize::from(level)].take() else {
            return Ok(());
        };
        let id = self.keep(ring, &open);
        if id != open.was && usize::from(level) + 1 < self.open.len() {
            self.set_at(ring, level + 1, open.index, id).await?;
        }
        Ok(())
    }

    fn keep(&mut self, ring: &Keyring, open: &OpenNode) -> Id {
        if open.node.is_empty() {
            return Id::ZERO;
        }
        let contents = open.node.to_bytes();
        let id = Id(ring.node_id(&contents));
        if id != open.was {
            self.new.push(NewNode { id, contents });
        }
        id
    }

    /// The nodes that are complete since the last call, children before parents.
    pub fn take_nodes(&mut self) -> Vec<NewNode> {
        std::mem::take(&mut self.new)
    }

    /// Closes the tree: its root, and the last nodes.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`: the base could not be read.
    pub async fn finish(mut self, ring: &Keyring) -> Result<(Id, Vec<NewNode>)> {
        self.start(ring).await?;
        let top = self.open.len() - 1;
        let resized = self
            .base
            .as_ref()
            .is_some_and(|(_, b)| b.chunks != self.chunks);
        let last = self.chunks.saturating_sub(1);
        for level in 0..=top {
            let l = u8::try_from(level).expect("16 levels at most");
            // After a resize the nodes at the edge may have children past the end.
            if resized || level == top {
                self.enter(ring, l, last / reach(l)).await?;
            }
            if level < top {
                self.leave(ring, l).await?;
            }
        }
        let open = self.open[top].take().expect("the top was entered");
        let root = self.keep(ring, &open);
        Ok((root, self.new))
    }
}

/// The first of these nodes, and the others with it unless one of them is damaged.
async fn read(reader: &Reader, ids: &[Id], level: u8) -> Result<Vec<(Id, Node)>> {
    let nodes = match reader.nodes(ids, level).await {
        Err(e) if e.kind() == Kind::Integrity => reader.nodes(&ids[..1], level).await?,
        nodes => nodes?,
    };
    Ok(ids.iter().copied().zip(nodes).collect())
}
