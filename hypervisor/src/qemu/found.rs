//! What is found at a machine's place.

use std::io::ErrorKind;
use std::time::Duration;

use base::{Code, Error, Result};

use super::discover::{self, Running};
use super::memory::Memory;
use super::place::Place;
use crate::agent::{self, AgentChannel};
use crate::qmp::Qmp;
use crate::unix::connect_at_once;
use crate::{AgentStatus, Machine, MachineState};

/// How long discovery waits for a guest agent.
const PROBE: Duration = Duration::from_secs(3);

/// A machine in one of its states.
pub(super) enum Found {
    /// QEMU answers; the monitor stays connected.
    Running(Qmp, Box<Running>),
    /// QEMU is there, but another program holds its monitor.
    Taken(Box<Memory>, Error),
    /// No QEMU listens.
    Off(Box<Memory>),
}

/// Looks at a place, and remembers what it sees.
///
/// # Errors
/// `HypervisorUnavailable` if nothing is known of the machine; those of the monitor.
pub(super) async fn look(place: &Place) -> Result<Found> {
    let remembered = || {
        Memory::read(&place.memory())?.map(Box::new).ok_or_else(|| {
            let text = format!("machine {} is off and was never seen running", place.name);
            Error::new(Code::HypervisorUnavailable, text)
        })
    };
    let qmp = match Qmp::connect(&place.monitor).await {
        Ok(qmp) => qmp,
        Err(e) if e.code() == Code::HypervisorUnavailable => {
            if is_off(place) {
                return remembered().map(Found::Off);
            }
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

/// Whether no QEMU listens at the monitor's socket.
fn is_off(place: &Place) -> bool {
    let connected = connect_at_once(&place.monitor);
    connected.is_err_and(|e| matches!(e.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused))
}

impl Found {
    /// The machine, with its agent's status.
    pub(super) async fn machine(self, place: &Place) -> Machine {
        let mut machine = match self {
            Self::Running(_, running) => running.machine,
            Self::Taken(memory, _) => Machine {
                state: MachineState::Running,
                ..memory.machine
            },
            Self::Off(memory) => Machine {
                state: MachineState::Stopped,
                ..memory.machine
            },
        };
        let path = place.agent.clone();
        machine.agent = match machine.state {
            _ if !path.exists() => AgentStatus::NotConfigured,
            MachineState::Running => {
                let probe = move || agent::probe(&AgentChannel::Socket { path }, PROBE);
                tokio::task::spawn_blocking(probe)
                    .await
                    .unwrap_or(AgentStatus::NotResponding)
            }
            _ => AgentStatus::NotResponding,
        };
        machine
    }
}
