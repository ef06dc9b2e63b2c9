//! Points and backups of items by day: machines against days.

use std::collections::{BTreeMap, HashMap};

use base::Result;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use state::fold;
use state::heat_map as counts;
use state::jobs::JobStatus;
use state::protected_items::{self as items, Filter, ProtectedItem};
use state::recovery_points::Consistency;

use crate::{Control, Sees};

/// An item, and its days that have anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeatRow {
    /// The item.
    pub item: ProtectedItem,
    /// Its days, in order.
    pub days: Vec<HeatDay>,
}

/// A day of UTC of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeatDay {
    /// The day.
    pub date: Date,
    /// Points that were taken on it and are there.
    pub points: u64,
    /// How consistent the best of them is, and whether one has a snapshot, and one is in the
    /// vault; `None` without points.
    pub best: Option<(Consistency, bool, bool)>,
    /// How the backups ended that began on it.
    pub status: HeatStatus,
}

/// How the backups of a day ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeatStatus {
    /// There is none, or none has ended.
    #[default]
    None,
    /// Well.
    Completed,
    /// One with warnings, or some well and some not.
    Warning,
    /// None well.
    Failed,
}

impl HeatStatus {
    fn and(self, status: JobStatus) -> Self {
        let one = match status {
            JobStatus::Completed => Self::Completed,
            JobStatus::CompletedWithWarnings => Self::Warning,
            JobStatus::Failed => Self::Failed,
            JobStatus::Cancelled | JobStatus::InProgress | JobStatus::Cancelling => return self,
        };
        match self {
            Self::None => one,
            same if same == one => one,
            _ => Self::Warning,
        }
    }
}

impl Control {
    /// The first day of so many up to this one, in UTC.
    #[must_use]
    pub fn heat_from(&self, days: u32) -> Date {
        let today = self.now().to_zoned(TimeZone::UTC).date();
        let before = SignedDuration::from_hours(24 * i64::from(days.saturating_sub(1)));
        today.checked_sub(before).unwrap_or(Date::MIN)
    }

    /// At most `limit` live items of vaults that `sees` lets see, by id, beginning after the id
    /// `after`, each with its days from one of UTC on.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn heat_map(
        &self,
        sees: &Sees,
        from: Date,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<HeatRow>> {
        let start = from.to_zoned(TimeZone::UTC).map(|day| day.timestamp());
        let start = start.unwrap_or(Timestamp::UNIX_EPOCH);
        let mut tx = self.state.read().await?;
        let filter = Filter {
            vaults: sees.vault_ids(&mut tx).await?,
            deleted: Some(false),
            ..Filter::default()
        };
        let found = items::page(&mut tx, &filter, after, limit).await?;
        let numbers: Vec<i64> = found.iter().map(|item| item.data_id).collect();
        let ids: Vec<String> = found.iter().map(|item| fold(&item.id)).collect();
        let mut days: HashMap<i64, BTreeMap<i64, HeatDay>> = HashMap::new();
        for of in counts::points(&mut tx, &numbers, start).await? {
            let day = day(&mut days, of.item, of.day);
            day.points = of.count;
            day.best = Some((of.consistency, of.in_snapshot, of.in_vault));
        }
        let by_id: HashMap<&String, i64> = ids.iter().zip(numbers).collect();
        for of in counts::backups(&mut tx, &ids, start).await? {
            if let Some(item) = by_id.get(&of.item) {
                let day = day(&mut days, *item, of.day);
                day.status = day.status.and(of.status);
            }
        }
        let rows = found.into_iter().map(|item| {
            let days = days.remove(&item.data_id).unwrap_or_default();
            let days = days.into_values();
            let days = days.filter(|d| d.points > 0 || d.status != HeatStatus::None);
            HeatRow {
                item,
                days: days.collect(),
            }
        });
        Ok(rows.collect())
    }
}

fn day(all: &mut HashMap<i64, BTreeMap<i64, HeatDay>>, item: i64, day: i64) -> &mut HeatDay {
    let start = jiff::civil::date(1970, 1, 1);
    let after = SignedDuration::from_hours(day.saturating_mul(24));
    all.entry(item)
        .or_default()
        .entry(day)
        .or_insert_with(|| HeatDay {
            date: start.checked_add(after).unwrap_or(start),
            points: 0,
            best: None,
            status: HeatStatus::None,
        })
}
