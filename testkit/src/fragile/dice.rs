//! What a seed chooses of that which a disk may lose.

/// Choices that follow from a seed alone.
#[derive(Debug)]
pub(super) struct Dice {
    state: u64,
    /// Names that survive, of a hundred.
    names: u64,
    /// Writes that survive, of a hundred.
    writes: u64,
}

impl Dice {
    /// Four seeds in turn: nothing survives; names do, and not what is behind them; anything
    /// may; nearly everything does.
    pub(super) fn new(seed: u64) -> Self {
        let (names, writes) = [(0, 0), (100, 0), (50, 50), (90, 90)][(seed % 4) as usize];
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            names,
            writes,
        }
    }

    pub(super) fn number(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state >> 16
    }

    pub(super) fn chance(&mut self, of_hundred: u64) -> bool {
        self.number() % 100 < of_hundred
    }

    pub(super) fn name(&mut self) -> bool {
        self.chance(self.names)
    }

    /// Which of so many versions, oldest first; `None` for what was there before them all.
    pub(super) fn version(&mut self, versions: usize) -> Option<usize> {
        if versions == 0 || !self.chance(self.writes) {
            return None;
        }
        // Mostly the last one.
        match self.chance(50) {
            true => Some(versions - 1),
            false => Some((self.number() % versions as u64) as usize),
        }
    }
}
