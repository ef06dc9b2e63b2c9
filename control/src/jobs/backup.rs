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
use policy::{BackupJob, Consistency, Keep, Marks, Transfer};
use serde::{Deserialize, Serialize};
use state::Tx;
use state::jobs::Job;
use state::protected_items::{self as items, ProtectedItem};
use state::recovery_points::{self as points, PointDisk, Tiers};

use super::after_backup::{ended_well, failed};
use super::ground::{Ground, policy_at_end};
use super::held::{Held, Outcome};
use super::of_item::transfer_runs;
use super::origin::origin;
use super::plan::begun;
use super::transfer::transfer_phase;
use super::{ASKED, DOWNGRADE, Plan, stand, to_json};
use crate::plane::{Over, PointFacts, ScratchRule, SnapshotWork, Tier};
use crate::points::{expiries, record_of};

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
        let (policy, location) = (ground.policy.as_ref(), &ground.machine.location);
        let made = control.collection_for(&mut tx, &item, policy, location);
        item.body.collection = Some(made.await?);
        items::update(&mut tx, item).await?;
    }
    let origin = origin(&plan, ground, tx.now());
    let quiesce = asked(ground);
    job.body
        .properties
        .insert(ASKED.to_owned(), level_asked(quiesce).to_owned());
    job.body.step = to_json(&Plan::Backup(plan));
    held.commit(tx, job).await?;
    let work = SnapshotWork {
        connection: ground.connection.clone(),
        machine: ground.machine.uuid,
        point,
        disks: ground.item.body.disks.clone(),
        quiesce,
        first: ground.first,
        scratch: ScratchRule {
            limit: ground.scratch_limit,
            keep_free: ground.scratch_keep_free,
            among: control.options.snapshots_per_host as u64,
        },
        origin: Some(origin),
    };
    let over = Over {
        events: held.live,
        cancel: &held.cancel,
    };
    control.plane.snapshot(&ground.stores, &work, &over).await
}

/// What the policy has asked of the guest (POLICY-31), and whether less will do.
fn asked(ground: &Ground) -> Quiesce {
    let policy = ground.policy.as_ref();
    match policy.is_some_and(|p| p.consistency == Consistency::OnlyCrash) {
        true => Quiesce::Skip,
        false if ground.refuses_downgrades => Quiesce::Require,
        false => Quiesce::Try,
    }
}

fn level_asked(quiesce: Quiesce) -> &'static str {
    match quiesce {
        Quiesce::Skip => "CrashConsistent",
        Quiesce::Try | Quiesce::Require => "FileSystemConsistent",
    }
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
    let mut point = record_of(item.data_id, &facts, Tiers::Snapshot, keep);
    point.body.os = ground.machine.os.clone();
    point.body.host = Some(ground.host.clone());
    point.body.collection = item.body.collection.clone();
    let size = point.body.logical();
    if let Some(policy) = &policy {
        expiries(&mut point, policy);
    }
    match points::create(&mut tx, point).await {
        // It was recorded when the job was taken up before.
        Err(e) if e.code() == Code::ResourceExists => {}
        done => drop(done?),
    }
    item.body.last_point = Some(facts.taken_at);
    item.body.data = Some(size);
    // Those were removed just now.
    let given_up = &ground.item.body.given_up;
    item.body.given_up.retain(|point| !given_up.contains(point));
    note_facts(&mut job, &facts);
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
            let since = item.vaulted_since();
            (false, policy.is_some_and(|p| p.goes_to_vault(due, since)))
        }
    };
    Ok(match policy::transfer(on_demand, to_vault, running) {
        Transfer::Start => Some(false),
        Transfer::Wait => Some(true),
        Transfer::Skip => None,
    })
}

/// Says in the job what was got (JOB-15; DISK-3).
fn note_facts(job: &mut Job, facts: &PointFacts) {
    let names = |disks: &[PointDisk]| {
        let names: Vec<_> = disks.iter().map(|d| d.name.as_str()).collect();
        names.join(", ")
    };
    let got = format!("{:?}", facts.consistency);
    let properties = &mut job.body.properties;
    properties.insert("Recovery point consistency".to_owned(), got);
    properties.insert("Backed-up disks".to_owned(), names(&facts.disks));
    if !facts.excluded.is_empty() {
        properties.insert("Excluded disks".to_owned(), names(&facts.excluded));
    }
    if let Some(code) = &facts.downgrade {
        properties.insert(DOWNGRADE.to_owned(), code.clone());
    }
}

/// Notes that the point that a job has begun will have no record: its store may have it, or get
/// it yet from a server that was stalled.
pub(super) fn give_up(item: &mut ProtectedItem, job: &Job) {
    if let Some(point) = begun(job)
        && !item.body.given_up.contains(&point)
    {
        item.body.given_up.push(point);
    }
}
