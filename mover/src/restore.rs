//! Writing a disk of a point to a target.
//!
//! ```text
//! tree ─► steps of chunks ─► read, open, check (next step meanwhile) ─► write what differs
//! ```

use std::sync::Arc;

use base::{ByteSize, Code, Error, Result};
use block::{BlockSink, BlockSource, Extent, RunState, is_zero};
use futures::StreamExt;
use serde::Serialize;
use tokio_util::sync::CancellationToken;
use vault::{Chunks, PointDisk, Slots};

use crate::progress::{Events, Meter};
use crate::target::Target;
use crate::throttle::Throttle;

/// What a restore of a disk did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RestoreReport {
    /// The disk's size.
    pub size: u64,
    /// Bytes of it that are not zero, in chunks.
    pub data: u64,
    /// Bytes written to the target.
    pub written: u64,
    /// Seconds it took.
    pub seconds: f64,
}

/// Chunks of a step: 8 MiB at the default size.
const STEP: usize = 128;
/// Steps read ahead.
const AHEAD: usize = 2;
/// The blocks in which old and new contents are compared.
const BLOCK: usize = 4096;
/// A run of zero blocks this long in a new image is left a hole.
const HOLE: usize = 16 << 10;

/// Writes `disk` to `target` and finishes it. On failure or cancellation a new image is
/// removed; one that existed stays marked as unfinished, and the same call completes it.
///
/// # Errors
/// `NoSpace`, `Cancelled`, `Integrity`, `Denied`, `Unavailable`; those of the target.
pub async fn restore_disk(
    disk: PointDisk,
    target: Target,
    rate: Option<u64>,
    cancel: &CancellationToken,
    events: &dyn Events,
    name: &str,
) -> Result<RestoreReport> {
    let started = std::time::Instant::now();
    let size = disk.size();
    let meter = Meter::new(
        events,
        &format!("Restoring {name}, {}", ByteSize(size)),
        size,
    );
    let throttle = Throttle::new(rate);
    let writer = Writer {
        sink: Arc::clone(target.sink()),
        fresh: target.is_fresh(),
        size,
        written: 0,
    };
    let work = run(disk, writer, &meter, &throttle);
    let done = tokio::select! {
        biased;
        () = cancel.cancelled() => Err(Error::new(Code::Cancelled, format!("the restore of {name} was cancelled"))),
        done = work => done,
    };
    match done {
        Ok(mut report) => {
            target.finish().await?;
            meter.set(size);
            report.seconds = started.elapsed().as_secs_f64();
            Ok(report)
        }
        Err(e) => {
            target.abandon().await;
            Err(e)
        }
    }
}

async fn run(
    disk: PointDisk,
    mut writer: Writer,
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
                    let chunks = disk.chunks(&ids).await?;
                    Ok::<(Slots, Chunks), Error>((slots, chunks))
                }
            })
            .buffered(AHEAD),
    );
    let (mut at, mut data) = (0, 0);
    while let Some(step) = fetched.next().await {
        let (slots, chunks) = step?;
        for (slot, id) in slots {
            let start = slot * unit;
            let len = unit.min(writer.size - start);
            writer.zeroes(Extent::new(at, start - at)).await?;
            let chunk = chunks
                .get(&id)
                .ok_or_else(|| Error::new(Code::Internal, format!("chunk {id:?} was not read")))?;
            writer
                .data(start, &chunk[..usize::try_from(len).expect("a chunk")])
                .await?;
            at = start + len;
            data += len;
        }
        meter.set(at);
    }
    writer.zeroes(Extent::new(at, writer.size - at)).await?;
    Ok(RestoreReport {
        size: writer.size,
        data,
        written: writer.written,
        seconds: 0.0,
    })
}

struct Writer {
    sink: Arc<dyn BlockSink>,
    fresh: bool,
    size: u64,
    written: u64,
}

impl Writer {
    /// Makes the target hold `data` at `offset`.
    async fn data(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        if self.fresh {
            return self.write_differing(offset, data, None).await;
        }
        let old = self.sink.read(offset, vec![0; data.len()]).await?;
        self.write_differing(offset, data, Some(&old)).await
    }

    /// Writes the runs of blocks that differ from `old`; from zeros without it, where short
    /// runs of zeros are written along.
    async fn write_differing(
        &mut self,
        offset: u64,
        data: &[u8],
        old: Option<&[u8]>,
    ) -> Result<()> {
        let same = |at: usize, block: &[u8]| match old {
            Some(old) => old[at..at + block.len()] == *block,
            None => is_zero(block),
        };
        let gap = if old.is_some() { BLOCK } else { HOLE };
        // The run to be written, and the end of its last differing block.
        let mut run: Option<(usize, usize)> = None;
        for (i, block) in data.chunks(BLOCK).enumerate() {
            let at = i * BLOCK;
            if same(at, block) {
                if let Some((start, end)) = run.filter(|(_, end)| at + block.len() - end >= gap) {
                    self.write(offset, data, start, end).await?;
                    run = None;
                }
            } else {
                run = Some((run.map_or(at, |r| r.0), at + block.len()));
            }
        }
        match run {
            Some((start, end)) => self.write(offset, data, start, end).await,
            None => Ok(()),
        }
    }

    async fn write(&mut self, offset: u64, data: &[u8], start: usize, end: usize) -> Result<()> {
        self.written += (end - start) as u64;
        self.sink
            .write(offset + start as u64, &data[start..end])
            .await
    }

    /// Makes the target read as zero there.
    async fn zeroes(&mut self, range: Extent) -> Result<()> {
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
                let old = self
                    .sink
                    .read(at, vec![0; usize::try_from(len).expect("1 MiB")])
                    .await?;
                if !is_zero(&old) {
                    self.written += len;
                    self.sink.write_zeroes(Extent::new(at, len)).await?;
                }
                at += len;
            }
        }
        Ok(())
    }
}
