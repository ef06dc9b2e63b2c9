//! The record of a point: as its store tells of it, as the rules see it, and when it expires.

use policy::{Keep, Point, Policy};
use state::recovery_points::{PointBody, RecoveryPoint, Tiers, number_of};

use crate::plane::PointFacts;

/// A point as the rules see it.
pub(crate) fn rule_point(point: &RecoveryPoint) -> Point {
    Point {
        taken: point.taken_at,
        keep: point.body.keep.clone(),
        in_snapshot: matches!(point.tiers, Tiers::Snapshot | Tiers::SnapshotAndVault),
        in_vault: matches!(point.tiers, Tiers::SnapshotAndVault | Tiers::Vault),
    }
}

/// The record of an item's point that its store tells of: without times, and on whichever host
/// its snapshot is found.
pub(crate) fn record_of(item: i64, facts: &PointFacts, tiers: Tiers, keep: Keep) -> RecoveryPoint {
    RecoveryPoint {
        item,
        number: number_of(facts.point),
        point: facts.point,
        taken_at: facts.taken_at,
        expires_at: None,
        snapshot_expires_at: None,
        tiers,
        revision: 1,
        body: PointBody {
            consistency: facts.consistency,
            downgrade: facts.downgrade.clone(),
            disks: facts.disks.clone(),
            excluded: facts.excluded.clone(),
            keep,
            os: None,
            host: None,
            collection: None,
            data: facts.data,
        },
    }
}

/// Brings the times of a point up to date, by which cleanup finds it.
pub(crate) fn expiries(point: &mut RecoveryPoint, policy: &Policy) {
    let rules = rule_point(point);
    let snapshot = rules.snapshot_until(policy.snapshot_days, &policy.zone);
    point.snapshot_expires_at = rules.in_snapshot.then_some(snapshot);
    point.expires_at = rules.in_vault.then(|| rules.vault_until(&policy.zone));
}

/// The names of what keeps a point, as clients see them.
#[must_use]
pub fn rules(keep: &Keep) -> Vec<String> {
    match keep {
        Keep::Until(_) => vec!["OnDemand".to_owned()],
        Keep::Marks(marks) => marks.0.keys().map(|range| format!("{range:?}")).collect(),
    }
}
