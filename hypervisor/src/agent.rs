//! The QEMU guest agent.
//!
//! A channel to it serves one client at a time, and a client that stays connected blocks the
//! next one without a word. So a channel is opened for a piece of work and closed after it,
//! and during a backup it belongs to the freeze watchdog alone. Calls block: they are made by
//! the watchdog's process or on a thread of their own.

pub(crate) mod fuzz;
mod socket;

use std::path::PathBuf;
use std::time::Duration;

use base::Result;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::AgentStatus;
use crate::words::plain;

pub use socket::SocketTransport;

/// Where a machine's guest agent is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "through")]
pub enum AgentChannel {
    /// QEMU's end of the agent's serial port.
    Socket {
        /// The UNIX socket.
        path: PathBuf,
    },
    /// libvirt, which is then the only client of the channel.
    Libvirt {
        /// The connection, as `qemu:///system`.
        uri: String,
        /// The domain.
        uuid: String,
    },
}

/// A way to call the agent.
pub trait AgentTransport: Send {
    /// Sends `{"execute": …, "arguments": …}` and gives what is under `return`. Blocks for
    /// `timeout` at most. A call that timed out may still be carried out later.
    ///
    /// # Errors
    /// `AgentUnavailable` if nothing answers on the channel, `Timeout` if the agent answers
    /// but this command took too long, `AgentRefused` with the agent's words,
    /// `MachineVanished` if the machine is off, `HypervisorDenied`.
    fn call(&mut self, request: &Value, timeout: Duration) -> Result<Value>;

    /// Leaves the channel to others until the next call.
    fn close(&mut self) {}
}

/// Opens a channel. Nothing is connected before the first call.
///
/// # Errors
/// Those of connecting to libvirt.
pub fn open(channel: &AgentChannel) -> Result<Box<dyn AgentTransport>> {
    match channel {
        AgentChannel::Socket { path } => Ok(Box::new(SocketTransport::new(path))),
        AgentChannel::Libvirt { uri, uuid } => crate::libvirt::agent_transport(uri, uuid),
    }
}

/// The agent's version.
///
/// # Errors
/// As [`AgentTransport::call`].
pub fn version(agent: &mut dyn AgentTransport, timeout: Duration) -> Result<String> {
    let info = agent.call(&json!({ "execute": "guest-info" }), timeout)?;
    Ok(plain(info["version"].as_str().unwrap_or("unknown")))
}

/// Whether file systems are frozen.
///
/// # Errors
/// As [`AgentTransport::call`].
pub fn is_frozen(agent: &mut dyn AgentTransport, timeout: Duration) -> Result<bool> {
    let status = agent.call(&json!({ "execute": "guest-fsfreeze-status" }), timeout)?;
    Ok(status == "frozen")
}

/// Runs the freeze hooks and freezes all file systems. Gives their number.
///
/// # Errors
/// As [`AgentTransport::call`]. After `Timeout` the guest may still freeze.
pub fn freeze(agent: &mut dyn AgentTransport, timeout: Duration) -> Result<u64> {
    let count = agent.call(&json!({ "execute": "guest-fsfreeze-freeze" }), timeout)?;
    Ok(count.as_u64().unwrap_or(0))
}

/// Thaws all file systems and runs the thaw hooks. Gives the number of file systems.
///
/// # Errors
/// As [`AgentTransport::call`].
pub fn thaw(agent: &mut dyn AgentTransport, timeout: Duration) -> Result<u64> {
    let count = agent.call(&json!({ "execute": "guest-fsfreeze-thaw" }), timeout)?;
    Ok(count.as_u64().unwrap_or(0))
}

/// What discovery tells of the agent on a channel. Blocks for `timeout` at most.
#[must_use]
pub fn probe(channel: &AgentChannel, timeout: Duration) -> AgentStatus {
    match open(channel).and_then(|mut agent| version(&mut *agent, timeout)) {
        Ok(version) => AgentStatus::Responding { version },
        Err(error) => {
            tracing::debug!(?error, "no answer from the guest agent");
            AgentStatus::NotResponding
        }
    }
}
