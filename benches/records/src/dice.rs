//! Numbers by chance, the same in each run.

use base::{Random, SeededRandom};

/// Gives numbers.
pub(crate) struct Dice(SeededRandom);

impl Dice {
    pub(crate) fn new() -> Self {
        Self(SeededRandom::new(1))
    }

    /// A number below this one.
    pub(crate) fn below(&self, end: usize) -> usize {
        let random: &dyn Random = &self.0;
        (u64::from_le_bytes(random.bytes()) % end.max(1) as u64) as usize
    }
}
