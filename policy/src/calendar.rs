//! Days by which schedules and retention choose (POLICY-11).

use std::collections::BTreeSet;

use jiff::civil::{self, Date};
use serde::{Deserialize, Serialize};

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl Weekday {
    /// The weekday of a date.
    #[must_use]
    pub fn of(date: Date) -> Self {
        match date.weekday() {
            civil::Weekday::Monday => Self::Monday,
            civil::Weekday::Tuesday => Self::Tuesday,
            civil::Weekday::Wednesday => Self::Wednesday,
            civil::Weekday::Thursday => Self::Thursday,
            civil::Weekday::Friday => Self::Friday,
            civil::Weekday::Saturday => Self::Saturday,
            civil::Weekday::Sunday => Self::Sunday,
        }
    }
}

/// Which of a month's days with the same weekday: the first is the one in days 1 to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Week {
    First,
    Second,
    Third,
    Fourth,
    Last,
}

/// A day of a month by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum DayOfMonth {
    /// 1 to 28, so that every month has it.
    Day(i8),
    /// The month's last day.
    Last,
}

/// A day of a month by its weekday, such as the third Thursday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct WeekdayOfMonth {
    /// Which of them.
    pub week: Week,
    /// The weekday.
    pub weekday: Weekday,
}

/// The days of a month that a monthly or yearly rule chooses, in one of two formats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MonthDays {
    /// By number; the wire's format `Daily`.
    Days(BTreeSet<DayOfMonth>),
    /// By weekday; the wire's format `Weekly`.
    Weekdays(BTreeSet<WeekdayOfMonth>),
}

impl MonthDays {
    /// Whether the date is one of them.
    #[must_use]
    pub fn has(&self, date: Date) -> bool {
        let last = date.days_in_month();
        match self {
            Self::Days(days) => {
                days.contains(&DayOfMonth::Day(date.day()))
                    || date.day() == last && days.contains(&DayOfMonth::Last)
            }
            Self::Weekdays(days) => {
                let weekday = Weekday::of(date);
                let has = |week| days.contains(&WeekdayOfMonth { week, weekday });
                let nth = match (date.day() - 1) / 7 {
                    0 => has(Week::First),
                    1 => has(Week::Second),
                    2 => has(Week::Third),
                    3 => has(Week::Fourth),
                    _ => false,
                };
                nth || date.day() + 7 > last && has(Week::Last)
            }
        }
    }
}
