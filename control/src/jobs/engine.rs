//! The engine: takes jobs that have not ended, works on them, and lets go of them.
//!
//! A job is worked on by whoever holds its lease, in a task of its own that first waits for a
//! permit. A lease is renewed while the work goes on; if it is lost, the work is dropped, and its
//! writes fail. What fails for want of the records is tried again later: the job's record says
//! where it goes on.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use state::jobs::{self, Job, JobStatus};
use state::{Lease, leases};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::held::{Held, Outcome};
use super::live::{Live, LiveWork};
use super::load::Queued;
use super::plan::plan;
use super::streams::Streams;
use super::{Plan, backup, delete_data, restore};
use crate::{Control, Options};

/// For how long a lease is taken. A server that is killed leaves its jobs for as long.
const LEASE: SignedDuration = SignedDuration::from_secs(60);
const RENEWAL: Duration = Duration::from_secs(15);
/// Seconds until a job is tried again whose records failed.
const AGAIN: i64 = 10;
/// Jobs that are looked at in one page.
const PAGE: u32 = 500;

/// The jobs of this process.
#[derive(Debug)]
pub(crate) struct Engine {
    /// In whose name leases are taken: the same after a restart.
    owner: String,
    jobs: Mutex<HashMap<Uuid, Entry>>,
    permits: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// How much of a kind goes on at once at a place.
    limits: [(&'static str, usize); 3],
    /// How many jobs wait for a permit.
    pub(super) queued: AtomicUsize,
    /// How often a job was taken up.
    pub(super) taken_up: AtomicU64,
    /// Set when the server ends.
    stopping: CancellationToken,
    /// Who follows jobs.
    pub(super) streams: Streams,
    /// Told when there is work.
    pub(crate) wake: Notify,
    /// Told when a job's task has ended.
    ended: Notify,
    /// Told when a job's task has ended, or waits for a permit.
    pub(super) moved: Notify,
}

#[derive(Debug)]
enum Entry {
    /// It is worked on.
    Running {
        cancel: CancellationToken,
        live: Arc<Live>,
    },
    /// It is left alone until then.
    Resting(Timestamp),
}

impl Engine {
    pub(crate) fn new(owner: String, options: &Options) -> Self {
        Self {
            owner,
            limits: [
                ("snapshot", options.snapshots_per_host),
                ("transfer", options.transfers_per_vault),
                ("restore", options.restores_per_host),
            ],
            jobs: Mutex::default(),
            permits: Mutex::default(),
            queued: AtomicUsize::new(0),
            taken_up: AtomicU64::new(0),
            stopping: CancellationToken::new(),
            streams: Streams::new(),
            wake: Notify::new(),
            ended: Notify::new(),
            moved: Notify::new(),
        }
    }

    /// In whose name leases are taken.
    pub(crate) fn owner(&self) -> &str {
        &self.owner
    }

    /// How far a job is, if it is worked on here.
    pub(crate) fn progress(&self, id: Uuid) -> Option<LiveWork> {
        match self.jobs().get(&id) {
            Some(Entry::Running { live, .. }) => Some(live.now()),
            _ => None,
        }
    }

    /// Tells the one who works on a job that it is to end.
    pub(crate) fn cancel(&self, id: Uuid) {
        let mut jobs = self.jobs();
        match jobs.get(&id) {
            Some(Entry::Running { cancel, .. }) => cancel.cancel(),
            Some(Entry::Resting(_)) => drop(jobs.remove(&id)),
            None => {}
        }
        drop(jobs);
        self.wake.notify_one();
    }

    /// A permit for work of a kind at a place; dropped it is given back. `None` if the job is to
    /// end first.
    pub(crate) async fn permit(
        &self,
        kind: &str,
        place: &str,
        cancel: &CancellationToken,
    ) -> Option<OwnedSemaphorePermit> {
        let permits = {
            let mut all = self.permits.lock().unwrap_or_else(PoisonError::into_inner);
            let limit = self.limits.iter().find(|(name, _)| *name == kind);
            let limit = limit.map_or(1, |(_, limit)| (*limit).max(1));
            let new = || Arc::new(Semaphore::new(limit));
            Arc::clone(all.entry(format!("{kind} {place}")).or_insert_with(new))
        };
        let _queued = Queued::new(&self.queued);
        self.moved.notify_one();
        tokio::select! {
            biased;
            () = cancel.cancelled() => None,
            permit = permits.acquire_owned() => permit.ok(),
        }
    }

    /// How many jobs are worked on.
    pub(super) fn running(&self) -> usize {
        let jobs = self.jobs();
        let running = jobs.values().filter(|e| matches!(e, Entry::Running { .. }));
        running.count()
    }

    fn jobs(&self) -> MutexGuard<'_, HashMap<Uuid, Entry>> {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a job is worked on from now on; `None` if it is already, or rests.
    fn begin(&self, id: Uuid, now: Timestamp) -> Option<(CancellationToken, Arc<Live>)> {
        let mut jobs = self.jobs();
        match jobs.get(&id) {
            Some(Entry::Running { .. }) => return None,
            Some(Entry::Resting(until)) if *until > now => return None,
            Some(Entry::Resting(_)) | None => {}
        }
        let cancel = self.stopping.child_token();
        let live = Arc::new(Live::default());
        let entry = Entry::Running {
            cancel: cancel.clone(),
            live: Arc::clone(&live),
        };
        jobs.insert(id, entry);
        self.taken_up.fetch_add(1, Ordering::SeqCst);
        Some((cancel, live))
    }

    fn end(&self, id: Uuid, rest: Option<Timestamp>) {
        let mut jobs = self.jobs();
        match rest {
            Some(until) => drop(jobs.insert(id, Entry::Resting(until))),
            None => drop(jobs.remove(&id)),
        }
        drop(jobs);
        self.ended.notify_waiters();
        self.moved.notify_one();
    }
}

impl Control {
    /// Takes up every job that has not ended and that nobody works on.
    pub(crate) async fn take_up_jobs(self: &Arc<Self>) -> Result<()> {
        let mut after = None;
        loop {
            let mut tx = self.state.read().await?;
            let page = jobs::in_work(&mut tx, after, PAGE).await?;
            drop(tx);
            let now = self.now();
            for job in &page {
                if let Some((cancel, live)) = self.engine.begin(job.id, now) {
                    if job.cancelling {
                        cancel.cancel();
                    }
                    let control = Arc::clone(self);
                    let id = job.id;
                    tokio::spawn(async move {
                        let work = Arc::clone(&control);
                        let work = async move { work.work_on(id, cancel, live).await };
                        let until = tokio::spawn(work).await.unwrap_or_else(|e| {
                            tracing::error!("job {id} broke off: {e}");
                            control.after(AGAIN)
                        });
                        control.let_go(id, until);
                    });
                }
            }
            match page.last() {
                Some(last) if page.len() == PAGE as usize => {
                    after = Some((last.started_at, last.id));
                }
                _ => return Ok(()),
            }
        }
    }

    /// Ends the work on all jobs; they go on when a server starts again.
    pub async fn stop(&self) {
        self.engine.stopping.cancel();
        loop {
            let ended = self.engine.ended.notified();
            if self.engine.running() == 0 {
                return;
            }
            ended.await;
        }
    }

    /// Works on a job; gives until when it rests, if it has not ended.
    async fn work_on(
        &self,
        id: Uuid,
        cancel: CancellationToken,
        live: Arc<Live>,
    ) -> Option<Timestamp> {
        match self.work(id, cancel, &live).await {
            Ok(Outcome::Ended) => None,
            Ok(Outcome::Later(seconds)) => self.after(seconds),
            Err(e) if e.code() == Code::LeaseLost => {
                tracing::info!("job {id} was taken over");
                self.after(AGAIN)
            }
            Err(e) if e.code() == Code::ObjectNotFound => None,
            Err(e) => {
                if !self.engine.stopping.is_cancelled() {
                    tracing::error!("job {id}: {e:?}");
                }
                self.after(AGAIN)
            }
        }
    }

    /// So many seconds from now.
    fn after(&self, seconds: i64) -> Option<Timestamp> {
        let later = self
            .now()
            .saturating_add(SignedDuration::from_secs(seconds));
        later.ok()
    }

    /// Lets go of a job that has ended, or rests.
    fn let_go(&self, id: Uuid, until: Option<Timestamp>) {
        self.engine.end(id, until);
        if until.is_none() {
            // What waited for it may go on.
            self.engine.wake.notify_one();
        }
    }

    async fn work(&self, id: Uuid, cancel: CancellationToken, live: &Live) -> Result<Outcome> {
        let name = format!("job/{id}");
        let mut tx = self.state.write().await?;
        let Some(lease) = leases::take(&mut tx, &name, &self.engine.owner, LEASE).await? else {
            return Ok(Outcome::Later(AGAIN));
        };
        let job = jobs::get(&mut tx, id).await?;
        tx.commit().await?;
        let held = Held {
            control: self,
            id,
            lease: lease.clone(),
            cancel: cancel.clone(),
            live,
            is_over: AtomicBool::new(false),
        };
        let done = tokio::select! {
            biased;
            lost = self.keep(id, lease.clone(), &cancel) => Err(lost),
            done = run(&held, job) => done,
        }?;
        if done == Outcome::Ended && !held.is_over.load(Ordering::SeqCst) {
            let mut tx = self.state.write_as(&lease).await?;
            leases::forget(&mut tx, &lease).await?;
            tx.commit().await?;
        }
        Ok(done)
    }

    /// Renews the lease for as long as it can be, and passes on a cancel that another server
    /// took.
    async fn keep(&self, id: Uuid, lease: Lease, cancel: &CancellationToken) -> Error {
        loop {
            tokio::time::sleep(RENEWAL).await;
            match self.renew(id, &lease).await {
                Ok(Some(job)) if job.status == JobStatus::Cancelling => cancel.cancel(),
                Ok(_) => {}
                Err(e) if e.code() == Code::LeaseLost => return e,
                // The records may answer again before the lease ends; who writes learns.
                Err(e) => tracing::warn!("renewing the lease of job {id}: {e}"),
            }
        }
    }

    async fn renew(&self, id: Uuid, lease: &Lease) -> Result<Option<Job>> {
        let mut tx = self.state.write().await?;
        leases::renew(&mut tx, lease, LEASE).await?;
        let job = jobs::get(&mut tx, id).await?;
        tx.commit().await?;
        Ok(job)
    }
}

async fn run(held: &Held<'_>, job: Option<Job>) -> Result<Outcome> {
    let Some(job) = job.filter(|job| job.ended_at.is_none()) else {
        return Ok(Outcome::Ended);
    };
    // The vault may have been taken while this server did not run.
    let asked = tokio::select! {
        biased;
        () = held.control.engine.stopping.cancelled() => return Ok(Outcome::Later(AGAIN)),
        asked = held.control.ask_owner(&job.vault) => asked,
    };
    if let Err(e) = asked
        && !held.is_cancelled_by_user().await?
    {
        tracing::warn!("job {} waits: {e}", job.id);
        return Ok(Outcome::Later(AGAIN));
    }
    match plan(&job)? {
        Plan::Backup(plan) => backup::run(held, plan).await,
        Plan::DeleteData(plan) => delete_data::run(held, plan).await,
        Plan::Restore(plan) => restore::run(held, plan).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn of_one_kind_at_one_place_four_go_on_at_once_and_a_cancel_ends_the_wait() {
        let engine = Engine::new("here".to_owned(), &Options::default());
        let never = CancellationToken::new();
        let take = async |place| engine.permit("snapshot", place, &never).await.unwrap();
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(take("a").await);
        }
        let short = Duration::from_millis(20);
        let fifth = tokio::time::timeout(short, take("a")).await;
        assert!(fifth.is_err(), "the fifth did not wait");
        drop(take("b").await);
        let cancelled = CancellationToken::new();
        cancelled.cancel();
        assert!(engine.permit("snapshot", "a", &cancelled).await.is_none());
        held.pop();
        drop(take("a").await);
    }
}
