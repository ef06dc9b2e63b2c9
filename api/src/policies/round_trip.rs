//! What is written of a policy is read as the same policy.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Time;
use policy::{
    Consistency, DayOfMonth, GroupPattern, MonthDays, Monthly, Policy, PolicyType, Retention,
    Schedule, WeekdayOfMonth, Weekly, Yearly, Zone,
};
use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use serde_json::json;

use super::body::read;
use super::shape::{WEEKDAYS, WEEKS, write};

const SAVED: Timestamp = Timestamp::UNIX_EPOCH;

fn some<T: Copy + Ord + std::fmt::Debug + 'static>(
    all: &[(&str, T)],
) -> impl Strategy<Value = BTreeSet<T>> + use<T> {
    let all: Vec<T> = all.iter().map(|c| c.1).collect();
    let most = all.len();
    subsequence(all, 1..=most).prop_map(|some| some.into_iter().collect())
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let time = || (0i8..24, 0i8..60).prop_map(|(h, m)| Time::new(h, m, 0, 0).unwrap());
    let window = select(vec![4_u32, 6, 8, 12, 24]).prop_flat_map(|i| (Just(i), i..=24));
    prop_oneof![
        time().prop_map(|time| Schedule::Daily { time }),
        (some(&WEEKDAYS), time()).prop_map(|(days, time)| Schedule::Weekly { days, time }),
        (time(), window).prop_map(|(start, (interval, window))| Schedule::Hourly {
            start,
            interval,
            window,
        }),
    ]
}

/// All pairs of some weeks and of some of the days on which there are runs, or days by number.
fn month_days(schedule: &Schedule) -> BoxedStrategy<MonthDays> {
    let runs = weekdays(schedule);
    let most = runs.len();
    let by_weekday = (some(&WEEKS), subsequence(runs, 1..=most)).prop_map(|(weeks, days)| {
        let pairs = weeks.into_iter().flat_map(|week| {
            let pair = move |&weekday: &_| WeekdayOfMonth { week, weekday };
            days.iter().map(pair).collect::<Vec<_>>()
        });
        MonthDays::Weekdays(pairs.collect())
    });
    if schedule.is_weekly() {
        return by_weekday.boxed();
    }
    let day = prop_oneof![
        9 => (1i8..=28).prop_map(DayOfMonth::Day),
        1 => Just(DayOfMonth::Last),
    ];
    let by_number = btree_set(day, 1..9).prop_map(MonthDays::Days);
    prop_oneof![by_weekday, by_number].boxed()
}

/// The days on which there are runs.
fn weekdays(schedule: &Schedule) -> Vec<policy::Weekday> {
    match schedule {
        Schedule::Weekly { days, .. } => days.iter().copied().collect(),
        _ => WEEKDAYS.iter().map(|c| c.1).collect(),
    }
}

fn retentions(schedule: &Schedule) -> impl Strategy<Value = Retention> + use<> {
    let weekly_runs = schedule.is_weekly();
    let daily = option::of(7u32..=9999).prop_map(move |days| days.filter(|_| !weekly_runs));
    let runs = weekdays(schedule);
    let most = runs.len();
    let weekly = (subsequence(runs, 1..=most), 1u32..=5163).prop_map(|(days, weeks)| Weekly {
        days: days.into_iter().collect(),
        weeks,
    });
    let monthly =
        (month_days(schedule), 1u32..=1188).prop_map(|(days, months)| Monthly { days, months });
    let months = btree_set(1i8..=12, 1..=12);
    let yearly =
        (months, month_days(schedule), 1u32..=99).prop_map(|(months, days, years)| Yearly {
            months,
            days,
            years,
        });
    (
        daily,
        option::of(weekly),
        option::of(monthly),
        option::of(yearly),
    )
        .prop_map(|(daily, weekly, monthly, yearly)| Retention {
            daily,
            weekly,
            monthly,
            yearly,
        })
}

fn policies() -> impl Strategy<Value = Policy> {
    let zones = vec!["UTC", "W. Europe Standard Time", "Europe/Berlin"];
    let zone = select(zones).prop_map(|name| Zone::named(name, SAVED).unwrap());
    let group = ("[a-z]{1,9}", "[a-z]{0,9}");
    let group = group.prop_map(|(prefix, suffix)| GroupPattern { prefix, suffix });
    let schedule = schedules().prop_flat_map(|s| (retentions(&s), Just(s)));
    let all = (
        schedule,
        zone,
        option::of(group),
        any::<[bool; 2]>(),
        1u32..=30,
    );
    all.prop_map(|((retention, schedule), zone, snapshot_group, on, days)| {
        let enhanced = on[0] || matches!(schedule, Schedule::Hourly { .. });
        let kind = match enhanced {
            true => PolicyType::Enhanced,
            false => PolicyType::Standard,
        };
        let mut policy = Policy {
            kind,
            schedule,
            retention,
            snapshot_days: days,
            zone,
            consistency: match enhanced && on[1] {
                true => Consistency::OnlyCrash,
                false => Consistency::Guest,
            },
            snapshot_group,
        };
        let (least, most) = policy.snapshot_days_allowed();
        policy.snapshot_days = days.clamp(least, most);
        policy
    })
    .prop_filter("valid", |policy| policy.faults().is_empty())
}

proptest! {
    #[test]
    fn a_policy_that_is_written_is_read_as_the_same(policy in policies()) {
        let written = write(&policy);
        let body = json!({"properties": written}).to_string();
        let (read, given) = read(body.as_bytes(), SAVED).unwrap();
        prop_assert_eq!(&read, &policy);
        let mut again = write(&read);
        crate::body::merge(&mut again, &given);
        prop_assert_eq!(again, written);
    }
}
