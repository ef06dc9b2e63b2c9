//! Bare QEMU: machines known by the sockets of their monitor and guest agent, for hosts
//! without libvirt.
//!
//! A folder holds one sub-folder per machine, whose name is the machine's name, with QEMU's
//! monitor as `qmp.sock` and, if there is one, the guest agent's channel as `qga.sock`:
//!
//! ```text
//! -chardev socket,id=mon,path=/run/vms/web/qmp.sock,server=on,wait=off -mon mon,mode=control
//! -chardev socket,id=ga,path=/run/vms/web/qga.sock,server=on,wait=off
//! -device virtio-serial -device virtserialport,chardev=ga,name=org.qemu.guest_agent.0
//! ```
//!
//! Pairs `NAME.qmp` and `NAME.qga` in the folder itself do as well. A monitor serves one
//! client at a time: give Stillpoint one of its own. Beside the sockets it keeps
//! `stillpoint.json` (what is known of the machine while it is off), `stillpoint.lock` and,
//! during a backup, the socket `stillpoint.nbd`.
//!
//! A machine without a UUID of its own (all zero) gets a stable one made from its name.

mod discover;
mod found;
pub(crate) mod fuzz;
mod graph;
mod live;
mod live_snapshot;
mod memory;
mod nodes;
mod offline;
mod place;
mod rewrite;
mod scratch;
mod show;
mod source;
mod target;
mod trackers;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base::{Code, Error, Result};

use crate::watchdog::WatchdogProgram;
use crate::{Definition, Hypervisor, Machine, Snapshot, SnapshotRequest};
use found::{Found, look};
use memory::Memory;
use place::Place;

pub use rewrite::{RewriteArguments, rewrite_arguments};

/// How a [`QemuHost`] works.
#[derive(Clone, Debug, Default)]
pub struct QemuHostOptions {
    /// The program that is started as the freeze watchdog.
    pub watchdog: WatchdogProgram,
}

/// The machines of a folder of sockets.
#[derive(Clone, Debug)]
pub struct QemuHost {
    dir: PathBuf,
    options: QemuHostOptions,
}

impl QemuHost {
    /// The machines in `dir`. Nothing is touched before the first call.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>, options: QemuHostOptions) -> Self {
        Self {
            dir: dir.into(),
            options,
        }
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Where a machine of this name has to make its sockets to be found here, if it keeps to
    /// the names that it had when it was backed up: a sub-folder, or the folder itself.
    #[must_use]
    pub fn home_of(&self, definition: &Definition, name: &str) -> PathBuf {
        let pairs = match definition {
            Definition::Qemu { arguments, .. } => {
                !arguments.iter().any(|word| word.contains("/qmp.sock"))
            }
            Definition::Libvirt { .. } | Definition::Image => false,
        };
        if pairs {
            self.dir.clone()
        } else {
            self.dir.join(name)
        }
    }

    /// The place of a machine by its name.
    fn place(&self, name: &str) -> Result<Place> {
        let mut all = Place::all(&self.dir)?.into_iter();
        all.find(|p| p.name == name)
            .ok_or_else(|| unknown(name, &self.dir))
    }
}

fn unknown(name: &str, dir: &Path) -> Error {
    let text = format!("no machine `{name}` in {}", dir.display());
    Error::new(Code::MachineNotFound, text)
}

#[async_trait]
impl Hypervisor for QemuHost {
    async fn list(&self) -> Result<Vec<Machine>> {
        let mut looks = tokio::task::JoinSet::new();
        for place in Place::all(&self.dir)? {
            looks.spawn(async move {
                let machine = match look(&place).await {
                    Ok(found) => Ok(found.machine(&place).await),
                    Err(e) => Err(e),
                };
                (machine, place)
            });
        }
        let mut machines = Vec::new();
        for (found, place) in looks.join_all().await {
            match found {
                Ok(machine) => machines.push(machine),
                Err(error) => {
                    tracing::warn!(machine = place.name, ?error, "machine left out of the list");
                }
            }
        }
        machines.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(machines)
    }

    async fn find(&self, name_or_uuid: &str) -> Result<Machine> {
        if let Ok(place) = self.place(name_or_uuid) {
            return Ok(look(&place).await?.machine(&place).await);
        }
        let mut all = self.list().await?.into_iter();
        all.find(|m| m.uuid.eq_ignore_ascii_case(name_or_uuid))
            .ok_or_else(|| unknown(name_or_uuid, &self.dir))
    }

    async fn definition(&self, machine: &Machine) -> Result<Definition> {
        let memory = match look(&self.place(&machine.name)?).await? {
            Found::Running(_, running) => Memory::of(&running),
            Found::Taken(memory, _) | Found::Off(memory) => *memory,
        };
        let read = |path: PathBuf| {
            let bytes = std::fs::read(&path);
            bytes.map_err(|e| Error::io(format!("UEFI variables {}", path.display()), e))
        };
        Ok(Definition::Qemu {
            arguments: memory.arguments,
            nvram: memory.nvram.map(read).transpose()?,
        })
    }

    async fn snapshot(&self, request: SnapshotRequest) -> Result<Box<dyn Snapshot>> {
        let place = self.place(&request.machine.name)?;
        let lock = place.lock()?;
        match look(&place).await? {
            Found::Running(qmp, _) => live::take(&self.options, &place, lock, qmp, &request).await,
            Found::Taken(_, error) => Err(error),
            Found::Off(memory) => {
                scratch::remove_stale(&request.scratch.dir, &memory.machine.uuid);
                offline::take(lock, &memory, &request).await
            }
        }
    }
}

/// The stable UUID of a machine that has none of its own: made from its name.
pub(crate) fn uuid_of_name(name: &str) -> String {
    let digest = blake3::derive_key("stillpoint 1 machine uuid of a name", name.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_custom_bytes(bytes)
        .into_uuid()
        .to_string()
}
