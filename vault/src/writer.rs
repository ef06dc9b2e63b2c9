//! Writing one disk of a point: the pipeline from contents to records and tree.
//!
//! Spans, the changed chunks under one leaf, are hashed, looked up, compared with their parents,
//! compressed and sealed on the CPU pool, several at a time; their results are taken up in the
//! order of the disk.
//! Memory: [`SPANS_IN_FLIGHT`] spans and what the session holds.

mod buffers;
mod span;

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use base::Result;
use tokio::task::JoinHandle;

pub use self::buffers::Buffers;
use self::span::{Piece, Span, SpanDone};
use crate::format::id::Id;
use crate::format::manifest::{DiskRoot, MachineKey};
use crate::format::node::FAN_OUT;
use crate::reader::Reader;
use crate::session::Session;
use crate::tree::{TreeBuilder, TreeRef, count_data};

/// Chunks of a span: the children of one leaf, so that a span has one leaf of parents.
pub const SPAN_CHUNKS: u64 = FAN_OUT as u64;
/// Spans worked on at the same time.
const SPANS_IN_FLIGHT: usize = 6;

/// Spans and runs of zeros between them that wait to be taken up.
const MOST_IN_FLIGHT: usize = 4 * SPANS_IN_FLIGHT;

/// What writing a disk did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteStats {
    /// Bytes of contents that differ from the base, in blocks of 4 KiB where the base was at
    /// hand, else in chunks.
    pub changed: u64,
    /// Chunks stored, of which `patches` as patches.
    pub new_chunks: u64,
    /// Chunks stored as patches.
    pub patches: u64,
    /// Chunks that were not in the base but in the store.
    pub known_chunks: u64,
    /// Chunks that hold data, less those that did in the base.
    pub data_chunks: i64,
}

impl WriteStats {
    /// Adds another's numbers.
    pub fn add(&mut self, other: &Self) {
        self.changed += other.changed;
        self.new_chunks += other.new_chunks;
        self.patches += other.patches;
        self.known_chunks += other.known_chunks;
        self.data_chunks += other.data_chunks;
    }
}

/// What is to be taken up, in the order of the disk.
#[derive(Debug)]
enum Work {
    Span(JoinHandle<Result<SpanDone>>),
    /// These slots are zero.
    Zero(Range<u64>),
}

/// Writes one disk.
#[derive(Debug)]
pub struct DiskWriter {
    session: Arc<Session>,
    key: MachineKey,
    size: u64,
    chunks: u64,
    chunk_size: usize,
    base: Option<Reader>,
    /// A base that is longer than the disk.
    cut: Option<(Reader, TreeRef)>,
    builder: TreeBuilder,
    /// The last span, to which more may be put.
    gathered: Option<Span>,
    in_flight: VecDeque<Work>,
    buffers: Buffers,
    stats: WriteStats,
    next_slot: u64,
    /// Set while something is put. What failed or was dropped half-way leaves it set.
    broken: bool,
}

impl DiskWriter {
    /// Begins a disk of `size` bytes. What is not put stays as in `base`, a disk of a point in
    /// the session's store, or zero without one.
    #[must_use]
    pub fn new(
        session: &Arc<Session>,
        key: MachineKey,
        size: u64,
        base: Option<&DiskRoot>,
    ) -> Self {
        let chunk_size = session.vault().chunk_size();
        let chunks = size.div_ceil(u64::from(chunk_size));
        let base = base.map(|b| (session.reader(), TreeRef::of(b, chunk_size)));
        Self {
            session: Arc::clone(session),
            key,
            size,
            chunks,
            chunk_size: chunk_size as usize,
            base: base.as_ref().map(|b| b.0.clone()),
            cut: base.clone().filter(|(_, tree)| tree.chunks > chunks),
            builder: TreeBuilder::new(base, chunks),
            gathered: None,
            in_flight: VecDeque::new(),
            buffers: Buffers::default(),
            stats: WriteStats::default(),
            next_slot: 0,
            broken: false,
        }
    }

    /// Where to take buffers for [`DiskWriter::put`] from.
    #[must_use]
    pub fn buffers(&self) -> Buffers {
        self.buffers.clone()
    }

    /// Puts the contents from `offset`, a multiple of the chunk size. Contents come in rising
    /// order, at most [`SPAN_CHUNKS`] chunks at a time and not across a multiple of so many.
    /// Only the disk's last chunk may be short. Returns when there is room in the pipeline.
    /// If this fails or is dropped, the disk can't be finished.
    ///
    /// # Errors
    /// `Invalid` for contents that don't come so; `Integrity` (a base that can't be read),
    /// `Fenced` if it can't since the session was ended; `NoSpace`, `Unavailable`.
    pub async fn put(&mut self, offset: u64, data: Vec<u8>) -> Result<()> {
        let done = self.try_put(offset, data).await;
        self.session.ended_or(done).await
    }

    async fn try_put(&mut self, offset: u64, mut data: Vec<u8>) -> Result<()> {
        let first_slot = offset / self.chunk_size as u64;
        let count = data.len().div_ceil(self.chunk_size);
        self.check(offset, data.len() as u64)?;
        if first_slot % SPAN_CHUNKS + count as u64 > SPAN_CHUNKS {
            return Err(wrong(offset, data.len() as u64));
        }
        self.begin()?;
        self.next_slot = first_slot + count as u64;
        data.resize(count * self.chunk_size, 0);
        let leaf = first_slot / SPAN_CHUNKS;
        let parents = self.builder.base_leaf(leaf).await?;
        let place = usize::try_from(first_slot % SPAN_CHUNKS).expect("below 16");
        let parents = parents[place..place + count].to_vec();
        self.stats.data_chunks -= data_chunks(parents.iter());
        let piece = Piece {
            first_slot,
            parents,
            data,
        };
        match &mut self.gathered {
            Some(span) if span.leaf == leaf => span.pieces.push(piece),
            _ => {
                self.start_gathered().await?;
                self.gathered = Some(Span {
                    session: Arc::clone(&self.session),
                    base: self.base.clone(),
                    chunk_size: self.chunk_size,
                    leaf,
                    pieces: vec![piece],
                });
            }
        }
        if self.next_slot.is_multiple_of(SPAN_CHUNKS) {
            self.start_gathered().await?;
        }
        self.broken = false;
        Ok(())
    }

    /// Begins the work on the last span.
    async fn start_gathered(&mut self) -> Result<()> {
        let Some(span) = self.gathered.take() else {
            return Ok(());
        };
        while self.spans() >= SPANS_IN_FLIGHT {
            self.take_one().await?;
        }
        self.in_flight
            .push_back(Work::Span(tokio::spawn(span.run())));
        Ok(())
    }

    /// Says that these bytes are zero; `offset` is a multiple of the chunk size, and so is
    /// the end unless it is the disk's.
    ///
    /// # Errors
    /// As [`DiskWriter::put`].
    pub async fn put_zero(&mut self, offset: u64, len: u64) -> Result<()> {
        let done = self.try_put_zero(offset, len).await;
        self.session.ended_or(done).await
    }

    async fn try_put_zero(&mut self, offset: u64, len: u64) -> Result<()> {
        self.check(offset, len)?;
        self.begin()?;
        let unit = self.chunk_size as u64;
        let (slot, end) = (
            offset / unit,
            (offset + len).div_ceil(unit).min(self.chunks),
        );
        self.next_slot = end;
        self.start_gathered().await?;
        while self.in_flight.len() >= MOST_IN_FLIGHT {
            self.take_one().await?;
        }
        if self.in_flight.is_empty() {
            self.zero(slot..end).await?;
        } else {
            self.in_flight.push_back(Work::Zero(slot..end));
        }
        self.broken = false;
        Ok(())
    }

    async fn zero(&mut self, slots: Range<u64>) -> Result<()> {
        let unit = self.chunk_size as u64;
        let (mut slot, end) = (slots.start, slots.end);
        while slot < end {
            let leaf = self.builder.base_leaf(slot / SPAN_CHUNKS).await?;
            let stop = ((slot / SPAN_CHUNKS + 1) * SPAN_CHUNKS).min(end);
            for s in slot..stop {
                let place = usize::try_from(s % SPAN_CHUNKS).expect("below 16");
                if !leaf[place].is_zero() {
                    self.stats.changed += unit;
                    self.stats.data_chunks -= 1;
                    self.builder
                        .set(&self.session.vault().ring, s, Id::ZERO)
                        .await?;
                }
            }
            slot = stop;
        }
        Ok(())
    }

    fn spans(&self) -> usize {
        let is_span = |w: &&Work| matches!(w, Work::Span(_));
        self.in_flight.iter().filter(is_span).count()
    }

    fn begin(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.broken, true) {
            let why = "writing the disk was cut short before";
            return Err(base::Error::new(base::Code::Cancelled, why));
        }
        Ok(())
    }

    /// Checks that these bytes are whole chunks of the disk after those put before.
    fn check(&self, offset: u64, len: u64) -> Result<()> {
        let unit = self.chunk_size as u64;
        let end = offset.checked_add(len).filter(|end| *end <= self.size);
        match end {
            Some(end)
                if offset.is_multiple_of(unit)
                    && offset / unit >= self.next_slot
                    && (end.is_multiple_of(unit) || end == self.size) =>
            {
                Ok(())
            }
            _ => Err(wrong(offset, len)),
        }
    }

    async fn take_one(&mut self) -> Result<()> {
        let task = match self.in_flight.pop_front() {
            Some(Work::Span(task)) => task,
            Some(Work::Zero(slots)) => return self.zero(slots).await,
            None => return Ok(()),
        };
        let done = task.await.map_err(|e| {
            base::Error::new(base::Code::Internal, "the backup pipeline died").because(e)
        })??;
        self.stats.add(&done.stats);
        self.session.append(done.records).await?;
        self.stats.data_chunks += data_chunks(done.ids.iter().map(|(_, id)| id));
        for (slot, id) in done.ids {
            self.builder
                .set(&self.session.vault().ring, slot, id)
                .await?;
        }
        let nodes = self.builder.take_nodes();
        if !nodes.is_empty() {
            self.session.append_nodes(nodes).await?;
        }
        for buffer in done.buffers {
            self.buffers.give(buffer);
        }
        Ok(())
    }

    /// What was done so far, of the spans taken up.
    #[must_use]
    pub fn stats(&self) -> WriteStats {
        self.stats
    }

    /// Ends the disk: its root, for the manifest.
    ///
    /// # Errors
    /// As [`DiskWriter::put`].
    pub async fn finish(self) -> Result<(DiskRoot, WriteStats)> {
        let session = Arc::clone(&self.session);
        session.ended_or(self.try_finish().await).await
    }

    async fn try_finish(mut self) -> Result<(DiskRoot, WriteStats)> {
        self.begin()?;
        self.start_gathered().await?;
        while !self.in_flight.is_empty() {
            self.take_one().await?;
        }
        if let Some((reader, tree)) = self.cut.take() {
            let gone = self.chunks..tree.chunks;
            self.stats.data_chunks -= count_data(reader, tree, gone).await?.cast_signed();
        }
        let (root, nodes) = self.builder.finish(&self.session.vault().ring).await?;
        self.session.append_nodes(nodes).await?;
        Ok((
            DiskRoot {
                key: self.key,
                size: self.size,
                root,
            },
            self.stats,
        ))
    }
}

/// How many of these chunks hold data.
fn data_chunks<'a>(ids: impl Iterator<Item = &'a Id>) -> i64 {
    ids.filter(|id| !id.is_zero()).count() as i64
}

fn wrong(offset: u64, len: u64) -> base::Error {
    base::Error::new(
        base::Code::BadArgument,
        format!("{len} bytes at {offset} of a disk can't be written there and then"),
    )
}
