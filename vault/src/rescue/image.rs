//! Writing a disk as far as it can be read.

use std::collections::BTreeSet;

use base::{Kind, Result};
use block::{BlockSink, Extent, ExtentSet};
use bytes::Bytes;
use futures::StreamExt;

use super::Rescue;
use crate::format::id::Id;
use crate::format::manifest::DiskRoot;
use crate::format::node::{FAN_OUT, Node};
use crate::tree::{TreeRef, reach};

/// Leaves read in one go.
const LEAVES: usize = 64;
/// Bytes of contents read in one go; two are on their way.
const STEP: usize = 8 << 20;
/// Different reasons that are kept.
const MOST_REASONS: usize = 20;

/// What of a disk could not be read.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    extents: Vec<Extent>,
    why: BTreeSet<String>,
}

impl Missing {
    /// The bytes of the disk that are missing.
    #[must_use]
    pub fn extents(&self) -> ExtentSet {
        self.extents.iter().copied().collect()
    }

    /// Why; the first 20 different reasons.
    pub fn reasons(&self) -> impl Iterator<Item = &str> {
        self.why.iter().map(String::as_str)
    }

    /// Whether the disk is complete.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.extents.is_empty()
    }

    fn add(&mut self, extent: Extent, why: String) {
        match self.extents.last_mut() {
            Some(last) if last.end() == extent.offset => last.len += extent.len,
            _ => self.extents.push(extent),
        }
        if self.why.len() < MOST_REASONS {
            self.why.insert(why);
        }
    }
}

/// A node still to be walked.
#[derive(Clone, Copy)]
struct Open {
    id: Id,
    level: u8,
    index: u64,
}

impl Rescue {
    /// Writes all of `disk` that can be read into `sink`, which has the disk's size and reads
    /// as zero; gives what is missing, and leaves it as it is there. Not flushed. `progress` is
    /// told the bytes of the disk dealt with.
    ///
    /// # Errors
    /// Those of `sink`.
    pub async fn write_disk(
        &self,
        disk: &DiskRoot,
        sink: &dyn BlockSink,
        progress: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<Missing> {
        let mut missing = Missing::default();
        let Some(chunk_size) = self.chunk_size else {
            if !disk.root.is_zero() {
                let why = "no chunk and no descriptor can be read";
                missing.add(Extent::new(0, disk.size), why.to_owned());
            }
            return Ok(missing);
        };
        let unit = u64::from(chunk_size);
        let tree = TreeRef::of(disk, chunk_size);
        let mut stack = vec![Open {
            id: tree.root,
            level: tree.level(),
            index: 0,
        }];
        while let Some(top) = stack.last().copied() {
            let most = if top.level == 0 { LEAVES } else { 1 };
            let mut batch = Vec::new();
            while let Some(o) = stack.last().filter(|o| o.level == top.level).copied() {
                if batch.len() == most {
                    break;
                }
                stack.pop();
                if !o.id.is_zero() {
                    batch.push(o);
                }
            }
            let nodes = self.nodes(&batch, top.level).await?;
            let mut slots = Vec::new();
            for (o, node) in batch.iter().zip(nodes) {
                match node {
                    Err(why) => {
                        let len = reach(o.level).saturating_mul(unit);
                        let start = o.index.saturating_mul(len);
                        let len = len.min(disk.size.saturating_sub(start));
                        missing.add(Extent::new(start, len), why);
                    }
                    Ok(node) => {
                        let children = node.children.iter().enumerate();
                        let children =
                            children.map(|(i, id)| (o.index * FAN_OUT as u64 + i as u64, *id));
                        if o.level == 0 {
                            slots.extend(children.filter(|c| !c.1.is_zero()));
                        } else {
                            stack.extend(children.rev().map(|(index, id)| Open {
                                id,
                                level: o.level - 1,
                                index,
                            }));
                        }
                    }
                }
            }
            self.write_slots(&slots, unit, disk.size, sink, &mut missing)
                .await?;
            if let Some(last) = batch.last().filter(|o| o.level == 0) {
                let end = (last.index + 1).saturating_mul(FAN_OUT as u64 * unit);
                progress(end.min(disk.size));
            }
        }
        progress(disk.size);
        Ok(missing)
    }

    /// Each of these nodes, or why it can't be read.
    async fn nodes(&self, batch: &[Open], level: u8) -> Result<Vec<Result<Node, String>>> {
        let ids: Vec<Id> = batch.iter().map(|o| o.id).collect();
        if let Ok(nodes) = self.reader.nodes(&ids, level).await {
            return Ok(nodes.into_iter().map(Ok).collect());
        }
        let mut nodes = Vec::with_capacity(ids.len());
        for id in &ids {
            let read = self.reader.nodes(std::slice::from_ref(id), level).await;
            nodes.push(match read {
                Ok(mut node) => Ok(node.pop().unwrap_or(Node::empty(level))),
                Err(e) => Err(lost(e)?),
            });
        }
        Ok(nodes)
    }

    async fn write_slots(
        &self,
        slots: &[(u64, Id)],
        unit: u64,
        size: u64,
        sink: &dyn BlockSink,
        missing: &mut Missing,
    ) -> Result<()> {
        let most = (STEP / usize::try_from(unit).unwrap_or(STEP)).max(1);
        let mut steps = futures::stream::iter(slots.chunks(most))
            .map(|step| async move { (step, self.contents(step).await) })
            .buffered(2);
        while let Some((step, contents)) = steps.next().await {
            for ((slot, id), chunk) in step.iter().zip(contents?) {
                let start = slot.saturating_mul(unit);
                let len = unit.min(size.saturating_sub(start));
                let want = usize::try_from(len).unwrap_or(0);
                match chunk {
                    Ok(chunk) if chunk.len() >= want => sink.write(start, &chunk[..want]).await?,
                    Ok(_) => missing.add(Extent::new(start, len), format!("chunk {id:?} is short")),
                    Err(why) => missing.add(Extent::new(start, len), why),
                }
            }
        }
        Ok(())
    }

    /// The contents of each of these slots, or why it can't be read.
    async fn contents(&self, step: &[(u64, Id)]) -> Result<Vec<Result<Bytes, String>>> {
        let ids: Vec<Id> = step.iter().map(|s| s.1).collect();
        if let Ok(chunks) = self.reader.chunks(&ids).await {
            let found = ids.iter().map(|id| chunks.get(id).cloned());
            return Ok(found
                .map(|c| c.ok_or_else(|| "it was not read".to_owned()))
                .collect());
        }
        let mut contents = Vec::with_capacity(ids.len());
        for id in &ids {
            let read = self.reader.chunks(std::slice::from_ref(id)).await;
            contents.push(match read {
                Ok(mut chunks) => chunks
                    .remove(id)
                    .ok_or_else(|| "it was not read".to_owned()),
                Err(e) => Err(lost(e)?),
            });
        }
        Ok(contents)
    }
}

/// Why something can't be read. On a dying medium every kind of error may come of it.
fn lost(e: base::Error) -> Result<String> {
    match e.kind() {
        Kind::Cancelled => Err(e),
        _ => Ok(e.to_string()),
    }
}
