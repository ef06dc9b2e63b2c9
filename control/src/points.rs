//! When points expire: what `policy` says of a record.

use policy::{Keep, Point, Policy};
use state::recovery_points::{RecoveryPoint, Tiers};

/// A point as the rules see it.
pub(crate) fn rule_point(point: &RecoveryPoint) -> Point {
    Point {
        taken: point.taken_at,
        keep: point.body.keep.clone(),
        in_snapshot: matches!(point.tiers, Tiers::Snapshot | Tiers::SnapshotAndVault),
        in_vault: matches!(point.tiers, Tiers::SnapshotAndVault | Tiers::Vault),
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
