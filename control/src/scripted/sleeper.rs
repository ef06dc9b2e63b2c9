//! Time that passes only when a test says so.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{Clock, ManualClock};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::oneshot;

/// Who sleeps, by the time at which they wake and the order in which they lay down.
type Beds = BTreeMap<(Timestamp, u64), oneshot::Sender<()>>;

/// Lets work take time on a clock that a test moves.
#[derive(Debug)]
pub struct Sleeper {
    clock: Arc<ManualClock>,
    beds: Mutex<(u64, Beds)>,
}

impl Sleeper {
    pub(super) fn new(clock: Arc<ManualClock>) -> Self {
        Self {
            clock,
            beds: Mutex::default(),
        }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Returns once the clock was moved so far, and [`Sleeper::wake`] was called.
    pub(super) async fn sleep(&self, time: SignedDuration) {
        if !time.is_positive() {
            return;
        }
        let until = self.now().saturating_add(time).unwrap_or(Timestamp::MAX);
        let woken = {
            let (wake, woken) = oneshot::channel();
            let mut beds = self.beds();
            beds.0 += 1;
            let key = (until, beds.0);
            beds.1.insert(key, wake);
            woken
        };
        // It ends too if the sleeper is gone.
        let _ = woken.await;
    }

    /// When the first of those who sleep is to wake.
    #[must_use]
    pub fn next(&self) -> Option<Timestamp> {
        let mut beds = self.beds();
        // Who was cancelled sleeps no more.
        beds.1.retain(|_, wake| !wake.is_closed());
        beds.1.keys().next().map(|(at, _)| *at)
    }

    /// Wakes all whose time has come.
    pub fn wake(&self) {
        let now = self.now();
        let mut beds = self.beds();
        let later = beds.1.split_off(&(now, u64::MAX));
        let due = std::mem::replace(&mut beds.1, later);
        drop(beds);
        for wake in due.into_values() {
            let _ = wake.send(());
        }
    }

    fn beds(&self) -> MutexGuard<'_, (u64, Beds)> {
        self.beds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
