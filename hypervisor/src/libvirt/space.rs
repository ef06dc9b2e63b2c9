//! How much scratch a job may take, and keeping it free for it.

use std::fs::File;
use std::path::Path;

use base::{ByteSize, Code, Error, Result};
use rustix::fs::{FallocateFlags, fallocate, statfs};

use super::folder::JobFiles;
use super::guard::free_bytes;
use crate::ScratchPlace;

/// The smallest scratch of a disk: qcow2's own tables and some clusters.
const SMALLEST: u64 = 1 << 20;

/// What a job may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// The most bytes of all scratch files together.
    pub(super) limit: u64,
    /// The fewest bytes to be left free beside them.
    pub(super) floor: u64,
}

/// The budget of a job over `disks` disks: less than the limit where the file system has
/// less free. An eighth of what is free, at most 1 GiB, is left alone, since disks of machines
/// may lie on the same file system; when half of that is gone too, the job ends.
///
/// # Errors
/// `ScratchTooSmall`.
pub(super) fn budget(place: &ScratchPlace, disks: usize) -> Result<Budget> {
    let free = free_bytes(&place.dir);
    let spare = (free / 8).min(1 << 30);
    let limit = place.limit.min(free - spare);
    let least = SMALLEST * disks as u64;
    // Less than a quarter of what was meant would break the snapshot soon.
    if limit < least.max(place.limit.min(1 << 30) / 4) {
        let what = format!(
            "scratch folder {} has {} free and the limit is {}; {disks} disks need {} at least",
            place.dir.display(),
            ByteSize(free),
            ByteSize(place.limit),
            ByteSize(least)
        );
        return Err(Error::new(Code::ScratchTooSmall, what));
    }
    Ok(Budget {
        limit,
        floor: spare / 2,
    })
}

/// Reserves the blocks for the scratch files, beyond their ends, so that nobody else can fill
/// the file system under them. Where the file system can't, only the guard's look at its free
/// space is left.
pub(super) fn reserve(files: &JobFiles, limit: u64) {
    let share = limit / (files.scratch.len() as u64).max(1);
    for (_, path) in &files.scratch {
        if let Err(e) = reserve_one(path, share) {
            tracing::debug!("no space reserved for {}: {e}", path.display());
        }
    }
}

fn reserve_one(path: &Path, share: u64) -> std::io::Result<()> {
    /// `TMPFS_MAGIC`: there a reservation takes memory at once.
    const TMPFS: i64 = 0x0102_1994;
    if statfs(path)?.f_type as i64 == TMPFS {
        return Ok(());
    }
    let file = File::options().write(true).open(path)?;
    fallocate(&file, FallocateFlags::KEEP_SIZE, 0, share)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(dir: &Path, limit: u64) -> ScratchPlace {
        ScratchPlace {
            dir: dir.into(),
            limit,
        }
    }

    #[test]
    fn a_scratch_that_would_break_at_once_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let e = budget(&place(dir.path(), 1 << 20), 2).unwrap_err();
        assert_eq!(e.code(), Code::ScratchTooSmall);
        let most = budget(&place(dir.path(), u64::MAX), 1).unwrap();
        assert!(most.limit < u64::MAX && most.floor > 0);
    }

    /// The system's own file system of processes is mounted everywhere and never has a byte
    /// free; what it is mounted in has.
    #[test]
    fn free_space_is_that_of_the_folder_and_not_of_the_one_above_it() {
        assert!(free_bytes(Path::new("/")) > 8 << 20);
        assert_eq!(free_bytes(Path::new("/proc")), 0);
        let e = budget(&place(Path::new("/proc"), 4 << 20), 1).unwrap_err();
        assert_eq!(e.code(), Code::ScratchTooSmall);
    }
}
