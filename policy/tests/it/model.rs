//! The rules once more, in the plainest way: by asking each minute or day in turn. Policies are
//! read as data; none of the crate's functions is called. Instants are seconds since 1970.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use policy::{
    DayOfMonth, MonthDays, Monthly, Policy, PolicyType, Range, Retention, Schedule, Week, Weekday,
    WeekdayOfMonth, Weekly, Yearly, Zone,
};
use proptest::collection::btree_set;
use proptest::option;
use proptest::prelude::*;

/// Zones with hours, half hours and two hours of daylight saving, on both sides of the equator,
/// and one that once left out a day.
const IANA: [&str; 9] = [
    "Europe/Berlin",
    "America/New_York",
    "America/St_Johns",
    "Australia/Lord_Howe",
    "Antarctica/Troll",
    "America/Santiago",
    "Africa/Casablanca",
    "Pacific/Apia",
    "Asia/Kolkata",
];

/// Windows names, with the zones they stand for.
const WINDOWS: [(&str, &str); 4] = [
    ("UTC", "Etc/UTC"),
    ("W. Europe Standard Time", "Europe/Berlin"),
    ("Newfoundland Standard Time", "America/St_Johns"),
    ("India Standard Time", "Asia/Kolkata"),
];

/// A zone as the policy has it, and its rules as the model has them.
#[derive(Clone, Debug)]
pub struct Both {
    pub zone: Zone,
    pub rules: TimeZone,
}

fn rules(iana: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(iana).unwrap()
}

pub fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).unwrap()
}

/// Some instant of the years 1995 to 2060.
pub fn instants() -> impl Strategy<Value = i64> {
    788_918_400_i64..2_871_763_200
}

pub fn zones() -> impl Strategy<Value = Both> {
    let followed = prop::sample::select(&IANA[..]).prop_map(|iana| Both {
        zone: Zone::named(iana, Timestamp::UNIX_EPOCH).unwrap(),
        rules: rules(iana),
    });
    let kept = (prop::sample::select(&WINDOWS[..]), instants()).prop_map(|(names, saved)| Both {
        zone: Zone::named(names.0, at(saved)).unwrap(),
        rules: TimeZone::fixed(rules(names.1).to_offset(at(saved))),
    });
    prop_oneof![2 => followed, 1 => kept]
}

fn times() -> impl Strategy<Value = Time> {
    let any = (0i8..24, 0i8..60);
    // Where clocks are changed.
    let night = (
        prop::sample::select(vec![0i8, 1, 2, 3, 23]),
        prop::sample::select(vec![0i8, 30]),
    );
    prop_oneof![any, night].prop_map(|(hour, minute)| Time::new(hour, minute, 0, 0).unwrap())
}

fn weekdays(most: usize) -> impl Strategy<Value = BTreeSet<Weekday>> {
    btree_set(prop::sample::select(DAYS.to_vec()), 1..=most)
}

pub fn schedules() -> impl Strategy<Value = Schedule> {
    let hourly = (
        times(),
        prop::sample::select(vec![4u32, 6, 8, 12, 24]),
        0u32..24,
    );
    prop_oneof![
        times().prop_map(|time| Schedule::Daily { time }),
        (weekdays(7), times()).prop_map(|(days, time)| Schedule::Weekly { days, time }),
        hourly.prop_map(|(start, interval, more)| Schedule::Hourly {
            start,
            interval,
            window: (interval + more).min(24),
        }),
    ]
}

/// Retention short enough to end within a few years, over a schedule.
fn retentions(schedule: &Schedule) -> impl Strategy<Value = Retention> + use<> {
    let (runs, weekly) = match schedule {
        Schedule::Weekly { days, .. } => (days.iter().copied().collect(), true),
        _ => (DAYS.to_vec(), false),
    };
    let day = prop::sample::select(runs);
    let weeks = vec![
        Week::First,
        Week::Second,
        Week::Third,
        Week::Fourth,
        Week::Last,
    ];
    let by_week = (prop::sample::select(weeks), day.clone());
    let by_week = by_week.prop_map(|(week, weekday)| WeekdayOfMonth { week, weekday });
    let by_week = btree_set(by_week, 1..4)
        .prop_map(MonthDays::Weekdays)
        .boxed();
    let by_day =
        prop_oneof![3 => (1i8..=28).prop_map(DayOfMonth::Day), 1 => Just(DayOfMonth::Last)];
    let by_day = btree_set(by_day, 1..4).prop_map(MonthDays::Days).boxed();
    let days = if weekly {
        by_week
    } else {
        prop_oneof![by_week, by_day].boxed()
    };
    let daily = option::weighted(0.8, 7u32..50).prop_map(move |days| days.filter(|_| !weekly));
    let by_the_week = (btree_set(day, 1..3), 1u32..30);
    let by_the_week = by_the_week.prop_map(|(days, weeks)| Weekly { days, weeks });
    let monthly = (days.clone(), 1u32..30).prop_map(|(days, months)| Monthly { days, months });
    let yearly = (btree_set(1i8..=12, 1..4), days, 1u32..8);
    let yearly = yearly.prop_map(|(months, days, years)| Yearly {
        months,
        days,
        years,
    });
    (
        daily,
        option::of(by_the_week),
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

/// Policies that break no rule but, perhaps, that of having a range.
pub fn policies(zone: Zone) -> impl Strategy<Value = Policy> {
    let parts = schedules().prop_flat_map(|schedule| (retentions(&schedule), Just(schedule)));
    (parts, 1u32..=7).prop_map(move |((retention, schedule), snapshot_days)| Policy {
        kind: PolicyType::Enhanced,
        schedule,
        retention,
        snapshot_days,
        zone: zone.clone(),
        ..Policy::standard_default()
    })
}

const DAYS: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

fn weekday(date: Date) -> Weekday {
    DAYS[date.weekday().to_monday_zero_offset() as usize]
}

fn minutes(time: Time) -> i64 {
    i64::from(time.hour()) * 60 + i64::from(time.minute())
}

/// Whether a run is due when the clock on the wall shows this.
pub fn runs_at(schedule: &Schedule, wall: DateTime) -> bool {
    let now = minutes(wall.time());
    match schedule {
        Schedule::Daily { time } => now == minutes(*time),
        Schedule::Weekly { days, time } => {
            now == minutes(*time) && days.contains(&weekday(wall.date()))
        }
        Schedule::Hourly {
            start,
            interval,
            window,
        } => {
            let since = (now - minutes(*start) + 1440) % 1440;
            since % (i64::from(*interval) * 60) == 0 && since < i64::from(*window) * 60
        }
    }
}

/// What the clock on the wall shows.
fn wall(rules: &TimeZone, seconds: i64) -> DateTime {
    rules.to_datetime(at(seconds))
}

fn naive(wall: DateTime) -> i64 {
    TimeZone::UTC.to_timestamp(wall).unwrap().as_second()
}

/// All due times from `from` to `to`, found by looking at the wall at each minute. What it shows
/// again doesn't count. Minutes that it leaves out are counted on from the minute before.
pub fn dues(schedule: &Schedule, rules: &TimeZone, from: i64, to: i64) -> Vec<i64> {
    let mut found = BTreeSet::new();
    let begin = (from / 60 - 2 * 1440) * 60;
    let mut shown = naive(wall(rules, begin));
    for minute in (begin + 60..=to).step_by(60) {
        let now = naive(wall(rules, minute));
        for (i, passed) in (shown + 60..=now).step_by(60).enumerate() {
            let there = wall(&TimeZone::UTC, passed);
            if runs_at(schedule, there) {
                // Only the last of them is what the wall shows at this minute.
                found.insert(if passed == now {
                    minute
                } else {
                    minute + 60 * i as i64
                });
            }
        }
        shown = shown.max(now);
    }
    found
        .into_iter()
        .filter(|d| (from..=to).contains(d))
        .collect()
}

/// The instant when the wall shows this, first; if it never does, when it would have, had the
/// clock not been changed.
pub fn instant(rules: &TimeZone, wall_time: DateTime) -> i64 {
    let naive = naive(wall_time);
    let offset = |near: i64| i64::from(rules.to_offset(at(near)).seconds());
    let (before, after) = (offset(naive - 30 * 3600), offset(naive + 30 * 3600));
    let (a, b) = (naive - before, naive - after);
    let shows = |seconds| wall(rules, seconds) == wall_time;
    match (shows(a), shows(b)) {
        (true, true) => a.min(b),
        (false, true) => b,
        _ => a,
    }
}

/// Whether a range chooses a date.
pub fn chooses(retention: &Retention, range: Range, date: Date) -> bool {
    match range {
        Range::Daily => retention.daily.is_some(),
        Range::Weekly => match &retention.weekly {
            Some(weekly) => weekly.days.iter().any(|d| *d == weekday(date)),
            None => false,
        },
        Range::Monthly => match &retention.monthly {
            Some(monthly) => in_month(&monthly.days, date),
            None => false,
        },
        Range::Yearly => match &retention.yearly {
            Some(yearly) => {
                yearly.months.iter().any(|m| *m == date.month()) && in_month(&yearly.days, date)
            }
            None => false,
        },
    }
}

fn in_month(days: &MonthDays, date: Date) -> bool {
    let month = |date: Date| (date.year(), date.month());
    match days {
        MonthDays::Days(days) => days.iter().any(|day| match day {
            DayOfMonth::Day(day) => *day == date.day(),
            DayOfMonth::Last => month(date.tomorrow().unwrap()) != month(date),
        }),
        MonthDays::Weekdays(days) => days.iter().any(|day| {
            // All dates of this month with the weekday, in order.
            let all: Vec<Date> = (1..=31)
                .filter_map(|d| Date::new(date.year(), date.month(), d).ok())
                .filter(|d| weekday(*d) == day.weekday)
                .collect();
            let chosen = match day.week {
                Week::First => all[0],
                Week::Second => all[1],
                Week::Third => all[2],
                Week::Fourth => all[3],
                Week::Last => all[all.len() - 1],
            };
            chosen == date
        }),
    }
}

/// So many days, weeks, months or years later, the wall showing the same time.
pub fn later(rules: &TimeZone, seconds: i64, range: Range, count: u32) -> i64 {
    if count == 0 {
        return seconds;
    }
    let from = wall(rules, seconds);
    let count = i64::from(count);
    let of_month = |months: i64| {
        let months = i64::from(from.year()) * 12 + i64::from(from.month()) - 1 + months;
        let (year, month) = ((months / 12) as i16, (months % 12) as i8 + 1);
        (1..=from.day())
            .rev()
            .find_map(|day| Date::new(year, month, day).ok())
            .unwrap()
    };
    let of_days = |days: i64| wall(&TimeZone::UTC, naive(from) + days * 86_400).date();
    let date = match range {
        Range::Daily => of_days(count),
        Range::Weekly => of_days(7 * count),
        Range::Monthly => of_month(count),
        Range::Yearly => of_month(12 * count),
    };
    instant(rules, DateTime::from_parts(date, from.time()))
}
