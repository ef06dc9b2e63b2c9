//! A backup: its start, and phase 1, Snapshot (JOB-1 to 8). Phase 2 is in `transfer`.
//!
//! ```text
//! record the point's id ─► snapshot ─► record the point ─► transfer | skipped
//! ```
//!
//! The snapshot store's log makes the point; its record follows. A job that is resumed asks the
//! store whether the point that it had begun is there, and begins a new one if not.

use base::{Code, Error, PointId, Result};
use hypervisor::Quiesce;
use jiff::Timestamp;
use policy::{BackupJob, Consistency, Keep, Marks, TaskStatus, Transfer};
use serde::{Deserialize, Serialize};
use state::jobs::{self, Filter, Job, JobOperation};
use state::machines::Machine;
use state::policies::Policy;
use state::protected_items::{self as items, HealthFinding, LastBackup, ProtectedItem};
use state::recovery_points::{self as points, PointBody, Range, RecoveryPoint, Tiers};
use state::{Tx, WriteTx, resources};

use super::held::{Held, Outcome};
use super::transfer::transfer_phase;
use super::{Plan, TRANSFER, shown, stand, to_json};
use crate::Control;
use crate::plane::{Over, PointFacts, SnapshotWork, Stores, Tier};
use crate::points::expiries;

/// A backup, and how far it has come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BackupPlan {
    /// The number of its item.
    pub(crate) item: i64,
    /// Why it runs.
    pub(crate) run: Run,
    /// Where it goes on.
    pub(crate) stage: Stage,
}

/// Why a backup runs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Run {
    /// It was due by the policy.
    Scheduled { due: Timestamp },
    /// A user asked for it; the point is kept until then.
    OnDemand { until: Timestamp },
}

/// Where a backup goes on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// With the snapshot; this id was given to it, if any.
    Snapshot(Option<PointId>),
    /// With the transfer of this point.
    Transfer(Sending),
}

/// A transfer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sending {
    /// The point.
    pub(crate) point: PointId,
    /// Its number in the item.
    pub(crate) number: i64,
    /// It waits until no other transfer of the item runs.
    pub(crate) waits: bool,
    /// How often it was tried.
    pub(crate) tries: u32,
}

/// What a backup works with.
pub(crate) struct Ground {
    pub(crate) item: ProtectedItem,
    pub(crate) policy: Option<policy::Policy>,
    pub(crate) machine: Machine,
    pub(crate) connection: String,
    pub(crate) scratch_limit: Option<u64>,
    pub(crate) stores: Stores,
    /// Whether it has no snapshot so far.
    pub(crate) first: bool,
}

impl Control {
    /// Looks up what work on an item needs.
    ///
    /// # Errors
    /// `ObjectNotFound`, `MachineNotFound`, `ResourceNotFound`; those of the records.
    pub(crate) async fn ground(&self, item: i64) -> Result<Ground> {
        let mut tx = self.state.read().await?;
        let item = items::by_data_id(&mut tx, item).await?;
        let gone = || Error::new(Code::ObjectNotFound, "the protected item is gone");
        let item = item.ok_or_else(gone)?;
        let machine = resources::get::<Machine>(&mut tx, &item.body.source).await?;
        let machine = machine.ok_or_else(|| {
            let detail = format!("machine {} is gone", item.body.friendly_name);
            Error::new(Code::MachineNotFound, detail)
        })?;
        let host = self.host_of(&mut tx, &machine.body).await?;
        let stores = self.stores_of(&mut tx, &item, &host.body).await?;
        // The newest point keeps its snapshot (SNAP-9).
        let newest = points::page(&mut tx, item.data_id, Range::default(), None, 1).await?;
        let first = newest.first().is_none_or(|p| p.tiers == Tiers::Vault);
        Ok(Ground {
            policy: policy_of(&mut tx, &item).await?,
            item,
            machine: machine.body,
            connection: host.body.connection,
            scratch_limit: host.body.scratch_limit,
            stores,
            first,
        })
    }
}

impl Ground {
    /// Refuses to touch a machine that is on two hosts at once: which of them is meant can't be
    /// told. Its points may be sent and restored elsewhere all the same.
    ///
    /// # Errors
    /// `MachineInConflict`.
    pub(super) fn check_one_host(&self) -> Result<()> {
        let Some(other) = self.machine.also_on.first() else {
            return Ok(());
        };
        let name = &self.item.body.friendly_name;
        let detail = format!("{name} is on {} and on {other}", self.machine.host);
        Err(Error::new(Code::MachineInConflict, detail))
    }
}

/// The policy that an item has.
pub(crate) async fn policy_of(tx: &mut Tx, item: &ProtectedItem) -> Result<Option<policy::Policy>> {
    let Some(id) = &item.policy else {
        return Ok(None);
    };
    let found = resources::get::<Policy>(tx, id).await?;
    Ok(found.map(|record| record.body.policy))
}

/// The policy by which a backup ends that began with one: protection may have been stopped since.
pub(super) async fn policy_at_end(
    tx: &mut Tx,
    item: &ProtectedItem,
) -> Result<Option<policy::Policy>> {
    let now = policy_of(tx, item).await?;
    Ok(now.or_else(|| item.body.policy_seen.clone()))
}

pub(super) async fn run(held: &Held<'_>, plan: BackupPlan) -> Result<Outcome> {
    match plan.stage {
        Stage::Snapshot(begun) => {
            match snapshot_phase(held, &plan, begun).await? {
                // The same task goes on, so that nothing comes in between.
                Some(sending) if !sending.waits => transfer_phase(held, &plan, sending).await,
                Some(_) => Ok(Outcome::Later(0)),
                None => Ok(Outcome::Ended),
            }
        }
        Stage::Transfer(sending) => transfer_phase(held, &plan, sending).await,
    }
}

/// Takes the snapshot and records its point. Gives the transfer that follows, if any.
async fn snapshot_phase(
    held: &Held<'_>,
    plan: &BackupPlan,
    begun: Option<PointId>,
) -> Result<Option<Sending>> {
    let control = held.control;
    let mut ground = match control.ground(plan.item).await {
        Ok(ground) => ground,
        // The records may answer later.
        Err(e) if e.code() == Code::StateUnavailable => return Err(e),
        Err(e) => return failed(held, plan, &e).await.map(|()| None),
    };
    let mut taken = Ok(None);
    if let Some(point) = begun {
        taken = control.plane.point(&ground.stores, point).await;
    }
    if let Ok(Some(facts)) = &taken
        && held.is_cancelled_by_user().await?
    {
        let (plane, point) = (&control.plane, facts.point);
        plane
            .remove(&ground.stores, Tier::Snapshot, &[point])
            .await?;
        taken = Ok(None);
    }
    let taken = match taken {
        Ok(Some(facts)) => Ok(facts),
        Err(e) => Err(e),
        Ok(None) => take(held, plan, &ground).await,
    };
    let given_up = std::mem::take(&mut ground.item.body.given_up);
    if taken.is_ok() && !given_up.is_empty() {
        let (plane, stores) = (&control.plane, &ground.stores);
        match plane.remove(stores, Tier::Snapshot, &given_up).await {
            Ok(()) => ground.item.body.given_up = given_up,
            Err(e) => tracing::info!("points that were given up stay for now: {e}"),
        }
    }
    match taken {
        Ok(facts) => record(held, plan, &ground, facts).await,
        Err(e) if held.cancel.is_cancelled() => {
            if !held.is_cancelled_by_user().await? {
                return Err(e);
            }
            let (mut tx, mut job) = held.write().await?;
            if let Some(mut item) = items::by_data_id(&mut tx, plan.item).await? {
                give_up(&mut item, &job);
                items::update(&mut tx, item).await?;
            }
            stand(&mut job, BackupJob::SnapshotCancelled, tx.now());
            held.commit(tx, job).await?;
            Ok(None)
        }
        Err(e) => failed(held, plan, &e).await.map(|()| None),
    }
}

async fn take(held: &Held<'_>, plan: &BackupPlan, ground: &Ground) -> Result<PointFacts> {
    ground.check_one_host()?;
    let control = held.control;
    let cancelled = || Error::new(Code::Cancelled, "the backup was cancelled");
    let permit = control
        .engine
        .permit("snapshot", &ground.connection, &held.cancel);
    let _permit = permit.await.ok_or_else(cancelled)?;
    // The id is durable before the store can have a point of it.
    let point = PointId::new(&*control.random);
    let stage = Stage::Snapshot(Some(point));
    let plan = BackupPlan {
        stage,
        ..plan.clone()
    };
    let (mut tx, mut job) = held.write().await?;
    if let Some(mut item) = items::by_data_id(&mut tx, plan.item).await? {
        give_up(&mut item, &job);
        items::update(&mut tx, item).await?;
    }
    job.body.step = to_json(&Plan::Backup(plan));
    held.commit(tx, job).await?;
    let crash = ground.policy.as_ref();
    let crash = crash.is_some_and(|p| p.consistency == Consistency::OnlyCrash);
    let work = SnapshotWork {
        connection: ground.connection.clone(),
        machine: ground.machine.uuid,
        point,
        disks: ground.item.body.disks.clone(),
        quiesce: if crash { Quiesce::Skip } else { Quiesce::Try },
        first: ground.first,
        scratch_limit: ground.scratch_limit,
    };
    let over = Over {
        events: held.live,
        cancel: &held.cancel,
    };
    control.plane.snapshot(&ground.stores, &work, &over).await
}

/// Records the point, and decides what becomes of the transfer.
async fn record(
    held: &Held<'_>,
    plan: &BackupPlan,
    ground: &Ground,
    facts: PointFacts,
) -> Result<Option<Sending>> {
    let (mut tx, mut job) = held.write().await?;
    let item = items::by_data_id(&mut tx, plan.item).await?;
    let Some(mut item) = item else {
        let gone = Error::new(Code::ObjectNotFound, "the protected item is gone");
        drop(tx);
        return failed(held, plan, &gone).await.map(|()| None);
    };
    let policy = policy_at_end(&mut tx, &item).await?;
    let number = points::number_of(facts.point);
    let waits = decide(&mut tx, plan, &item, policy.as_ref(), &job).await?;
    let sending = waits.map(|waits| Sending {
        point: facts.point,
        number,
        waits,
        tries: 0,
    });
    let keep = match plan.run {
        Run::OnDemand { until } => Keep::Until(until),
        Run::Scheduled { .. } => Keep::Marks(Marks::default()),
    };
    let mut point = RecoveryPoint {
        item: item.data_id,
        number,
        point: facts.point,
        taken_at: facts.taken_at,
        expires_at: None,
        snapshot_expires_at: None,
        tiers: Tiers::Snapshot,
        revision: 1,
        body: PointBody {
            consistency: facts.consistency,
            downgrade: facts.downgrade.clone(),
            disks_of_machine: (facts.disks.len() + facts.excluded.len()) as u16,
            disks: facts.disks,
            keep,
            os: ground.machine.os.clone(),
        },
    };
    if let Some(policy) = &policy {
        expiries(&mut point, policy);
    }
    match points::create(&mut tx, point).await {
        // It was recorded when the job was taken up before.
        Err(e) if e.code() == Code::ResourceExists => {}
        done => drop(done?),
    }
    item.body.last_point = Some(facts.taken_at);
    // Those were removed just now.
    let given_up = &ground.item.body.given_up;
    item.body.given_up.retain(|point| !given_up.contains(point));
    note_consistency(&mut job, &facts.consistency, facts.downgrade.as_deref());
    match sending {
        Some(sending) => {
            stand(&mut job, BackupJob::Transferring, tx.now());
            job.body.step = to_json(&Plan::Backup(BackupPlan {
                stage: Stage::Transfer(sending),
                ..plan.clone()
            }));
        }
        None => {
            stand(&mut job, BackupJob::TransferSkipped, tx.now());
            ended_well(&mut item, &job, tx.now());
        }
    }
    items::update(&mut tx, item).await?;
    held.commit(tx, job).await?;
    Ok(sending)
}

/// Whether the transfer waits; `None` if it is left out (JOB-7; POLICY-29).
async fn decide(
    tx: &mut Tx,
    plan: &BackupPlan,
    item: &ProtectedItem,
    policy: Option<&policy::Policy>,
    job: &Job,
) -> Result<Option<bool>> {
    let running = transfer_runs(tx, item, job).await?;
    let (on_demand, to_vault) = match plan.run {
        Run::OnDemand { .. } => (true, true),
        Run::Scheduled { due } => {
            let since = item.body.vaulted_from.unwrap_or(item.created);
            (false, policy.is_some_and(|p| p.goes_to_vault(due, since)))
        }
    };
    Ok(match policy::transfer(on_demand, to_vault, running) {
        Transfer::Start => Some(false),
        Transfer::Wait => Some(true),
        Transfer::Skip => None,
    })
}

/// Whether another job of the item is in its transfer, or waits for it.
pub(super) async fn transfer_runs(tx: &mut Tx, item: &ProtectedItem, job: &Job) -> Result<bool> {
    let others = unfinished_backups(tx, item).await?;
    Ok(others.iter().any(|other| {
        let ahead = (other.started_at, other.id) < (job.started_at, job.id);
        other.id != job.id && transfers(other) && (ahead || !waits(other))
    }))
}

/// Whether a backup waits until it may begin its transfer.
pub(crate) fn waits(job: &Job) -> bool {
    let plan = serde_json::from_value(job.body.step.clone());
    matches!(
        plan,
        Ok(Plan::Backup(BackupPlan { stage: Stage::Transfer(sending), .. })) if sending.waits
    )
}

/// The backups of an item that have not ended.
pub(crate) async fn unfinished_backups(tx: &mut Tx, item: &ProtectedItem) -> Result<Vec<Job>> {
    let filter = Filter {
        item: Some(item.id.clone()),
        operation: Some(JobOperation::Backup),
        unfinished: true,
        ..Filter::default()
    };
    // Few go on at once, for however long.
    jobs::page(tx, &filter, None, u32::MAX).await
}

/// Whether a job is in its transfer, or waits for it.
pub(crate) fn transfers(job: &Job) -> bool {
    let tasks = &job.body.tasks;
    tasks
        .iter()
        .any(|t| t.name == TRANSFER && t.status == TaskStatus::InProgress)
}

/// Says in the job what was got (JOB-15).
fn note_consistency(job: &mut Job, got: &points::Consistency, downgrade: Option<&str>) {
    let properties = &mut job.body.properties;
    properties.insert("Recovery point consistency".to_owned(), format!("{got:?}"));
    if let Some(code) = downgrade {
        properties.insert("Consistency downgrade".to_owned(), code.to_owned());
    }
}

/// An item after a backup that gave a point.
pub(super) fn ended_well(item: &mut ProtectedItem, job: &Job, now: Timestamp) {
    use items::ProtectionState::{InitialBackupPending, Protected, ProtectionError};
    if matches!(item.state, InitialBackupPending | ProtectionError) {
        item.state = Protected;
    }
    item.body.health.clear();
    item.body.tries = 0;
    item.body.last_backup = Some(LastBackup {
        at: now,
        status: job.status,
        code: job.body.errors.first().map(|e| e.code.clone()),
    });
}

/// Notes that the point that a job has begun will have no record: its store may have it, or get
/// it yet from a server that was stalled.
fn give_up(item: &mut ProtectedItem, job: &Job) {
    let plan = serde_json::from_value(job.body.step.clone());
    if let Ok(Plan::Backup(BackupPlan {
        stage: Stage::Snapshot(Some(point)),
        ..
    })) = plan
        && !item.body.given_up.contains(&point)
    {
        item.body.given_up.push(point);
    }
}

/// Ends the job as failed: both tasks (JOB-2), and says so at the item.
async fn failed(held: &Held<'_>, plan: &BackupPlan, error: &Error) -> Result<()> {
    tracing::warn!("backup job {}: {error:?}", held.id);
    let (mut tx, mut job) = held.write().await?;
    job.body.errors.push(shown(error));
    stand(&mut job, BackupJob::Failed, tx.now());
    if let Some(mut item) = items::by_data_id(&mut tx, plan.item).await? {
        give_up(&mut item, &job);
        if item.state == items::ProtectionState::Protected {
            item.state = items::ProtectionState::ProtectionError;
        }
        item.body.health = vec![HealthFinding {
            code: error.code().name().to_owned(),
            critical: error.code() == Code::MachineNotFound,
            message: error.detail().to_owned(),
        }];
        item.body.last_backup = Some(LastBackup {
            at: tx.now(),
            status: job.status,
            code: Some(error.code().name().to_owned()),
        });
        again(&mut tx, &mut item, plan, error);
        items::update(&mut tx, item).await?;
    }
    held.commit(tx, job).await
}

/// Tries of a scheduled run, and minutes from each to the next.
const RETRIES: [i64; 3] = [5, 15, 60];

/// Has a scheduled run that failed tried again: it is owed once more, after some minutes.
fn again(tx: &mut WriteTx, item: &mut ProtectedItem, plan: &BackupPlan, error: &Error) {
    let Run::Scheduled { due } = plan.run else {
        return;
    };
    let wait = RETRIES.get(item.body.tries as usize);
    let (Some(minutes), true) = (wait, may_pass(error)) else {
        item.body.tries = 0;
        return;
    };
    let before = due.saturating_sub(jiff::SignedDuration::from_micros(1));
    item.body.scheduled_from = before.ok();
    let wait = jiff::SignedDuration::from_mins(*minutes);
    let next = tx.now().saturating_add(wait).ok();
    item.next_run = item.next_run.min(next).or(next);
    item.body.tries += 1;
}

/// Whether trying again may help.
fn may_pass(error: &Error) -> bool {
    use base::Kind::{Conflict, Failed, NoSpace, Unavailable};
    matches!(error.kind(), Unavailable | NoSpace | Failed | Conflict)
}
