//! The choices of one step, from its seed.

use std::time::Duration;

use testkit::disk::noise;

/// Numbers that depend on the seed and the step only, so that what a step does is the same
/// however those before it ended.
pub struct Dice {
    seed: u64,
    rolled: u64,
}

impl Dice {
    pub fn new(seed: u64, step: u64) -> Self {
        let seed = number(seed.wrapping_mul(1_000_003).wrapping_add(step));
        Self { seed, rolled: 0 }
    }

    pub fn next(&mut self) -> u64 {
        self.rolled += 1;
        number(self.seed.wrapping_add(self.rolled))
    }

    /// A number below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        usize::try_from(self.next() % n as u64).unwrap()
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of them.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    /// A moment within something that usually takes so long, or shortly after.
    pub fn moment(&mut self, usual: Duration) -> Duration {
        usual.mul_f64(self.below(1100) as f64 / 1000.0)
    }
}

fn number(seed: u64) -> u64 {
    u64::from_le_bytes(noise(seed, 8).try_into().unwrap())
}
