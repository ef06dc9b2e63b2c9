//! Who reads in order, and what they will ask for next.

use std::ops::Range;

/// Readers that are watched at the same time: a guest reads several files, a copying program
/// several parts of a disk.
const READERS: usize = 16;
/// What is read ahead of one who has just been found to read in order.
const FIRST: u64 = 2;

/// The watch over reads; all numbers are slots.
#[derive(Debug)]
pub(super) struct Ahead {
    readers: Vec<InOrder>,
    most: u64,
}

/// One who may be reading in order.
#[derive(Debug)]
struct InOrder {
    /// The first slot not read yet.
    next: u64,
    /// The end of what was fetched ahead.
    fetched: u64,
    /// How much to read ahead.
    window: u64,
}

impl Ahead {
    /// At most so many slots are read ahead.
    pub(super) fn new(most: u64) -> Self {
        Self {
            readers: Vec::new(),
            most,
        }
    }

    /// Takes note of a read on a disk of `end` slots, and gives what to fetch now.
    pub(super) fn note(&mut self, read: Range<u64>, end: u64) -> Option<Range<u64>> {
        // A small read may go on in the chunk where the one before ended.
        let goes_on = |r: &InOrder| (r.next.saturating_sub(1)..=r.next).contains(&read.start);
        let mut reader = match self.readers.iter().position(goes_on) {
            Some(which) => self.readers.remove(which),
            None => {
                self.readers.truncate(READERS - 1);
                let new = InOrder {
                    next: read.end,
                    fetched: read.end,
                    window: 0,
                };
                self.readers.insert(0, new);
                return None;
            }
        };
        let mut fetch = None;
        if read.end > reader.next {
            reader.next = read.end;
            reader.window = (reader.window * 2).clamp(FIRST.min(self.most), self.most);
            let (from, to) = (
                reader.fetched.max(read.end),
                (read.end + reader.window).min(end),
            );
            // Some at a time, so that they are read together.
            if to > from && (to - from >= reader.window / 2 || to == end) {
                reader.fetched = to;
                fetch = Some(from..to);
            }
        }
        self.readers.insert(0, reader);
        fetch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_in_order_are_led_by_growing_steps_up_to_the_end() {
        let mut ahead = Ahead::new(64);
        let mut fetched = 0..0;
        let mut steps = 0;
        for slot in 0..1000 {
            if slot > 70 {
                assert!(fetched.contains(&slot), "{slot}: {fetched:?}");
            }
            if let Some(more) = ahead.note(slot..slot + 1, 1000) {
                assert!(
                    more.start > slot && more.end <= slot + 65,
                    "{slot}: {more:?}"
                );
                steps += 1;
                // Nothing is fetched twice.
                assert!(more.start == fetched.end || slot < 3, "{slot}: {more:?}");
                fetched = 0..more.end;
            }
        }
        assert_eq!(fetched.end, 1000);
        assert!(steps < 120, "{steps}");
    }

    #[test]
    fn reads_at_random_are_led_nowhere_and_do_not_disturb_one_in_order() {
        let mut ahead = Ahead::new(64);
        let mut led = 0;
        for i in 0..100u64 {
            assert_eq!(
                ahead.note(10_000 + i * 7919..10_001 + i * 7919, 1 << 40),
                None
            );
            led += u64::from(ahead.note(i..i + 1, 1 << 40).is_some());
            // Small reads inside the same chunk change nothing.
            assert_eq!(ahead.note(i..i + 1, 1 << 40), None);
        }
        assert!(led > 3, "{led}");
        assert!(ahead.readers.len() <= READERS);
    }
}
