//! Following a job while it goes on.
//!
//! Of a job that this server works on the news come from memory, and its record is read when a step
//! begins or ends; of one that another server works on, every two seconds.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Result};
use uuid::Uuid;

use super::streams::Place;
use super::{LiveWork, ShownJob, find};
use crate::{Control, Principal};

/// How often there are news at most.
const TURN: Duration = Duration::from_millis(500);
/// After how many turns the record is read in any case.
const READ: u32 = 4;

/// Who follows a job.
#[derive(Debug)]
pub struct JobWatch {
    control: Arc<Control>,
    vault: String,
    id: Uuid,
    /// The job as it was told of last.
    told: Option<ShownJob>,
    /// Turns since its record was read.
    turns: u32,
    /// Gives its place back.
    _place: Place,
}

impl Control {
    /// Ends all that follow jobs: the server ends, and waits for who asks it.
    pub fn end_streams(&self) {
        self.engine.streams.end();
    }

    /// Follows a job of a vault, for this principal.
    ///
    /// # Errors
    /// `ObjectNotFound`; `TooManyStreams` while as many are followed as can be, by all or by the
    /// principal; those of the records.
    pub async fn watch_job(
        self: &Arc<Self>,
        who: &Principal,
        group: &str,
        vault: &str,
        id: Uuid,
    ) -> Result<JobWatch> {
        let full = || Error::new(Code::TooManyStreams, "no stream of progress is free");
        let watch = JobWatch {
            vault: self.vault_id(group, vault),
            _place: self.engine.streams.place(who.id).ok_or_else(full)?,
            control: Arc::clone(self),
            id,
            told: None,
            turns: 0,
        };
        watch.read().await?;
        Ok(watch)
    }
}

impl JobWatch {
    /// The job, once something has changed since the last call; at once at the first. `None` once
    /// it was told of as ended. Cancel-safe: the next call tells of all that is new.
    ///
    /// # Errors
    /// `StateUnavailable` when the server ends; `ObjectNotFound` once the job is gone; those of the
    /// records.
    pub async fn next(&mut self) -> Result<Option<ShownJob>> {
        loop {
            let Some(told) = &self.told else {
                return self.tell().await.map(Some);
            };
            if told.job.ended_at.is_some() {
                return Ok(None);
            }
            tokio::select! {
                () = self.control.engine.streams.ended() => {
                    let detail = "the server ends; ask it again when it is back";
                    return Err(Error::new(Code::StateUnavailable, detail));
                }
                () = tokio::time::sleep(TURN) => {}
            }
            self.turns += 1;
            let live = self.control.engine.progress(self.id);
            if is_other_step(told.live.as_ref(), live.as_ref()) || self.turns >= READ {
                let before = (told.job.revision, told.live.clone());
                let now = self.read().await?;
                self.turns = 0;
                if (now.job.revision, &now.live) != (before.0, &before.1) {
                    self.told = Some(now.clone());
                    return Ok(Some(now));
                }
                continue;
            }
            if told.live != live {
                let job = told.job.clone();
                let now = ShownJob { job, live };
                self.told = Some(now.clone());
                return Ok(Some(now));
            }
        }
    }

    async fn tell(&mut self) -> Result<ShownJob> {
        let now = self.read().await?;
        self.told = Some(now.clone());
        self.turns = 0;
        Ok(now)
    }

    async fn read(&self) -> Result<ShownJob> {
        let live = self.control.engine.progress(self.id);
        let mut tx = self.control.state.read().await?;
        let job = find(&mut tx, &self.vault, self.id).await?;
        Ok(ShownJob { job, live })
    }
}

/// Whether work has begun, ended, or gone on to another step: then the record may have changed.
fn is_other_step(before: Option<&LiveWork>, now: Option<&LiveWork>) -> bool {
    match (before, now) {
        (Some(before), Some(now)) => before.step != now.step,
        (None, None) => false,
        _ => true,
    }
}
