//! Where each point is, until when, and what a cleanup removes.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{INVALID_INPUT, Marks, Range, Refusal, Zone};

/// Days that a point on demand is kept if no date is given (PROT-7).
pub const ON_DEMAND_DAYS: u32 = 30;

/// What a point is kept for in the vault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Keep {
    /// A scheduled run: for its marks.
    Marks(Marks),
    /// A run on demand: until this instant, whatever the policy (PROT-7).
    Until(Timestamp),
}

/// A recovery point, as far as its time and place go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// When its snapshot completed: its date (POLICY-14).
    pub taken: Timestamp,
    /// What it is kept for.
    pub keep: Keep,
    /// Whether it is in the snapshot tier.
    pub in_snapshot: bool,
    /// Whether it is in the vault.
    pub in_vault: bool,
}

/// Where a point is (SNAP-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tier {
    /// With the disks only.
    Snapshot,
    /// In both; a restore uses the snapshot (SNAP-3).
    SnapshotAndVault,
    /// In the vault only.
    Vault,
}

impl Point {
    /// Where it is; none if it is gone from both.
    #[must_use]
    pub fn tier(&self) -> Option<Tier> {
        match (self.in_snapshot, self.in_vault) {
            (true, false) => Some(Tier::Snapshot),
            (true, true) => Some(Tier::SnapshotAndVault),
            (false, true) => Some(Tier::Vault),
            (false, false) => None,
        }
    }

    /// When its snapshot expires: after the policy's days for instant restore (POLICY-7), for
    /// scheduled points and those on demand.
    #[must_use]
    pub fn snapshot_until(&self, snapshot_days: u32, zone: &Zone) -> Timestamp {
        zone.later(self.taken, Range::Daily, snapshot_days)
    }

    /// When its place in the vault expires.
    #[must_use]
    pub fn vault_until(&self, zone: &Zone) -> Timestamp {
        match &self.keep {
            Keep::Marks(marks) => marks.until(self.taken, zone),
            Keep::Until(instant) => *instant,
        }
    }
}

/// What a cleanup removes of one point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// Its index among the points that were given.
    pub point: usize,
    /// Its snapshot goes.
    pub snapshot: bool,
    /// It goes from the vault.
    pub vault: bool,
}

/// What a cleanup at `now` removes of one item's points, given in any order. To be asked only of
/// items whose points expire ([`crate::Protection::prunes`]).
///
/// What has expired goes, except that
/// - the snapshot of the item's latest point stays until there is a newer point (SNAP-9);
/// - the latest point in the vault stays until there is a newer one there, so that a machine
///   whose backups fail or whose source is gone keeps its last (PROT-15);
/// - no point leaves the vault while its snapshot is there (SNAP-8).
#[must_use]
pub fn cleanup(points: &[Point], snapshot_days: u32, zone: &Zone, now: Timestamp) -> Vec<Removal> {
    let here = || {
        points
            .iter()
            .enumerate()
            .filter(|(_, p)| p.tier().is_some())
    };
    let latest = here().max_by_key(|(_, p)| p.taken).map(|(i, _)| i);
    let latest_in_vault = here()
        .filter(|(_, p)| p.in_vault)
        .max_by_key(|(_, p)| p.taken)
        .map(|(i, _)| i);
    here()
        .filter_map(|(i, point)| {
            let snapshot = point.in_snapshot
                && Some(i) != latest
                && point.snapshot_until(snapshot_days, zone) <= now;
            let vault = point.in_vault
                && Some(i) != latest_in_vault
                && (snapshot || !point.in_snapshot)
                && point.vault_until(zone) <= now;
            (snapshot || vault).then_some(Removal {
                point: i,
                snapshot,
                vault,
            })
        })
        .collect()
}

/// Until when a point on demand is kept: the instant asked for, or [`ON_DEMAND_DAYS`] from the
/// trigger (PROT-6, 7). At most 99 years (LIMIT-2).
///
/// # Errors
/// The instant has passed, or lies more than 99 years ahead.
pub fn on_demand_until(
    asked: Option<Timestamp>,
    triggered: Timestamp,
) -> Result<Timestamp, Refusal> {
    let utc = Zone::utc();
    let until = asked.unwrap_or_else(|| {
        let days = i64::from(ON_DEMAND_DAYS);
        triggered
            .saturating_add(SignedDuration::from_hours(24 * days))
            .unwrap_or(triggered)
    });
    let most = utc.later(triggered, Range::Yearly, 99);
    if until > triggered && until <= most {
        return Ok(until);
    }
    Err(Refusal::new(
        INVALID_INPUT,
        "recoveryPointExpiryTimeInUTC",
        format!("the point would be kept until {until}"),
        format!("Give an instant after {triggered} and not after {most}"),
    ))
}
