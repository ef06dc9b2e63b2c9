//! How long points are kept in the vault (POLICY-9 to 12).

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{DayOfMonth, MonthDays, Refusal, Schedule, Weekday};

/// A retention range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Range {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Range {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Daily, Self::Weekly, Self::Monthly, Self::Yearly];

    /// What the range counts in, for messages.
    pub(crate) fn unit(self) -> &'static str {
        match self {
            Self::Daily => "days",
            Self::Weekly => "weeks",
            Self::Monthly => "months",
            Self::Yearly => "years",
        }
    }

    /// The least number of days in one of its units.
    pub(crate) fn days(self) -> u32 {
        match self {
            Self::Daily => 1,
            Self::Weekly => 7,
            Self::Monthly => 28,
            Self::Yearly => 365,
        }
    }

    /// The fewest and most units to keep points for (POLICY-12).
    fn bounds(self) -> (u32, u32) {
        match self {
            Self::Daily => (7, 9999),
            Self::Weekly => (1, 5163),
            Self::Monthly => (1, 1188),
            Self::Yearly => (1, 99),
        }
    }

    fn field(self) -> &'static str {
        match self {
            Self::Daily => "retentionPolicy.dailySchedule",
            Self::Weekly => "retentionPolicy.weeklySchedule",
            Self::Monthly => "retentionPolicy.monthlySchedule",
            Self::Yearly => "retentionPolicy.yearlySchedule",
        }
    }
}

/// Which points are kept how long: any of four ranges, at least one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Days to keep the point of each day.
    pub daily: Option<u32>,
    /// The points of some weekdays.
    pub weekly: Option<Weekly>,
    /// The points of some days of each month.
    pub monthly: Option<Monthly>,
    /// The points of some days of some months.
    pub yearly: Option<Yearly>,
}

/// Points kept by the week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weekly {
    /// The weekdays whose points are kept.
    pub days: BTreeSet<Weekday>,
    /// For how many weeks.
    pub weeks: u32,
}

/// Points kept by the month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Monthly {
    /// The days whose points are kept.
    pub days: MonthDays,
    /// For how many months.
    pub months: u32,
}

/// Points kept by the year.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Yearly {
    /// Months of the year, 1 to 12.
    pub months: BTreeSet<i8>,
    /// The days of these months whose points are kept.
    pub days: MonthDays,
    /// For how many years.
    pub years: u32,
}

impl Retention {
    /// How long the range keeps its points, in its own unit; none if it is left out.
    #[must_use]
    pub fn count(&self, range: Range) -> Option<u32> {
        match range {
            Range::Daily => self.daily,
            Range::Weekly => self.weekly.as_ref().map(|w| w.weeks),
            Range::Monthly => self.monthly.as_ref().map(|m| m.months),
            Range::Yearly => self.yearly.as_ref().map(|y| y.years),
        }
    }

    /// Whether the range chooses the points due on this date.
    #[must_use]
    pub fn chooses(&self, range: Range, date: Date) -> bool {
        match range {
            Range::Daily => self.daily.is_some(),
            Range::Weekly => {
                let weekly = self.weekly.as_ref();
                weekly.is_some_and(|w| w.days.contains(&Weekday::of(date)))
            }
            Range::Monthly => self.monthly.as_ref().is_some_and(|m| m.days.has(date)),
            Range::Yearly => {
                let yearly = self.yearly.as_ref();
                yearly.is_some_and(|y| y.months.contains(&date.month()) && y.days.has(date))
            }
        }
    }

    /// Days that every point with a mark is kept at least: those of the daily range, which marks
    /// every point; else those of the shortest range. Zero without any.
    pub(crate) fn least_days(&self) -> u32 {
        let days = |range: Range| Some(self.count(range)?.saturating_mul(range.days()));
        days(Range::Daily)
            .or_else(|| Range::ALL.into_iter().filter_map(days).min())
            .unwrap_or(0)
    }

    /// What is wrong with it under this schedule.
    pub(crate) fn faults(&self, schedule: &Schedule) -> Vec<Refusal> {
        let mut faults = Vec::new();
        for range in Range::ALL {
            let (least, most) = range.bounds();
            if let Some(count) = self.count(range)
                && !(least..=most).contains(&count)
            {
                let unit = range.unit();
                faults.push(Refusal::of_policy(
                    format!("{}.retentionDuration.count", range.field()),
                    format!("points would be kept {count} {unit}"),
                    format!("Allowed are {least} to {most} {unit}"),
                ));
            }
        }
        if Range::ALL.iter().all(|r| self.count(*r).is_none()) {
            faults.push(Refusal::of_policy(
                "retentionPolicy",
                "no range keeps any point",
                "Give at least one of daily, weekly, monthly and yearly retention",
            ));
        }
        if let Some(weekly) = &self.weekly {
            let field = "retentionPolicy.weeklySchedule.daysOfTheWeek";
            faults.extend(days_faults(field, schedule, weekly.days.iter().copied()));
        }
        if let Some(monthly) = &self.monthly {
            faults.extend(month_days_faults(Range::Monthly, &monthly.days, schedule));
        }
        if let Some(yearly) = &self.yearly {
            faults.extend(month_days_faults(Range::Yearly, &yearly.days, schedule));
            if yearly.months.is_empty() || yearly.months.iter().any(|m| !(1..=12).contains(m)) {
                faults.push(Refusal::of_policy(
                    "retentionPolicy.yearlySchedule.monthsOfYear",
                    "it names no month, or one that isn't in the year",
                    "Name one or more of January to December",
                ));
            }
        }
        if schedule.is_weekly() && self.daily.is_some() {
            faults.push(Refusal::of_policy(
                Range::Daily.field(),
                "a weekly schedule makes no daily points",
                "Leave daily retention out, or run daily",
            ));
        }
        faults
    }
}

/// Weekdays that are none, or on which the schedule makes no point (POLICY-13).
fn days_faults(
    field: &str,
    schedule: &Schedule,
    days: impl Iterator<Item = Weekday>,
) -> Option<Refusal> {
    let days: BTreeSet<Weekday> = days.collect();
    if days.is_empty() {
        return Some(Refusal::of_policy(
            field,
            "no day is named",
            "Name one or more days",
        ));
    }
    let Schedule::Weekly { days: runs, .. } = schedule else {
        return None;
    };
    let off: Vec<_> = days.difference(runs).collect();
    (!off.is_empty()).then(|| {
        Refusal::of_policy(
            field,
            format!("no backup runs on {off:?}"),
            format!("Choose from the schedule's days {runs:?}"),
        )
    })
}

fn month_days_faults(range: Range, days: &MonthDays, schedule: &Schedule) -> Option<Refusal> {
    let field = range.field();
    match days {
        MonthDays::Weekdays(days) => days_faults(
            &format!("{field}.retentionScheduleWeekly"),
            schedule,
            days.iter().map(|d| d.weekday),
        ),
        MonthDays::Days(_) if schedule.is_weekly() => Some(Refusal::of_policy(
            format!("{field}.retentionScheduleFormatType"),
            "a weekly schedule runs on weekdays, not on days of the month",
            "Choose format Weekly: a week of the month and a weekday of the schedule",
        )),
        MonthDays::Days(days) => {
            let good = |d: &DayOfMonth| match d {
                DayOfMonth::Day(day) => (1..=28).contains(day),
                DayOfMonth::Last => true,
            };
            (days.is_empty() || !days.iter().all(good)).then(|| {
                Refusal::of_policy(
                    format!("{field}.retentionScheduleDaily.daysOfTheMonth"),
                    "it names no day, or one that isn't in every month",
                    "Name one or more of 1 to 28 and Last",
                )
            })
        }
    }
}

/// Refuses a change that lowers retention, as an immutable vault does (IMMU-2, 4): a range that
/// is left out or keeps its points for less. Which days it chooses may change.
///
/// # Errors
/// The range that would be lowered.
pub fn refuse_lowering(old: &Retention, new: &Retention) -> Result<(), Refusal> {
    for range in Range::ALL {
        let (Some(was), now) = (old.count(range), new.count(range).unwrap_or(0)) else {
            continue;
        };
        if now < was {
            let unit = range.unit();
            return Err(Refusal::of_policy(
                format!("{}.retentionDuration.count", range.field()),
                format!("the vault is immutable; {was} {unit} can't become {now}"),
                format!("Keep {was} {unit} or more"),
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// IMMU-4.
    #[test]
    fn an_immutable_vault_refuses_35_days_to_30_and_takes_40() {
        let daily = |days| Retention {
            daily: Some(days),
            ..Retention::default()
        };
        assert!(refuse_lowering(&daily(35), &daily(30)).is_err());
        assert!(refuse_lowering(&daily(35), &daily(35)).is_ok());
        assert!(refuse_lowering(&daily(35), &daily(40)).is_ok());
        let weekly = Retention {
            weekly: Some(Weekly {
                days: [Weekday::Sunday].into(),
                weeks: 5163,
            }),
            ..Retention::default()
        };
        let refusal = refuse_lowering(&daily(35), &weekly).unwrap_err();
        assert_eq!(
            refusal.field,
            "retentionPolicy.dailySchedule.retentionDuration.count"
        );
        assert!(refuse_lowering(&Retention::default(), &weekly).is_ok());
    }
}
