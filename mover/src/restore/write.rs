//! Writing one disk: what was read, into what differs.
//!
//! ```text
//! tree ─► steps of chunks ─► read, open, check (next step meanwhile) ─► write what differs
//! ```

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Code, Error, Result};
use block::{BlockSink, Extent, RunState, is_zero};
use bytes::Bytes;
use futures::StreamExt;
use tokio_util::task::AbortOnDropHandle;
use vault::{Chunks, PointDisk, Slots};

use super::RestoreReport;
use super::flushing::Flushing;
use crate::progress::Meter;
use crate::throttle::Throttle;

/// Chunks of a step: 8 MiB at the default size.
const STEP: usize = 128;
/// Steps read ahead.
const AHEAD: usize = 2;
/// The most that is written at once.
const TOGETHER: usize = 1 << 20;
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
    let unit = disk.chunk_size();
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
            let later = if rest.len() > STEP {
                rest.split_off(STEP)
            } else {
                Slots::new()
            };
            Ok::<_, Error>(Some((rest, (walk, later))))
        });
    let mut fetched = Box::pin(
        steps
            .map(|step| {
                let disk = Arc::clone(&disk);
                async move {
                    let slots: Slots = step?;
                    throttle.pass(slots.len() as u64 * unit).await;
                    let ids: Vec<_> = slots.iter().map(|s| s.1).collect();
                    // A task of its own, to go on while others are written.
                    let read = tokio::spawn(async move { disk.chunks(&ids).await });
                    let read = AbortOnDropHandle::new(read);
                    let died = |e| Error::new(Code::Internal, "reading chunks died").because(e);
                    let chunks = read.await.map_err(died)??;
                    Ok::<(Slots, Chunks), Error>((slots, chunks))
                }
            })
            .buffered(AHEAD),
    );
    let (mut at, mut data) = (0, 0);
    let written = || writer.written.load(Ordering::Relaxed);
    let mut flushing = Flushing::new(&writer.sink, written());
    while let Some(step) = fetched.next().await {
        let (slots, chunks) = step?;
        let mut parts = Vec::with_capacity(slots.len());
        for (slot, id) in slots {
            let start = slot * unit;
            let len = unit.min(writer.size - start);
            writer.zeroes(Extent::new(at, start - at)).await?;
            let chunk = chunks
                .get(&id)
                .ok_or_else(|| Error::new(Code::Internal, format!("chunk {id:?} was not read")))?;
            parts.push((start, chunk.slice(..usize::try_from(len).expect("a chunk"))));
            at = start + len;
            data += len;
        }
        writer.all(parts).await?;
        flushing.written(written()).await?;
        meter.set(at);
    }
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
    /// Makes the target hold these chunks at their offsets, which rise.
    async fn all(&self, parts: Vec<(u64, Bytes)>) -> Result<()> {
        let mut together: (u64, Vec<u8>) = (0, Vec::with_capacity(TOGETHER));
        for (offset, part) in parts {
            if !self.fresh {
                self.data(offset, &part).await?;
                continue;
            }
            for run in differing(&part, None, HOLE) {
                let at = offset + run.start as u64;
                let full = together.1.len() + run.len() > TOGETHER;
                if together.0 + together.1.len() as u64 != at || full {
                    self.put(together.0, &together.1).await?;
                    together.0 = at;
                    together.1.clear();
                }
                together.1.extend_from_slice(&part[run]);
            }
        }
        self.put(together.0, &together.1).await
    }

    async fn put(&self, offset: u64, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        self.count(data.len() as u64);
        self.sink.write(offset, data).await
    }

    /// Makes the target hold `data` at `offset`.
    async fn data(&self, offset: u64, data: &[u8]) -> Result<()> {
        let old = self.sink.read(offset, vec![0; data.len()]).await?;
        let runs = differing(data, Some(&old), BLOCK);
        self.write(offset, data, &runs).await
    }

    async fn write(&self, offset: u64, data: &[u8], runs: &[Range<usize>]) -> Result<()> {
        for run in runs {
            let part = &data[run.clone()];
            self.count(part.len() as u64);
            self.sink.write(offset + run.start as u64, part).await?;
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
