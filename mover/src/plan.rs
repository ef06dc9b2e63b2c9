//! What to read of a disk, and in which pieces.

use block::{Extent, ExtentSet, Run, RunState};
use hypervisor::Changed;
use vault::SPAN_CHUNKS;

use crate::record::Base;

/// The bytes of a disk that a backup must look at, in whole chunks.
pub(crate) fn to_look_at(
    size: u64,
    chunk: u64,
    base: Option<&Base>,
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

/// The source is asked for its runs in windows of at most this size.
const WINDOW: u64 = 4 << 30;
/// What lies nearer than this is asked for together.
const NEAR: u64 = 1 << 20;
/// The most bytes in a piece, unless a chunk has more.
const PIECE: u64 = 1 << 20;

/// Groups what to look at into windows, each with what is wanted of it: one question for the
/// source's runs each, be it for gigabytes or for many small changes.
pub(crate) fn windows(planned: &ExtentSet) -> Vec<(Extent, ExtentSet)> {
    let parts = planned.extents().iter().flat_map(|e| {
        (0..e.len.div_ceil(WINDOW)).map(|i| {
            let at = i * WINDOW;
            Extent::new(e.offset + at, WINDOW.min(e.len - at))
        })
    });
    let mut out: Vec<(Extent, Vec<Extent>)> = Vec::new();
    for e in parts {
        match out.last_mut() {
            Some((window, wanted))
                if e.offset - window.end() < NEAR && e.end() - window.offset <= WINDOW =>
            {
                window.len = e.end() - window.offset;
                wanted.push(e);
            }
            _ => out.push((e, vec![e])),
        }
    }
    out.into_iter()
        .map(|(window, wanted)| (window, wanted.into()))
        .collect()
}

/// Whether the runs tell of all that is wanted.
pub(crate) fn covers(runs: &[Run], wanted: &ExtentSet) -> bool {
    let told: ExtentSet = runs.iter().map(|r| r.extent).collect();
    wanted.subtract(&told).is_empty()
}

/// Cuts what is wanted of a window into pieces, in order. `runs` cover the window; `wanted`
/// is of whole chunks. A chunk is zero only if all of it is.
pub(crate) fn pieces(runs: &[Run], wanted: &ExtentSet, chunk: u64, size: u64) -> Vec<Piece> {
    let data: ExtentSet = runs
        .iter()
        .filter(|r| r.state == RunState::Data)
        .map(|r| r.extent)
        .collect();
    let data = data.align_out(chunk, size).intersect(wanted);
    let zero = wanted.subtract(&data);
    let span = chunk * SPAN_CHUNKS;
    let step = span.min(PIECE.max(chunk));
    let mut out: Vec<Piece> = zero.extents().iter().map(|e| Piece::Zero(*e)).collect();
    for e in data.extents() {
        let mut at = e.offset;
        while at < e.end() {
            // Steps are powers of two, so none crosses a span.
            let stop = ((at / step + 1) * step).min(e.end());
            out.push(Piece::Read(Extent::new(at, stop - at)));
            at = stop;
        }
    }
    out.sort_unstable_by_key(|p| p.extent().offset);
    out
}

/// What has been dealt with, in rising order: as few extents as possible.
#[derive(Debug, Default)]
pub(crate) struct Done(Vec<Extent>);

impl Done {
    pub(crate) fn push(&mut self, e: Extent) {
        match self.0.last_mut() {
            Some(last) if last.end() == e.offset => last.len += e.len,
            _ => self.0.push(e),
        }
    }

    pub(crate) fn into_set(self) -> ExtentSet {
        self.0.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(offset: u64, len: u64, state: RunState) -> Run {
        Run {
            extent: Extent::new(offset, len),
            state,
        }
    }

    #[test]
    fn pieces_cover_what_is_wanted_in_whole_chunks_and_stay_inside_a_span() {
        let runs = [
            run(0, 100, RunState::Zero),
            run(100, 10, RunState::Data),
            run(110, 2000, RunState::Zero),
            run(2110, 500, RunState::Data),
        ];
        let out = pieces(&runs, &ExtentSet::full(2610), 64, 2610);
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
        // Only what is wanted.
        let wanted: ExtentSet = [Extent::new(0, 128), Extent::new(2560, 50)]
            .into_iter()
            .collect();
        let out = pieces(&runs, &wanted, 64, 2610);
        assert_eq!(
            out,
            [
                Piece::Zero(Extent::new(0, 64)),
                Piece::Read(Extent::new(64, 64)),
                Piece::Read(Extent::new(2560, 50)),
            ]
        );
    }

    #[test]
    fn a_piece_is_a_mebibyte_however_large_the_chunks_unless_one_is_larger() {
        for (chunk, piece) in [
            (16 << 10, 256 << 10),
            (256 << 10, 1 << 20),
            (4 << 20, 4 << 20),
        ] {
            let size = 64 << 20;
            let all = ExtentSet::full(size);
            let out = pieces(&[run(0, size, RunState::Data)], &all, chunk, size);
            assert!(out.iter().all(|p| p.extent().len == piece), "{chunk}");
            assert_eq!(out.iter().map(|p| p.extent().len).sum::<u64>(), size);
        }
    }

    #[test]
    fn near_changes_share_a_window_and_far_or_huge_ones_do_not() {
        let set: ExtentSet = [
            Extent::new(0, 10),
            Extent::new(NEAR, 10),
            Extent::new(3 * NEAR, 2 * WINDOW + 5),
        ]
        .into_iter()
        .collect();
        let all = windows(&set);
        let found: Vec<Extent> = all.iter().map(|w| w.0).collect();
        assert_eq!(
            found,
            [
                Extent::new(0, NEAR + 10),
                Extent::new(3 * NEAR, WINDOW),
                Extent::new(3 * NEAR + WINDOW, WINDOW),
                Extent::new(3 * NEAR + 2 * WINDOW, 5),
            ]
        );
        let union = all.iter().fold(ExtentSet::new(), |u, w| u.union(&w.1));
        assert_eq!(union, set);
        assert_eq!(all[0].1.bytes(), 20);
    }
}
