//! What a run tells while it works.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde::Serialize;

/// One piece of news.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum Event {
    /// A step begins; for people.
    Step {
        /// What.
        what: String,
    },
    /// How far the step is.
    Progress(Progress),
    /// What is to be read of a disk, and by what.
    Disk(DiskPlan),
    /// Something that did not stop the work, but should be known.
    Warning {
        /// What.
        message: String,
    },
}

/// What is to be read of a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiskPlan {
    /// The disk's name.
    pub name: String,
    /// Whether a tracker tells what changed since the last point; otherwise all is looked at.
    pub tracked: bool,
    /// Why no tracker does.
    pub reason: Option<String>,
    /// Bytes that will be looked at.
    pub bytes: u64,
}

/// How far a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Bytes dealt with.
    pub done: u64,
    /// Bytes in all.
    pub total: u64,
    /// Bytes a second, over the last seconds.
    pub rate: u64,
    /// Seconds left at that rate, if it can be told.
    pub seconds_left: Option<u64>,
    /// What else was counted.
    #[serde(flatten)]
    pub counted: Counted,
}

/// What a step counts beside how far it is; `None`: it doesn't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counted {
    /// Bytes that were read: what is known to be empty is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<u64>,
    /// Bytes that differ from the point before, of what was looked at so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
    /// Bytes that were put into the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stored: Option<u64>,
    /// For how much of the last seconds the work waited for its source, in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_wait: Option<u8>,
}

/// Takes the news. Called often and from many places: it must be quick.
pub trait Events: Send + Sync {
    /// One piece of news.
    fn tell(&self, event: Event);
}

/// Nobody listens.
impl Events for () {
    fn tell(&self, _: Event) {}
}

/// Turns byte counts into [`Progress`] events, a few a second.
pub(crate) struct Meter<'a> {
    events: &'a dyn Events,
    total: u64,
    state: Mutex<State>,
}

struct State {
    done: u64,
    told_at: Instant,
    /// Where the rate is measured from.
    window: (Instant, u64),
    rate: u64,
    counted: Counted,
    /// For how long the window's work waited for its source, if that is measured.
    waited: Option<Duration>,
}

const TELL_EVERY: Duration = Duration::from_millis(200);
const WINDOW: Duration = Duration::from_secs(3);

impl<'a> Meter<'a> {
    pub(crate) fn new(events: &'a dyn Events, what: &str, total: u64) -> Self {
        events.tell(Event::Step {
            what: what.to_owned(),
        });
        let now = Instant::now();
        let state = State {
            done: 0,
            told_at: now,
            window: (now, 0),
            rate: 0,
            counted: Counted::default(),
            waited: None,
        };
        let meter = Self {
            events,
            total,
            state: Mutex::new(state),
        };
        if total == 0 {
            meter.set(0);
        }
        meter
    }

    pub(crate) fn add(&self, bytes: u64) {
        let mut s = self.lock();
        let done = s.done + bytes;
        self.tell(&mut s, done);
    }

    pub(crate) fn set(&self, done: u64) {
        self.tell(&mut self.lock(), done);
    }

    /// The same, with what else was counted.
    pub(crate) fn set_with(&self, done: u64, counted: Counted) {
        let mut s = self.lock();
        s.counted = counted;
        self.tell(&mut s, done);
    }

    /// Changes what else was counted; told with the next progress.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counted)) {
        change(&mut self.lock().counted);
    }

    /// The work has waited so long for its source.
    pub(crate) fn waited(&self, time: Duration) {
        let mut s = self.lock();
        s.waited = Some(s.waited.unwrap_or_default() + time);
    }

    fn tell(&self, s: &mut State, done: u64) {
        s.done = s.done.max(done);
        let now = Instant::now();
        if now - s.told_at >= TELL_EVERY || s.done >= self.total {
            let span = now - s.window.0;
            if !span.is_zero() {
                s.rate = ((s.done - s.window.1) as f64 / span.as_secs_f64()) as u64;
            }
            if span > WINDOW {
                let share = |waited: Duration| waited.as_secs_f64() / span.as_secs_f64();
                let percent = |share: f64| (share.min(1.0) * 100.0) as u8;
                s.counted.source_wait = s.waited.map(share).map(percent);
                s.waited = s.waited.map(|_| Duration::ZERO);
                s.window = (now, s.done);
            }
            s.told_at = now;
            self.events.tell(Event::Progress(self.progress(s)));
        }
    }

    fn progress(&self, s: &State) -> Progress {
        let left = self.total.saturating_sub(s.done);
        Progress {
            done: s.done.min(self.total),
            total: self.total,
            rate: s.rate,
            seconds_left: (s.rate > 0 || left == 0).then(|| left.div_ceil(s.rate.max(1))),
            counted: s.counted,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
