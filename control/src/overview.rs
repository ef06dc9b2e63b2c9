//! What needs attention first, and how many there are of all: one read, whose cost does not grow
//! with what clients ask for (MON-1; PORTAL).

mod attention;
mod places;

use std::collections::BTreeMap;

use base::Result;
use jiff::{SignedDuration, Timestamp};
use policy::AlertLevel;
use state::jobs::JobStatus;
use state::machines::Standing;
use state::overview::{self as counts, Items, Machines};
use state::protected_items::ProtectionState;
use state::resources::{self, Record};
use state::{Tx, fold};

use crate::{Control, Sees};

use attention::Known;
pub use attention::{Attention, AttentionKind};
pub use places::StoragePlace;

/// For how long ended jobs are counted.
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What of all somebody may see in an overview; `None`: nothing.
#[derive(Clone, Debug, Default)]
pub struct OverviewOf {
    /// Which vaults, with their items and jobs.
    pub vaults: Option<Sees>,
    /// Which machines.
    pub machines: Option<Sees>,
    /// The alerts of which vaults.
    pub alerts: Option<Sees>,
    /// Whether pools are seen.
    pub pools: bool,
    /// Whether hosts and their snapshot stores are.
    pub hosts: bool,
}

/// How everything stands.
#[derive(Clone, Debug)]
pub struct Overview {
    /// When it was looked at.
    pub at: Timestamp,
    /// Machines, if they may be seen.
    pub machines: Option<MachineCounts>,
    /// Items.
    pub items: ItemCounts,
    /// Jobs.
    pub jobs: JobCounts,
    /// Open alerts by level, if they may be seen.
    pub alerts: Option<BTreeMap<AlertLevel, u64>>,
    /// Vaults.
    pub vaults: u64,
    /// Pools and snapshot stores that may be seen, the fullest first.
    pub places: Vec<StoragePlace>,
    /// What somebody should look at, the most urgent first.
    pub attention: Vec<Attention>,
}

/// Machines, counted. Those that are not gone are protected, stopped or unprotected.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MachineCounts {
    /// All that there are records of.
    pub total: u64,
    /// Those that are backed up.
    pub protected: u64,
    /// Those whose protection was stopped.
    pub stopped: u64,
    /// Those that no live item is of.
    pub unprotected: u64,
    /// Those that are no longer found on their host.
    pub gone: u64,
    /// Those that are on several hosts at once.
    pub in_conflict: u64,
}

/// Items, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ItemCounts {
    /// Those that are live.
    pub total: u64,
    /// Of these, how many stand how.
    pub by_state: BTreeMap<&'static str, u64>,
    /// Those that are backed up and have no backup so far.
    pub initial_backup_pending: u64,
    /// Those that are backed up and whose last backup failed.
    pub last_backup_failed: u64,
    /// Those whose last one ended with warnings.
    pub last_backup_with_warnings: u64,
    /// Those whose last point is less consistent than was asked.
    pub downgraded: u64,
    /// Those of which the run after the one that is due is due, too.
    pub points_missed: u64,
    /// Those whose protection was stopped.
    pub stopped: u64,
    /// Those that are soft-deleted.
    pub soft_deleted: u64,
    /// Live ones with at least one point (PRICE-3).
    pub protected_instances: u64,
}

/// Jobs, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JobCounts {
    /// Those that have not ended.
    pub in_progress: u64,
    /// Those that ended well in the last 24 hours.
    pub completed: u64,
    /// Those that ended with warnings.
    pub with_warnings: u64,
    /// Those that failed.
    pub failed: u64,
    /// Those that were cancelled.
    pub cancelled: u64,
}

impl Control {
    /// How everything stands that somebody may see.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn overview(&self, of: &OverviewOf) -> Result<Overview> {
        let places = self.storage_places(of).await?;
        let mut tx = self.state.read().await?;
        let now = tx.now();
        let nothing = Sees::Only(Vec::new());
        let sees = of.vaults.as_ref().unwrap_or(&nothing);
        let vaults = sees.vaults(&mut tx).await?;
        let ids: Vec<String> = vaults.iter().map(|vault| fold(&vault.id)).collect();
        let seen = Some(&ids[..]).filter(|_| *sees != Sees::All);
        let machines = match &of.machines {
            Some(sees) => {
                let scopes = sees.scopes();
                let found = counts::machines(&mut tx, scopes.as_deref()).await?;
                Some(MachineCounts::of(&found))
            }
            None => None,
        };
        let missed_by = self.missed_by(now);
        let items = counts::items(&mut tx, seen, missed_by).await?;
        let items = ItemCounts::of(&items);
        let known = Known {
            needs: attention::needs(&items, missed_by),
            machines: machines.unwrap_or_default(),
            vaults: &vaults,
            ids: &ids,
            places: &places,
            silent: self.rests.looks.silent(),
        };
        let attention = attention::attention(&mut tx, of, &known).await?;
        Ok(Overview {
            at: now,
            machines,
            jobs: jobs(&mut tx, now, seen).await?,
            alerts: alerts(&mut tx, of.alerts.as_ref()).await?,
            vaults: vaults.len() as u64,
            items,
            attention,
            places,
        })
    }

    /// A run that was due by this time has begun, however starts are spread.
    pub(crate) fn missed_by(&self, now: Timestamp) -> Timestamp {
        let spread = self.options.start_spread.min(policy::MOST_SPREAD);
        now.saturating_sub(spread).unwrap_or(now)
    }
}

async fn jobs(tx: &mut Tx, now: Timestamp, vaults: Option<&[String]>) -> Result<JobCounts> {
    let mut jobs = JobCounts {
        in_progress: counts::jobs_in_progress(tx, vaults).await?,
        ..JobCounts::default()
    };
    let from = now.saturating_sub(DAY).unwrap_or(now);
    for (status, count) in counts::jobs_ended(tx, vaults, from).await? {
        match status {
            JobStatus::Completed => jobs.completed = count,
            JobStatus::CompletedWithWarnings => jobs.with_warnings = count,
            JobStatus::Failed => jobs.failed = count,
            JobStatus::Cancelled => jobs.cancelled = count,
            JobStatus::InProgress | JobStatus::Cancelling => {}
        }
    }
    Ok(jobs)
}

async fn alerts(tx: &mut Tx, sees: Option<&Sees>) -> Result<Option<BTreeMap<AlertLevel, u64>>> {
    let Some(sees) = sees else { return Ok(None) };
    let levels = [
        AlertLevel::Critical,
        AlertLevel::Warning,
        AlertLevel::Informational,
    ];
    let mut all: BTreeMap<AlertLevel, u64> = levels.map(|level| (level, 0)).into();
    let vaults = sees.vault_ids(tx).await?;
    for (rule, count) in counts::alerts(tx, vaults.as_deref()).await? {
        *all.entry(rule.level()).or_default() += count;
    }
    Ok(Some(all))
}

impl MachineCounts {
    fn of(all: &BTreeMap<Standing, Machines>) -> Self {
        let mut counts = Self::default();
        for (standing, alike) in all {
            counts.total += alike.total;
            match standing {
                Standing::Gone => {
                    counts.gone += alike.total;
                    continue;
                }
                Standing::Conflict => counts.in_conflict += alike.total,
                Standing::Listed => {}
            }
            counts.unprotected += alike.unprotected;
            counts.stopped += alike.stopped;
            let others = alike.unprotected + alike.stopped;
            counts.protected += alike.total.saturating_sub(others);
        }
        counts
    }
}

impl ItemCounts {
    fn of(all: &[Items]) -> Self {
        let mut counts = Self::default();
        for alike in all {
            let count = alike.count;
            if alike.deleted {
                counts.soft_deleted += count;
                continue;
            }
            counts.total += count;
            *counts.by_state.entry(word(alike.state)).or_default() += count;
            counts.protected_instances += alike.with_points;
            if !is_active(alike.state) {
                counts.stopped += count;
                continue;
            }
            let when = |is: bool| if is { count } else { 0 };
            let pending = alike.state == ProtectionState::InitialBackupPending;
            counts.initial_backup_pending += when(pending);
            counts.last_backup_failed += when(alike.last == Some(JobStatus::Failed));
            let warned = alike.last == Some(JobStatus::CompletedWithWarnings);
            counts.last_backup_with_warnings += when(warned);
            counts.downgraded += alike.downgraded;
            counts.points_missed += alike.missed;
        }
        counts
    }
}

fn is_active(state: ProtectionState) -> bool {
    ProtectionState::ACTIVE.contains(&state)
}

/// As clients know the state of an item.
fn word(state: ProtectionState) -> &'static str {
    match state {
        ProtectionState::InitialBackupPending => "IRPending",
        ProtectionState::Protected => "Protected",
        ProtectionState::ProtectionError => "ProtectionError",
        ProtectionState::ProtectionStopped => "ProtectionStopped",
        ProtectionState::ProtectionPaused => "ProtectionPaused",
        ProtectionState::BackupsSuspended => "BackupsSuspended",
    }
}

/// All resources of a kind, if they may be seen.
async fn if_seen<T: state::Resource>(tx: &mut Tx, seen: bool) -> Result<Vec<Record<T>>> {
    match seen {
        true => resources::all(tx).await,
        false => Ok(Vec::new()),
    }
}
