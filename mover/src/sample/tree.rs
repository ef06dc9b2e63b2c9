//! The tree of a base, looked into here and there.

use std::collections::HashMap;
use std::ops::Range;

use base::Result;
use vault::format::node::{FAN_OUT, Node, root_level};
use vault::{DiskRoot, Id, Reader};

/// Nodes kept, of half a kibibyte each.
const KEPT: usize = 16 << 10;

/// A tree whose nodes are read when they are asked for, and kept.
pub(super) struct Tree {
    reader: Reader,
    root: Id,
    top: u8,
    kept: HashMap<(u8, u64), Node>,
}

impl Tree {
    pub(super) fn new(reader: Reader, disk: &DiskRoot, chunk: u64) -> Self {
        Self {
            reader,
            root: disk.root,
            top: root_level(disk.size.div_ceil(chunk)),
            kept: HashMap::new(),
        }
    }

    /// Which of these spans, the chunks below one leaf each, are not all zero.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub(super) async fn spans(&mut self, spans: Range<u64>) -> Result<Vec<u64>> {
        self.forget_some();
        if self.top > 0 {
            self.load(1, above(&spans)).await?;
        }
        Ok(spans.filter(|s| !self.id(0, *s).is_zero()).collect())
    }

    /// The ids of the chunks of a span; zero for zeros.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub(super) async fn leaf(&mut self, span: u64) -> Result<[Id; FAN_OUT]> {
        self.forget_some();
        self.load(0, span..span + 1).await?;
        let leaf = self.kept.get(&(0, span));
        Ok(leaf.map_or([Id::ZERO; FAN_OUT], |n| n.children))
    }

    fn forget_some(&mut self) {
        if self.kept.len() > KEPT {
            self.kept.clear();
        }
    }

    /// The id of a node whose parent is kept, unless it is zero.
    fn id(&self, level: u8, index: u64) -> Id {
        if level == self.top {
            return if index == 0 { self.root } else { Id::ZERO };
        }
        let fan_out = FAN_OUT as u64;
        let parent = self.kept.get(&(level + 1, index / fan_out));
        let child = usize::try_from(index % fan_out).expect("below 16");
        parent.map_or(Id::ZERO, |p| p.children[child])
    }

    /// Reads these nodes of a level, and those above them, that are not zero and not kept.
    async fn load(&mut self, level: u8, nodes: Range<u64>) -> Result<()> {
        if level < self.top {
            Box::pin(self.load(level + 1, above(&nodes))).await?;
        }
        let missing = nodes.filter(|n| !self.kept.contains_key(&(level, *n)));
        let missing = missing.map(|n| (n, self.id(level, n)));
        let missing: Vec<(u64, Id)> = missing.filter(|(_, id)| !id.is_zero()).collect();
        let ids: Vec<Id> = missing.iter().map(|m| m.1).collect();
        let read = self.reader.nodes(&ids, level).await?;
        let read = missing.iter().map(|m| (level, m.0)).zip(read);
        self.kept.extend(read);
        Ok(())
    }
}

/// The nodes above these.
fn above(nodes: &Range<u64>) -> Range<u64> {
    nodes.start / FAN_OUT as u64..nodes.end.div_ceil(FAN_OUT as u64)
}
