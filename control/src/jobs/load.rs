//! How much a server has to do, for what drives it.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Control;

/// How much a server has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Load {
    /// Jobs that are worked on.
    pub working: usize,
    /// Jobs that wait until there are fewer at the same place.
    pub queued: usize,
    /// How often a job was taken up since the server started.
    pub taken_up: u64,
}

/// A job that waits for a permit.
pub(super) struct Queued<'a>(&'a AtomicUsize);

impl<'a> Queued<'a> {
    pub(super) fn new(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Self(count)
    }
}

impl Drop for Queued<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Control {
    /// Waits until the load is less, or was since the last wait.
    pub async fn less_load(&self) {
        self.engine.moved.notified().await;
    }

    /// How much this server has to do now.
    #[must_use]
    pub fn load(&self) -> Load {
        let queued = self.engine.queued.load(Ordering::SeqCst);
        Load {
            working: self.engine.running().saturating_sub(queued),
            queued,
            taken_up: self.engine.taken_up.load(Ordering::SeqCst),
        }
    }
}
