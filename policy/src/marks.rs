//! For which ranges a point is kept (POLICY-13 to 16, 21 to 23, 29).
//!
//! A scheduled run is matched with the ranges by the date it was *due* on, in the policy's zone;
//! its point is dated, and its time counts, from when its snapshot completed. So a run due on
//! the 1st whose snapshot completes on the 2nd still gives the month's point, dated the 2nd.
//!
//! A mark is owed from the run of its day on, and the first point of a run not before that one
//! which reaches the vault carries it. If that is the day's own point, nothing is new; if
//! its transfer was skipped or failed, a later one stands in, up to the range's next day, whose
//! point has a mark of its own. Points on demand carry no marks.
//!
//! Of an hourly schedule the last run of each date is owed to the vault, in the same manner.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Policy, Range, Zone};

/// How long a mark keeps its point, counted in the units of its range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kept {
    /// As long as the policy says; zero if its range was taken out.
    ByPolicy(u32),
    /// As long as a former policy said (POLICY-23).
    AsBefore(u32),
}

impl Kept {
    fn count(self) -> u32 {
        match self {
            Self::ByPolicy(count) | Self::AsBefore(count) => count,
        }
    }
}

/// The ranges that a point is kept for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks(pub BTreeMap<Range, Kept>);

impl Marks {
    /// Until when they keep a point of this instant: the longest wins (POLICY-16). The instant
    /// itself if there is none.
    #[must_use]
    pub fn until(&self, taken: Timestamp, zone: &Zone) -> Timestamp {
        self.0
            .iter()
            .map(|(range, kept)| zone.later(taken, *range, kept.count()))
            .max()
            .unwrap_or(taken)
    }

    /// The marks after the item's policy was edited or exchanged. No point gains or loses one.
    /// A range's new duration counts for points that exist (POLICY-21), of its own marks only
    /// (POLICY-22); a range that was taken out keeps nothing, save that weekly marks of a weekly
    /// schedule that becomes daily last for their remaining time (POLICY-23).
    #[must_use]
    pub fn under(&self, old: &Policy, new: &Policy) -> Self {
        let becomes_daily = old.schedule.is_weekly() && !new.schedule.is_weekly();
        let kept = |range: Range, kept: Kept| match (new.retention.count(range), kept) {
            (Some(count), _) => Kept::ByPolicy(count),
            (None, Kept::ByPolicy(count)) if becomes_daily && range == Range::Weekly => {
                Kept::AsBefore(count)
            }
            (None, Kept::ByPolicy(_)) => Kept::ByPolicy(0),
            (None, before) => before,
        };
        Self(self.0.iter().map(|(r, k)| (*r, kept(*r, *k))).collect())
    }
}

impl Policy {
    /// Whether the run of `due` belongs in the vault: each of a daily or weekly schedule; of an
    /// hourly one the last of its date, or the first that can stand in for that (POLICY-29).
    ///
    /// `since` is the due time of the last scheduled run whose point reached the vault, or the
    /// time when protection began or was resumed, if that is later. An edit of the policy doesn't
    /// change it.
    #[must_use]
    pub fn goes_to_vault(&self, due: Timestamp, since: Timestamp) -> bool {
        self.schedule.ended_day(since, due, &self.zone, |_| true)
    }

    /// The marks of the point of `due` when it reaches the vault; none of a point that doesn't.
    /// `since` as for [`Policy::goes_to_vault`].
    #[must_use]
    pub fn marks(&self, due: Timestamp, since: Timestamp) -> Marks {
        let marked = Range::ALL.into_iter().filter_map(|range| {
            let count = self.retention.count(range)?;
            self.schedule
                .ended_day(since, due, &self.zone, |date| {
                    self.retention.chooses(range, date)
                })
                .then_some((range, Kept::ByPolicy(count)))
        });
        Marks(marked.collect())
    }
}
