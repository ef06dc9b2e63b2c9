//! Limits: how many of a thing there may be on this server (LIMIT-1; POLICY-25; SNAP-10).

use base::{Code, Error, Result};
use jiff::{SignedDuration, Timestamp};
use policy::{Limit, Limits, PolicyType};
use state::jobs::{self, Job, JobOperation, JobStatus};
use state::policies::Policy;
use state::protected_items::ProtectedItem;
use state::resources::{self, Record, Scope};
use state::vaults::Vault;
use state::{Tx, settings};

use crate::Control;
use crate::vaults::refused;

/// The setting that keeps them.
const LIMITS: &str = "limits";

/// Over how long is counted what there may be in a day.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// A limit, and what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SetLimit {
    /// Which.
    pub limit: Limit,
    /// The most; none: no limit.
    pub most: Option<u64>,
    /// Whether somebody set it; else it is the default.
    pub set: bool,
}

impl Control {
    /// All limits.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn limits(&self) -> Result<Vec<SetLimit>> {
        let limits = limits(&mut self.state.read().await?).await?;
        Ok(Limit::ALL.iter().map(|l| shown(&limits, *l)).collect())
    }

    /// The limit of this name, in any case.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn limit(&self, name: &str) -> Result<SetLimit> {
        let limit = named(name)?;
        let limits = limits(&mut self.state.read().await?).await?;
        Ok(shown(&limits, limit))
    }

    /// Sets a limit, or goes back to its default. What there is beyond it stays. Durable when
    /// this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn set_limit(&self, name: &str, most: Option<u64>) -> Result<SetLimit> {
        let limit = named(name)?;
        let mut tx = self.state.write().await?;
        let mut limits = limits(&mut tx).await?;
        match most {
            Some(most) => limits.0.insert(limit, most),
            None => limits.0.remove(&limit),
        };
        settings::set(&mut tx, LIMITS, &limits).await?;
        tx.commit().await?;
        Ok(shown(&limits, limit))
    }

    /// The id of a limit.
    #[must_use]
    pub fn limit_id(&self, name: &str) -> String {
        let subscription = self.subscription_id();
        format!("{subscription}/providers/Stillpoint.Fabric/limits/{name}")
    }
}

/// Refuses one vault more in a location (LIMIT-1).
pub(crate) async fn check_vaults(
    tx: &mut Tx,
    vaults: &[Record<Vault>],
    location: &str,
) -> Result<()> {
    let here = |v: &&Record<Vault>| v.body.location == location;
    let count = vaults.iter().filter(here).count();
    within(&limits(tx).await?, Limit::Vaults, count as u64)
}

/// Refuses one policy more in a vault, or one edit more in a day (POLICY-26).
pub(crate) async fn check_policies(
    tx: &mut Tx,
    vault: &str,
    now: Timestamp,
    one_more: bool,
) -> Result<()> {
    let limits = limits(tx).await?;
    let scope = Scope::In(vault);
    if one_more {
        let count = resources::count::<Policy>(tx, scope).await?;
        within(&limits, Limit::Policies, count)?;
    }
    if limits.most(Limit::PolicyEdits).is_some() {
        let all: Vec<Record<Policy>> = resources::page(tx, scope, None, u32::MAX).await?;
        let edited = all.iter().filter(|p| p.changed > now - DAY).count();
        within(&limits, Limit::PolicyEdits, edited as u64)?;
    }
    Ok(())
}

/// Refuses to configure a machine of a vault once more in a day (POLICY-26).
pub(crate) async fn check_configurations(tx: &mut Tx, vault: &str, now: Timestamp) -> Result<()> {
    let filter = jobs::Filter {
        vault: Some(vault.to_owned()),
        operation: Some(JobOperation::ConfigureBackup),
        ..jobs::Filter::default()
    };
    let limits = limits(tx).await?;
    let done = of_day(tx, &limits, &[Limit::Configurations], filter, now).await?;
    within(&limits, Limit::Configurations, done.len() as u64)
}

/// Refuses one backup on demand more of a machine in a day (POLICY-25).
pub(crate) async fn check_on_demand(
    tx: &mut Tx,
    item: &ProtectedItem,
    now: Timestamp,
) -> Result<()> {
    let limits = limits(tx).await?;
    let of_both = [Limit::OnDemand, Limit::OnDemandTries];
    let filter = of_item(item, JobOperation::Backup);
    let mut done = of_day(tx, &limits, &of_both, filter, now).await?;
    done.retain(|job| job.body.by_user);
    let well = |job: &&Job| ![JobStatus::Failed, JobStatus::Cancelled].contains(&job.status);
    let went_well = done.iter().filter(well).count();
    within(&limits, Limit::OnDemand, went_well as u64)?;
    within(&limits, Limit::OnDemandTries, done.len() as u64)
}

/// Refuses one restore more of a machine in a day (RESTORE-17).
pub(crate) async fn check_restores(
    tx: &mut Tx,
    item: &ProtectedItem,
    now: Timestamp,
) -> Result<()> {
    let filter = of_item(item, JobOperation::Restore);
    let limits = limits(tx).await?;
    let done = of_day(tx, &limits, &[Limit::Restores], filter, now).await?;
    within(&limits, Limit::Restores, done.len() as u64)
}

/// Refuses one point more, or one snapshot more, than a machine may have (LIMIT-2; SNAP-10).
pub(crate) fn check_points(
    limits: &Limits,
    policy: Option<&policy::Policy>,
    points: u64,
    snapshots: u64,
) -> Result<()> {
    within(limits, Limit::Points, points)?;
    let limit = match policy.map(|p| p.kind) {
        Some(PolicyType::Enhanced) => Limit::EnhancedSnapshots,
        _ => Limit::Snapshots,
    };
    within(limits, limit, snapshots)
}

/// Refuses one more of what there are `now`.
pub(crate) fn within(limits: &Limits, limit: Limit, now: u64) -> Result<()> {
    let code = match limit {
        Limit::Snapshots | Limit::EnhancedSnapshots => Code::SnapshotLimitReached,
        _ => Code::LimitReached,
    };
    limits.check(limit, now).map_err(|r| refused(code, &r))
}

fn of_item(item: &ProtectedItem, operation: JobOperation) -> jobs::Filter {
    jobs::Filter {
        item: Some(item.id.clone()),
        operation: Some(operation),
        ..jobs::Filter::default()
    }
}

/// The jobs of the last day, if there is a limit to them at all: one of these.
async fn of_day(
    tx: &mut Tx,
    limits: &Limits,
    of_these: &[Limit],
    filter: jobs::Filter,
    now: Timestamp,
) -> Result<Vec<Job>> {
    if of_these.iter().all(|l| limits.most(*l).is_none()) {
        return Ok(Vec::new());
    }
    let filter = jobs::Filter {
        from: Some(now - DAY + SignedDuration::from_micros(1)),
        ..filter
    };
    jobs::page(tx, &filter, None, u32::MAX).await
}

/// The limits in force.
pub(crate) async fn limits(tx: &mut Tx) -> Result<Limits> {
    Ok(settings::get(tx, LIMITS).await?.unwrap_or_default())
}

fn shown(limits: &Limits, limit: Limit) -> SetLimit {
    SetLimit {
        limit,
        most: limits.most(limit),
        set: limits.0.contains_key(&limit),
    }
}

fn named(name: &str) -> Result<Limit> {
    let mut all = Limit::ALL.iter();
    let found = all.find(|l| l.name().eq_ignore_ascii_case(name));
    found.copied().ok_or_else(|| {
        let all: Vec<&str> = Limit::ALL.iter().map(|l| l.name()).collect();
        let detail = format!("there is no limit `{name}`, only {}", all.join(", "));
        Error::new(Code::ResourceNotFound, detail)
    })
}
