//! Removing what an earlier run left, and seeing that nobody else is at work.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;
use std::time::Duration;

use base::{Code, Error, Result, TrackerName};

use super::ffi::{DeleteCheckpoint, number};
use super::folder::{self, Folder};
use super::guard::wait_for_end;
use super::job;
use super::link::{LONG, Link, SHORT, absent};
use super::watch::{self, Job};
use crate::SnapshotRequest;

/// Our checkpoints of a machine, and the disks that each has bitmaps on.
pub(super) type Checkpoints = BTreeMap<String, BTreeSet<String>>;

/// Ends a job that a dead run left, and clears its files.
///
/// # Errors
/// `BackupInProgress` if a job runs that is someone's: a living run of Stillpoint's, another
/// program's, or one that is no backup at all (a migration, a dump).
pub(super) async fn end_old_job(link: &Link, uuid: &str, own: &Folder) -> Result<()> {
    match watch::job(link, uuid).await? {
        Job::None => {
            let job = link.domain(uuid, SHORT, |d| match d.has_job() {
                Err(e) if e.number == number::INTERNAL && !e.from_rpc => Ok(Err(e.message)),
                other => other.map(Ok),
            });
            let has_job = job.await?.map_err(|words| stuck(uuid, &words))?;
            if has_job {
                let what = format!("libvirt runs another job on machine {uuid}");
                return Err(Error::new(Code::BackupInProgress, what));
            }
        }
        Job::At(socket) => match folder::of_socket(&socket) {
            Some(path) if path == own.path() => abort(link, uuid, &socket).await?,
            Some(path) => {
                let path = path.to_owned();
                // Of a run with another scratch folder: its lock tells whether it lives.
                match Folder::lock_path(&path, None, Duration::ZERO) {
                    Ok(Some(held)) => {
                        abort(link, uuid, &socket).await?;
                        held.remove()?;
                    }
                    Ok(None) => return Err(foreign(&socket)),
                    // The folder is gone, and with it every claim on the job.
                    Err(_) => abort(link, uuid, &socket).await?,
                }
            }
            None => return Err(foreign(&socket)),
        },
        Job::Other => {
            let what = format!("another program's backup job runs on machine {uuid}");
            return Err(Error::new(Code::BackupInProgress, what));
        }
    }
    own.clear()
}

/// libvirtd that dies between the beginning of a backup job and the note of what it is finds a
/// job after its restart that it knows nothing of and that nothing ends, `domjobabort` included:
/// only another restart while the machine is off.
fn stuck(uuid: &str, words: &str) -> Error {
    let what = format!(
        "libvirt can't tell of the job on machine {uuid} ({words}), as after a crash of libvirtd \
         while it began a backup. It takes no other job then until the machine is shut down, \
         libvirtd restarted and the machine started again; a reboot is not enough"
    );
    Error::new(Code::HypervisorError, what)
}

fn foreign(socket: &Path) -> Error {
    let what = format!("a backup job with the socket {} runs", socket.display());
    Error::new(Code::BackupInProgress, what)
}

/// Ends the job on `socket` and waits until libvirt has taken it down. Nothing happens if
/// it is not the one that runs.
pub(super) async fn abort(link: &Link, uuid: &str, socket: &Path) -> Result<()> {
    let socket = socket.to_owned();
    link.domain(uuid, LONG, move |d| {
        let Some(xml) = absent(d.backup_xml(), number::NO_BACKUP)? else {
            return Ok(());
        };
        if job::job_socket(&xml).is_ok_and(|s| s.as_deref() == Some(&*socket)) {
            match d.abort_job() {
                // It ended between the question and the call.
                Err(e) if e.number == number::OPERATION_INVALID => {}
                other => other?,
            }
            wait_for_end(d, &socket);
        }
        Ok(())
    })
    .await
}

/// All checkpoints of a machine with names of ours.
pub(super) async fn checkpoints(link: &Link, uuid: &str) -> Result<Checkpoints> {
    let all = link
        .domain(uuid, SHORT, |d| {
            let mut found = Vec::new();
            for c in d.checkpoints()? {
                let name = c.name()?;
                if TrackerName::parse(&name).is_some() {
                    found.push((name, c.xml()?));
                }
            }
            Ok(found)
        })
        .await?;
    all.into_iter()
        .map(|(name, xml)| Ok((name, job::checkpoint_disks(&xml)?)))
        .collect()
}

/// Deletes a checkpoint of the name that the new one is to have: of a run that is repeated.
pub(super) async fn drop_namesake(
    link: &Link,
    request: &SnapshotRequest,
    there: &mut Checkpoints,
) -> Result<()> {
    let name = request.tracker.to_string();
    if there.remove(&name).is_some() {
        delete(link, &request.machine.uuid, &name).await?;
    }
    Ok(())
}

/// Deletes the checkpoints of the request's vault that nobody will ask for. Those that
/// can't be deleted stay and are told of.
pub(super) async fn drop_old(
    link: &Link,
    request: &SnapshotRequest,
    there: &mut Checkpoints,
    warnings: &mut Vec<String>,
) {
    let wanted: HashSet<TrackerName> = request.trackers.values().flatten().copied().collect();
    let old: Vec<String> = there
        .keys()
        .filter(|name| {
            TrackerName::parse(name)
                .is_some_and(|t| t.same_vault(&request.tracker) && !wanted.contains(&t))
        })
        .cloned()
        .collect();
    for name in old {
        there.remove(&name);
        if let Err(e) = delete(link, &request.machine.uuid, &name).await {
            warnings.push(format!("checkpoint {name} of an earlier run stays: {e}"));
        }
    }
}

/// Deletes a checkpoint with its bitmaps, sound or broken. Where libvirt can't remove a
/// bitmap, at least its record goes.
pub(super) async fn delete(link: &Link, uuid: &str, name: &str) -> Result<()> {
    let name = name.to_owned();
    link.domain(uuid, LONG, move |d| {
        let Some(checkpoint) = absent(d.checkpoint(&name), number::NO_CHECKPOINT)? else {
            return Ok(());
        };
        match checkpoint.delete(DeleteCheckpoint::All) {
            Ok(()) => Ok(()),
            // The bitmaps stay in the images of a machine that is off, so the record must too.
            Err(e) if d.run().is_none() => Err(e),
            Err(_) => checkpoint.delete(DeleteCheckpoint::RecordOnly),
        }
    })
    .await
}
