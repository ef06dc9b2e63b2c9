//! Machines that libvirt runs, backed up through its own checkpoint and backup API.
//!
//! A running machine is read by a *pull* backup job: libvirt starts copy-before-write into
//! scratch files and a checkpoint (new dirty bitmaps) at one instant over all disks, and QEMU
//! serves the instant over NBD on a Unix socket. A stopped machine is read through `qemu-nbd`
//! in a way that lets libvirt start it at any time; the snapshot then breaks.
//!
//! Checkpoints are named by [`base::TrackerName`]; the job's socket and scratch files lie in
//! the scratch folder and carry the same name. All bitmaps go on recording until they are
//! deleted, so each holds everything since its own point.
//!
//! libvirt's library is loaded at the first use: without it every call gives `ToolMissing`.

#[allow(unsafe_code, reason = "libvirt's interface is a C one")]
mod ffi;

mod adopt;
mod agent;
mod discover;
mod folder;
pub(crate) mod fuzz;
mod guard;
mod guardian;
mod job;
mod leftovers;
mod link;
mod live;
mod live_snapshot;
mod machines;
mod networks;
mod offline;
mod plan;
mod rewrite;
mod source;
mod space;
mod watch;
mod xml;

use std::time::Duration;

use async_trait::async_trait;
use base::{Code, Error, Result};

use crate::watchdog::WatchdogProgram;
use crate::{Definition, Hypervisor, Machine, Snapshot, SnapshotRequest};
use folder::Folder;
use link::Link;

pub(crate) use agent::agent_transport;
pub(crate) use guard::{main as guard_main, wanted as guard_wanted};
pub use networks::Network;
pub use rewrite::{DiskPlace, Rewrite, rewrite_domain};

/// The machines of one libvirt daemon on this host.
#[derive(Debug)]
pub struct LibvirtHost {
    link: Link,
    options: LibvirtOptions,
}

/// Settings of a [`LibvirtHost`].
#[derive(Clone, Debug, Default)]
pub struct LibvirtOptions {
    /// The program that runs the watchdogs: that of the freeze and that of the scratch.
    pub watchdog: WatchdogProgram,
}

impl LibvirtHost {
    /// The machines of the daemon at `uri`: `qemu:///system`, or another local URI such as
    /// `qemu+unix:///system?socket=/run/libvirt/libvirt-sock`. Connects at the first call,
    /// and again after the daemon was restarted.
    ///
    /// # Errors
    /// `BadArgument` for the URI of another host: disks are read over a Unix socket here.
    pub fn open(uri: &str, options: LibvirtOptions) -> Result<Self> {
        if let Some((_, rest)) = uri.split_once("://")
            && !rest.starts_with('/')
        {
            return Err(Error::new(
                Code::BadArgument,
                format!("`{uri}` names another host: run Stillpoint on the host of the machines"),
            ));
        }
        // Other transports start programs, or reach other hosts.
        let scheme = uri.split_once("://").map_or("", |(scheme, _)| scheme);
        if scheme.contains('+') && !scheme.ends_with("+unix") {
            return Err(Error::new(
                Code::BadArgument,
                format!("`{uri}`: of libvirt's transports only `+unix` is taken"),
            ));
        }
        Ok(Self {
            link: Link::new(uri),
            options,
        })
    }

    /// The networks that the daemon knows, started or not, by name.
    ///
    /// # Errors
    /// `HypervisorUnavailable`, `HypervisorDenied`, `HypervisorError`.
    pub async fn networks(&self) -> Result<Vec<Network>> {
        networks::list(&self.link).await
    }
}

#[async_trait]
impl Hypervisor for LibvirtHost {
    async fn list(&self) -> Result<Vec<Machine>> {
        machines::list(&self.link).await
    }

    async fn find(&self, name_or_uuid: &str) -> Result<Machine> {
        machines::find(&self.link, name_or_uuid).await
    }

    async fn definition(&self, machine: &Machine) -> Result<Definition> {
        machines::definition(&self.link, machine).await
    }

    async fn snapshot(&self, request: SnapshotRequest) -> Result<Box<dyn Snapshot>> {
        let (scratch, uuid) = (request.scratch.dir.clone(), request.machine.uuid.clone());
        // A run that was killed a moment ago is still being cleaned up after.
        let patience = Duration::from_secs(1);
        let lock = move || Folder::lock(&scratch, &uuid, patience);
        let folder = tokio::task::spawn_blocking(lock).await;
        let folder =
            folder.map_err(|e| Error::new(Code::Internal, "lock the scratch").because(e))??;
        match offline::take(&self.link, folder, &request).await? {
            Ok(snapshot) => Ok(snapshot),
            Err(folder) => live::take(&self.link, &self.options, folder, &request).await,
        }
    }
}
