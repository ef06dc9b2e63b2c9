//! NBD, the fixed newstyle protocol with structured replies and block status: a client, with
//! dirty-bitmap contexts and many requests in flight on one connection; and a server of one
//! disk, read-only.
//!
//! `wire` knows the bytes, `negotiate` the handshake, `reply` puts one reply together,
//! `connection` runs the tasks that write requests and read replies (`replies`) and matches
//! them (`table`), `client`, `requests`, `status` and `disk` are the interface. A server is
//! not trusted: it can make requests fail, and give wrong data, but not make this side panic,
//! wait without end, use unbounded memory, or take a part of a read for the whole. Nor is a client trusted by
//! `server`: it can spoil only its own connection.

mod client;
mod connection;
mod disk;
pub(crate) mod fuzz;
mod negotiate;
mod replies;
mod reply;
mod requests;
mod server;
mod status;
mod table;
mod wire;

use std::fmt;
use std::path::PathBuf;

pub use client::NbdClient;
pub use server::NbdServer;

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
