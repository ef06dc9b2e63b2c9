//! How a backup job and its two tasks stand (JOB-1, 2, 13, 21).

use serde::{Deserialize, Serialize};

/// How far a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TaskStatus {
    /// It has not begun.
    NotStarted,
    /// It runs.
    InProgress,
    /// It ended well.
    Completed,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
    /// It was left out.
    Skipped,
}

/// The status that a backup job's tasks give it. While a cancel is under way the job engine
/// shows `Cancelling` instead of `InProgress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum JobStatus {
    InProgress,
    Completed,
    CompletedWithWarnings,
    Failed,
    Cancelled,
}

/// All that a backup job can be: its start, the five rows of the table, and cancelled in either
/// phase. No other combination of tasks exists (JOB-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackupJob {
    /// The snapshot is being taken (JOB-21).
    Snapshotting,
    /// The snapshot is there, and its transfer waits or runs.
    Transferring,
    /// The snapshot is there, its transfer was left out (JOB-7, POLICY-29).
    TransferSkipped,
    /// Both are done.
    Done,
    /// The snapshot is there, its transfer failed.
    TransferFailed,
    /// The snapshot failed, and the transfer with it.
    Failed,
    /// Cancelled in the snapshot; no point stays.
    SnapshotCancelled,
    /// Cancelled in the transfer; the point stays in the snapshot tier.
    TransferCancelled,
}

impl BackupJob {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Snapshotting,
        Self::Transferring,
        Self::TransferSkipped,
        Self::Done,
        Self::TransferFailed,
        Self::Failed,
        Self::SnapshotCancelled,
        Self::TransferCancelled,
    ];

    /// The status of `Take Snapshot`.
    #[must_use]
    pub fn snapshot(self) -> TaskStatus {
        match self {
            Self::Snapshotting => TaskStatus::InProgress,
            Self::Failed => TaskStatus::Failed,
            Self::SnapshotCancelled => TaskStatus::Cancelled,
            Self::Transferring
            | Self::TransferSkipped
            | Self::Done
            | Self::TransferFailed
            | Self::TransferCancelled => TaskStatus::Completed,
        }
    }

    /// The status of `Transfer data to vault`.
    #[must_use]
    pub fn transfer(self) -> TaskStatus {
        match self {
            Self::Snapshotting | Self::SnapshotCancelled => TaskStatus::NotStarted,
            Self::Transferring => TaskStatus::InProgress,
            Self::TransferSkipped => TaskStatus::Skipped,
            Self::Done => TaskStatus::Completed,
            Self::TransferFailed | Self::Failed => TaskStatus::Failed,
            Self::TransferCancelled => TaskStatus::Cancelled,
        }
    }

    /// The status of the job.
    #[must_use]
    pub fn status(self) -> JobStatus {
        match self {
            Self::Snapshotting | Self::Transferring => JobStatus::InProgress,
            Self::TransferSkipped | Self::Done => JobStatus::Completed,
            Self::TransferFailed => JobStatus::CompletedWithWarnings,
            Self::Failed => JobStatus::Failed,
            Self::SnapshotCancelled | Self::TransferCancelled => JobStatus::Cancelled,
        }
    }

    /// The job whose tasks stand so; none if they can't.
    #[must_use]
    pub fn of(snapshot: TaskStatus, transfer: TaskStatus) -> Option<Self> {
        let stands = |job: &Self| job.snapshot() == snapshot && job.transfer() == transfer;
        Self::ALL.into_iter().find(stands)
    }

    /// Whether a recovery point exists (JOB-4).
    #[must_use]
    pub fn has_point(self) -> bool {
        self.snapshot() == TaskStatus::Completed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// JOB-2's table, JOB-21's start and cancel, and the cancelled transfer; of 36 combinations
    /// no other.
    #[test]
    fn the_table_has_its_five_rows_the_start_and_two_cancels() {
        use TaskStatus as T;
        let table = [
            (T::Completed, T::InProgress, JobStatus::InProgress),
            (T::Completed, T::Skipped, JobStatus::Completed),
            (T::Completed, T::Completed, JobStatus::Completed),
            (T::Completed, T::Failed, JobStatus::CompletedWithWarnings),
            (T::Failed, T::Failed, JobStatus::Failed),
            (T::InProgress, T::NotStarted, JobStatus::InProgress),
            (T::Cancelled, T::NotStarted, JobStatus::Cancelled),
            (T::Completed, T::Cancelled, JobStatus::Cancelled),
        ];
        let all = [
            T::NotStarted,
            T::InProgress,
            T::Completed,
            T::Failed,
            T::Cancelled,
            T::Skipped,
        ];
        for snapshot in all {
            for transfer in all {
                let row = table.iter().find(|r| r.0 == snapshot && r.1 == transfer);
                let job = BackupJob::of(snapshot, transfer);
                assert_eq!(
                    job.map(BackupJob::status),
                    row.map(|r| r.2),
                    "{snapshot:?} {transfer:?}"
                );
                if let Some(job) = job {
                    assert_eq!(job.has_point(), snapshot == T::Completed);
                }
            }
        }
    }
}
