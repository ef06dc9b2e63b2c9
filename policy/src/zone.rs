//! The time zone of a policy (POLICY-19, 20).
//!
//! A Windows name keeps the model's rule: the clock isn't adjusted for daylight saving. The
//! offset in force when the policy was saved is stored and kept, until the policy is saved anew.
//! An IANA name follows daylight saving. A time that the clock skips in spring counts as the
//! time that much later (02:30 is 03:30 then); of a time that comes twice in autumn the first
//! counts. So every day has its run, and none has two. A date that is left out altogether (Samoa's
//! 30 December 2011) shares that of the next.

use std::sync::LazyLock;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone, TimeZoneDatabase};
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

use crate::retention::Range;
use crate::windows_zones::WINDOWS_ZONES;
use crate::{INVALID_POLICY, Refusal};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone, by the name that was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Stored", into = "Stored")]
pub struct Zone {
    name: String,
    /// The offset that is kept; none if daylight saving is followed.
    offset: Option<Offset>,
    rules: TimeZone,
}

/// How a zone is stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    /// Seconds east of UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offset: Option<i32>,
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self::fixed("UTC".into(), Offset::UTC)
    }

    /// The zone of this Windows or IANA name (in any case), for a policy saved at `saved`.
    ///
    /// # Errors
    /// A name that is neither.
    pub fn named(name: &str, saved: Timestamp) -> Result<Self, Refusal> {
        let windows = WINDOWS_ZONES
            .iter()
            .find(|(windows, _)| windows.eq_ignore_ascii_case(name));
        let rules = ZONES.get(windows.map_or(name, |w| w.1)).map_err(|_| {
            Refusal::new(
                INVALID_POLICY,
                "timeZone",
                format!("`{name}` is no time zone that is known here"),
                "Give a Windows name (`W. Europe Standard Time`), whose offset of today is kept, \
                 or an IANA name (`Europe/Berlin`), which follows daylight saving",
            )
        })?;
        Ok(match windows {
            Some(_) => Self::fixed(name.into(), rules.to_offset(saved)),
            None => Self {
                name: name.into(),
                offset: None,
                rules,
            },
        })
    }

    fn fixed(name: String, offset: Offset) -> Self {
        Self {
            name,
            offset: Some(offset),
            rules: TimeZone::fixed(offset),
        }
    }

    /// The name that was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether runs move with daylight saving.
    #[must_use]
    pub fn follows_daylight_saving(&self) -> bool {
        self.offset.is_none()
    }

    /// The date that an instant has here.
    #[must_use]
    pub fn date(&self, instant: Timestamp) -> Date {
        self.rules.to_datetime(instant).date()
    }

    /// The instant of a date and time here; none past the calendar's ends.
    pub(crate) fn instant(&self, at: Date, time: Time) -> Option<Timestamp> {
        let at = DateTime::from_parts(at, time);
        self.rules.to_ambiguous_timestamp(at).compatible().ok()
    }

    /// The end of `count` days, weeks, months or years from `instant` by this zone's calendar:
    /// the same time of day; of a day that the month lacks, its last. At most the end of time.
    #[must_use]
    pub fn later(&self, instant: Timestamp, range: Range, count: u32) -> Timestamp {
        let count = i64::from(count);
        let span = match range {
            Range::Daily => Span::new().try_days(count),
            Range::Weekly => Span::new().try_weeks(count),
            Range::Monthly => Span::new().try_months(count),
            Range::Yearly => Span::new().try_years(count),
        };
        let here = instant.to_zoned(self.rules.clone());
        span.and_then(|span| here.checked_add(span))
            .map_or(Timestamp::MAX, |end| end.timestamp())
    }

    /// Midnight at the end of a date: what our own clients send for "keep until that day"
    /// (PROT-6).
    #[must_use]
    pub fn end_of_day(&self, date: Date) -> Timestamp {
        date.tomorrow()
            .ok()
            .and_then(|next| self.instant(next, Time::midnight()))
            .unwrap_or(Timestamp::MAX)
    }
}

impl From<Zone> for Stored {
    fn from(zone: Zone) -> Self {
        Self {
            name: zone.name,
            offset: zone.offset.map(Offset::seconds),
        }
    }
}

impl TryFrom<Stored> for Zone {
    type Error = String;

    fn try_from(stored: Stored) -> Result<Self, String> {
        match stored.offset {
            Some(seconds) => Offset::from_seconds(seconds)
                .map(|offset| Self::fixed(stored.name, offset))
                .map_err(|e| e.to_string()),
            None => match ZONES.get(&stored.name) {
                Ok(rules) => Ok(Self {
                    name: stored.name,
                    offset: None,
                    rules,
                }),
                Err(e) => Err(e.to_string()),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINTER: &str = "2026-01-15T12:00:00Z";
    const SUMMER: &str = "2026-07-15T12:00:00Z";

    fn zone(name: &str, saved: &str) -> Zone {
        Zone::named(name, saved.parse().unwrap()).unwrap()
    }

    fn six(zone: &Zone, date: &str) -> String {
        let six = jiff::civil::time(6, 0, 0, 0);
        zone.instant(date.parse().unwrap(), six)
            .unwrap()
            .to_string()
    }

    #[test]
    fn every_windows_name_has_a_zone_and_the_table_is_sorted() {
        let now = WINTER.parse().unwrap();
        for (windows, iana) in WINDOWS_ZONES {
            let kept = Zone::named(windows, now).unwrap();
            let followed = ZONES.get(iana).unwrap();
            assert_eq!(kept.offset, Some(followed.to_offset(now)), "{windows}");
        }
        let names: Vec<_> = WINDOWS_ZONES.iter().map(|z| z.0.to_lowercase()).collect();
        assert!(names.is_sorted());
    }

    /// POLICY-19.
    #[test]
    fn a_windows_name_keeps_the_offset_in_force_when_the_policy_was_saved() {
        for (saved, instant) in [(WINTER, "05:00:00Z"), (SUMMER, "04:00:00Z")] {
            let kept = zone("w. europe STANDARD time", saved);
            assert!(!kept.follows_daylight_saving());
            for date in ["2026-01-20", "2026-07-20", "2036-07-20"] {
                assert_eq!(six(&kept, date), format!("{date}T{instant}"));
            }
        }
    }

    #[test]
    fn an_iana_name_follows_daylight_saving() {
        let followed = zone("Europe/Berlin", WINTER);
        assert!(followed.follows_daylight_saving());
        assert_eq!(six(&followed, "2026-01-20"), "2026-01-20T05:00:00Z");
        assert_eq!(six(&followed, "2026-07-20"), "2026-07-20T04:00:00Z");
    }

    #[test]
    fn a_skipped_time_moves_on_and_of_a_double_one_the_first_counts() {
        let berlin = zone("Europe/Berlin", WINTER);
        let at = |date: &str| {
            let half_past_two = jiff::civil::time(2, 30, 0, 0);
            berlin
                .instant(date.parse().unwrap(), half_past_two)
                .unwrap()
                .to_string()
        };
        assert_eq!(at("2026-03-29"), "2026-03-29T01:30:00Z"); // 03:30 there
        assert_eq!(at("2026-10-25"), "2026-10-25T00:30:00Z"); // still in summer time
    }

    /// POLICY-20.
    #[test]
    fn an_unknown_zone_is_refused_with_field_and_remedy() {
        for name in ["", "Mars/Olympus", "W. Europe", "+02:00"] {
            let refusal = Zone::named(name, WINTER.parse().unwrap()).unwrap_err();
            assert_eq!(
                (refusal.code, refusal.field.as_str()),
                (INVALID_POLICY, "timeZone")
            );
            assert!(refusal.remedy.contains("Europe/Berlin"));
        }
    }

    #[test]
    fn a_zone_is_stored_with_the_offset_it_keeps() {
        let kept = zone("India Standard Time", SUMMER);
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(text, r#"{"name":"India Standard Time","offset":19800}"#);
        assert_eq!(serde_json::from_str::<Zone>(&text).unwrap(), kept);
        let followed = zone("America/New_York", SUMMER);
        let text = serde_json::to_string(&followed).unwrap();
        assert_eq!(text, r#"{"name":"America/New_York"}"#);
        assert_eq!(serde_json::from_str::<Zone>(&text).unwrap(), followed);
        assert!(serde_json::from_str::<Zone>(r#"{"name":"Nowhere"}"#).is_err());
    }

    #[test]
    fn months_end_where_the_shorter_month_does() {
        let utc = Zone::utc();
        let from = "2026-01-31T02:00:00Z".parse().unwrap();
        let end = |range, count| utc.later(from, range, count).to_string();
        assert_eq!(end(Range::Monthly, 1), "2026-02-28T02:00:00Z");
        assert_eq!(end(Range::Monthly, 25), "2028-02-29T02:00:00Z");
        assert_eq!(end(Range::Yearly, 99), "2125-01-31T02:00:00Z");
        assert_eq!(end(Range::Weekly, 1), "2026-02-07T02:00:00Z");
        assert_eq!(utc.later(from, Range::Yearly, u32::MAX), Timestamp::MAX);
        // PROT-6: the end of the day in the policy's zone.
        let berlin = zone("Europe/Berlin", WINTER);
        let end = berlin.end_of_day(jiff::civil::date(2026, 12, 31));
        assert_eq!(end.to_string(), "2026-12-31T23:00:00Z");
    }
}
