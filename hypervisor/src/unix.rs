//! Connecting to a Unix socket without waiting.

use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;

use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// Connects at once or fails. QEMU's sockets serve one client at a time and let few others
/// queue: the usual way would wait for as long as the queue is full, deaf to every limit.
///
/// # Errors
/// `WouldBlock` while the queue is full; `NotFound`, `ConnectionRefused` and so on.
pub(crate) fn connect_at_once(path: &Path) -> io::Result<UnixStream> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false)?;
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use rustix::net::{bind, listen};

    use super::*;

    #[test]
    fn a_full_queue_is_an_error_and_not_a_wait() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("socket");
        assert_eq!(
            connect_at_once(&path).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
        let flags = SocketFlags::CLOEXEC;
        let server = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None).unwrap();
        bind(&server, &SocketAddrUnix::new(&path).unwrap()).unwrap();
        assert_eq!(
            connect_at_once(&path).unwrap_err().kind(),
            io::ErrorKind::ConnectionRefused
        );
        listen(&server, 1).unwrap();
        let mut waiting = Vec::new();
        let full = loop {
            match connect_at_once(&path) {
                Ok(stream) => waiting.push(stream),
                Err(e) => break e,
            }
            assert!(waiting.len() < 100);
        };
        assert!(!waiting.is_empty());
        assert_eq!(full.kind(), io::ErrorKind::WouldBlock);
    }
}
