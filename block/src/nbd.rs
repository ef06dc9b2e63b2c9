//! NBD: the client.

mod client;

use std::fmt;
use std::path::PathBuf;

pub use client::NbdClient;

/// Where an NBD server listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NbdAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A host name or address, and a port. The connection is not encrypted.
    Tcp(String, u16),
}

impl fmt::Display for NbdAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "{}", path.display()),
            Self::Tcp(host, port) => write!(f, "{host}:{port}"),
        }
    }
}
