//! A policy in the auditor's words, and the auditor's calendar: what is due when, which date ends
//! with which run, how long points are kept. It is found by asking each minute and day in turn,
//! and shares nothing with the crate `policy`. Instants are seconds since 1970.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// When runs are due, in minutes of the day.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Rhythm {
    Daily(i64),
    /// On these weekdays, 0 being Monday.
    Weekly(Vec<i8>, i64),
    /// From a minute on, every so many hours, for so many hours.
    Hourly(i64, i64, i64),
}

/// Days of a month.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Days {
    /// By number; 0 is the last.
    Numbers(Vec<i8>),
    /// The how-manieth (4: the last) of a weekday.
    Weekdays(Vec<(usize, i8)>),
}

/// The ranges, by the units that they count in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    Day,
    Week,
    Month,
    Year,
}

pub(crate) const UNITS: [Unit; 4] = [Unit::Day, Unit::Week, Unit::Month, Unit::Year];

/// How long points are kept.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Kept {
    pub(crate) days: Option<u32>,
    pub(crate) weeks: Option<(Vec<i8>, u32)>,
    pub(crate) months: Option<(Days, u32)>,
    pub(crate) years: Option<(Vec<i8>, Days, u32)>,
}

/// A policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rules {
    pub(crate) enhanced: bool,
    pub(crate) rhythm: Rhythm,
    pub(crate) kept: Kept,
    pub(crate) snapshot_days: u32,
    pub(crate) zone: &'static str,
}

/// Names of zones: those of Windows with the ones that they stand for.
pub(crate) const ZONES: [(&str, Option<&str>); 7] = [
    ("UTC", Some("Etc/UTC")),
    ("W. Europe Standard Time", Some("Europe/Berlin")),
    ("India Standard Time", Some("Asia/Kolkata")),
    ("Europe/Berlin", None),
    ("America/New_York", None),
    ("Australia/Lord_Howe", None),
    ("America/Santiago", None),
];

/// The wall clock of a policy that was saved at a time: of a Windows name it keeps the offset.
fn wall_of(name: &str, saved: i64) -> TimeZone {
    let all = TimeZoneDatabase::bundled();
    let windows = ZONES.iter().find(|z| z.0 == name).and_then(|z| z.1);
    let rules = all
        .get(windows.unwrap_or(name))
        .expect("a zone of the list");
    match windows {
        Some(_) => TimeZone::fixed(rules.to_offset(at(saved))),
        None => rules,
    }
}

pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(seconds).expect("a time of this century")
}

/// A policy as it was saved once.
#[derive(Debug)]
pub(crate) struct Version {
    pub(crate) rules: Rules,
    wall: TimeZone,
    dues: RefCell<BTreeMap<Date, Rc<Vec<i64>>>>,
}

impl Version {
    pub(crate) fn new(rules: Rules, saved: i64) -> Rc<Self> {
        let wall = wall_of(rules.zone, saved);
        let dues = RefCell::default();
        Rc::new(Self { rules, wall, dues })
    }

    /// Whether both have the same runs.
    pub(crate) fn runs_as(&self, other: &Self) -> bool {
        self.rules.rhythm == other.rules.rhythm && self.wall == other.wall
    }

    fn date(&self, seconds: i64) -> Date {
        self.wall.to_datetime(at(seconds)).date()
    }

    /// The runs of a date, in order.
    fn dues(&self, date: Date) -> Rc<Vec<i64>> {
        let made = self.dues.borrow().get(&date).cloned();
        made.unwrap_or_else(|| {
            let minutes = (0..1440).filter(|m| runs_at(&self.rules.rhythm, date, *m));
            let all: Vec<i64> = minutes.map(|m| self.instant(date, m * 60)).collect();
            let all = Rc::new(all);
            self.dues.borrow_mut().insert(date, Rc::clone(&all));
            all
        })
    }

    /// When the wall shows this, first; if it never does, when it would have had the clock not
    /// been changed.
    fn instant(&self, date: Date, second_of_day: i64) -> i64 {
        let naive = naive(date) + second_of_day;
        let offset = |near: i64| i64::from(self.wall.to_offset(at(near)).seconds());
        let (early, late) = (
            naive - offset(naive - 108_000),
            naive - offset(naive + 108_000),
        );
        let shows = |seconds: i64| seconds + offset(seconds) == naive;
        match (shows(early), shows(late)) {
            (true, true) => early.min(late),
            (false, true) => late,
            _ => early,
        }
    }

    /// The last run after `after` and not after `until`.
    pub(crate) fn latest_due(&self, after: i64, until: i64) -> Option<i64> {
        let (first, mut date) = (before(self.date(after)), behind(self.date(until)));
        while date >= first {
            let dues = self.dues(date);
            if let Some(due) = dues.iter().rev().find(|due| **due <= until) {
                return Some(*due).filter(|due| *due > after);
            }
            date = before(date);
        }
        None
    }

    /// The first run after `after`.
    pub(crate) fn next_due(&self, after: i64) -> i64 {
        let mut date = before(self.date(after));
        loop {
            if let Some(due) = self.dues(date).iter().find(|due| **due > after) {
                return *due;
            }
            date = behind(date);
        }
    }

    /// The dates whose last run came after `after` and not after `until`.
    pub(crate) fn ended(&self, after: i64, until: i64) -> Vec<Date> {
        let (mut date, last) = (before(self.date(after)), behind(self.date(until)));
        let mut ended = Vec::new();
        while date <= last {
            let end = self.dues(date).last().copied();
            ended.extend(end.filter(|e| *e > after && *e <= until).map(|_| date));
            date = behind(date);
        }
        ended
    }

    /// Whether a range keeps the points of a date.
    pub(crate) fn chooses(&self, unit: Unit, date: Date) -> bool {
        let kept = &self.rules.kept;
        match unit {
            Unit::Day => kept.days.is_some(),
            Unit::Week => {
                let of = |(days, _): &(Vec<i8>, u32)| days.contains(&weekday(date));
                kept.weeks.as_ref().is_some_and(of)
            }
            Unit::Month => kept.months.as_ref().is_some_and(|m| in_month(&m.0, date)),
            Unit::Year => {
                let of =
                    |y: &(Vec<i8>, Days, u32)| y.0.contains(&date.month()) && in_month(&y.1, date);
                kept.years.as_ref().is_some_and(of)
            }
        }
    }

    pub(crate) fn count(&self, unit: Unit) -> Option<u32> {
        let kept = &self.rules.kept;
        match unit {
            Unit::Day => kept.days,
            Unit::Week => kept.weeks.as_ref().map(|w| w.1),
            Unit::Month => kept.months.as_ref().map(|m| m.1),
            Unit::Year => kept.years.as_ref().map(|y| y.2),
        }
    }

    /// So many units later, the wall showing the same time; the last day of a month that lacks
    /// the day.
    pub(crate) fn later(&self, seconds: i64, unit: Unit, count: u32) -> i64 {
        if count == 0 {
            return seconds;
        }
        let here = self.wall.to_datetime(at(seconds));
        let of_day = naive_of(here) - naive(here.date());
        let count = i64::from(count);
        let by_days = |days: i64| {
            let there = at(naive(here.date()) + days * 86_400);
            TimeZone::UTC.to_datetime(there).date()
        };
        let by_months = |months: i64| {
            let months = i64::from(here.year()) * 12 + i64::from(here.month()) - 1 + months;
            let (year, month) = ((months / 12) as i16, (months % 12) as i8 + 1);
            let mut days = (1..=here.day()).rev();
            let found = days.find_map(|day| Date::new(year, month, day).ok());
            found.expect("every month has a first")
        };
        let date = match unit {
            Unit::Day => by_days(count),
            Unit::Week => by_days(7 * count),
            Unit::Month => by_months(count),
            Unit::Year => by_months(12 * count),
        };
        self.instant(date, of_day)
    }
}

fn naive(date: Date) -> i64 {
    naive_of(DateTime::from_parts(date, Time::midnight()))
}

fn naive_of(there: DateTime) -> i64 {
    let shown = TimeZone::UTC.to_timestamp(there);
    shown.expect("a time of this century").as_second()
}

fn before(date: Date) -> Date {
    date.yesterday().expect("a date of this century")
}

fn behind(date: Date) -> Date {
    date.tomorrow().expect("a date of this century")
}

fn weekday(date: Date) -> i8 {
    date.weekday().to_monday_zero_offset()
}

fn runs_at(rhythm: &Rhythm, date: Date, minute: i64) -> bool {
    match rhythm {
        Rhythm::Daily(at) => minute == *at,
        Rhythm::Weekly(days, at) => minute == *at && days.contains(&weekday(date)),
        Rhythm::Hourly(start, every, window) => {
            let since = (minute - start + 1440) % 1440;
            since % (every * 60) == 0 && since < window * 60
        }
    }
}

fn in_month(days: &Days, date: Date) -> bool {
    let in_it = |other: Date| other.month() == date.month();
    match days {
        Days::Numbers(all) => all.iter().any(|day| match day {
            0 => !in_it(behind(date)),
            day => *day == date.day(),
        }),
        Days::Weekdays(all) => all.iter().any(|(which, day)| {
            let dates = (1..=31).filter_map(|d| Date::new(date.year(), date.month(), d).ok());
            let dates: Vec<Date> = dates.filter(|d| weekday(*d) == *day).collect();
            let chosen = if *which < 4 {
                dates.get(*which)
            } else {
                dates.last()
            };
            chosen == Some(&date)
        }),
    }
}
