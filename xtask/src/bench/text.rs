//! Made-up contents that compress as real ones do: log lines and database pages.

use std::fmt::Write as _;

use super::random::Random;

/// Bytes of a database page.
pub(crate) const PAGE: usize = 8192;

/// Writes logs and database pages out of one vocabulary.
pub(crate) struct Writer {
    random: Random,
    words: Vec<String>,
    seconds: u64,
}

impl Writer {
    pub(crate) fn new(purpose: &str) -> Self {
        let mut letters = Random::new("words");
        let words = (0..3000).map(|_| word(&mut letters)).collect();
        Self {
            random: Random::new(purpose),
            words,
            seconds: 1_760_000_000,
        }
    }

    /// Log lines of about `len` bytes.
    pub(crate) fn log(&mut self, len: usize) -> Vec<u8> {
        let mut out = String::with_capacity(len + 256);
        while out.len() < len {
            self.seconds += self.random.below(3);
            let (level, service) = (self.random.below(4), self.random.below(12));
            let level = ["INFO", "DEBUG", "WARN", "ERROR"][usize::try_from(level).unwrap_or(0)];
            let _ = write!(
                out,
                "{} {level} svc-{service}[{}] request={:016x} user={} took={}ms",
                self.seconds,
                1000 + self.random.below(40),
                self.random.next(),
                self.random.below(50_000),
                self.random.below(4000),
            );
            for _ in 0..4 + self.random.below(8) {
                out.push(' ');
                out.push_str(self.word());
            }
            out.push('\n');
        }
        out.truncate(len);
        out.into_bytes()
    }

    /// A page of rows: header, rows of text and numbers, some room left.
    pub(crate) fn page(&mut self, number: u64) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE);
        page.extend_from_slice(b"PG\x04\0");
        page.extend_from_slice(&number.to_le_bytes());
        page.extend_from_slice(&self.random.next().to_le_bytes());
        let full = PAGE - usize::try_from(self.random.below(1500)).unwrap_or(0) - 300;
        while page.len() < full {
            page.extend_from_slice(&self.random.next().to_le_bytes());
            page.extend_from_slice(&self.random.below(1 << 20).to_le_bytes());
            let mut row = String::new();
            for _ in 0..3 + self.random.below(9) {
                row.push_str(self.word());
                row.push(' ');
            }
            let _ = write!(row, "{:x}", self.random.next());
            page.extend_from_slice(row.as_bytes());
            page.push(0);
        }
        page.resize(PAGE, 0);
        page
    }

    /// As a word of a language: few are used often.
    fn word(&mut self) -> &str {
        let all = self.words.len() as u64;
        let limit = 1 + self.random.below(all);
        let which = self.random.below(limit);
        &self.words[usize::try_from(which).unwrap_or(0)]
    }
}

fn word(letters: &mut Random) -> String {
    let (hard, soft) = (b"bcdfghklmnprstvz", b"aeiou");
    let mut word = String::new();
    for _ in 0..1 + letters.below(4) {
        word.push(char::from(
            hard[usize::try_from(letters.below(16)).unwrap_or(0)],
        ));
        word.push(char::from(
            soft[usize::try_from(letters.below(5)).unwrap_or(0)],
        ));
    }
    word
}
