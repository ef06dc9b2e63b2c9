//! The points of a machine over years, with failures, points on demand and edits of its policy,
//! against the model.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use policy::{Keep, Marks, Point, Policy, Range, cleanup};
use proptest::prelude::*;

use crate::model::{Both, at, chooses, instant, instants, later, policies, runs_at, zones};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// A point as the model has it.
#[derive(Debug)]
struct Own {
    taken: i64,
    /// The ranges it is kept for; with a count where a former policy's goes on.
    marks: Vec<(Range, Option<u32>)>,
    /// On demand.
    until: Option<i64>,
    snapshot: bool,
    vault: bool,
}

impl Own {
    fn vault_until(&self, policy: &Policy, rules: &TimeZone) -> i64 {
        let of_mark = |(range, count): &(Range, Option<u32>)| {
            let count = count.or(count_of(policy, *range)).unwrap_or(0);
            later(rules, self.taken, *range, count)
        };
        let marks = self.marks.iter().map(of_mark).max();
        self.until.or(marks).unwrap_or(self.taken)
    }
}

fn count_of(policy: &Policy, range: Range) -> Option<u32> {
    let retention = &policy.retention;
    match range {
        Range::Daily => retention.daily,
        Range::Weekly => retention.weekly.as_ref().map(|w| w.weeks),
        Range::Monthly => retention.monthly.as_ref().map(|m| m.months),
        Range::Yearly => retention.yearly.as_ref().map(|y| y.years),
    }
}

/// The runs of a date, in order.
fn runs(policy: &Policy, rules: &TimeZone, date: Date) -> Vec<i64> {
    let wall = |m: i32| {
        let time = Time::new((m / 60) as i8, (m % 60) as i8, 0, 0).unwrap();
        DateTime::from_parts(date, time)
    };
    let walls = (0..1440)
        .map(wall)
        .filter(|w| runs_at(&policy.schedule, *w));
    walls.map(|w| instant(rules, w)).collect()
}

/// The runs of a date and the dates beside it, each with the dates that end with it. Two dates
/// share their runs where the wall left one of them out.
fn around(policy: &Policy, rules: &TimeZone, date: Date) -> BTreeMap<i64, Vec<Date>> {
    let mut all: BTreeMap<i64, Vec<Date>> = BTreeMap::new();
    for date in [date.yesterday().unwrap(), date, date.tomorrow().unwrap()] {
        let runs = runs(policy, rules, date);
        for (i, due) in runs.iter().enumerate() {
            let ends = all.entry(*due).or_default();
            ends.extend((i + 1 == runs.len()).then_some(date));
        }
    }
    all
}

/// What is owed to the vault since its last scheduled point.
#[derive(Debug, Default)]
struct Owed {
    day: bool,
    marks: BTreeSet<Range>,
}

impl Owed {
    /// A date's last run was due.
    fn day_ends(&mut self, policy: &Policy, date: Date) {
        self.day = true;
        let chosen = Range::ALL
            .into_iter()
            .filter(|r| chooses(&policy.retention, *r, date));
        self.marks.extend(chosen);
    }
}

/// A machine, with the crate's points and the model's side by side.
struct Life {
    both: Both,
    policy: Policy,
    points: Vec<Point>,
    own: Vec<Own>,
    owed: Owed,
    since: i64,
    dice: u64,
}

impl Life {
    fn roll(&mut self, sides: i64) -> i64 {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.dice >> 33) as i64 % sides
    }

    fn add(&mut self, own: Own, keep: Keep) {
        self.points.push(Point {
            taken: at(own.taken),
            keep,
            in_snapshot: true,
            in_vault: own.vault,
        });
        self.own.push(own);
    }

    /// A run, the last of the dates that `end`; `works`: whether the vault can be reached.
    fn run(&mut self, due: i64, end: &[Date], works: bool) {
        for date in end {
            self.owed.day_ends(&self.policy, *date);
        }
        if self.roll(20) == 0 {
            return; // missed, or the snapshot failed
        }
        let goes = self.policy.goes_to_vault(at(due), at(self.since));
        assert_eq!(goes, self.owed.day, "{} since {}", at(due), at(self.since));
        let vault = goes && works && self.roll(12) > 0;
        let (mut marks, mut own_marks) = (Marks::default(), Vec::new());
        if vault {
            marks = self.policy.marks(at(due), at(self.since));
            let expected = std::mem::take(&mut self.owed).marks;
            let marked: BTreeSet<Range> = marks.0.keys().copied().collect();
            assert_eq!(marked, expected, "{} since {}", at(due), at(self.since));
            own_marks = expected.into_iter().map(|range| (range, None)).collect();
            self.since = due;
        }
        let taken = due + self.roll(3 * HOUR);
        let own = Own {
            taken,
            marks: own_marks,
            until: None,
            snapshot: true,
            vault,
        };
        self.add(own, Keep::Marks(marks));
    }

    fn on_demand(&mut self, taken: i64) {
        let until = taken + self.roll(400 * DAY);
        let vault = self.roll(5) > 0;
        let own = Own {
            taken,
            marks: Vec::new(),
            until: Some(until),
            snapshot: true,
            vault,
        };
        self.add(own, Keep::Until(at(until)));
    }

    /// POLICY-21 to 23.
    fn edit(&mut self, new: Policy, now: i64) {
        let old = std::mem::replace(&mut self.policy, new);
        for point in &mut self.points {
            if let Keep::Marks(marks) = &mut point.keep {
                *marks = marks.under(&old, &self.policy);
            }
        }
        let (was_weekly, weekly) = (is_weekly(&old), is_weekly(&self.policy));
        for (range, count) in self.own.iter_mut().flat_map(|own| &mut own.marks) {
            if *range == Range::Weekly {
                *count = match (count_of(&self.policy, Range::Weekly), *count) {
                    (Some(_), _) => None,
                    (None, Some(before)) => Some(before),
                    (None, None) if was_weekly && !weekly => {
                        Some(count_of(&old, Range::Weekly).unwrap_or(0))
                    }
                    (None, None) => None,
                };
            }
        }
        // What is owed is what the new policy would have made since.
        self.owed = Owed::default();
        let mut date = self.both.rules.to_datetime(at(self.since - DAY)).date();
        while date <= self.both.rules.to_datetime(at(now)).date() {
            let last = runs(&self.policy, &self.both.rules, date).pop();
            if last.is_some_and(|last| last > self.since && last < now) {
                self.owed.day_ends(&self.policy, date);
            }
            date = date.tomorrow().unwrap();
        }
    }

    fn cleanup(&mut self, now: i64) {
        let (policy, rules) = (&self.policy, &self.both.rules);
        for removal in cleanup(&self.points, policy.snapshot_days, &policy.zone, at(now)) {
            assert!(removal.snapshot || removal.vault);
            let point = &mut self.points[removal.point];
            point.in_snapshot &= !removal.snapshot;
            point.in_vault &= !removal.vault;
        }
        // The model: from the newest to the oldest.
        let mut order: Vec<usize> = (0..self.own.len()).collect();
        order.sort_by_key(|i| (self.own[*i].taken, *i));
        let (mut newer, mut newer_in_vault) = (false, false);
        for i in order.into_iter().rev() {
            let own = &mut self.own[i];
            let in_vault = own.vault;
            let days = policy.snapshot_days;
            if newer && now >= later(rules, own.taken, Range::Daily, days) {
                own.snapshot = false;
            }
            if newer_in_vault && !own.snapshot && now >= own.vault_until(policy, rules) {
                own.vault = false;
            }
            newer = true;
            newer_in_vault |= in_vault;
        }
        for (point, own) in self.points.iter().zip(&self.own) {
            assert_eq!(
                (point.in_snapshot, point.in_vault),
                (own.snapshot, own.vault),
                "at {}: {own:?}",
                at(now)
            );
        }
        self.points.retain(|p| p.tier().is_some());
        self.own.retain(|o| o.snapshot || o.vault);
    }
}

fn is_weekly(policy: &Policy) -> bool {
    matches!(policy.schedule, policy::Schedule::Weekly { .. })
}

fn lives() -> impl Strategy<Value = (Both, Vec<Policy>)> {
    zones().prop_flat_map(|both| {
        let policies = prop::collection::vec(policies(both.zone.clone()), 1..4);
        (Just(both), policies)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// POLICY-11, 13 to 16, 21 to 23, 29; SNAP-8, 9; PROT-7, 15.
    #[test]
    fn exactly_the_points_exist_that_the_policy_says(
        (both, mut policies) in lives(),
        begin in instants(),
        days in 100i64..3600,
        dice in any::<u64>(),
    ) {
        let rules = both.rules.clone();
        let first = policies.pop().unwrap();
        let mut date = rules.to_datetime(at(begin)).date();
        let mut life = Life {
            both,
            policy: first,
            points: Vec::new(),
            own: Vec::new(),
            owed: Owed::default(),
            since: begin,
            dice,
        };
        let (mut done, mut down) = (begin, 0);
        for _ in 0..days {
            if life.roll(days / 4) == 0 && let Some(new) = policies.pop() {
                let midnight = instant(&rules, date.at(0, 0, 0, 0));
                life.edit(new, midnight.max(begin));
                done = midnight - 1;
            }
            if life.roll(80) == 0 {
                down = life.roll(60);
            }
            down -= 1;
            if let Some(last) = runs(&life.policy, &rules, date).pop() {
                for (due, end) in around(&life.policy, &rules, date) {
                    if due > done.max(begin) && due <= last {
                        life.run(due, &end, down <= 0);
                    }
                }
                done = done.max(last);
            }
            let noon = instant(&rules, date.at(12, 0, 0, 0));
            if life.roll(30) == 0 {
                life.on_demand(noon);
            }
            if life.roll(12) == 0 {
                let late = life.roll(DAY);
                life.cleanup(noon + DAY + late);
            }
            date = date.tomorrow().unwrap();
        }
        life.cleanup(instant(&rules, date.at(0, 0, 0, 0)) + 2 * DAY);
        let in_vault = life.own.iter().filter(|own| own.vault).count();
        prop_assert!(in_vault > 0);
    }
}
