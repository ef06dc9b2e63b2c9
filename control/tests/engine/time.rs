//! Time that passes for a server, and how its jobs stand.

use std::sync::Arc;

use base::Clock;
use control::Control;
use control::scripted::{Act, Ends, Phase, Scripted};
use jiff::SignedDuration;
use policy::TaskStatus;
use state::jobs::{Job, JobStatus};

use crate::world::{WEB, World, name};

impl World {
    /// Lets everything happen that happens now.
    pub async fn settle(&self) {
        settle(&self.control, &self.plane).await;
    }

    /// Lets this time pass, and everything happen in it.
    pub async fn pass(&self, time: SignedDuration) {
        self.settle().await;
        let end = self.clock.now() + time;
        loop {
            let now = self.clock.now();
            if now >= end {
                return;
            }
            let mut next = end.min(now + SignedDuration::from_hours(1));
            for machine in ["web", "db"] {
                let item = self.control.item("default", "v1", &name(machine)).await;
                if let Some(due) = item.ok().and_then(|i| i.next_run) {
                    next = next.min(due.max(now + SignedDuration::from_secs(1)));
                }
            }
            if let Some(wake) = self.plane.sleeper().next() {
                next = next.min(wake);
            }
            // Jobs that rest do so for ten seconds or more.
            if self.unfinished().await > self.plane.waiting() {
                next = next.min(now + SignedDuration::from_secs(5));
            }
            self.clock.advance(next.duration_since(now));
            self.plane.sleeper().wake();
            self.settle().await;
        }
    }

    async fn unfinished(&self) -> usize {
        let mut tx = self.state.read().await.unwrap();
        let all = state::jobs::unfinished(&mut tx, None, 1000).await.unwrap();
        all.len()
    }

    pub async fn days(&self, days: i64) {
        self.pass(SignedDuration::from_hours(24 * days)).await;
    }

    pub async fn minutes(&self, minutes: i64) {
        self.pass(SignedDuration::from_mins(minutes)).await;
    }
}

/// Lets everything happen that happens now.
pub async fn settle(control: &Arc<Control>, plane: &Scripted) {
    loop {
        let before = control.load().taken_up;
        control.tick().await;
        loop {
            tokio::task::yield_now().await;
            let load = control.load();
            if load.working == plane.waiting() {
                break;
            }
        }
        control.maintain().await;
        if control.load().taken_up == before {
            return;
        }
    }
}

/// How a job and its two tasks stand.
pub fn stands(job: &Job) -> (TaskStatus, TaskStatus, JobStatus) {
    let [snapshot, transfer] = &job.body.tasks[..] else {
        panic!("{job:?}")
    };
    assert_eq!(
        (&*snapshot.name, &*transfer.name),
        ("Take Snapshot", "Transfer data to vault")
    );
    assert_eq!(
        job.ended_at.is_some(),
        !matches!(job.status, JobStatus::InProgress | JobStatus::Cancelling)
    );
    (snapshot.status, transfer.status, job.status)
}

impl World {
    pub fn play(&self, phase: Phase, acts: &[Act]) {
        self.plane.play(WEB, phase, acts);
    }

    pub fn ends(&self, phase: Phase, ends: &[Ends]) {
        let acts: Vec<Act> = ends.iter().map(|e| Act::ends(*e)).collect();
        self.play(phase, &acts);
    }
}
