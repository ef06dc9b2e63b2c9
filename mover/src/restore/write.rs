//! Writing one disk: what was read, into what differs.
//!
//! ```text
//! tree ─► slots ─► read, open, check: several parts at a time ─► write what differs: two parts
//! ```

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Code, Error, Result};
use block::{BlockSink, Extent, RunState, is_zero};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use tokio_util::task::AbortOnDropHandle;
use vault::{Part, PointDisk, Slots};

use super::RestoreReport;
use super::flushing::Flushing;
use crate::progress::Meter;
use crate::throttle::Throttle;

/// Parts written at the same time.
const WRITES: usize = 2;
/// The blocks in which old and new contents are compared.
const BLOCK: usize = 4096;
/// A run of zero blocks this long in a new image is left a hole.
const HOLE: usize = 16 << 10;

/// Makes the writer's target hold `disk`.
///
/// # Errors
/// `NoSpace`, `Integrity`, `Denied`, `Unavailable`; those of the target.
pub(super) async fn write_disk(
    disk: PointDisk,
    writer: Writer<'_>,
    meter: &Meter<'_>,
    throttle: &Throttle,
) -> Result<RestoreReport> {
    let (unit, pace) = (disk.chunk_size(), disk.pace());
    let disk = Arc::new(disk);
    let walk = disk.walk(Extent::new(0, writer.size));
    let steps =
        futures::stream::try_unfold((walk, Slots::new()), |(mut walk, mut rest)| async move {
            while rest.is_empty() {
                match walk.next().await? {
                    Some(more) => rest = more,
                    None => return Ok(None),
                }
            }
            let later = rest.split_off(rest.len().min(pace.slots));
            Ok::<_, Error>(Some((rest, (walk, later))))
        });
    let fetched = steps
        .map(|step| {
            let disk = Arc::clone(&disk);
            async move {
                let slots: Slots = step?;
                throttle.pass(slots.len() as u64 * unit).await;
                // A task of its own, to go on while others are written.
                let read = tokio::spawn(async move { disk.parts(slots).await });
                let died = |e| Error::new(Code::Internal, "reading chunks died").because(e);
                AbortOnDropHandle::new(read).await.map_err(died)?
            }
        })
        .buffered(pace.calls)
        .map_ok(|parts: Vec<Part>| futures::stream::iter(parts.into_iter().map(Ok)))
        .try_flatten();
    let (writer, mut end) = (&writer, 0);
    let mut done = fetched
        .map(|part: Result<Part>| {
            let from = end;
            if let Ok(part) = &part {
                end = part.offset + part.bytes.len() as u64;
            }
            async move { writer.part(from, part?).await }
        })
        .buffered(WRITES)
        .boxed();
    let (mut at, mut data) = (0, 0);
    let written = || writer.written.load(Ordering::Relaxed);
    let mut flushing = Flushing::new(&writer.sink, written());
    while let Some(part) = done.next().await {
        let part = part?;
        at = part.end();
        data += part.len;
        flushing.written(written()).await?;
        meter.set(at);
    }
    drop(done);
    writer.zeroes(Extent::new(at, writer.size - at)).await?;
    flushing.settle().await?;
    Ok(RestoreReport {
        size: writer.size,
        data,
        written: written(),
        seconds: 0.0,
    })
}

/// What puts the bytes of a disk into its target.
pub(super) struct Writer<'a> {
    pub(super) sink: Arc<dyn BlockSink>,
    /// Whether the target reads as zero.
    pub(super) fresh: bool,
    /// Bytes of the disk.
    pub(super) size: u64,
    /// Bytes whose writing was begun.
    pub(super) written: &'a AtomicU64,
}

impl Writer<'_> {
    /// Makes the target hold this part, and zeros from `from` up to it. Gives where it is.
    async fn part(&self, from: u64, part: Part) -> Result<Extent> {
        let there = Extent::new(part.offset, part.bytes.len() as u64);
        self.zeroes(Extent::new(from, part.offset - from)).await?;
        self.data(part.offset, part.bytes).await?;
        Ok(there)
    }

    /// Makes the target hold `data` at `offset`.
    async fn data(&self, offset: u64, data: Bytes) -> Result<()> {
        let runs = match self.fresh {
            true => differing(&data, None, HOLE),
            false => {
                let old = self.sink.read(offset, vec![0; data.len()]).await?;
                differing(&data, Some(&old), BLOCK)
            }
        };
        for run in runs {
            let (at, part) = (offset + run.start as u64, data.slice(run));
            self.count(part.len() as u64);
            self.sink.write_bytes(at, part).await?;
        }
        Ok(())
    }

    /// Makes the target read as zero there.
    async fn zeroes(&self, range: Extent) -> Result<()> {
        if self.fresh || range.len == 0 {
            return Ok(());
        }
        for run in self.sink.runs(range).await? {
            if run.state == RunState::Zero {
                continue;
            }
            let mut at = run.extent.offset;
            while at < run.extent.end() {
                let len = (run.extent.end() - at).min(1 << 20);
                let buf = vec![0; usize::try_from(len).expect("1 MiB")];
                let old = self.sink.read(at, buf).await?;
                for run in differing(&old, None, BLOCK) {
                    let part = Extent::new(at + run.start as u64, run.len() as u64);
                    self.count(part.len);
                    self.sink.write_zeroes(part).await?;
                }
                at += len;
            }
        }
        Ok(())
    }

    fn count(&self, bytes: u64) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }
}

/// The runs of blocks in which `data` differs from `old`, or from zeros without it. Runs with
/// less than `gap` bytes between them are taken together.
fn differing(data: &[u8], old: Option<&[u8]>, gap: usize) -> Vec<Range<usize>> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for (i, block) in data.chunks(BLOCK).enumerate() {
        let at = i * BLOCK;
        let end = at + block.len();
        let same = match old {
            Some(old) => old[at..end] == *block,
            None => is_zero(block),
        };
        match runs.last_mut() {
            _ if same => {}
            Some(last) if at - last.end < gap => last.end = end,
            _ => runs.push(at..end),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_of_whole_blocks_and_near_ones_go_together() {
        let mut data = vec![0; 10 * BLOCK + 5];
        for at in [0, BLOCK + 7, 4 * BLOCK, 10 * BLOCK + 4] {
            data[at] = 1;
        }
        let all = [
            0..2 * BLOCK,
            4 * BLOCK..5 * BLOCK,
            10 * BLOCK..10 * BLOCK + 5,
        ];
        assert_eq!(differing(&data, None, BLOCK), all);
        let near = [0..5 * BLOCK, all[2].clone()];
        assert_eq!(differing(&data, None, 4 * BLOCK), near);
        assert_eq!(differing(&data, Some(&data.clone()), BLOCK), []);
        let zeros = vec![0; data.len()];
        assert_eq!(differing(&data, Some(&zeros), BLOCK), all);
    }
}
