//! A restored machine: what defines it, beside its disks, and its start (RESTORE-2 to 4, 14).
//!
//! The definition is that of the point, changed: where the disks are now, and as far as it is
//! asked for, the name, the identity and the network.

mod define;
mod start;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result, durable};
use hypervisor::{Definition, Host, ImageFormat, NetworkTarget};

use crate::PointRecord;

/// Where each restored disk is, by the disk's name, and its format.
pub type RestoredPlaces = BTreeMap<String, (PathBuf, ImageFormat)>;

/// A machine that is made of restored disks.
#[derive(Clone, Copy, Debug)]
pub struct NewMachine<'a> {
    /// What the backup stored with the point.
    pub record: &'a PointRecord,
    /// The folder of the definition: whole and without links, as the hypervisor will be told it.
    pub folder: &'a Path,
    /// Where a bare QEMU makes its sockets, logs and the file of its process id; `None`: in
    /// `folder`.
    pub home: Option<&'a Path>,
    /// Its name.
    pub name: &'a str,
    /// Its new UUID, with which come new MAC addresses; `None`: it stays what it was.
    pub identity: Option<&'a str>,
    /// What its network cards are connected to; `None`: to what they were.
    pub network: Option<&'a NetworkTarget>,
    /// Where its disks are. Those that are not named are left out.
    pub disks: &'a RestoredPlaces,
}

/// What defines a machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MachineFiles {
    /// `NAME.xml` of libvirt, or `NAME.json` with the words of a bare QEMU.
    pub definition: PathBuf,
    /// `NAME.sh`, which starts a bare QEMU.
    pub script: Option<PathBuf>,
    /// `NAME_VARS.fd`, the variables of UEFI.
    pub nvram: Option<PathBuf>,
    /// libvirt's XML.
    pub xml: Option<String>,
}

impl NewMachine<'_> {
    /// The files that defining it may make.
    #[must_use]
    pub fn files(&self) -> [PathBuf; 4] {
        [".xml", ".json", ".sh", "_VARS.fd"].map(|end| self.file(end))
    }

    /// Finds out whether it can be defined. Nothing is written.
    ///
    /// # Errors
    /// As [`Self::write`], but for those of files.
    pub fn check(&self) -> Result<()> {
        self.made(true).map(drop)
    }

    /// Writes the files; those of an earlier try go. They are durable when this returns, and
    /// only their owner may read them.
    ///
    /// # Errors
    /// `DiskNotFound` if a disk is not in the definition; `HypervisorError` for a definition
    /// that can't be read; `BadArgument` for a path that is not UTF-8, or a point that is of no
    /// machine; those of files.
    pub fn write(&self) -> Result<MachineFiles> {
        self.made(false)
    }

    fn made(&self, dry: bool) -> Result<MachineFiles> {
        match &self.record.definition {
            Definition::Libvirt { xml, nvram } => define::libvirt(self, xml, nvram.as_deref(), dry),
            Definition::Qemu { arguments, nvram } => {
                define::qemu(self, arguments, nvram.as_deref(), dry)
            }
            Definition::Image => Err(Error::new(
                Code::BadArgument,
                "the point is of an image, not of a machine: restore its disks",
            )),
        }
    }

    fn file(&self, end: &str) -> PathBuf {
        self.folder.join(format!("{}{end}", file_part(self.name)))
    }
}

impl MachineFiles {
    /// Defines the machine in libvirt; again, if it is there by the same name and UUID. One of
    /// bare QEMU is defined nowhere.
    ///
    /// # Errors
    /// `MachineExists` for a name or UUID that is taken; `BadArgument` on a host that is not
    /// libvirt's; those of libvirt.
    pub async fn define(&self, host: &Host) -> Result<()> {
        match (host, &self.xml) {
            (Host::Libvirt(libvirt), Some(xml)) => libvirt.define(xml).await.map(drop),
            (Host::Qemu(_) | Host::Scripted(_), Some(_)) => Err(Error::new(
                Code::BadArgument,
                "the machine is one of libvirt, and the host has none",
            )),
            (_, None) => Ok(()),
        }
    }

    /// Starts the machine, which libvirt must know by then.
    ///
    /// # Errors
    /// Those of libvirt; `HypervisorError` with QEMU's own words if it ends at once.
    pub async fn start(&self, host: &Host, uuid: &str) -> Result<()> {
        match (host, &self.script) {
            (_, Some(script)) => start::script(script).await,
            (Host::Libvirt(libvirt), None) => libvirt.start(uuid).await,
            (Host::Qemu(_) | Host::Scripted(_), None) => {
                Err(Error::new(Code::Internal, "nothing starts the machine"))
            }
        }
    }
}

/// A name as part of a file's name.
#[must_use]
pub fn file_part(name: &str) -> String {
    let safe = |c: char| if c == '/' || c.is_control() { '_' } else { c };
    name.chars().map(safe).collect()
}

/// Writes a file that few may read; one of an earlier try goes.
fn write_new(path: &Path, bytes: &[u8], mode: u32) -> Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    // If it can't go, making the new one says why.
    let _ = std::fs::remove_file(path);
    let io = |e| Error::io(path.display(), e);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(path)
        .map_err(io)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    durable::sync_name(path)
}
