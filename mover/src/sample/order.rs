//! The order in which samples go over a disk.
//!
//! The disk is cut into 2^k pieces, the last of which may lie past its end. The n-th piece of a
//! round is piece n·g mod 2^k. As g is odd, a round meets every piece once. As g / 2^k is near
//! the golden section and has a continued fraction of small terms, the first n pieces of a round
//! lie evenly over the disk for every n: no stretch longer than 3·2^k / n pieces is left out, and
//! of pieces at a distance of a power of two none is left for later. So a stretch of stale bytes
//! is met soon wherever it is, and single stale chunks as soon as by chance.
//!
//! A position counts chunks, so that a run may end inside a piece. It keeps its meaning when the
//! disk is resized, as long as k and the piece stay the same.

use block::Extent;
use vault::SPAN_CHUNKS;

/// The most bytes of a piece, unless a chunk has more or there would be too many pieces.
const PIECE: u64 = 1 << 20;
/// The most pieces: a bit each is kept in memory.
const MOST_PIECES: u64 = 1 << 24;
/// 2^64 / 1.618…: where to look for g.
const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// The order for a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    size: u64,
    chunk: u64,
    piece: u64,
    bits: u32,
    step: u64,
}

impl Order {
    /// For a disk of `size` bytes with chunks of `chunk` bytes, a power of two.
    pub(crate) fn new(size: u64, chunk: u64) -> Self {
        let least = size.div_ceil(MOST_PIECES).next_power_of_two();
        // What one leaf of the tree covers is looked up at once.
        let piece = PIECE.min(chunk * SPAN_CHUNKS).max(chunk).max(least);
        let pieces = size.div_ceil(piece).next_power_of_two();
        let bits = pieces.trailing_zeros();
        let near = GOLDEN.checked_shr(64 - bits).unwrap_or(0) | 1;
        let step = (near..pieces)
            .step_by(2)
            .find(|g| terms_are_small(*g, pieces));
        Self {
            size,
            chunk,
            piece,
            bits,
            step: step.unwrap_or(near),
        }
    }

    /// Bytes of a piece.
    pub(crate) fn piece(&self) -> u64 {
        self.piece
    }

    /// The positions of a round.
    pub(crate) fn round(&self) -> u64 {
        (self.piece / self.chunk) << self.bits
    }

    /// Where a disk that was sampled up to `position` in the order `then` is sampled next.
    pub(crate) fn resume(&self, then: &Self, position: u64) -> u64 {
        if (self.piece, self.bits) == (then.piece, then.bits) {
            position % self.round()
        } else {
            0
        }
    }

    /// What is at `position` and after it in its piece; `None` past the disk's end.
    pub(crate) fn at(&self, position: u64) -> Option<Extent> {
        let each = self.piece / self.chunk;
        let mask = (1 << self.bits) - 1;
        let n = (position / each) & mask;
        let start = (n.wrapping_mul(self.step) & mask) * self.piece;
        let from = start + position % each * self.chunk;
        let end = (start + self.piece).min(self.size);
        (from < end).then(|| Extent::new(from, end - from))
    }

    /// The position of the next piece.
    pub(crate) fn after(&self, position: u64) -> u64 {
        let each = self.piece / self.chunk;
        (position / each + 1) * each
    }
}

/// Whether the continued fraction of g / m has no term over 3.
fn terms_are_small(g: u64, m: u64) -> bool {
    let (mut a, mut b) = (g, m % g);
    while b > 0 {
        if a / b > 3 {
            return false;
        }
        (a, b) = (b, a % b);
    }
    true
}

#[cfg(test)]
mod tests {
    use block::ExtentSet;

    use super::*;

    #[test]
    fn a_round_meets_every_chunk_once() {
        for (size, chunk) in [
            (1, 16 << 10),
            (5 << 20, 64 << 10),
            ((77 << 20) + 512, 64 << 10),
            (64 << 20, 1 << 20),
            (100 << 30, 4 << 20),
        ] {
            let order = Order::new(size, chunk);
            let (mut all, mut bytes, mut at) = (Vec::new(), 0, 0);
            while at < order.round() {
                if let Some(e) = order.at(at) {
                    bytes += e.len;
                    all.push(e);
                }
                at = order.after(at);
            }
            assert_eq!(at, order.round());
            assert_eq!(bytes, size, "{order:?}: some twice");
            assert_eq!(ExtentSet::from(all), ExtentSet::full(size));
        }
    }

    #[test]
    fn a_position_inside_a_piece_gives_the_rest_of_it() {
        let order = Order::new(8 << 20, 64 << 10);
        for piece in (0..order.round()).step_by(16) {
            let whole = order.at(piece).unwrap();
            let rest = order.at(piece + 13).unwrap();
            assert_eq!(rest, Extent::new(whole.offset + (13 << 16), 3 << 16));
            assert_eq!(order.after(piece + 13), piece + 16);
        }
    }

    #[test]
    fn no_long_stretch_is_left_out_for_long() {
        for bits in [4, 9, 10, 13, 16] {
            let order = Order::new(PIECE << bits, PIECE);
            let mut seen = std::collections::BTreeSet::new();
            for n in 0..order.round() {
                seen.insert(order.at(n).unwrap().offset / PIECE);
                if n > 0 && n.is_power_of_two() || n == order.round() / 3 {
                    let ends = seen.iter().copied().skip(1).chain([1 << bits]);
                    let gap = seen.iter().zip(ends).map(|(a, b)| b - a).max().unwrap();
                    let most = 3 * (1 << bits) / seen.len() as u64;
                    assert!(
                        gap <= most,
                        "{bits} bits: {gap} pieces are left out after {n}"
                    );
                }
            }
        }
    }

    #[test]
    fn any_size_has_an_order_of_few_pieces_and_growth_inside_it_keeps_the_position() {
        for size in [0, 1, u64::MAX / 2, u64::MAX] {
            let order = Order::new(size, 64 << 10);
            assert!(order.round() / (order.piece() / (64 << 10)) <= 2 * MOST_PIECES);
            assert_eq!(order.at(0).is_some(), size > 0);
        }
        let order = |mib: u64| Order::new(mib << 20, 64 << 10);
        assert_eq!(order(100).resume(&order(70), 77), 77);
        assert_eq!(order(100).resume(&order(50), 77), 0);
        // What an odd record says is no way out of the round.
        let far = order(100).resume(&order(100), u64::MAX);
        assert!(far < order(100).round());
    }
}
