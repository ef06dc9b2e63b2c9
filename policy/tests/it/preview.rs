//! What a policy will keep.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::time;
use policy::{
    DayOfMonth, MonthDays, Monthly, Policy, Range, Retention, Schedule, Weekday, Weekly, preview,
};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn policy_9_to_16_a_year_leaves_the_points_of_each_range() {
    let retention = Retention {
        daily: Some(30),
        weekly: Some(Weekly {
            days: [Weekday::Sunday].into(),
            weeks: 12,
        }),
        monthly: Some(Monthly {
            days: MonthDays::Days([DayOfMonth::Day(1)].into()),
            months: 6,
        }),
        yearly: None,
    };
    let policy = Policy {
        retention,
        ..Policy::standard_default()
    };
    let found = preview(&policy, at("2026-01-01T00:00:00Z"), 365);
    assert_eq!((found.end, found.runs), (at("2027-01-01T00:00:00Z"), 365));
    let expected = [(Range::Daily, 30), (Range::Weekly, 12), (Range::Monthly, 6)];
    assert_eq!(found.by_range, BTreeMap::from(expected));
    let last = found.points.last().unwrap();
    assert_eq!(last.due, at("2026-12-31T19:30:00Z"));
    assert_eq!(last.ranges, [Range::Daily]);
    assert_eq!(last.expiry, Some(at("2027-01-30T19:30:00Z")));
    assert_eq!(last.snapshot_until, Some(at("2027-01-02T19:30:00Z")));
    // Snapshots of two days; all points are different ones but for what several ranges keep.
    let snapshots = found.points.iter().filter(|p| p.snapshot_until.is_some());
    assert_eq!(snapshots.count(), 2);
    assert!(found.points.is_sorted_by_key(|p| p.due));
    let first = &found.points[0];
    assert_eq!(
        (first.due, &first.ranges[..]),
        (at("2026-07-01T19:30:00Z"), &[Range::Monthly][..])
    );
    assert_eq!(
        (first.expiry, first.snapshot_until),
        (Some(at("2027-01-01T19:30:00Z")), None)
    );
}

#[test]
fn policy_29_of_an_hourly_policy_the_last_run_of_a_day_goes_to_the_vault() {
    let policy = Policy {
        schedule: Schedule::Hourly {
            start: time(8, 0, 0, 0),
            interval: 4,
            window: 12,
        },
        snapshot_days: 1,
        ..Policy::enhanced_default()
    };
    let found = preview(&policy, at("2026-03-01T00:00:00Z"), 10);
    assert_eq!(found.runs, 30);
    let in_vault = found.points.iter().filter(|p| p.expiry.is_some());
    assert_eq!(in_vault.count(), 10);
    let snapshots: Vec<_> = found
        .points
        .iter()
        .filter(|p| p.snapshot_until.is_some())
        .collect();
    assert_eq!(snapshots.len(), 3);
    assert_eq!(snapshots[0].due, at("2026-03-10T08:00:00Z"));
}

#[test]
fn a_preview_looks_no_further_than_ten_years_and_of_no_day_at_nothing() {
    let from = at("2026-03-01T00:00:00Z");
    let policy = Policy::standard_default();
    let nothing = preview(&policy, from, 0);
    assert_eq!((nothing.runs, nothing.points), (0, Vec::new()));
    let long = preview(&policy, from, u32::MAX);
    assert_eq!((long.runs, long.points.len()), (3650, 30));
}
