//! The hosts' clocks: they go with simulated time, and jump.

use std::sync::{Mutex, PoisonError};

use base::Clock;
use jiff::{SignedDuration, Timestamp};
use tokio::time::Instant;

/// Seconds from 1970 to the day on which every run begins.
const BEGIN: i64 = 1_767_225_600;

/// The clock of one host.
#[derive(Debug)]
pub(crate) struct HostClock {
    started: Instant,
    off: Mutex<SignedDuration>,
}

impl HostClock {
    /// A clock that is right. Needs tokio's paused time.
    pub(crate) fn new() -> Self {
        Self {
            started: Instant::now(),
            off: Mutex::new(SignedDuration::ZERO),
        }
    }

    /// Jumps by `by`, forward or back.
    pub(crate) fn jump(&self, by: SignedDuration) {
        let mut off = self.off.lock().unwrap_or_else(PoisonError::into_inner);
        *off = off.saturating_add(by);
    }
}

impl Clock for HostClock {
    fn now(&self) -> Timestamp {
        let off = *self.off.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = SignedDuration::try_from(self.started.elapsed()).unwrap_or_default();
        let begin = Timestamp::from_second(BEGIN).expect("a moment of our time");
        let now = begin.saturating_add(passed.saturating_add(off));
        now.unwrap_or(begin)
    }
}
