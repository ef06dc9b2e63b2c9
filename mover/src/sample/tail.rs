//! A disk that was made smaller and larger again, of which its tracker knows nothing.
//!
//! QEMU cuts a dirty bitmap off with its image and, when the image grows, adds clean bits. What
//! was cut off reads as zeros from then on. So where from some place to the end of a disk nothing
//! but what the tracker names holds data, its base must hold none there either.

use base::Result;
use block::{Extent, ExtentSet, RunState};
use hypervisor::SnapshotDisk;
use vault::{SPAN_CHUNKS, Session};

use super::tree::Tree;
use super::{chunks, within};
use crate::record::Base;

/// Bytes asked of the source at once.
const WINDOW: u64 = 16 << 30;
/// Spans asked of the base at once.
const SPANS: u64 = 1 << 16;

/// A chunk that reads as zero now, is called unchanged, and is not zero in the base: where the
/// disk was cut off. `planned` is what is read anyway, in whole chunks.
///
/// # Errors
/// `Integrity`, `Unavailable`: the base can't be read. `Fenced`.
pub(crate) async fn cut_off(
    session: &Session,
    disk: &SnapshotDisk,
    base: &Base,
    planned: &ExtentSet,
) -> Result<Option<Extent>> {
    let found = search(session, disk, base, planned).await;
    session.ended_or(found).await
}

async fn search(
    session: &Session,
    disk: &SnapshotDisk,
    base: &Base,
    planned: &ExtentSet,
) -> Result<Option<Extent>> {
    let chunk = u64::from(session.vault().chunk_size());
    let size = disk.source.size();
    let end = size.min(base.root.size);
    let span = SPAN_CHUNKS * chunk;
    let mut tree = Tree::new(session.reader(), &base.root, chunk);
    let mut at = end;
    while at > 0 {
        let window = Extent::new(at.saturating_sub(WINDOW) / span * span, 0);
        let window = Extent::new(window.offset, at - window.offset);
        // A source that can't tell is read, and says why.
        let Ok(runs) = disk.source.runs(window).await else {
            return Ok(None);
        };
        let data = runs.iter().filter(|r| r.state == RunState::Data);
        let data: ExtentSet = data.map(|r| r.extent).collect();
        let unplanned = data.align_out(chunk, size).subtract(planned);
        let last = unplanned.extents().last().map(Extent::end);
        let from = last.unwrap_or(window.offset).min(at);
        let mut first = from / span;
        while first * span < at {
            let more = first..(first + SPANS).min(at.div_ceil(span));
            first = more.end;
            for s in tree.spans(more).await? {
                let leaf = tree.leaf(s).await?;
                for (c, id) in chunks(Extent::new(s * span, span), chunk).zip(leaf) {
                    let here = c.offset >= from && c.offset < at;
                    if here && !id.is_zero() && within(planned, c).is_empty() {
                        return Ok(Some(c));
                    }
                }
            }
        }
        if last.is_some() {
            break;
        }
        at = window.offset;
    }
    Ok(None)
}
