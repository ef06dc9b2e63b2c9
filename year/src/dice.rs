//! The one source of chance in a run.

/// A generator of numbers from a seed (SplitMix64): the same with every version of every library.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x5354_494c_4c59_4541)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From `from` to `to`, both included.
    pub(crate) fn range(&mut self, from: i64, to: i64) -> i64 {
        let width = to.abs_diff(from) + 1;
        from + (self.next() % width) as i64
    }

    /// A place in a list of `len`, which must not be empty.
    pub(crate) fn place(&mut self, len: usize) -> usize {
        self.range(0, len as i64 - 1) as usize
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        let place = self.place(all.len());
        &all[place]
    }

    /// True `n` times in a million.
    pub(crate) fn chance(&mut self, n: u64) -> bool {
        self.next() % 1_000_000 < n
    }

    /// Another generator, with numbers of its own.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }
}
