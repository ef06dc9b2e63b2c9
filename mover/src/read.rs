//! Reading one disk of a snapshot into a store.

use std::sync::Arc;
use std::time::Instant;

use base::{Code, Error, Result};
use block::{BlockSource, Extent, ExtentSet};
use futures::StreamExt;
use hypervisor::{Changed, SnapshotDisk};
use tokio_util::sync::CancellationToken;
use vault::{Buffers, DiskRoot, DiskWriter, MachineKey, Session, WriteStats};

use crate::backup::cancelled;
use crate::plan::{Done, Piece, covers, pieces, to_look_at, windows};
use crate::progress::Meter;
use crate::record::Base;
use crate::throttle::Throttle;

/// Reads asked for ahead of the writer.
pub(crate) const READ_AHEAD: usize = 4;

/// What became of a disk.
#[derive(Debug)]
pub(crate) struct DiskDone {
    pub(crate) root: DiskRoot,
    pub(crate) stats: WriteStats,
    pub(crate) read: u64,
    /// What is left to read; empty unless `error` is set.
    pub(crate) unread: ExtentSet,
    /// Why reading ended early. What was read before is in `root`.
    pub(crate) error: Option<Error>,
}

pub(crate) struct DiskRead<'a> {
    pub(crate) session: &'a Arc<Session>,
    pub(crate) key: MachineKey,
    pub(crate) disk: &'a SnapshotDisk,
    /// What to read of it.
    pub(crate) changed: &'a Changed,
    pub(crate) base: Option<&'a Base>,
    pub(crate) throttle: &'a Throttle,
    pub(crate) meter: &'a Meter<'a>,
    pub(crate) cancel: &'a CancellationToken,
    /// Bytes of the disks before it that had changed.
    pub(crate) changed_before: u64,
}

impl DiskRead<'_> {
    /// The bytes that will be looked at.
    pub(crate) fn planned(&self) -> ExtentSet {
        let chunk = u64::from(self.session.vault().chunk_size());
        to_look_at(self.disk.source.size(), chunk, self.base, self.changed)
    }

    /// Reads the disk. An error of the source ends the reading but not the disk; an error of
    /// the store is returned.
    pub(crate) async fn run(&self) -> Result<DiskDone> {
        let planned = self.planned();
        let source = &self.disk.source;
        let (size, chunk) = (source.size(), u64::from(self.session.vault().chunk_size()));
        let mut writer = DiskWriter::new(self.session, self.key, size, self.base.map(|b| &b.root));
        let buffers = writer.buffers();
        let mut done = Done::default();
        let mut read = 0;
        let mut error = None;
        let mut reads = futures::stream::iter(windows(&planned))
            .then(|(window, wanted)| async move {
                let found = match source.runs(window).await {
                    Ok(runs) if covers(&runs, &wanted) => pieces(&runs, &wanted, chunk, size)
                        .into_iter()
                        .map(Ok)
                        .collect(),
                    // What is not told of must not be taken for zeros.
                    Ok(_) => vec![Err(Error::new(
                        Code::ProtocolError,
                        format!("the source does not tell of all of {window:?}"),
                    ))],
                    Err(e) => vec![Err(e)],
                };
                futures::stream::iter(found)
            })
            .flatten()
            .map(|piece| async { self.fetch(source, piece?, &buffers).await })
            .buffered(READ_AHEAD)
            .boxed();
        loop {
            let asked = Instant::now();
            let Some(next) = reads.next().await else {
                break;
            };
            // Whoever waits for the throttle waits for no source.
            if !self.throttle.is_set() {
                self.meter.waited(asked.elapsed());
            }
            let (piece, data) = match next {
                Ok(next) => next,
                Err(e) => {
                    error = Some(e);
                    break;
                }
            };
            let extent = piece.extent();
            match data {
                Some(data) => {
                    writer.put(extent.offset, data).await?;
                    read += extent.len;
                    let (changed, stored) = (writer.stats().changed, self.session.stored());
                    self.meter.count(|counted| {
                        counted.read = Some(counted.read.unwrap_or(0) + extent.len);
                        counted.changed = Some(self.changed_before + changed);
                        counted.stored = Some(stored);
                    });
                }
                None => writer.put_zero(extent.offset, extent.len).await?,
            }
            if let Err(e) = source.release(extent).await {
                tracing::debug!("releasing {extent:?} of {}: {e}", self.disk.disk.name);
            }
            done.push(extent);
            self.meter.add(extent.len);
        }
        drop(reads);
        let (root, stats) = writer.finish().await?;
        let unread = match &error {
            Some(_) => planned.subtract(&done.into_set()),
            None => ExtentSet::new(),
        };
        Ok(DiskDone {
            root,
            stats,
            read,
            unread,
            error,
        })
    }

    async fn fetch(
        &self,
        source: &Arc<dyn BlockSource>,
        piece: Piece,
        buffers: &Buffers,
    ) -> Result<(Piece, Option<Vec<u8>>)> {
        let Piece::Read(e) = piece else {
            return Ok((piece, None));
        };
        let buffer = || buffers.take(usize::try_from(e.len).expect("a span"));
        let data = fetch(source, e, buffer, self.throttle, self.cancel).await?;
        Ok((piece, Some(data)))
    }
}

/// Reads these bytes of a source when the throttle lets them pass.
///
/// # Errors
/// Those of the source; `Cancelled`.
pub(crate) async fn fetch(
    source: &Arc<dyn BlockSource>,
    e: Extent,
    buffer: impl FnOnce() -> Vec<u8>,
    throttle: &Throttle,
    cancel: &CancellationToken,
) -> Result<Vec<u8>> {
    let read = async {
        throttle.pass(e.len).await;
        source.read(e.offset, buffer()).await
    };
    tokio::select! {
        biased;
        () = cancel.cancelled() => Err(cancelled()),
        data = read => data,
    }
}
