//! A server from its start until it is stopped or killed, and the time that passes for it.

use std::path::Path;
use std::sync::Arc;

use base::{Clock, ManualClock, SeededRandom};
use control::scripted::Scripted;
use control::{Control, Start};
use jiff::{SignedDuration, Timestamp};
use tokio::runtime::Runtime;

/// The first host, which a server has from its beginning.
pub(crate) const HOST: &str = "test:///0";

/// A running server. Dropped it is killed: whatever it was doing ends there.
pub(crate) struct Life {
    runtime: Runtime,
    pub(crate) control: Arc<Control>,
}

/// It was killed before all was done.
#[derive(Debug)]
pub(crate) struct Killed;

impl Life {
    pub(crate) fn begin(
        folder: &Path,
        clock: &Arc<ManualClock>,
        plane: &Arc<Scripted>,
        seed: u64,
    ) -> Result<Self, String> {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build();
        let runtime = runtime.map_err(|e| e.to_string())?;
        let start = Start {
            data: folder.to_owned(),
            pool: None,
            state: None,
            names: vec!["here".to_owned()],
            host: "host0".to_owned(),
            connection: HOST.to_owned(),
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            random: Arc::new(SeededRandom::new(seed)),
            plane: Arc::clone(plane) as Arc<dyn control::DataPlane>,
            options: control::Options::default(),
        };
        let opened = runtime.block_on(Control::open(start, async |_, _| Ok(())));
        let (control, ..) = opened.map_err(|e| format!("{e:?}"))?;
        Ok(Self {
            runtime,
            control: Arc::new(control),
        })
    }

    /// Asks the server for something.
    pub(crate) fn ask<T>(&self, what: impl AsyncFnOnce(&Arc<Control>) -> T) -> T {
        self.runtime.block_on(what(&self.control))
    }

    /// Ends as a server that is told to.
    pub(crate) fn stop(self) {
        self.runtime.block_on(self.control.stop());
    }

    /// Lets this time pass, and work end in it; then a tick, and all that it starts. Killed, if
    /// at all, after so many looks.
    pub(crate) fn pass(
        &self,
        clock: &ManualClock,
        plane: &Scripted,
        until: Timestamp,
        mut killed_after: Option<u32>,
    ) -> Result<(), Killed> {
        let to = |time: Timestamp| clock.advance(time.duration_since(clock.now()));
        while let Some(next) = plane.sleeper().next().filter(|next| *next < until) {
            to(next.max(clock.now()));
            plane.sleeper().wake();
            self.quiet(plane, &mut killed_after)?;
        }
        to(until);
        plane.sleeper().wake();
        self.settle(plane, &mut killed_after)
    }

    /// Lets everything happen that happens now.
    pub(crate) fn settle(
        &self,
        plane: &Scripted,
        killed_after: &mut Option<u32>,
    ) -> Result<(), Killed> {
        loop {
            let before = self.control.load().taken_up;
            self.runtime.block_on(self.control.tick());
            self.quiet(plane, killed_after)?;
            self.runtime.block_on(self.control.maintain());
            if self.control.load().taken_up == before {
                return Ok(());
            }
        }
    }

    /// Waits until all jobs wait for the clock.
    fn quiet(&self, plane: &Scripted, killed_after: &mut Option<u32>) -> Result<(), Killed> {
        self.runtime.block_on(async {
            loop {
                // What was woken has its turn.
                tokio::task::yield_now().await;
                if self.control.load().working == plane.waiting() {
                    return Ok(());
                }
                match killed_after {
                    Some(0) => return Err(Killed),
                    Some(left) => *left -= 1,
                    None => {}
                }
                // Who is to be killed is looked at all the time.
                if killed_after.is_none() {
                    tokio::select! {
                        () = self.control.less_load() => {}
                        () = plane.more_waits() => {}
                    }
                }
            }
        })
    }
}

/// A time so much later.
pub(crate) fn later(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.saturating_add(by).unwrap_or(Timestamp::MAX)
}
