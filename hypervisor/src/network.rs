//! The network that a restored machine is put in (RESTORE-2).

use std::fmt;

/// What every network card of a restored machine is connected to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NetworkTarget {
    /// A network of libvirt, by its name.
    Network(String),
    /// A bridge of the host, by its device's name.
    Bridge(String),
    /// The network that QEMU makes for a machine by itself. Ports that it forwarded from its
    /// host are not taken over: another machine may have them.
    User,
}

impl fmt::Display for NetworkTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(name) => write!(f, "network {name}"),
            Self::Bridge(name) => write!(f, "bridge {name}"),
            Self::User => f.write_str("QEMU's own network"),
        }
    }
}
