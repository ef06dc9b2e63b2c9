//! What is kept with a point, so that a server without records knows whose it is.

use jiff::Timestamp;
use mover::Origin;
use policy::Keep;

use super::backup::{BackupPlan, Run};
use super::ground::Ground;
use crate::protected_items::ItemName;

/// Whose point a backup makes now, and what is promised of it.
pub(super) fn origin(plan: &BackupPlan, ground: &Ground, now: Timestamp) -> Origin {
    let item = &ground.item;
    let (due, keep_until) = match plan.run {
        Run::OnDemand { until } => (None, Some(until)),
        Run::Scheduled { due } => {
            let since = item.vaulted_since();
            let kept = ground.policy.as_ref().map(|policy| {
                let in_vault = policy.goes_to_vault(due, since);
                let point = policy::Point {
                    taken: now,
                    keep: Keep::Marks(policy.marks(due, since)),
                    in_snapshot: true,
                    in_vault,
                };
                match in_vault {
                    true => point.vault_until(&policy.zone),
                    false => point.snapshot_until(policy.snapshot_days, &policy.zone),
                }
            });
            (Some(due), kept)
        }
    };
    let name = ItemName::of_id(&item.id);
    Origin {
        group: name.as_ref().map_or_else(String::new, |n| n.group.clone()),
        name: name.map_or_else(|| item.body.friendly_name.clone(), |n| n.machine),
        due,
        keep_until,
    }
}
