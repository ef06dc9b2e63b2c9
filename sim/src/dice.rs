//! The one source of chance in a run.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A generator of numbers from a seed (SplitMix64). Its numbers are the same with every version
/// of every library, so that a seed stays what it was.
#[derive(Debug)]
pub(crate) struct Dice(Mutex<u64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed ^ 0x5354_494c_4c50_4e54))
    }

    pub(crate) fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n`, which must not be 0.
    pub(crate) fn below(&self, n: u64) -> u64 {
        self.next() % n
    }

    /// A place in a list of `len`, which must not be empty.
    pub(crate) fn place(&self, len: usize) -> usize {
        usize::try_from(self.below(len as u64)).expect("below a usize")
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.place(all.len())]
    }

    /// True `n` times in ten thousand.
    pub(crate) fn chance(&self, n: u64) -> bool {
        self.below(10_000) < n
    }

    /// A time below `most`; short ones are as likely as long ones.
    pub(crate) fn time(&self, most: Duration) -> Duration {
        let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX).max(1);
        let bits = u64::from(64 - most.leading_zeros());
        let below = 1u64.checked_shl(u32::try_from(1 + self.below(bits)).unwrap_or(1));
        Duration::from_millis(self.below(below.unwrap_or(most).clamp(1, most)))
    }
}
