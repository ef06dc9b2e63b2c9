//! A backup job: its two phases, and what came of each (SPEC JOB-1 to JOB-9).

use base::{ByteSize, Error};
use mover::{BackupReport, TransferReport};
use serde::Serialize;

use super::WARNINGS;
use crate::errors::ErrorView;
use crate::output::table;
use crate::units::seconds;

/// The names of the phases, as the Azure portal shows them.
pub const SNAPSHOT: &str = "Snapshot";
/// The second phase.
pub const TRANSFER: &str = "Transfer data to vault";

/// What came of a phase or a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Status {
    /// All is done.
    Completed,
    /// The point exists, but is not in the vault.
    CompletedWithWarnings,
    /// Left out: another transfer still runs, or it was not wanted.
    Skipped,
    /// It failed.
    Failed,
    /// It was cancelled.
    Cancelled,
}

impl Status {
    fn of_error(e: &Error) -> Self {
        match e.kind() {
            base::Kind::Cancelled => Self::Cancelled,
            _ => Self::Failed,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Completed => "Completed",
            Self::CompletedWithWarnings => "Completed with warnings",
            Self::Skipped => "Skipped",
            Self::Failed => "Failed",
            Self::Cancelled => "Cancelled",
        }
    }
}

/// A phase.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// Its name.
    pub name: &'static str,
    /// What came of it.
    pub status: Status,
    /// Why it failed.
    pub error: Option<ErrorView>,
}

/// A backup job.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// What came of it.
    pub status: Status,
    /// Its phases, in order.
    pub phases: Vec<Phase>,
    /// What the first phase did, if it completed.
    pub snapshot: Option<BackupReport>,
    /// What the second phase did, if it completed or was skipped.
    pub transfer: Option<TransferReport>,
}

impl Job {
    /// A job whose snapshot failed: the transfer counts as failed too (JOB-2); after a cancel
    /// it was not begun (JOB-21).
    pub fn failed(e: &Error) -> Self {
        let status = Status::of_error(e);
        let transfer = if status == Status::Cancelled {
            Status::Skipped
        } else {
            status
        };
        Self {
            status,
            phases: vec![
                Phase {
                    name: SNAPSHOT,
                    status,
                    error: Some(e.into()),
                },
                Phase {
                    name: TRANSFER,
                    status: transfer,
                    error: None,
                },
            ],
            snapshot: None,
            transfer: None,
        }
    }

    /// A job whose snapshot completed. `transfer` is `None` if it was not wanted.
    pub fn taken(snapshot: BackupReport, transfer: Option<Result<TransferReport, &Error>>) -> Self {
        let (status, error, report) = match transfer {
            None => (Status::Skipped, None, None),
            Some(Ok(report)) if report.skipped => (Status::Skipped, None, Some(report)),
            Some(Ok(report)) => (Status::Completed, None, Some(report)),
            Some(Err(e)) => (Status::of_error(e), Some(e.into()), None),
        };
        let job = match status {
            Status::Completed | Status::Skipped => Status::Completed,
            _ => Status::CompletedWithWarnings,
        };
        Self {
            status: job,
            phases: vec![
                Phase {
                    name: SNAPSHOT,
                    status: Status::Completed,
                    error: None,
                },
                Phase {
                    name: TRANSFER,
                    status,
                    error,
                },
            ],
            snapshot: Some(snapshot),
            transfer: report,
        }
    }

    /// The exit code of a job whose snapshot completed.
    pub fn exit_code(&self) -> u8 {
        if self.status == Status::CompletedWithWarnings {
            WARNINGS
        } else {
            0
        }
    }

    /// The job for people.
    pub fn text(&self) -> String {
        let rows = self.phases.iter().map(|p| {
            let did = match (p.name, &self.snapshot, &self.transfer) {
                (SNAPSHOT, Some(s), _) => format!(
                    "{} read, {} sampled, {} stored in {}",
                    ByteSize(s.disks.iter().map(|d| d.read).sum()),
                    ByteSize(s.disks.iter().map(|d| d.sampled).sum()),
                    ByteSize(s.stored),
                    seconds(s.seconds)
                ),
                (TRANSFER, _, Some(t)) if t.skipped => "an earlier one still runs".to_owned(),
                (TRANSFER, _, Some(t)) if t.already_there => "stored there already".to_owned(),
                (TRANSFER, _, Some(t)) => {
                    format!(
                        "{} records, {} stored in {}",
                        t.copied,
                        ByteSize(t.stored),
                        seconds(t.seconds)
                    )
                }
                _ => String::new(),
            };
            vec![p.name.to_owned(), p.status.name().to_owned(), did]
        });
        let mut text = table(&["PHASE", "STATUS", "~"], rows);
        if let Some(s) = &self.snapshot {
            text = format!("{}\n{}\n{text}", headline(s), disks(s));
        }
        for error in self
            .phases
            .iter()
            .filter_map(|p| p.error.as_ref())
            .filter(|_| self.snapshot.is_some())
        {
            text += &format!(
                "\n{}: {}\n  cause:  {}\n  remedy: {}\n",
                error.code, error.message, error.cause, error.remedy
            );
        }
        text
    }
}

fn headline(s: &BackupReport) -> String {
    let mut text = format!(
        "Point {} of {}, {}",
        s.point,
        s.machine,
        consistency(s.consistency)
    );
    if s.frozen_ms > 0 {
        text += &format!(", frozen {} ms", s.frozen_ms);
    }
    if s.paused_ms > 0 {
        text += &format!(", paused {} ms", s.paused_ms);
    }
    text + "\n"
}

fn disks(s: &BackupReport) -> String {
    let rows = s.disks.iter().map(|d| {
        let how = match (&d.tracker, &d.reason) {
            (Some(_), _) => "changed blocks".to_owned(),
            (None, Some(why)) => format!("all: {why}"),
            (None, None) => "all".to_owned(),
        };
        let size = |n| ByteSize(n).to_string();
        vec![
            d.name.clone(),
            size(d.size),
            size(d.changed),
            size(d.read),
            size(d.sampled),
            how,
        ]
    });
    table(
        &[
            "DISK",
            ">SIZE",
            ">CHANGED",
            ">READ",
            ">SAMPLED",
            "~WHAT WAS READ",
        ],
        rows,
    )
}

/// The words for a consistency.
pub fn consistency(c: hypervisor::Consistency) -> &'static str {
    match c {
        hypervisor::Consistency::CrashConsistent => "crash-consistent",
        hypervisor::Consistency::FileSystemConsistent => "file-system consistent",
        hypervisor::Consistency::Offline => "offline",
    }
}
