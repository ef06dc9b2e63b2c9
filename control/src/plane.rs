//! The data plane: what jobs and reconcilers do to hosts and stores.
//!
//! It is handed in. [`HostPlane`] works on real hypervisors and stores; a simulation's works on
//! none. Whatever it does can be done again: a job that is resumed asks anew.

mod disks;
mod hosts;

use std::fmt::Debug;

use async_trait::async_trait;
use base::Result;
use hypervisor::Machine;

pub use disks::disk_numbers;
pub use hosts::HostPlane;

/// What jobs and reconcilers do to hosts and stores.
#[async_trait]
pub trait DataPlane: Send + Sync + Debug {
    /// What is on the host that is reached at `connection`.
    ///
    /// # Errors
    /// `BadArgument` for a connection that is none; `HypervisorUnavailable`,
    /// `HypervisorDenied`.
    async fn discover(&self, connection: &str) -> Result<Discovered>;
}

/// What is on a host.
#[derive(Clone, Debug, Default)]
pub struct Discovered {
    /// Its machines, running or not.
    pub machines: Vec<Machine>,
    /// The networks that a machine can be put in.
    pub networks: Vec<FoundNetwork>,
}

/// A network of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundNetwork {
    /// What it is there.
    pub source: state::networks::NetworkSource,
    /// Its addresses, such as `192.168.122.0/24`, as far as they are known.
    pub addresses: Option<String>,
}
