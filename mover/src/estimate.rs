//! Space: what a first backup needs, and what is free.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use base::{Error, Result};
use hypervisor::Disk;

/// The bytes that a first backup of these disks is expected to take in the snapshot store:
/// half of what their images hold, which is what zstd makes of ordinary systems. A disk whose
/// image can't be looked at counts with its size.
#[must_use]
pub fn need_of_first_backup(disks: &[Disk]) -> u64 {
    disks
        .iter()
        .map(|d| {
            let meta = d.path.as_ref().and_then(|p| std::fs::metadata(p).ok());
            meta.filter(std::fs::Metadata::is_file)
                .map_or(d.size, |m| (m.blocks() * 512).min(d.size))
                / 2
        })
        .sum()
}

/// The bytes free to this user on the file system of `path`.
///
/// # Errors
/// Those of the system.
pub fn free_space(path: &Path) -> Result<u64> {
    let stat = rustix::fs::statvfs(path).map_err(|e| Error::io(path.display(), e.into()))?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}
