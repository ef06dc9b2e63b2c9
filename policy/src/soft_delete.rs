//! How long deleted backups can be brought back (SOFT-1, 6, 7).

use jiff::{SignedDuration, Timestamp};

use crate::{INVALID_INPUT, Refusal};

/// Days that deleted backups are kept, unless the vault says otherwise; these cost nothing.
pub const SOFT_DELETE_DAYS: u32 = 14;

/// Refuses a soft-delete retention other than 14 to 180 days (SOFT-6).
///
/// # Errors
/// It is out of bounds.
pub fn check_soft_delete_days(days: u32) -> Result<(), Refusal> {
    if (SOFT_DELETE_DAYS..=180).contains(&days) {
        return Ok(());
    }
    Err(Refusal::new(
        INVALID_INPUT,
        "softDeleteRetentionPeriodInDays",
        format!("deleted backups would be kept {days} days"),
        format!("Allowed are {SOFT_DELETE_DAYS} to 180 days"),
    ))
}

/// From when on what was deleted is purged: after so many whole days. `days` is the setting at
/// the time of deletion (SOFT-6).
#[must_use]
pub fn purge_at(deleted: Timestamp, days: u32) -> Timestamp {
    deleted
        .saturating_add(SignedDuration::from_hours(24 * i64::from(days)))
        .unwrap_or(Timestamp::MAX)
}

/// Whether what is soft-deleted is charged: until the last 14 days before it is purged (SOFT-7).
#[must_use]
pub fn is_charged_deleted(purge_at: Timestamp, now: Timestamp) -> bool {
    purge_at.duration_since(now) > SignedDuration::from_hours(24 * i64::from(SOFT_DELETE_DAYS))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deleted_backups_are_purged_when_their_days_are_over() {
        let deleted: Timestamp = "2026-03-20T10:00:00Z".parse().unwrap();
        assert_eq!(
            purge_at(deleted, SOFT_DELETE_DAYS).to_string(),
            "2026-04-03T10:00:00Z"
        );
        for days in [14, 180] {
            assert!(check_soft_delete_days(days).is_ok());
        }
        for days in [0, 13, 181] {
            assert!(check_soft_delete_days(days).is_err());
        }
    }

    /// SOFT-7: undeleted after 52 of 60 days, 46 are charged and 6 are free.
    #[test]
    fn of_sixty_days_of_soft_delete_the_last_fourteen_are_free() {
        let deleted: Timestamp = "2026-03-20T10:00:00Z".parse().unwrap();
        let day = |n: i64| deleted + SignedDuration::from_hours(24 * n);
        let charged = |days, elapsed| {
            let purge = purge_at(deleted, days);
            let all = (0..elapsed).filter(|n| is_charged_deleted(purge, day(*n)));
            all.count()
        };
        assert_eq!(charged(60, 52), 46);
        assert_eq!(charged(14, 14), 0);
        assert_eq!(charged(60, 10), 10);
    }
}
