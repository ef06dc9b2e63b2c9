//! What alerts there are, and how grave they are (MON-2, 7; SOFT-2).

use serde::{Deserialize, Serialize};

/// What an alert tells of. The names are durable, and those that clients see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlertRule {
    /// A backup failed.
    BackupFailed,
    /// A restore failed.
    RestoreFailed,
    /// Deleting an item's points failed.
    DeletionFailed,
    /// A backup ended with a warning: its point has not reached the vault.
    BackupWarning,
    /// A point is less consistent than was asked for.
    ConsistencyDowngraded,
    /// Scheduled runs were left out: nothing ran while they were due.
    RunsMissed,
    /// Somebody stopped protection and had the points deleted.
    BackupsDeleted,
    /// Deleted points can be taken back for two more days.
    PurgeUpcoming,
    /// An item's points are gone for good.
    PurgeComplete,
    /// A vault deletes from now on at once.
    SoftDeleteDisabled,
    /// Points that exist are kept for a shorter time than before.
    RetentionReduced,
}

/// How grave an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlertLevel {
    /// Something failed, or destroys.
    Critical,
    /// Something ended, and is to be looked at.
    Warning,
    /// For information; nothing raises one yet (MON-2).
    Informational,
}

impl AlertRule {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::BackupFailed,
        Self::RestoreFailed,
        Self::DeletionFailed,
        Self::BackupWarning,
        Self::ConsistencyDowngraded,
        Self::RunsMissed,
        Self::BackupsDeleted,
        Self::PurgeUpcoming,
        Self::PurgeComplete,
        Self::SoftDeleteDisabled,
        Self::RetentionReduced,
    ];

    /// Whether it tells of something that destroys, which can't be turned off (MON-7).
    #[must_use]
    pub fn destroys(self) -> bool {
        use AlertRule::{
            BackupsDeleted, PurgeComplete, PurgeUpcoming, RetentionReduced, SoftDeleteDisabled,
        };
        matches!(
            self,
            BackupsDeleted | PurgeUpcoming | PurgeComplete | SoftDeleteDisabled | RetentionReduced
        )
    }

    /// How grave it is (MON-2).
    #[must_use]
    pub fn level(self) -> AlertLevel {
        use AlertRule::{BackupWarning, ConsistencyDowngraded, RunsMissed};
        match self {
            BackupWarning | ConsistencyDowngraded | RunsMissed => AlertLevel::Warning,
            _ => AlertLevel::Critical,
        }
    }

    /// The same as a number: 0 for what destroys, 1 for what failed, 2 for a warning (MON-7).
    #[must_use]
    pub fn severity(self) -> u8 {
        match self.level() {
            AlertLevel::Critical if self.destroys() => 0,
            AlertLevel::Critical => 1,
            AlertLevel::Warning => 2,
            AlertLevel::Informational => 3,
        }
    }

    /// What it is called.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::BackupFailed => "Backup failure",
            Self::RestoreFailed => "Restore failure",
            Self::DeletionFailed => "Deletion failure",
            Self::BackupWarning => "Backup completed with warnings",
            Self::ConsistencyDowngraded => "Recovery point less consistent than asked",
            Self::RunsMissed => "Scheduled backups missed",
            Self::BackupsDeleted => "Delete backup data",
            Self::PurgeUpcoming => "Upcoming purge",
            Self::PurgeComplete => "Purge complete",
            Self::SoftDeleteDisabled => "Soft delete disabled",
            Self::RetentionReduced => "Retention reduced",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mon_2_failures_and_what_destroys_are_critical_and_warnings_are_not() {
        let critical = AlertRule::ALL
            .iter()
            .filter(|r| r.level() == AlertLevel::Critical);
        assert_eq!(critical.count(), 8);
        assert_eq!(AlertRule::BackupFailed.severity(), 1);
        assert_eq!(AlertRule::BackupsDeleted.severity(), 0);
        assert_eq!(AlertRule::BackupWarning.severity(), 2);
    }
}
