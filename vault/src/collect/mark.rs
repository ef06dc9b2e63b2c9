//! What is live: everything that is reached from the points.
//!
//! Trees are walked level by level, each node once however many points share it. What is live
//! is kept as the first eight bytes of its ids, sorted: two ids that share them make garbage
//! look live, never the reverse.

use base::{Kind, Result};

use crate::format::id::Id;
use crate::format::node::FAN_OUT;
use crate::log::PointEntry;
use crate::reader::Reader;
use crate::tree::TreeRef;
use crate::vault::Vault;

/// Nodes read in one step.
const STEP: usize = 4096;

/// Sorted prefixes of ids.
#[derive(Debug, Default)]
pub(crate) struct Live {
    sorted: Vec<u64>,
    recent: Vec<u64>,
}

impl Live {
    pub(crate) fn add(&mut self, id: &Id) {
        self.add_prefix(id.prefix());
    }

    fn add_prefix(&mut self, prefix: u64) {
        self.recent.push(prefix);
        if self.recent.len() >= (1 << 16).max(self.sorted.len() / 2) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        if self.recent.is_empty() {
            return;
        }
        self.recent.sort_unstable();
        self.recent.dedup();
        // Two sorted runs: the standard sort merges them in linear time.
        self.sorted.append(&mut self.recent);
        self.sorted.sort();
        self.sorted.dedup();
        self.recent = Vec::new();
    }

    /// All of them, sorted.
    pub(crate) fn into_sorted(mut self) -> Vec<u64> {
        self.settle();
        self.sorted
    }

    pub(crate) fn sorted(&mut self) -> &[u64] {
        self.settle();
        &self.sorted
    }

    /// Adds the parents that live patches rest on, and theirs. `edges` are pairs of a patch's
    /// prefix and its parent's.
    pub(crate) fn close(&mut self, mut edges: Vec<(u64, u64)>) {
        loop {
            let live = self.sorted();
            let is_live = |prefix: u64| live.binary_search(&prefix).is_ok();
            let mut found = Vec::new();
            edges.retain(|(patch, parent)| {
                let reached = is_live(*patch);
                if reached && !is_live(*parent) {
                    found.push(*parent);
                }
                !reached
            });
            if found.is_empty() {
                return;
            }
            for prefix in found {
                self.add_prefix(prefix);
            }
        }
    }
}

/// What the points reach.
#[derive(Debug, Default)]
pub(crate) struct Mark {
    pub(crate) live: Live,
    /// Tree nodes reached.
    pub(crate) nodes: u64,
}

/// Walks the trees of these points.
///
/// # Errors
/// `Integrity` if a manifest or node can't be read: what is live is not known then.
pub(crate) async fn mark(vault: &Vault, reader: &Reader, points: &[PointEntry]) -> Result<Mark> {
    let mut mark = Mark::default();
    let mut levels: Vec<Vec<Id>> = Vec::new();
    for entry in points {
        let hides = || format!("point {}: {HIDES}", entry.point);
        let info = vault
            .info(entry.clone())
            .await
            .map_err(|e| e.during(hides()))?;
        for disk in &info.manifest.disks {
            let top = usize::from(TreeRef::of(disk, vault.chunk_size()).level());
            levels.resize_with(levels.len().max(top + 1), Vec::new);
            levels[top].push(disk.root);
        }
    }
    for level in (0..levels.len()).rev() {
        let mut ids = std::mem::take(&mut levels[level]);
        ids.retain(|id| !id.is_zero());
        ids.sort_unstable();
        ids.dedup();
        let depth = u8::try_from(level).expect("16 levels at most");
        for step in ids.chunks(STEP) {
            let nodes = match reader.nodes(step, depth).await {
                Err(e) if e.kind() == Kind::Integrity => return Err(e.during(HIDES)),
                nodes => nodes?,
            };
            mark.nodes += step.len() as u64;
            step.iter().for_each(|id| mark.live.add(id));
            for node in nodes {
                let children = node.children.iter().filter(|c| !c.is_zero());
                match level.checked_sub(1) {
                    Some(below) => levels[below].extend(children),
                    None => children.for_each(|c| mark.live.add(c)),
                }
            }
            // What many nodes name is kept once.
            if let Some(below) = level.checked_sub(1)
                && levels[below].len() > 64 * STEP * FAN_OUT
            {
                levels[below].sort_unstable();
                levels[below].dedup();
            }
        }
    }
    Ok(mark)
}

const HIDES: &str = "marking what is in use (nothing was removed; `verify` names the points hurt: \
                     repair the vault or remove them, then collect again)";

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_live_patches_rest_on_is_live_however_deep() {
        let mut live = Live::default();
        live.add_prefix(10);
        live.add_prefix(50);
        // 10 rests on 9, that on 8, that on 90; 40 is dead and so keeps nothing.
        live.close(vec![(8, 90), (40, 41), (9, 8), (10, 9), (50, 10)]);
        assert_eq!(live.sorted(), [8, 9, 10, 50, 90]);
    }

    #[test]
    fn many_prefixes_come_out_sorted_and_once() {
        let mut live = Live::default();
        let mut model = BTreeSet::new();
        for n in 0..300_000u64 {
            let prefix = (n % 200_000).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            live.add_prefix(prefix);
            model.insert(prefix);
        }
        assert!(live.sorted().iter().eq(&model));
    }
}
