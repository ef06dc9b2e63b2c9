//! Walking all trees, level by level, each node once however many points share it.

use std::collections::HashMap;

use base::{Kind, Result};

use crate::collect::mark::Live;
use crate::format::id::Id;
use crate::format::manifest::DiskRoot;
use crate::format::node::Node;
use crate::reader::Reader;
use crate::tree::TreeRef;

/// Nodes read in one step.
pub(super) const STEP: usize = 4096;

/// What was found in the trees. Memory: 32 bytes a node, 8 an id.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    /// The nodes of each level, from the leaves up: sorted, each once.
    pub(crate) levels: Vec<Vec<Id>>,
    /// Nodes that can't be read, and why.
    pub(crate) unreadable: HashMap<Id, String>,
    /// Everything that the trees name.
    pub(crate) live: Live,
}

impl Trees {
    /// Nodes, readable or not.
    pub(crate) fn nodes(&self) -> u64 {
        self.levels.iter().map(|l| l.len() as u64).sum()
    }
}

/// Walks the trees of these disks.
///
/// # Errors
/// `Unavailable`; damage is noted.
pub(crate) async fn walk<'a>(
    reader: &Reader,
    chunk_size: u32,
    disks: impl Iterator<Item = &'a DiskRoot>,
) -> Result<Trees> {
    let mut trees = Trees::default();
    for disk in disks.filter(|d| !d.root.is_zero()) {
        let top = usize::from(TreeRef::of(disk, chunk_size).level());
        let levels = trees.levels.len().max(top + 1);
        trees.levels.resize_with(levels, Vec::new);
        trees.levels[top].push(disk.root);
    }
    for level in (0..trees.levels.len()).rev() {
        let mut ids = std::mem::take(&mut trees.levels[level]);
        ids.sort_unstable();
        ids.dedup();
        let mut below: Vec<Id> = Vec::new();
        let mut settled = 0;
        for step in ids.chunks(STEP) {
            step.iter().for_each(|id| trees.live.add(id));
            for (id, node) in step.iter().zip(nodes(reader, step, level).await?) {
                match node {
                    Err(why) => drop(trees.unreadable.insert(*id, why)),
                    Ok(node) if level == 0 => {
                        let children = node.children.iter().filter(|c| !c.is_zero());
                        children.for_each(|c| trees.live.add(c));
                    }
                    Ok(node) => below.extend(node.children.iter().filter(|c| !c.is_zero())),
                }
            }
            // What many nodes name is kept once.
            if below.len() > 2 * settled + (1 << 20) {
                below.sort_unstable();
                below.dedup();
                settled = below.len();
            }
        }
        trees.levels[level] = ids;
        if let Some(next) = level.checked_sub(1) {
            trees.levels[next].append(&mut below);
        }
    }
    Ok(trees)
}

/// Each of these nodes, or why it can't be read.
///
/// # Errors
/// `Unavailable`.
pub(super) async fn nodes(
    reader: &Reader,
    ids: &[Id],
    level: usize,
) -> Result<Vec<Result<Node, String>>> {
    let depth = u8::try_from(level).expect("16 levels at most");
    match reader.nodes(ids, depth).await {
        Ok(nodes) => return Ok(nodes.into_iter().map(Ok).collect()),
        Err(e) if e.kind() != Kind::Integrity => return Err(e),
        Err(_) => {}
    }
    let mut nodes = Vec::with_capacity(ids.len());
    for id in ids {
        nodes.push(match reader.nodes(std::slice::from_ref(id), depth).await {
            Ok(mut node) => Ok(node.pop().unwrap_or(Node::empty(depth))),
            Err(e) if e.kind() == Kind::Integrity => Err(e.to_string()),
            Err(e) => return Err(e),
        });
    }
    Ok(nodes)
}
