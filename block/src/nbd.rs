//! NBD: a client for the fixed newstyle protocol with structured replies, block status and
//! dirty-bitmap contexts, many requests in flight on one connection.
//!
//! `wire` knows the bytes, `negotiate` the handshake, `reply` puts one reply together,
//! `connection` runs the tasks that write requests and read replies (`replies`) and matches
//! them (`table`), `client`, `requests`, `status` and `disk` are the interface. A server is not trusted: it can make requests fail, and give wrong data, but
//! not make this side panic, use unbounded memory, or take a part of a read for the whole.

mod client;
mod connection;
mod disk;
mod negotiate;
mod replies;
mod reply;
mod requests;
mod status;
mod table;
mod wire;

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

/// Reads `data` as a server's replies to a read, a block status request and a flush (of
/// cookies 0 to 2), and gives how many of them were answered. For fuzzing: no input may
/// make it panic. The first byte's lowest bit chooses structured replies.
#[must_use]
pub fn fuzz_reply(data: &[u8]) -> usize {
    match data.split_first() {
        Some((choice, data)) => replies::replay(data, choice & 1 == 1),
        None => 0,
    }
}

/// Reads `data` as a server's side of the handshake, and says whether it succeeded. For
/// fuzzing: no input may make it panic.
#[must_use]
pub fn fuzz_handshake(data: &[u8]) -> bool {
    let mut stream = tokio::io::join(data, tokio::io::sink());
    let run = negotiate::negotiate(&mut stream, "disk", &["qemu:dirty-bitmap:b"]);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    // Memory never makes a reader wait, so that one poll runs to its end.
    match std::pin::pin!(run).poll(&mut context) {
        std::task::Poll::Ready(result) => result.is_ok(),
        std::task::Poll::Pending => false,
    }
}
