//! A host's hypervisor, by how it is reached.

use std::path::Path;

use base::{Code, Error, Result};

use crate::libvirt::{LibvirtHost, LibvirtOptions};
use crate::scripted::ScriptedHost;
use crate::watchdog::WatchdogProgram;
use crate::{Hypervisor, QemuHost, QemuHostOptions};

/// A host's hypervisor.
#[derive(Debug)]
pub enum Host {
    /// libvirt.
    Libvirt(LibvirtHost),
    /// Bare QEMU.
    Qemu(QemuHost),
    /// Machines that are files, for tests.
    Scripted(ScriptedHost),
}

impl Host {
    /// The one at `uri`: of libvirt, such as `qemu:///system`, or `qmp:///FOLDER` for the
    /// machines of bare QEMU whose sockets are in that folder.
    ///
    /// # Errors
    /// `BadArgument`.
    pub fn open(uri: &str) -> Result<Self> {
        Self::open_with(uri, WatchdogProgram::default())
    }

    /// As [`Host::open`], with the program that runs the watchdogs.
    ///
    /// # Errors
    /// `BadArgument`.
    pub fn open_with(uri: &str, watchdog: WatchdogProgram) -> Result<Self> {
        if let Some(folder) = uri.strip_prefix("scripted://") {
            return ScriptedHost::open(Path::new(folder)).map(Self::Scripted);
        }
        match uri.strip_prefix("qmp://") {
            Some(folder) if folder.starts_with('/') => Ok(Self::Qemu(QemuHost::new(
                folder,
                QemuHostOptions { watchdog },
            ))),
            Some(_) => {
                let what =
                    format!("`{uri}` is no URI of bare QEMU: give qmp:///FOLDER, the whole path");
                Err(Error::new(Code::BadArgument, what))
            }
            None => Ok(Self::Libvirt(LibvirtHost::open(
                uri,
                LibvirtOptions { watchdog },
            )?)),
        }
    }

    /// The trait.
    #[must_use]
    pub fn hypervisor(&self) -> &dyn Hypervisor {
        match self {
            Self::Libvirt(host) => host,
            Self::Qemu(host) => host,
            Self::Scripted(host) => host,
        }
    }
}
