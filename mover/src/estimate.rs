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
        // What a hypervisor tells of sizes can be anything.
        .fold(0, u64::saturating_add)
}

/// The bytes free to this user on the file system of `path`.
///
/// # Errors
/// Those of the system.
pub fn free_space(path: &Path) -> Result<u64> {
    Ok(space(path)?.free)
}

/// The space of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Space {
    /// Its bytes.
    pub total: u64,
    /// Those that are free to this user.
    pub free: u64,
}

/// The space of the file system of `path`.
///
/// # Errors
/// Those of the system.
pub fn space(path: &Path) -> Result<Space> {
    let stat = rustix::fs::statvfs(path).map_err(|e| Error::io(path.display(), e.into()))?;
    Ok(Space {
        total: stat.f_blocks.saturating_mul(stat.f_frsize),
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hypervisor::{DiskChoice, ImageFormat};

    #[test]
    fn sizes_that_nobody_has_make_a_large_need_and_no_panic() {
        let disk = Disk {
            name: "vda".into(),
            path: None,
            format: ImageFormat::Raw,
            size: u64::MAX,
            bus: "virtio".into(),
            boot_order: None,
            choice: DiskChoice::Included,
        };
        assert_eq!(need_of_first_backup(&vec![disk; 3]), u64::MAX);
    }
}
