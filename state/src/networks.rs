//! Networks that a restored machine can be put in. Their parent is the group.

use serde::{Deserialize, Serialize};

use crate::Resource;

/// A network or bridge of a host, shown as a virtual network with one subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// The folded id of the host.
    pub host: String,
    /// Its location: its host's.
    pub location: String,
    /// What it is on the host.
    pub source: NetworkSource,
    /// Its addresses, such as `192.168.122.0/24`, as far as they are known.
    pub addresses: Option<String>,
}

/// What a network is on its host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum NetworkSource {
    /// A network of libvirt, by its name.
    Libvirt(String),
    /// A bridge, by its device's name.
    Bridge(String),
    /// The network that QEMU makes for a machine by itself, where the host offers none.
    User,
}

impl Resource for Network {
    const KIND: &'static str = "network";
}
