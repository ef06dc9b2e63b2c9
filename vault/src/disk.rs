//! A disk of a point, readable as a block source.

use async_trait::async_trait;
use base::{Code, Error, Result};
use block::{BlockSource, Extent, Run, RunState};

use crate::format::damaged;
use crate::format::id::Id;
use crate::format::manifest::DiskRoot;
use crate::format::node::FAN_OUT;
use crate::reader::{Chunks, Reader};
use crate::tree::{Leaves, TreeRef};

/// A disk as it was at a point. Any point reads as fast as any other.
#[derive(Debug)]
pub struct PointDisk {
    reader: Reader,
    tree: TreeRef,
    size: u64,
    chunk_size: u64,
}

/// Slots with their ids, in order; slots of zeros are left out.
pub type Slots = Vec<(u64, Id)>;

impl PointDisk {
    /// The disk `root` of a point that `reader` sees.
    #[must_use]
    pub fn new(reader: Reader, root: &DiskRoot, chunk_size: u32) -> Self {
        let tree = TreeRef::of(root, chunk_size);
        Self {
            reader,
            tree,
            size: root.size,
            chunk_size: u64::from(chunk_size),
        }
    }

    pub(crate) fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Bytes of a chunk.
    #[must_use]
    pub fn chunk_size(&self) -> u64 {
        self.chunk_size
    }

    /// Walks the slots that are not zero and touch `range`, a few thousand at a time.
    #[must_use]
    pub fn walk(&self, range: Extent) -> SlotWalk {
        let slots = range.offset / self.chunk_size..range.end().div_ceil(self.chunk_size);
        let leaves = Leaves::new(self.reader.clone(), self.tree, slots.clone());
        SlotWalk { leaves, slots }
    }

    /// The contents of these chunks.
    ///
    /// # Errors
    /// As [`Reader::chunks`].
    pub async fn chunks(&self, ids: &[Id]) -> Result<Chunks> {
        self.reader.chunks(ids).await
    }

    async fn slots(&self, range: Extent) -> Result<Slots> {
        let mut walk = self.walk(range);
        let mut all = Slots::new();
        while let Some(part) = walk.next().await? {
            all.extend(part);
        }
        Ok(all)
    }
}

/// Walks slots.
#[derive(Debug)]
pub struct SlotWalk {
    leaves: Leaves,
    slots: std::ops::Range<u64>,
}

impl SlotWalk {
    /// The next slots; `None` at the end.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn next(&mut self) -> Result<Option<Slots>> {
        let Some(leaves) = self.leaves.next().await? else {
            return Ok(None);
        };
        let slots = &self.slots;
        let all = leaves.into_iter().flat_map(|leaf| {
            (0..FAN_OUT).map(move |i| (leaf.first_slot + i as u64, leaf.node.children[i]))
        });
        Ok(Some(
            all.filter(|(slot, id)| slots.contains(slot) && !id.is_zero())
                .collect(),
        ))
    }
}

#[async_trait]
impl BlockSource for PointDisk {
    fn size(&self) -> u64 {
        self.size
    }

    async fn read(&self, offset: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
        let range = Extent::new(offset, buf.len() as u64);
        check_range(range, self.size)?;
        buf.fill(0);
        let slots = self.slots(range).await?;
        let ids: Vec<Id> = slots.iter().map(|s| s.1).collect();
        let chunks = self.reader.chunks(&ids).await?;
        for (slot, id) in slots {
            let chunk = Extent::new(slot * self.chunk_size, self.chunk_size);
            if let (Some(part), Some(data)) = (chunk.intersect(&range), chunks.get(&id)) {
                let at = |n: u64| usize::try_from(n).expect("inside a buffer");
                let (to, from) = (at(part.offset - offset), at(part.offset - chunk.offset));
                let data = data
                    .get(from..from + at(part.len))
                    .ok_or_else(|| damaged(format!("chunk {id:?} is short")))?;
                buf[to..to + at(part.len)].copy_from_slice(data);
            }
        }
        Ok(buf)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        check_range(range, self.size)?;
        let slots = self.slots(range).await?;
        Ok(runs_of(range, &slots, self.chunk_size))
    }
}

/// Refuses a range that is not inside a disk of `size` bytes.
pub(crate) fn check_range(range: Extent, size: u64) -> Result<()> {
    let end = range.offset.checked_add(range.len);
    if end.is_some_and(|end| end <= size) {
        return Ok(());
    }
    Err(Error::new(
        Code::BadArgument,
        format!(
            "{} bytes at {} of a disk of {size} bytes",
            range.len, range.offset
        ),
    ))
}

/// What is known of `range` by its slots that are not zero.
pub(crate) fn runs_of(range: Extent, slots: &[(u64, Id)], chunk_size: u64) -> Vec<Run> {
    let data: block::ExtentSet = slots
        .iter()
        .filter_map(|(slot, _)| Extent::new(slot * chunk_size, chunk_size).intersect(&range))
        .collect();
    let run = |start: u64, end: u64, state| Run {
        extent: Extent::new(start, end - start),
        state,
    };
    let (mut runs, mut at) = (Vec::new(), range.offset);
    for extent in data.extents() {
        if at < extent.offset {
            runs.push(run(at, extent.offset, RunState::Zero));
        }
        runs.push(run(extent.offset, extent.end(), RunState::Data));
        at = extent.end();
    }
    if at < range.end() {
        runs.push(run(at, range.end(), RunState::Zero));
    }
    runs
}
