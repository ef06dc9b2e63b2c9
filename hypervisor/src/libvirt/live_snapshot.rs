//! An instant of a machine that is on, while it is read.

use std::collections::BTreeSet;

use async_trait::async_trait;
use base::{Code, Error, Result, TrackerName};

use super::folder::{Folder, JobFiles};
use super::guardian::{Guardian, Health};
use super::leftovers;
use super::link::Link;
use super::watch;
use crate::{Ending, Snapshot, SnapshotDisk, SnapshotReport, SnapshotRequest};

/// A running pull job. Dropped without [`Snapshot::finish`], the guard ends the job; the
/// checkpoint stays for the next run to judge.
#[derive(Debug)]
pub(super) struct LiveSnapshot {
    pub(super) link: Link,
    pub(super) request: SnapshotRequest,
    pub(super) files: JobFiles,
    pub(super) health: Health,
    pub(super) guardian: Guardian,
    pub(super) folder: Folder,
    pub(super) report: SnapshotReport,
    pub(super) disks: Vec<SnapshotDisk>,
}

#[async_trait]
impl Snapshot for LiveSnapshot {
    fn report(&self) -> &SnapshotReport {
        &self.report
    }

    fn disks(&self) -> &[SnapshotDisk] {
        &self.disks
    }

    async fn check(&self) -> Result<()> {
        self.health.check()?;
        let uuid = &self.request.machine.uuid;
        match watch::runs(&self.link, uuid, &self.files.socket).await {
            Ok(true) => return Ok(()),
            Ok(false) => {}
            Err(e) if e.code() == Code::MachineNotFound => {}
            // A daemon that is away says nothing about the job, which QEMU holds.
            Err(e) if e.kind() == base::Kind::Unavailable => return self.ask_qemu().await,
            Err(e) => return Err(e),
        }
        self.health.check()?;
        if watch::is_off(&self.link, uuid).await? {
            let what = format!("machine {} stopped", self.request.machine.name);
            return Err(Error::new(Code::MachineVanished, what));
        }
        let what = "libvirt ended the backup job";
        Err(Error::new(Code::SnapshotBroken, what))
    }

    async fn finish(self: Box<Self>, ending: Ending) -> Result<Vec<String>> {
        let uuid = &self.request.machine.uuid;
        drop(self.disks);
        let ended = leftovers::abort(&self.link, uuid, &self.files.socket).await;
        match ended {
            Ok(()) => self.guardian.end().await,
            Err(e) if e.code() == Code::MachineNotFound => self.guardian.end().await,
            Err(e) => {
                // The guard goes on trying, and clears the folder.
                drop(self.guardian);
                return Err(e.during("end the backup job"));
            }
        }
        let mut result = self.folder.remove();
        if let Err(e) = end_trackers(&self.link, &self.request, ending).await {
            if watch::is_off(&self.link, uuid).await.unwrap_or(false) {
                // libvirt deletes none while the machine is off; the next run does.
                self.health
                    .warn(format!("old change trackers stay for now: {e}"));
            } else {
                result = result.and(Err(e));
            }
        }
        result.map(|()| self.health.take_warnings())
    }
}

impl LiveSnapshot {
    /// Whether QEMU still serves the instant.
    async fn ask_qemu(&self) -> Result<()> {
        for disk in &self.disks {
            let len = disk.source.size().min(512);
            let buf = vec![0; usize::try_from(len).expect("at most 512")];
            disk.source.read(0, buf).await?;
        }
        Ok(())
    }
}

/// Deletes the checkpoints that go with this ending, all that can be.
async fn end_trackers(link: &Link, request: &SnapshotRequest, ending: Ending) -> Result<()> {
    let mut result = Ok(());
    for name in doomed(link, request, ending).await? {
        let deleted = leftovers::delete(link, &request.machine.uuid, &name).await;
        result =
            result.and(deleted.map_err(|e| e.during(format_args!("delete checkpoint {name}"))));
    }
    result
}

/// Whether a disk that was left out this time can still be built on by this checkpoint, which
/// covers `disks`.
fn wanted_by_others(request: &SnapshotRequest, t: TrackerName, disks: &BTreeSet<String>) -> bool {
    let mut others = disks.iter().filter(|d| !request.disks.contains(d));
    others.any(|d| request.trackers.get(d).is_some_and(|all| all.contains(&t)))
}

/// The checkpoints that go with this ending.
async fn doomed(link: &Link, request: &SnapshotRequest, ending: Ending) -> Result<Vec<String>> {
    let new = request.tracker;
    match ending {
        Ending::Kept => Ok(Vec::new()),
        Ending::Discarded => Ok(vec![new.to_string()]),
        Ending::Committed => {
            let mut all = leftovers::checkpoints(link, &request.machine.uuid).await?;
            all.retain(|name, disks| {
                TrackerName::parse(name).is_some_and(|t| {
                    t.same_vault(&new) && t != new && !wanted_by_others(request, t, disks)
                })
            });
            Ok(all.into_keys().collect())
        }
    }
}
