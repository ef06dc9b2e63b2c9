//! Which hypervisor, and where its scratch is.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use hypervisor::libvirt::{LibvirtHost, LibvirtOptions};
use hypervisor::{DiskChoice, Hypervisor, Machine, QemuHost, QemuHostOptions, ScratchPlace};

use crate::settings::Settings;

/// A host's hypervisor.
#[derive(Debug)]
pub enum Host {
    /// libvirt.
    Libvirt(LibvirtHost),
    /// Bare QEMU.
    Qemu(QemuHost),
}

impl Host {
    /// The one that `--connect` names.
    ///
    /// # Errors
    /// `BadArgument`.
    pub fn open(settings: &Settings) -> Result<Self> {
        let uri = &settings.global.connect;
        match uri.strip_prefix("qmp://") {
            Some(folder) if folder.starts_with('/') => Ok(Self::Qemu(QemuHost::new(
                folder,
                QemuHostOptions::default(),
            ))),
            Some(_) => {
                let what =
                    format!("`{uri}` is no URI of bare QEMU: give qmp:///FOLDER, the whole path");
                Err(Error::new(Code::BadArgument, what))
            }
            None => Ok(Self::Libvirt(LibvirtHost::open(
                uri,
                LibvirtOptions::default(),
            )?)),
        }
    }

    /// The trait.
    pub fn hypervisor(&self) -> &dyn Hypervisor {
        match self {
            Self::Libvirt(host) => host,
            Self::Qemu(host) => host,
        }
    }

    /// Where copy-before-write keeps old contents of `machine`; the folder is made.
    ///
    /// # Errors
    /// Those of the folder.
    pub fn scratch(&self, settings: &Settings, machine: &Machine) -> Result<ScratchPlace> {
        let dir = match (&settings.global.scratch, self) {
            (Some(dir), _) => dir.clone(),
            (None, Self::Libvirt(_)) if Path::new(LIBVIRT).is_dir() => libvirt_scratch()?,
            _ => settings.state_dir.join("scratch"),
        };
        std::fs::create_dir_all(&dir).map_err(|e| Error::io(dir.display(), e))?;
        let limit = match settings.global.scratch_limit {
            Some(limit) => limit.0,
            None => default_limit(machine, mover::free_space(&dir)?),
        };
        Ok(ScratchPlace { dir, limit })
    }
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
