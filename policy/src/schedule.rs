//! When backups run (POLICY-5, 6, 13, 20, 27).

use std::collections::BTreeSet;

use jiff::civil::{Date, Time};
use jiff::fmt::temporal::Pieces;
use serde::{Deserialize, Serialize};

use crate::{Refusal, Weekday};

const MINUTES_A_DAY: i32 = 24 * 60;

/// When backups run, in the policy's zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Schedule {
    /// Each day once.
    Daily {
        /// The time of day.
        time: Time,
    },
    /// On these weekdays once.
    Weekly {
        /// The weekdays.
        days: BTreeSet<Weekday>,
        /// The time of day.
        time: Time,
    },
    /// Several times each day, beginning with the window: every `interval` hours while it
    /// lasts, its end excluded. It may last past midnight. Enhanced policies only.
    Hourly {
        /// The window's start, and the first run.
        start: Time,
        /// Hours between runs: 4, 6, 8, 12 or 24.
        interval: u32,
        /// Hours that the window lasts, from the interval to 24.
        window: u32,
    },
}

impl Schedule {
    /// The time that retention times must equal (POLICY-13).
    #[must_use]
    pub fn time(&self) -> Time {
        match self {
            Self::Daily { time } | Self::Weekly { time, .. } => *time,
            Self::Hourly { start, .. } => *start,
        }
    }

    /// Whether it names weekdays.
    #[must_use]
    pub fn is_weekly(&self) -> bool {
        matches!(self, Self::Weekly { .. })
    }

    /// Whether it runs on this date.
    pub(crate) fn runs_on(&self, date: Date) -> bool {
        match self {
            Self::Weekly { days, .. } => days.contains(&Weekday::of(date)),
            Self::Daily { .. } | Self::Hourly { .. } => true,
        }
    }

    /// The times of day of its runs, in order: the same on each day that it runs on.
    pub(crate) fn times(&self) -> Vec<Time> {
        let Self::Hourly {
            start,
            interval,
            window,
        } = *self
        else {
            return vec![self.time()];
        };
        let start = i32::from(start.hour()) * 60 + i32::from(start.minute());
        let starts = (0..window.min(24)).step_by(interval.max(1) as usize);
        let mut times: Vec<Time> = starts
            .filter_map(|hours| {
                let minutes = (start + 60 * hours as i32) % MINUTES_A_DAY;
                Time::new((minutes / 60) as i8, (minutes % 60) as i8, 0, 0).ok()
            })
            .collect();
        times.sort_unstable();
        times
    }

    /// What is wrong with it.
    pub(crate) fn faults(&self) -> Vec<Refusal> {
        let mut faults = Vec::new();
        let time = self.time();
        if time.second() != 0 || time.subsec_nanosecond() != 0 {
            faults.push(Refusal::of_policy(
                "schedulePolicy.scheduleRunTimes",
                format!("{time} isn't a whole minute"),
                "Give hours and minutes, and zero seconds",
            ));
        }
        match self {
            Self::Daily { .. } => {}
            Self::Weekly { days, .. } => {
                if days.is_empty() {
                    faults.push(Refusal::of_policy(
                        "schedulePolicy.scheduleRunDays",
                        "a weekly schedule names no weekday",
                        "Name one or more weekdays",
                    ));
                }
            }
            Self::Hourly {
                interval, window, ..
            } => {
                if ![4, 6, 8, 12, 24].contains(interval) {
                    faults.push(Refusal::of_policy(
                        "schedulePolicy.hourlySchedule.interval",
                        format!("a run every {interval} hours"),
                        "Allowed are 4, 6, 8, 12 and 24 hours",
                    ));
                }
                if window < interval || *window > 24 {
                    faults.push(Refusal::of_policy(
                        "schedulePolicy.hourlySchedule.scheduleWindowDuration",
                        format!("a window of {window} hours"),
                        format!("Allowed are {interval} (the interval) to 24 hours"),
                    ));
                }
            }
        }
        faults
    }

    /// Refuses a retention time other than the schedule's (POLICY-13). `field` names where it
    /// was found.
    ///
    /// # Errors
    /// It differs.
    pub fn check_retention_time(&self, field: &str, time: Time) -> Result<(), Refusal> {
        let own = self.time();
        if time == own {
            return Ok(());
        }
        Err(Refusal::of_policy(
            field,
            format!("points are kept by {time}, but made at {own}"),
            format!("Give {own}, the schedule's time; only points that it makes can be kept"),
        ))
    }
}

/// The time of day of a full date and time such as `2026-01-01T19:30:00Z` (POLICY-20). Only the
/// time of day counts, as written and in the policy's zone; an offset isn't applied. `field`
/// names where it was found.
///
/// # Errors
/// It isn't a full date and time.
pub fn time_of_day(field: &str, text: &str) -> Result<Time, Refusal> {
    let time = Pieces::parse(text).ok().and_then(|pieces| pieces.time());
    time.ok_or_else(|| {
        Refusal::of_policy(
            field,
            format!("`{text}` is no full date and time"),
            "Write both, as in `2026-01-01T19:30:00Z`; the date doesn't matter",
        )
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;

    /// POLICY-20.
    #[test]
    fn a_time_without_its_date_is_refused() {
        for text in [
            "2026-01-01T19:30:00Z",
            "2026-01-01T19:30:00+00:00",
            "2026-01-01T19:30:00+05:30",
            "2026-01-01T19:30:00",
        ] {
            assert_eq!(
                time_of_day("x", text).unwrap(),
                time(19, 30, 0, 0),
                "{text}"
            );
        }
        for text in [
            "",
            "19:30",
            "19:30:00Z",
            "2026-01-01",
            "2026-01-01T25:00:00Z",
        ] {
            let refusal = time_of_day("schedulePolicy.scheduleRunTimes[0]", text).unwrap_err();
            assert_eq!(
                refusal.field, "schedulePolicy.scheduleRunTimes[0]",
                "{text}"
            );
        }
    }

    /// POLICY-13.
    #[test]
    fn a_retention_time_must_be_the_schedules() {
        let schedule = Schedule::Daily {
            time: time(19, 30, 0, 0),
        };
        let check = |at| schedule.check_retention_time("retentionPolicy.dailySchedule", at);
        assert!(check(time(19, 30, 0, 0)).is_ok());
        assert!(
            check(time(19, 0, 0, 0))
                .unwrap_err()
                .remedy
                .contains("19:30")
        );
    }

    /// POLICY-27: six runs a day by default; POLICY-28 counts on it.
    #[test]
    fn a_window_of_a_day_has_every_run_once() {
        let hours = |start, interval, window| {
            let start = time(start, 0, 0, 0);
            let schedule = Schedule::Hourly {
                start,
                interval,
                window,
            };
            let times = schedule.times();
            times.iter().map(|t| t.hour()).collect::<Vec<_>>()
        };
        assert_eq!(hours(8, 4, 24), [0, 4, 8, 12, 16, 20]);
        assert_eq!(hours(8, 4, 12), [8, 12, 16]);
        assert_eq!(hours(20, 6, 12), [2, 20]);
        assert_eq!(hours(8, 24, 24), [8]);
    }
}
