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

/// Of `elapsed` whole days in soft delete, with `days` set, those that are charged: all but the
/// last 14 of the set ones (SOFT-7).
#[must_use]
pub fn charged_days(days: u32, elapsed: u32) -> u32 {
    elapsed.min(days.saturating_sub(SOFT_DELETE_DAYS))
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

    /// SOFT-7.
    #[test]
    fn sixty_days_set_and_undeleted_after_52_charges_46_and_leaves_6_free() {
        let charged = charged_days(60, 52);
        assert_eq!((charged, 52 - charged), (46, 6));
        assert_eq!(charged_days(14, 14), 0);
        assert_eq!(charged_days(60, 10), 10);
    }
}
