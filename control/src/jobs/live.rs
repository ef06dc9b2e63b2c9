//! What is done for a job just now: told by the mover, and shown to who follows.

use std::sync::{Mutex, MutexGuard, PoisonError};

use mover::{DiskPlan, Event, Events, Progress};

/// What is done for a job just now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LiveWork {
    /// One more with each piece of news.
    pub(super) news: u64,
    /// The step that goes on.
    pub step: Option<String>,
    /// How far it is.
    pub progress: Option<Progress>,
    /// What is read of each disk, and by what, once that is known.
    pub disks: Vec<DiskPlan>,
}

/// How far the work that goes on is.
#[derive(Debug, Default)]
pub(crate) struct Live(Mutex<LiveWork>);

impl Live {
    /// What is done now.
    pub(super) fn now(&self) -> LiveWork {
        self.work().clone()
    }

    fn work(&self) -> MutexGuard<'_, LiveWork> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Events for Live {
    fn tell(&self, event: Event) {
        let mut now = self.work();
        now.news += 1;
        match event {
            Event::Progress(progress) => now.progress = Some(progress),
            Event::Step { what } => {
                now.step = Some(what);
                now.progress = None;
            }
            Event::Disk(disk) => {
                // A backup that begins anew plans anew.
                now.disks.retain(|known| known.name != disk.name);
                now.disks.push(disk);
            }
            Event::Warning { message } => tracing::info!("{message}"),
        }
    }
}
