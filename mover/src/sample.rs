//! A sample of what a tracker calls unchanged, compared with the base: a tracker is a hint.
//!
//! Only chunks that the disk or the base holds as data count against the budget. Of n such
//! chunks a run compares m; of d stale ones it meets at least one with a chance of
//! 1 − (1 − m/n)^d, r runs with 1 − (1 − r·m/n)^d, and after n/m runs all were met.

mod map;
mod order;
mod tail;
mod tree;

use std::collections::BTreeMap;

use base::{Code, Error, Kind, Result};
use block::{Extent, ExtentSet, Run, RunState};
use futures::StreamExt;
use hypervisor::SnapshotDisk;
use tokio_util::sync::CancellationToken;
use vault::format::node::FAN_OUT;
use vault::{Id, SPAN_CHUNKS, Session};

use crate::plan::{Piece, covers, pieces};
use crate::progress::Meter;
use crate::read::{READ_AHEAD, fetch};
use crate::record::Base;
use crate::throttle::Throttle;
use map::Map;
use order::Order;
pub(crate) use tail::cut_off;
use tree::Tree;

/// Bytes chosen, sorted and compared in one go.
const BATCH: u64 = 32 << 20;

/// What a sample found.
#[derive(Debug, Default)]
pub(crate) struct Sampled {
    /// Bytes compared.
    pub(crate) bytes: u64,
    /// Where the next sample begins.
    pub(crate) to: u64,
    /// What differs from the base, as far as it was seen.
    pub(crate) stale: ExtentSet,
    /// Why the sample ended before the budget, or what it had to pass by.
    pub(crate) trouble: Option<Error>,
}

/// An error, by whose it is.
enum Trouble {
    /// The disk's. It costs the sample.
    Source(Error),
    /// The store's, which ends the backup.
    Store(Error),
}

pub(crate) struct Sample<'a> {
    pub(crate) session: &'a Session,
    pub(crate) disk: &'a SnapshotDisk,
    pub(crate) base: &'a Base,
    /// What is read anyway, in whole chunks.
    pub(crate) planned: &'a ExtentSet,
    /// The most bytes to compare.
    pub(crate) budget: u64,
    pub(crate) throttle: &'a Throttle,
    pub(crate) meter: &'a Meter<'a>,
    pub(crate) cancel: &'a CancellationToken,
}

/// A chunk to compare.
#[derive(Clone, Copy, Debug)]
struct Chosen {
    /// Its id in the base; zero for zeros.
    base: Id,
    /// Whether the source holds data there.
    data: bool,
}

/// Chunks by their places on the disk, in bytes.
type Batch = BTreeMap<u64, Chosen>;

impl Sample<'_> {
    /// Takes the sample. An error of the source ends it early and is told in the result.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`: the base can't be read. `Fenced`.
    pub(crate) async fn run(&self) -> Result<Sampled> {
        let chunk = u64::from(self.session.vault().chunk_size());
        let order = Order::new(self.disk.source.size(), chunk);
        let then = Order::new(self.base.root.size, chunk);
        let mut sampled = Sampled {
            to: order.resume(&then, self.base.sampled_to),
            ..Sampled::default()
        };
        match self.take(&order, &mut sampled).await {
            Err(Trouble::Store(e)) => self.session.ended_or(Err(e)).await,
            Err(Trouble::Source(e)) => {
                // A cancel ends the reading too, which says so.
                sampled.trouble = (e.kind() != Kind::Cancelled).then_some(e);
                Ok(sampled)
            }
            Ok(()) => Ok(sampled),
        }
    }

    async fn take(&self, order: &Order, sampled: &mut Sampled) -> Result<(), Trouble> {
        let chunk = u64::from(self.session.vault().chunk_size());
        let mut base = Tree::new(self.session.reader(), &self.base.root, chunk);
        let mut map = Map::new(&*self.disk.source, chunk, order);
        let start = sampled.to;
        let end = start + order.round();
        let (mut at, mut left) = (start, self.budget / chunk);
        while at < end && left > 0 && sampled.stale.is_empty() && sampled.trouble.is_none() {
            let mut batch = Batch::new();
            while at < end && left > 0 && batch.len() as u64 * chunk < BATCH {
                let next = order.after(at).min(end);
                let Some(mut piece) = order.at(at) else {
                    at = next;
                    continue;
                };
                // A round that begins inside a piece ends there.
                piece.len = piece.len.min((end - at) * chunk);
                if !map.holds(piece, &mut base).await? {
                    at = next;
                    continue;
                }
                let mut found = self.look(&mut base, piece).await?;
                let rest =
                    found.split_off(found.len().min(usize::try_from(left).unwrap_or(usize::MAX)));
                left -= found.len() as u64;
                at = rest
                    .first()
                    .map_or(next, |(place, _)| at + (place - piece.offset) / chunk);
                batch.extend(found);
            }
            self.compare(batch, sampled).await?;
            sampled.to = at % order.round();
        }
        Ok(())
    }

    /// The chunks of `e` that are not read anyway and hold data, in the source or the base.
    async fn look(&self, base: &mut Tree, e: Extent) -> Result<Vec<(u64, Chosen)>, Trouble> {
        let wanted = ExtentSet::from(vec![e]).subtract(&within(self.planned, e));
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let chunk = u64::from(self.session.vault().chunk_size());
        let size = self.disk.source.size();
        let runs = self.disk.source.runs(e).await.map_err(Trouble::Source)?;
        if !covers(&runs, &wanted) {
            let what = format!("the source does not tell of all of {e:?}");
            return Err(Trouble::Source(Error::new(Code::ProtocolError, what)));
        }
        let data = runs.iter().filter(|r| r.state == RunState::Data);
        let data: ExtentSet = data.map(|r| r.extent).collect();
        let data = data.align_out(chunk, size);
        let mut all = Vec::new();
        for e in wanted.extents() {
            let mut leaf = (u64::MAX, [Id::ZERO; FAN_OUT]);
            for c in chunks(*e, chunk) {
                let slot = c.offset / chunk;
                let span = slot / SPAN_CHUNKS;
                if leaf.0 != span {
                    leaf = (span, base.leaf(span).await.map_err(Trouble::Store)?);
                }
                let place = usize::try_from(slot % SPAN_CHUNKS).expect("below 16");
                let chosen = Chosen {
                    base: leaf.1[place],
                    data: !within(&data, c).is_empty(),
                };
                if chosen.data || !chosen.base.is_zero() {
                    all.push((c.offset, chosen));
                }
            }
        }
        Ok(all)
    }

    /// Reads a batch in the order of the disk and compares it with the base.
    async fn compare(&self, batch: Batch, sampled: &mut Sampled) -> Result<(), Trouble> {
        let vault = self.session.vault();
        let (chunk, source) = (u64::from(vault.chunk_size()), &self.disk.source);
        let at = |place: u64| Extent::new(place, chunk.min(source.size() - place));
        let of = |data: bool| -> ExtentSet {
            let all = batch.iter().filter(|(_, c)| c.data == data);
            all.map(|(place, _)| at(*place)).collect()
        };
        // A hole where the base has data needs no reading.
        let holes = of(false);
        let mut stale: Vec<Extent> = holes.extents().to_vec();
        sampled.bytes += holes.bytes();
        let data = of(true);
        let runs = data.extents().iter().map(|extent| Run {
            extent: *extent,
            state: RunState::Data,
        });
        let reads = pieces(&runs.collect::<Vec<_>>(), &data, chunk, source.size());
        let mut reads = futures::stream::iter(reads.iter().map(Piece::extent))
            .map(|e| async move {
                let buffer = || vec![0; usize::try_from(e.len).expect("a span")];
                let data = fetch(source, e, buffer, self.throttle, self.cancel).await;
                (e, data)
            })
            .buffered(READ_AHEAD)
            .boxed();
        while let Some((e, data)) = reads.next().await {
            let mut data = match data {
                // A sector that can't be read is no reason to stop at it in every run.
                Err(e) if e.code() == Code::Io => {
                    sampled.trouble.get_or_insert(e);
                    continue;
                }
                data => data.map_err(Trouble::Source)?,
            };
            data.resize(data.len().next_multiple_of(vault.chunk_size() as usize), 0);
            let found = data
                .chunks(vault.chunk_size() as usize)
                .zip(chunks(e, chunk));
            for (bytes, c) in found {
                let id = if block::is_zero(bytes) {
                    Id::ZERO
                } else {
                    Id(vault.ring().chunk_id(bytes))
                };
                if batch.get(&c.offset).is_some_and(|b| b.base != id) {
                    stale.push(c);
                }
            }
            sampled.bytes += e.len;
            self.meter.add(e.len);
        }
        sampled.stale = stale.into();
        Ok(())
    }
}

/// The extents of `set` that touch `e`.
fn within(set: &ExtentSet, e: Extent) -> ExtentSet {
    let all = set.extents();
    let first = all.partition_point(|x| x.end() <= e.offset);
    let near = all[first..].iter().take_while(|x| x.offset < e.end());
    near.copied().collect()
}

/// The chunks of an extent that begins with one.
fn chunks(e: Extent, chunk: u64) -> impl Iterator<Item = Extent> {
    (e.offset..e.end())
        .step_by(usize::try_from(chunk).expect("a chunk fits in memory"))
        .map(move |at| Extent::new(at, chunk.min(e.end() - at)))
}
