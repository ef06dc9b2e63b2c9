//! How long something took, many times.

use std::time::Duration;

/// What a page may take at the 99th of a hundred, while nothing else holds the cores.
pub(crate) const GOAL: Duration = Duration::from_millis(50);

/// So many times are judged together: of them all, those that others disturbed least.
const ROUND: usize = 200;

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
    pub(crate) fn print(self) -> Option<String> {
        let rounds = self.all.chunks(ROUND);
        let quiet = rounds.map(|round| part(round, 0.99)).min()?;
        let ms = |time: Duration| time.as_secs_f64() * 1000.0;
        println!(
            "{:62} median {:7.2}, p99 {:7.2}, p99 of the quietest {ROUND} {:7.2} of {}",
            self.what,
            ms(part(&self.all, 0.5)),
            ms(part(&self.all, 0.99)),
            ms(quiet),
            self.all.len()
        );
        (quiet >= GOAL).then_some(self.what)
    }
}

/// What this part of some times is less than.
fn part(times: &[Duration], part: f64) -> Duration {
    let mut times = times.to_vec();
    times.sort();
    times[(times.len() as f64 * part) as usize]
}
