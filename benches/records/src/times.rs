//! How long something took, many times.

use std::time::Duration;

/// What a page may take, at the least lucky of a hundred times.
pub(crate) const GOAL: Duration = Duration::from_millis(50);

/// The times of one thing.
pub(crate) struct Times {
    what: String,
    all: Vec<Duration>,
}

impl Times {
    pub(crate) fn of(what: &str) -> Self {
        Self {
            what: what.to_owned(),
            all: Vec::new(),
        }
    }

    pub(crate) fn note(&mut self, time: Duration) {
        self.all.push(time);
    }

    /// Prints them in milliseconds; gives what it is if it is slower than the goal.
    pub(crate) fn print(mut self) -> Option<String> {
        self.all.sort();
        let at = |part: f64| self.all[(self.all.len() as f64 * part) as usize];
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{:62} median {:8.2}, p99 {:8.2}, most {:8.2} of {}",
            self.what,
            ms(at(0.5)),
            ms(at(0.99)),
            ms(self.all[self.all.len() - 1]),
            self.all.len()
        );
        (at(0.99) >= GOAL).then_some(self.what)
    }
}
