//! Where a disk or its base holds data, piece by piece, found out as it is asked for.

use base::Result;
use block::{BlockSource, Extent, RunState};
use vault::SPAN_CHUNKS;

use super::Trouble;
use super::order::Order;
use super::tree::Tree;

/// The most questions that the whole disk takes.
const REGIONS: u64 = 1024;
/// A question tells of this many chunks at least: what one node two above the leaves covers.
const REGION_CHUNKS: u64 = 4096;

/// One bit for each piece of an [`Order`].
pub(super) struct Map<'a> {
    source: &'a dyn BlockSource,
    chunk: u64,
    piece: u64,
    region: u64,
    known: Vec<bool>,
    data: Vec<u64>,
}

impl<'a> Map<'a> {
    pub(super) fn new(source: &'a dyn BlockSource, chunk: u64, order: &Order) -> Self {
        let (size, piece) = (source.size(), order.piece());
        let region = size.div_ceil(REGIONS).next_power_of_two();
        let region = region.max(REGION_CHUNKS * chunk).max(piece);
        let count = |n: u64| usize::try_from(n).expect("few regions and pieces");
        Self {
            source,
            chunk,
            piece,
            region,
            known: vec![false; count(size.div_ceil(region))],
            data: vec![0; count(size.div_ceil(piece).div_ceil(64))],
        }
    }

    /// Whether the piece that `e` is in may hold data, in the source or the base.
    pub(super) async fn holds(&mut self, e: Extent, base: &mut Tree) -> Result<bool, Trouble> {
        let region = e.offset / self.region;
        if !self.known[usize::try_from(region).expect("few regions")] {
            self.look(region, base).await?;
        }
        let (word, bit) = place(e.offset / self.piece);
        Ok(self.data[word] & bit != 0)
    }

    async fn look(&mut self, region: u64, base: &mut Tree) -> Result<(), Trouble> {
        let whole = Extent::new(0, self.source.size());
        let region_bytes = Extent::new(region * self.region, self.region);
        let Some(e) = region_bytes.intersect(&whole) else {
            return Ok(());
        };
        let runs = self.source.runs(e).await.map_err(Trouble::Source)?;
        let data = runs.iter().filter(|r| r.state == RunState::Data);
        data.for_each(|r| self.mark(r.extent));
        let span = SPAN_CHUNKS * self.chunk;
        let spans = base.spans(e.offset / span..e.end().div_ceil(span)).await;
        for at in spans.map_err(Trouble::Store)? {
            self.mark(Extent::new(at * span, span));
        }
        self.known[usize::try_from(region).expect("few regions")] = true;
        Ok(())
    }

    fn mark(&mut self, e: Extent) {
        for piece in e.offset / self.piece..e.end().div_ceil(self.piece) {
            let (word, bit) = place(piece);
            // A span may go past the disk's end.
            if let Some(word) = self.data.get_mut(word) {
                *word |= bit;
            }
        }
    }
}

fn place(piece: u64) -> (usize, u64) {
    let word = usize::try_from(piece / 64).expect("few pieces");
    (word, 1 << (piece % 64))
}
