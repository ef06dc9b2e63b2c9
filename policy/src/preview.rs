//! What a policy will keep: its runs of some time, and the points of them that are there at its end.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::{Keep, Marks, Point, Policy, Range, cleanup};

/// The most days that are looked ahead.
pub const MOST_DAYS: u32 = 3650;

/// What there will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preview {
    /// The end of the time that was looked at.
    pub end: Timestamp,
    /// How many runs are due until then.
    pub runs: u64,
    /// The points that are there at the end, oldest first.
    pub points: Vec<PreviewPoint>,
    /// How many of these each range keeps; a point may be kept by several.
    pub by_range: BTreeMap<Range, u64>,
}

/// A point that will be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviewPoint {
    /// When its run is due: it is taken then.
    pub due: Timestamp,
    /// The ranges that keep it at the end.
    pub ranges: Vec<Range>,
    /// Until when the vault has it; `None`: the vault has it no more, or never had.
    pub expiry: Option<Timestamp>,
    /// Until when its snapshot is there; `None`: it is gone.
    pub snapshot_until: Option<Timestamp>,
}

/// What a policy will have kept so many days after `from`, [`MOST_DAYS`] at most, for a machine
/// that it protects from then on: if every run is made when it is due, reaches the vault if it is
/// to, and nothing is removed but what has expired.
#[must_use]
pub fn preview(policy: &Policy, from: Timestamp, days: u32) -> Preview {
    let days = i64::from(days.min(MOST_DAYS));
    let end = from.saturating_add(SignedDuration::from_hours(24 * days));
    let end = end.unwrap_or(Timestamp::MAX);
    let next = |at: &Timestamp| policy.schedule.next_after(*at, &policy.zone);
    let dues = std::iter::successors(next(&from), next).take_while(|due| *due <= end);
    let mut since = from;
    let mut points = Vec::new();
    for due in dues {
        let in_vault = policy.goes_to_vault(due, since);
        let marks = match in_vault {
            true => policy.marks(due, since),
            false => Marks::default(),
        };
        if in_vault {
            since = due;
        }
        points.push(Point {
            taken: due,
            keep: Keep::Marks(marks),
            in_snapshot: true,
            in_vault,
        });
    }
    let runs = points.len() as u64;
    // What goes makes way for more: a snapshot for its point in the vault.
    loop {
        let gone = cleanup(&points, policy.snapshot_days, &policy.zone, end);
        if gone.is_empty() {
            break;
        }
        for removal in gone {
            let point = &mut points[removal.point];
            point.in_snapshot &= !removal.snapshot;
            point.in_vault &= !removal.vault;
        }
    }
    points.retain(|point| point.tier().is_some());
    let points: Vec<PreviewPoint> = points.iter().map(|p| shown(policy, p, end)).collect();
    let mut by_range = BTreeMap::new();
    for range in points.iter().flat_map(|point| &point.ranges) {
        *by_range.entry(*range).or_default() += 1;
    }
    Preview {
        end,
        runs,
        points,
        by_range,
    }
}

fn shown(policy: &Policy, point: &Point, end: Timestamp) -> PreviewPoint {
    let zone = &policy.zone;
    let ranges = match &point.keep {
        Keep::Marks(marks) if point.in_vault => {
            let lasts = |mark: &Range| {
                let alone = marks.0.get(mark).map(|kept| (*mark, *kept));
                Marks(alone.into_iter().collect()).until(point.taken, zone) > end
            };
            marks.0.keys().copied().filter(lasts).collect()
        }
        _ => Vec::new(),
    };
    let snapshot = point.snapshot_until(policy.snapshot_days, zone);
    PreviewPoint {
        due: point.taken,
        ranges,
        expiry: point.in_vault.then(|| point.vault_until(zone)),
        snapshot_until: point.in_snapshot.then_some(snapshot),
    }
}
