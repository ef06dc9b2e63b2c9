//! When the next run is due, which missed one is caught up, and how starts are spread.

use std::iter;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};

use crate::{Schedule, Zone};

/// The longest that a start may come after its due time (POLICY-24).
pub const MOST_SPREAD: SignedDuration = SignedDuration::from_hours(2);

/// Days to look through for a run: a week, and one at each end for times that a change of the
/// clock moves.
const DAYS: usize = 9;

impl Schedule {
    /// The first due time after `instant`. None if a weekly schedule names no day, or at the
    /// calendar's end.
    #[must_use]
    pub fn next_after(&self, instant: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let from = zone.date(instant);
        let first = from.yesterday().unwrap_or(from);
        iter::successors(Some(first), |d| d.tomorrow().ok())
            .take(DAYS)
            .filter(|date| self.runs_on(*date))
            .flat_map(|date| self.dues_on(date, zone))
            .find(|due| *due > instant)
    }

    /// The last due time after `after` and not after `until`: the one run that is owed. However
    /// many were missed in between, they are caught up by this one.
    ///
    /// With `after` the due time of the last run (or when protection began), and `until` the
    /// time now less the [`spread`], this is all that a scheduler asks.
    #[must_use]
    pub fn latest_due(&self, after: Timestamp, until: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let from = zone.date(until);
        let last = from.tomorrow().unwrap_or(from);
        iter::successors(Some(last), |d| d.yesterday().ok())
            .take(DAYS)
            .filter(|date| self.runs_on(*date))
            .flat_map(|date| self.dues_on(date, zone).rev())
            .find(|due| *due <= until)
            .filter(|due| *due > after)
    }

    fn dues_on(&self, date: Date, zone: &Zone) -> impl DoubleEndedIterator<Item = Timestamp> {
        self.times()
            .into_iter()
            .filter_map(move |time| zone.instant(date, time))
    }

    /// Whether a day that `counts` had its last run, if it had any, after `since` and not after
    /// `due`.
    pub(crate) fn ended_day(
        &self,
        since: Timestamp,
        due: Timestamp,
        zone: &Zone,
        counts: impl Fn(Date) -> bool,
    ) -> bool {
        let first = zone.date(since).saturating_sub(1.day());
        iter::successors(Some(zone.date(due)), |d| d.yesterday().ok())
            .take_while(|date| *date >= first)
            .filter(|date| self.runs_on(*date) && counts(*date))
            .filter_map(|date| self.dues_on(date, zone).next_back())
            .find(|last| *last <= due)
            .is_some_and(|last| last > since)
    }
}

/// How long after its due time an item's runs start: always the same for one `item` (an id),
/// evenly spread over `most`, which is taken as at most [`MOST_SPREAD`] (POLICY-24). Whole
/// seconds; zero if `most` is.
#[must_use]
pub fn spread(item: &str, most: SignedDuration) -> SignedDuration {
    let most = most.clamp(SignedDuration::ZERO, MOST_SPREAD).as_secs() as u64;
    // FNV-1a, and SplitMix64's last step so that its high bits depend on all.
    let mut hash = item.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
    });
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^= hash >> 31;
    let seconds = (u128::from(hash) * u128::from(most + 1)) >> 64;
    SignedDuration::from_secs(seconds as i64)
}

#[cfg(test)]
mod tests {
    use jiff::civil::time;

    use super::*;
    use crate::Weekday;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn missed_runs_are_caught_up_by_one() {
        let daily = Schedule::Daily {
            time: time(19, 30, 0, 0),
        };
        let owed = |after, until| daily.latest_due(at(after), at(until), &Zone::utc());
        let (ran, down) = ("2026-03-01T19:30:00Z", "2026-03-09T08:00:00Z");
        assert_eq!(owed(ran, down), Some(at("2026-03-08T19:30:00Z")));
        // It ran: nothing is owed until the next is due.
        assert_eq!(owed("2026-03-08T19:30:00Z", down), None);
        let next = "2026-03-09T19:30:00Z";
        assert_eq!(owed("2026-03-08T19:30:00Z", next), Some(at(next)));
        // Protection that began today owes nothing of yesterday.
        assert_eq!(owed("2026-03-09T07:00:00Z", down), None);
    }

    /// Newfoundland set its clock back from 00:01 to 23:01 on 7 November 2010.
    #[test]
    fn a_run_at_midnight_is_due_once_where_the_clock_goes_back_past_midnight() {
        let midnight = Schedule::Daily {
            time: time(0, 0, 0, 0),
        };
        let zone = Zone::named("America/St_Johns", Timestamp::UNIX_EPOCH).unwrap();
        let (before, due) = (at("2010-11-07T02:00:00Z"), at("2010-11-07T02:30:00Z"));
        let again = at("2010-11-07T02:45:00Z"); // 23:15 the day before, once more
        assert_eq!(midnight.next_after(before, &zone), Some(due));
        assert_eq!(midnight.latest_due(before, again, &zone), Some(due));
        let next = at("2010-11-08T03:30:00Z");
        assert_eq!(midnight.next_after(again, &zone), Some(next));
    }

    /// Samoa had no 30 December 2011, a Friday.
    #[test]
    fn a_date_that_is_left_out_has_its_run_on_the_next() {
        let fridays = Schedule::Weekly {
            days: [Weekday::Friday].into(),
            time: time(2, 0, 0, 0),
        };
        let zone = Zone::named("Pacific/Apia", Timestamp::UNIX_EPOCH).unwrap();
        let (midnight, due) = (at("2011-12-30T10:00:00Z"), at("2011-12-30T12:00:00Z"));
        assert_eq!(zone.date(midnight), jiff::civil::date(2011, 12, 31));
        assert_eq!(fridays.next_after(midnight, &zone), Some(due));
        assert_eq!(fridays.latest_due(midnight, due, &zone), Some(due));
        assert!(fridays.ended_day(midnight, due, &zone, |date| date.day() == 30));
    }

    #[test]
    fn a_schedule_without_days_is_never_due() {
        let never = Schedule::Weekly {
            days: [].into(),
            time: time(1, 0, 0, 0),
        };
        let now = at("2026-03-01T00:00:00Z");
        assert_eq!(never.next_after(now, &Zone::utc()), None);
        let daily = Schedule::Daily {
            time: time(1, 0, 0, 0),
        };
        assert_eq!(daily.next_after(Timestamp::MAX, &Zone::utc()), None);
    }

    /// POLICY-24: a hundred machines at 02:00 are all started by 04:00, and not all at once.
    #[test]
    fn starts_are_spread_evenly_over_two_hours_and_stay_the_same() {
        let starts: Vec<i64> = (0..100)
            .map(|i| spread(&format!("vm;{i}"), MOST_SPREAD).as_secs())
            .collect();
        for quarter in 0..4 {
            let within = quarter * 1800..(quarter + 1) * 1800;
            let count = starts.iter().filter(|s| within.contains(*s)).count();
            assert!((10..=40).contains(&count), "{count} in quarter {quarter}");
        }
        assert!(starts.iter().all(|s| (0..=7200).contains(s)));
        assert_eq!(spread("vm;7", MOST_SPREAD).as_secs(), starts[7]);
        assert_eq!(spread("vm;7", MOST_SPREAD * 5).as_secs(), starts[7]);
        assert_eq!(spread("vm;7", SignedDuration::ZERO).as_secs(), 0);
        assert_eq!(spread("vm;7", -MOST_SPREAD).as_secs(), 0);
    }
}
