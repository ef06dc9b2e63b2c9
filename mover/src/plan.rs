//! What to read of a disk, and in which pieces.

use block::{Extent, ExtentSet, Run, RunState};
use hypervisor::Changed;
use vault::SPAN_CHUNKS;

use crate::record::DiskBase;

/// The bytes of a disk that a backup must look at, in whole chunks.
pub(crate) fn to_look_at(
    size: u64,
    chunk: u64,
    base: Option<&DiskBase>,
    changed: &Changed,
) -> ExtentSet {
    let (Some(base), Changed::Since { extents, .. }) = (base, changed) else {
        return ExtentSet::full(size);
    };
    let mut set = extents.union(&base.unread);
    if base.root.size != size {
        // The chunk at the smaller end was padded with zeros or is cut now; what lies past the
        // old end is new.
        let edge = base.root.size.min(size) / chunk * chunk;
        set = set.union(&[Extent::new(edge, size - edge)].into_iter().collect());
    }
    set.intersect(&ExtentSet::full(size)).align_out(chunk, size)
}

/// A piece of a disk for the writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Read this, at most a span of chunks.
    Read(Extent),
    /// All zero.
    Zero(Extent),
}

impl Piece {
    pub(crate) fn extent(&self) -> Extent {
        match self {
            Self::Read(e) | Self::Zero(e) => *e,
        }
    }
}

/// Cuts runs, which cover a range of whole chunks, into pieces. A chunk is zero only if all
/// of it is.
pub(crate) fn pieces(runs: &[Run], chunk: u64, size: u64) -> Vec<Piece> {
    let data: ExtentSet = runs
        .iter()
        .filter(|r| r.state == RunState::Data)
        .map(|r| r.extent)
        .collect();
    let data = data.align_out(chunk, size);
    let all: ExtentSet = runs.iter().map(|r| r.extent).collect();
    let zero = all.subtract(&data);
    let span = chunk * SPAN_CHUNKS;
    let mut out: Vec<Piece> = zero.extents().iter().map(|e| Piece::Zero(*e)).collect();
    for e in data.intersect(&all).extents() {
        let mut at = e.offset;
        while at < e.end() {
            let stop = ((at / span + 1) * span).min(e.end());
            out.push(Piece::Read(Extent::new(at, stop - at)));
            at = stop;
        }
    }
    out.sort_by_key(|p| p.extent().offset);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_the_runs_in_whole_chunks_and_stay_inside_a_span() {
        let run = |offset, len, state| Run {
            extent: Extent::new(offset, len),
            state,
        };
        let runs = [
            run(0, 100, RunState::Zero),
            run(100, 10, RunState::Data),
            run(110, 2000, RunState::Zero),
            run(2110, 500, RunState::Data),
        ];
        let out = pieces(&runs, 64, 2610);
        let mut at = 0;
        for p in &out {
            assert_eq!(p.extent().offset, at);
            at = p.extent().end();
            if let Piece::Read(e) = p {
                assert!(
                    e.offset / 1024 == (e.end() - 1) / 1024,
                    "{e:?} crosses a span"
                );
            }
        }
        assert_eq!(at, 2610);
        assert_eq!(out[0], Piece::Zero(Extent::new(0, 64)));
        assert_eq!(out[1], Piece::Read(Extent::new(64, 64)));
    }
}
