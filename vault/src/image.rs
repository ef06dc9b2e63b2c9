//! A disk of a point as an image that can be read anywhere, at once: for machines that boot
//! from it.
//!
//! ```text
//! read ─► slots (tree nodes, kept) ─► chunks (kept, or fetched once for all who wait) ─► bytes
//!             └─► in order? ─► the next slots are fetched before they are asked for
//! ```
//!
//! Opening it reads nothing, whatever the disk's size.

mod ahead;
mod kept;

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use base::{Code, Error, Result, ResultExt};
use block::{BlockSource, Extent, Run};
use bytes::Bytes;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::disk::{Slots, check_range, runs_of};
use crate::format::damaged;
use crate::format::id::Id;
use crate::format::manifest::DiskRoot;
use crate::format::node::{FAN_OUT, Node};
use crate::reader::Reader;
use crate::tree::{TreeRef, reach};
use ahead::Ahead;
use kept::Kept;

/// Bytes of chunks that are kept.
const CHUNKS_KEPT: usize = 64 << 20;
/// Bytes of tree nodes that are kept: those of 24 GiB at the default chunk size.
const NODES_KEPT: usize = 16 << 20;
/// Bytes of chunks that are fetched together.
const TOGETHER: usize = 512 << 10;
/// The most bytes that are read ahead of a reader.
const AHEAD: u64 = 4 << 20;
/// Tree nodes read together.
const NODES_TOGETHER: usize = 256;

/// A disk as it was at a point, for reads at random and in order, many at the same time.
///
/// It holds at most 64 MiB of chunks and 16 MiB of tree nodes, besides what is being read. A
/// read costs the opening of each chunk that it touches, unless that is kept. Clones share
/// what is kept.
#[derive(Clone, Debug)]
pub struct PointImage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    reader: Reader,
    tree: TreeRef,
    size: u64,
    chunk_size: u64,
    /// By level and number.
    nodes: Mutex<Kept<(u8, u64), Node>>,
    chunks: Mutex<Kept<Id, Chunk>>,
    ahead: Mutex<Ahead>,
}

/// A chunk that is kept, or will be.
#[derive(Clone, Debug)]
enum Chunk {
    Here(Bytes),
    Coming(Coming),
}

/// Chunks that are being fetched together: their contents, or why there are none.
type Coming = Shared<BoxFuture<'static, Arc<Fetched>>>;
type Fetched = HashMap<Id, Result<Bytes>>;

impl PointImage {
    /// The disk `root` of a point that `reader` sees.
    #[must_use]
    pub fn new(reader: Reader, root: &DiskRoot, chunk_size: u32) -> Self {
        let tree = TreeRef::of(root, chunk_size);
        let chunk_size = u64::from(chunk_size);
        Self(Arc::new(Inner {
            reader,
            tree,
            size: root.size,
            chunk_size,
            nodes: Mutex::new(Kept::new(NODES_KEPT)),
            chunks: Mutex::new(Kept::new(CHUNKS_KEPT)),
            ahead: Mutex::new(Ahead::new((AHEAD / chunk_size).max(2))),
        }))
    }
}

#[async_trait]
impl BlockSource for PointImage {
    fn size(&self) -> u64 {
        self.0.size
    }

    /// Fails only if a chunk that the range touches can't be read; the error names its bytes.
    async fn read(&self, offset: u64, mut buf: Vec<u8>) -> Result<Vec<u8>> {
        let inner = &self.0;
        let range = Extent::new(offset, buf.len() as u64);
        check_range(range, inner.size)?;
        let slots = inner.slots_of(range);
        let wanted = inner.find(slots.clone()).await?;
        let chunks = inner.chunks(&wanted);
        let next = lock(&inner.ahead).note(slots, inner.tree.chunks);
        if let Some(next) = next {
            Arc::clone(inner).fetch_ahead(next);
        }
        let index = |n: u64| usize::try_from(n - offset).expect("inside a buffer");
        let mut at = offset;
        for ((slot, id), chunk) in wanted.into_iter().zip(chunks) {
            let whole = Extent::new(slot * inner.chunk_size, inner.chunk_size);
            let Some(part) = whole.intersect(&range) else {
                continue;
            };
            let what = || format!("bytes {} to {} of the disk", whole.offset, whole.end());
            let data = inner.wait(id, chunk).await.during(what())?;
            let from = usize::try_from(part.offset - whole.offset).expect("inside a chunk");
            let to = index(part.offset)..index(part.end());
            let data = data.get(from..from + to.len());
            let data = data.ok_or_else(|| damaged(format!("chunk {id:?} is short")))?;
            buf[index(at)..to.start].fill(0);
            buf[to].copy_from_slice(data);
            at = part.end();
        }
        buf[index(at)..].fill(0);
        Ok(buf)
    }

    async fn runs(&self, range: Extent) -> Result<Vec<Run>> {
        check_range(range, self.0.size)?;
        let slots = self.0.find(self.0.slots_of(range)).await?;
        Ok(runs_of(range, &slots, self.0.chunk_size))
    }
}

impl Inner {
    fn slots_of(&self, range: Extent) -> Range<u64> {
        range.offset / self.chunk_size..range.end().div_ceil(self.chunk_size)
    }

    /// Those of `slots` that are not zero, with their ids.
    async fn find(&self, slots: Range<u64>) -> Result<Slots> {
        let mut open = vec![(0, self.tree.root)];
        open.retain(|(_, id)| !id.is_zero());
        let mut level = self.tree.level();
        loop {
            let nodes = self.nodes(level, &open).await?;
            let span = level.checked_sub(1).map_or(1, reach);
            let mut below = Vec::new();
            for ((number, _), node) in open.iter().zip(&nodes) {
                for (i, id) in node.children.iter().enumerate() {
                    let number = number * FAN_OUT as u64 + i as u64;
                    let first = number.saturating_mul(span);
                    let touched = first < slots.end && first.saturating_add(span) > slots.start;
                    if touched && !id.is_zero() {
                        below.push((number, *id));
                    }
                }
            }
            open = below;
            match level.checked_sub(1) {
                Some(lower) => level = lower,
                None => return Ok(open),
            }
        }
    }

    /// These nodes of a level, by number and id, in their order.
    async fn nodes(&self, level: u8, open: &[(u64, Id)]) -> Result<Vec<Node>> {
        let mut nodes: Vec<Option<Node>> = {
            let mut kept = lock(&self.nodes);
            let find = |(number, _): &(u64, Id)| kept.get(&(level, *number)).copied();
            open.iter().map(find).collect()
        };
        let missing: Vec<usize> = (0..open.len()).filter(|i| nodes[*i].is_none()).collect();
        for some in missing.chunks(NODES_TOGETHER) {
            let ids: Vec<Id> = some.iter().map(|i| open[*i].1).collect();
            let read = self.reader.nodes(&ids, level).await?;
            let mut kept = lock(&self.nodes);
            for (i, node) in some.iter().zip(read) {
                kept.put((level, open[*i].0), node, size_of::<Node>());
                nodes[*i] = Some(node);
            }
        }
        Ok(nodes.into_iter().flatten().collect())
    }

    /// These chunks. Those that are neither kept nor coming are begun to be fetched.
    fn chunks(self: &Arc<Self>, wanted: &[(u64, Id)]) -> Vec<Chunk> {
        let mut kept = lock(&self.chunks);
        let found = wanted.iter().map(|(_, id)| kept.get(id).cloned());
        let found: Vec<Option<Chunk>> = found.collect();
        let mut missing: Vec<Id> = Vec::new();
        for ((_, id), _) in wanted.iter().zip(&found).filter(|(_, f)| f.is_none()) {
            if !missing.contains(id) {
                missing.push(*id);
            }
        }
        let chunk = usize::try_from(self.chunk_size).expect("a chunk is at most 4 MiB");
        let mut coming = HashMap::new();
        for ids in missing.chunks((TOGETHER / chunk).max(1)) {
            let (inner, ids) = (Arc::clone(self), ids.to_vec());
            let all = ids.clone();
            let task = tokio::spawn(async move { inner.fetch(ids).await });
            // A panic there is told here as chunks that were not read.
            let fetched = task.map(|done| Arc::new(done.unwrap_or_default()));
            let fetched = fetched.boxed().shared();
            for id in all {
                kept.put(id, Chunk::Coming(fetched.clone()), chunk);
                coming.insert(id, fetched.clone());
            }
        }
        let chunk = |((_, id), found): (&(u64, Id), Option<Chunk>)| {
            found.unwrap_or_else(|| Chunk::Coming(coming[id].clone()))
        };
        wanted.iter().zip(found).map(chunk).collect()
    }

    /// Reads chunks and keeps them; one that fails fails alone.
    async fn fetch(&self, ids: Vec<Id>) -> Fetched {
        let mut fetched = Fetched::new();
        match self.reader.chunks(&ids).await {
            Ok(mut chunks) => {
                let none = |id| damaged(format!("chunk {id:?} was not read"));
                fetched.extend(
                    ids.iter()
                        .map(|id| (*id, chunks.remove(id).ok_or_else(|| none(id)))),
                );
            }
            Err(e) if ids.len() == 1 => drop(fetched.insert(ids[0], Err(e))),
            Err(_) => {
                for id in ids {
                    let read = self.reader.chunks(&[id]).await;
                    let none = || damaged(format!("chunk {id:?} was not read"));
                    let read = read.and_then(|mut c| c.remove(&id).ok_or_else(none));
                    fetched.insert(id, read);
                }
            }
        }
        let mut kept = lock(&self.chunks);
        for (id, read) in &fetched {
            match read {
                Ok(bytes) => kept.put(*id, Chunk::Here(bytes.clone()), bytes.len()),
                Err(_) => kept.remove(id),
            }
        }
        fetched
    }

    async fn wait(&self, id: Id, chunk: Chunk) -> Result<Bytes> {
        let coming = match chunk {
            Chunk::Here(bytes) => return Ok(bytes),
            Chunk::Coming(coming) => coming,
        };
        match coming.await.get(&id) {
            Some(Ok(bytes)) => Ok(bytes.clone()),
            Some(Err(e)) => Err(Error::new(e.code(), e.detail())),
            None => {
                lock(&self.chunks).remove(&id);
                Err(Error::new(
                    Code::Internal,
                    format!("reading chunk {id:?} died"),
                ))
            }
        }
    }

    /// Fetches what will be asked for. What fails will fail again for who asks.
    fn fetch_ahead(self: Arc<Self>, slots: Range<u64>) {
        tokio::spawn(async move {
            if let Ok(slots) = self.find(slots).await {
                drop(self.chunks(&slots));
            }
        });
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What is kept is in order at every step.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
