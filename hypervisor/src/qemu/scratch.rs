//! The scratch of one disk: where copy-before-write keeps what the guest overwrites.
//!
//! A qcow2 layer over a `raw` layer of fixed size over a sparse file. The raw layer is the
//! limit: a write beyond its end fails inside QEMU, which breaks the snapshot
//! (`on-cbw-error=break-snapshot`) and lets the guest's write go on.

use std::fs::File;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use base::{ByteSize, Code, Error, Result};
use serde_json::{Value, json};

use super::nodes::Names;
use crate::ScratchPlace;
use crate::qmp::Qmp;

/// The smallest scratch of a disk: qcow2's own tables and a few clusters.
const SMALLEST: u64 = 1 << 20;

/// What shares are rounded to.
const UNIT: u64 = 64 << 10;

/// How much of `place.limit` may be used: less than all of it where the file system has less
/// free. An eighth of what is free, at most 1 GiB, is left alone, since disks of machines may
/// be on the same file system.
///
/// # Errors
/// `ScratchTooSmall`, or those of looking at the folder.
pub(super) fn budget(place: &ScratchPlace, disks: usize) -> Result<u64> {
    let what = || format!("scratch folder {}", place.dir.display());
    let free = free_bytes(&place.dir).map_err(|e| e.during(what()))?;
    let usable = free - (free / 8).min(1 << 30);
    let budget = place.limit.min(usable);
    let least = SMALLEST * disks as u64;
    // Less than a quarter of what was meant would break the snapshot soon.
    if budget < least.max(place.limit.min(1 << 30) / 4) {
        return Err(Error::new(
            Code::ScratchTooSmall,
            format!(
                "{} has {} free and the limit is {}",
                what(),
                ByteSize(free),
                ByteSize(place.limit)
            ),
        ));
    }
    Ok(budget)
}

/// Bytes that may still be written to the file system of `dir`.
///
/// # Errors
/// Those of the system.
pub(super) fn free_bytes(dir: &Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(dir).map_err(|e| {
        Error::io(
            format!("asking for free space of {}", dir.display()),
            e.into(),
        )
    })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

/// Removes scratch files of the machine that a run left whose QEMU is gone, too. Whoever
/// calls holds the machine's lock.
pub(super) fn remove_stale(dir: &Path, uuid: &str) {
    for entry in dir.read_dir().into_iter().flatten().flatten() {
        let name = entry.file_name();
        let is_ours = name
            .to_str()
            .is_some_and(|n| n.starts_with("stillpoint-") && n.ends_with(&scratch_end(uuid)));
        if is_ours && let Err(error) = super::nodes::remove_file(&entry.path()) {
            tracing::warn!(?error, "a scratch file of an earlier run stays");
        }
    }
}

/// How the names of a machine's scratch files end.
pub(super) fn scratch_end(uuid: &str) -> String {
    format!("-{uuid}.scratch")
}

/// Divides `budget` by the disks' sizes.
pub(super) fn shares(budget: u64, sizes: &[u64]) -> Vec<u64> {
    let total = sizes.iter().map(|s| u128::from(*s)).sum::<u128>().max(1);
    let spare = budget.saturating_sub(SMALLEST * sizes.len() as u64);
    let share = |size: u64| {
        let part = u128::from(spare) * u128::from(size) / total;
        (SMALLEST + u64::try_from(part).unwrap_or(spare)) / UNIT * UNIT
    };
    sizes.iter().map(|s| share(*s)).collect()
}

/// Makes the scratch file and its nodes for a disk of `size` bytes.
///
/// # Errors
/// `HypervisorDenied` if QEMU may not use the file, `HypervisorError`, those of the file
/// system.
pub(super) async fn build(
    qmp: &Qmp,
    names: &Names,
    path: &Path,
    share: u64,
    size: u64,
) -> Result<()> {
    make_file(path, share, qmp.process())?;
    let add = async |arguments: Value| {
        let done = qmp.execute("blockdev-add", arguments).await;
        done.map_err(|e| e.during(format!("scratch {}", path.display())))
    };
    add(json!({
        "driver": "file", "node-name": names.file(), "filename": path, "discard": "unmap",
    }))
    .await?;
    add(json!({
        "driver": "raw", "node-name": names.raw(), "file": names.file(), "size": share,
        "discard": "unmap",
    }))
    .await?;
    format(qmp, names, size).await?;
    add(json!({
        "driver": "qcow2", "node-name": names.scratch(), "file": names.raw(),
        "discard": "unmap",
    }))
    .await?;
    Ok(())
}

fn make_file(path: &Path, share: u64, qemu: Option<i32>) -> Result<()> {
    // Never one that is there: another machine with the same UUID may be using it.
    super::nodes::remove_file(path)?;
    let make = || -> std::io::Result<()> {
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(path)?;
        file.set_len(share)?;
        // QEMU may run as a user of its own.
        if let Some(pid) = qemu
            && let Ok(of) = std::fs::metadata(format!("/proc/{pid}"))
            && of.uid() != file.metadata()?.uid()
        {
            std::os::unix::fs::chown(path, Some(of.uid()), Some(of.gid()))?;
        }
        Ok(())
    };
    make().map_err(|e| Error::io(format!("making scratch {}", path.display()), e))
}

/// Writes an empty qcow2 image, by QEMU itself.
async fn format(qmp: &Qmp, names: &Names, size: u64) -> Result<()> {
    let id = names.export();
    let options = json!({ "driver": "qcow2", "file": names.raw(), "size": size });
    qmp.execute(
        "blockdev-create",
        json!({ "job-id": id, "options": options }),
    )
    .await?;
    loop {
        let jobs = qmp.execute("query-jobs", Value::Null).await?;
        let job = jobs
            .as_array()
            .into_iter()
            .flatten()
            .find(|j| j["id"] == *id)
            .cloned();
        let Some(job) = job else {
            let text = format!("the job {id} that formats scratch is gone");
            return Err(Error::new(Code::HypervisorError, text));
        };
        if job["status"] == "concluded" {
            qmp.execute("job-dismiss", json!({ "id": id })).await?;
            return match job["error"].as_str() {
                None => Ok(()),
                Some(e) => {
                    let text = format!("formatting the scratch of {} bytes: {e}", size);
                    Err(Error::new(Code::HypervisorError, text))
                }
            };
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_follow_the_sizes_and_stay_within_the_budget() {
        let shares = shares(100 << 20, &[900 << 20, 90 << 20, 1]);
        assert!(shares.iter().sum::<u64>() <= 100 << 20);
        assert!(shares[0] > 80 << 20 && shares[1] > 8 << 20 && shares[2] == SMALLEST);
    }

    #[test]
    fn a_limit_that_no_disk_fits_in_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let place = |limit| ScratchPlace {
            dir: dir.path().into(),
            limit,
        };
        assert_eq!(
            budget(&place(2 << 20), 3).unwrap_err().code(),
            Code::ScratchTooSmall
        );
        assert_eq!(budget(&place(3 << 20), 3).unwrap(), 3 << 20);
        assert!(
            budget(
                &ScratchPlace {
                    dir: "/none".into(),
                    limit: 1 << 30
                },
                1
            )
            .is_err()
        );
    }
}
