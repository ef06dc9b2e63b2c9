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
mod graph;
mod live;
mod live_snapshot;
mod memory;
mod nodes;
mod place;
mod scratch;
mod source;
mod trackers;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use base::{Code, Error, Result};

use crate::qmp::Qmp;
use crate::watchdog::WatchdogProgram;
use crate::{Definition, Hypervisor, Machine, MachineState, Snapshot, SnapshotRequest};
use memory::Memory;
use place::Place;

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

/// What was found at a place.
enum Found {
    /// QEMU answers; the monitor stays connected.
    Running(Qmp, Box<discover::Running>),
    /// QEMU is there, but another program holds its monitor.
    Taken(Box<Memory>, Error),
    /// No QEMU listens.
    Off(Box<Memory>),
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

/// Whether an error of connecting says that no QEMU listens.
fn is_off(place: &Place) -> bool {
    use std::io::ErrorKind as K;
    let connected = std::os::unix::net::UnixStream::connect(&place.monitor);
    connected.is_err_and(|e| matches!(e.kind(), K::NotFound | K::ConnectionRefused))
}

/// Looks at a place.
async fn look(place: &Place) -> Result<Found> {
    let remembered = || {
        Memory::read(&place.memory())?.map(Box::new).ok_or_else(|| {
            let text = format!("machine {} is off and was never seen running", place.name);
            Error::new(Code::HypervisorUnavailable, text)
        })
    };
    if is_off(place) {
        return remembered().map(Found::Off);
    }
    let qmp = match Qmp::connect(&place.monitor).await {
        Ok(qmp) => qmp,
        Err(e) if e.code() == Code::HypervisorUnavailable => {
            return match remembered() {
                Ok(memory) => Ok(Found::Taken(memory, e)),
                Err(_) => Err(e),
            };
        }
        Err(e) => return Err(e),
    };
    let running = Box::new(discover::running(&qmp, &place.name).await?);
    if let Err(error) = Memory::of(&running).write(&place.memory()) {
        tracing::warn!(
            machine = place.name,
            ?error,
            "what is known can't be remembered"
        );
    }
    Ok(Found::Running(qmp, running))
}

impl Found {
    fn machine(self) -> Machine {
        match self {
            Self::Running(_, running) => running.machine,
            Self::Taken(memory, _) => Machine {
                state: MachineState::Running,
                ..memory.machine
            },
            Self::Off(memory) => Machine {
                state: MachineState::Stopped,
                ..memory.machine
            },
        }
    }
}

#[async_trait]
impl Hypervisor for QemuHost {
    async fn list(&self) -> Result<Vec<Machine>> {
        let mut looks = tokio::task::JoinSet::new();
        for place in Place::all(&self.dir)? {
            looks.spawn(async move { (look(&place).await, place) });
        }
        let mut machines = Vec::new();
        for (found, place) in looks.join_all().await {
            match found {
                Ok(found) => machines.push(found.machine()),
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
            return Ok(look(&place).await?.machine());
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
            Found::Off(_) => Err(Error::new(Code::HypervisorError, "machine is off")),
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
