//! Where copy-before-write keeps old contents.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use base::{Error, Result};
use hypervisor::{DiskChoice, Host, Machine, ScratchPlace};

/// The scratch for a snapshot of `machine`: in `dir`, or in a folder that suits the hypervisor
/// (under `state_dir` where any does), which is made; of `limit` bytes, or as its disks and the
/// free space suggest.
///
/// # Errors
/// Those of the folder.
pub fn scratch_place(
    host: &Host,
    machine: &Machine,
    dir: Option<&Path>,
    limit: Option<u64>,
    state_dir: &Path,
) -> Result<ScratchPlace> {
    let dir = match (dir, host) {
        (Some(dir), _) => dir.to_owned(),
        (None, Host::Libvirt(_)) if Path::new(LIBVIRT).is_dir() => libvirt_scratch()?,
        _ => state_dir.join("scratch"),
    };
    std::fs::create_dir_all(&dir).map_err(|e| Error::io(dir.display(), e))?;
    let limit = match limit {
        Some(limit) => limit,
        None => default_limit(machine, crate::free_space(&dir)?),
    };
    Ok(ScratchPlace { dir, limit })
}

/// Where the QEMU processes of libvirt may write.
const LIBVIRT: &str = "/var/lib/libvirt/qemu";

/// The default scratch under libvirt, with the owner of the folder that QEMU writes to.
fn libvirt_scratch() -> Result<PathBuf> {
    let dir = Path::new(LIBVIRT).join("stillpoint");
    let io = |e| Error::io(dir.display(), e);
    if !dir.exists() {
        std::fs::create_dir(&dir).map_err(io)?;
        let like = std::fs::metadata(LIBVIRT).map_err(io)?;
        std::os::unix::fs::chown(&dir, Some(like.uid()), Some(like.gid())).map_err(io)?;
    }
    Ok(dir)
}

/// A quarter of the disks, at least 1 GiB, at most half of what is free.
fn default_limit(machine: &Machine, free: u64) -> u64 {
    let disks = machine
        .disks
        .iter()
        .filter(|d| d.choice == DiskChoice::Included);
    let quarter = disks.map(|d| d.size / 4).fold(0, u64::saturating_add);
    quarter.max(1 << 30).min(free / 2)
}
