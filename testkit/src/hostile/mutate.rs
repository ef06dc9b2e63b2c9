//! Random changes to valid inputs, the same for the same seed.

/// Makes inputs without end.
pub(super) struct Mutator<'a> {
    state: u64,
    valid: &'a [Vec<u8>],
    longest: usize,
}

/// Numbers at which arithmetic goes wrong.
const EDGES: [u64; 12] = [
    0,
    1,
    0x7f,
    0xff,
    0x7fff,
    0xffff,
    0x7fff_ffff,
    0xffff_ffff,
    1 << 40,
    i64::MAX as u64,
    1 << 63,
    u64::MAX,
];

/// Pieces that formats of text give a meaning to.
const WORDS: [&[u8]; 24] = [
    b"[",
    b"{",
    b"\"",
    b"\\",
    b"\\u0000",
    b"\xff",
    b"\n",
    b",",
    b":",
    b"-",
    b"1e999",
    b"<a>",
    b"</a>",
    b"<!--",
    b"<![CDATA[",
    b"&#0;",
    b"&#x10ffff;",
    b"&a;",
    b"=",
    b"..",
    b"/",
    b"\0",
    b"18446744073709551615",
    b"-9223372036854775808",
];

impl<'a> Mutator<'a> {
    pub(super) fn new(seed: u64, valid: &'a [Vec<u8>], longest: usize) -> Self {
        Self {
            state: seed,
            valid,
            longest,
        }
    }

    /// The next input: a valid one with some changes, or nothing but noise.
    pub(super) fn input(&mut self) -> Vec<u8> {
        let mut out = match self.pick(self.valid) {
            Some(valid) if self.below(16) > 0 => valid.clone(),
            _ => {
                let len = self.below(300);
                (0..len).map(|_| self.next() as u8).collect()
            }
        };
        for _ in 0..=self.below(6) {
            self.change(&mut out);
        }
        out.truncate(self.longest);
        out
    }

    /// splitmix64.
    fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    fn pick<'b, T>(&mut self, from: &'b [T]) -> Option<&'b T> {
        let at = self.below(from.len());
        from.get(at)
    }

    fn change(&mut self, out: &mut Vec<u8>) {
        let (at, end) = self.range(out.len());
        match self.below(10) {
            0 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << (self.next() % 8);
                }
            }
            1 => out.truncate(at),
            2 => drop(out.drain(at..end)),
            3 => {
                let word = self.pick(&WORDS).copied().unwrap_or_default();
                drop(out.splice(at..at, word.iter().copied()));
            }
            // Deep nesting, or very long values.
            4 => {
                let word = self.pick(&WORDS).copied().unwrap_or_default();
                let most = 1 << self.below(14);
                drop(out.splice(at..at, word.repeat(most)));
            }
            5 => {
                let part = out[at..end].to_vec();
                let times = 1 + self.below(8);
                drop(out.splice(at..at, part.repeat(times)));
            }
            6 => {
                let Some(other) = self.pick(self.valid) else {
                    return;
                };
                let (from, to) = self.range(other.len());
                drop(out.splice(at..end, other[from..to].iter().copied()));
            }
            7 => self.edge(out, at),
            8 => self.digits(out, at),
            _ => {
                for byte in &mut out[at..end.min(at + 16)] {
                    *byte = self.next() as u8;
                }
            }
        }
    }

    /// Two places in order, mostly near each other.
    fn range(&mut self, len: usize) -> (usize, usize) {
        let at = self.below(len + 1);
        let most = if self.below(4) == 0 { len } else { 32 };
        let end = at + self.below(most + 1);
        (at, end.min(len))
    }

    /// Overwrites a number by one at an edge.
    fn edge(&mut self, out: &mut [u8], at: usize) {
        let number = self.pick(&EDGES).copied().unwrap_or_default();
        let number = number.wrapping_add(self.next() % 3).wrapping_sub(1);
        let width = 1 << self.below(4);
        let bytes = match self.below(2) {
            0 => number.to_le_bytes()[..width].to_vec(),
            _ => number.to_be_bytes()[8 - width..].to_vec(),
        };
        if let Some(place) = out.get_mut(at..at + width) {
            place.copy_from_slice(&bytes);
        }
    }

    /// Replaces the next number in text by one at an edge.
    fn digits(&mut self, out: &mut Vec<u8>, at: usize) {
        let tail = &out[at..];
        let Some(from) = tail.iter().position(u8::is_ascii_digit) else {
            return;
        };
        let len = tail[from..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count();
        let number = self.pick(&EDGES).copied().unwrap_or_default();
        let sign = if self.below(4) == 0 { "-" } else { "" };
        let text = format!("{sign}{number}");
        let from = at + from;
        drop(out.splice(from..from + len, text.into_bytes()));
    }
}
