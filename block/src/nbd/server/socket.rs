//! The socket: private from its first moment, removed when done.

use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener as StdListener;
use std::os::unix::net::UnixStream as StdStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base::{Code, Error, Result};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use tokio::net::{UnixListener, UnixStream};

/// Clients that may wait to be accepted.
const WAITING: i32 = 64;

/// A listening socket; its file is removed with it.
#[derive(Debug)]
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Device and inode: another's file of the same name is left alone.
    file: (u64, u64),
}

impl Socket {
    pub(super) fn bind(path: &Path) -> Result<Self> {
        let io = |e: std::io::Error| Error::io(path.display(), e);
        let address = SocketAddrUnix::new(path).map_err(|e| {
            let detail = format!("{} is too long for a socket's path", path.display());
            Error::new(Code::BadArgument, detail).because(e)
        })?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(|e| io(e.into()))?;
        match rustix::net::bind(&socket, &address) {
            Err(Errno::ADDRINUSE) if is_left_over(path) => {
                std::fs::remove_file(path).map_err(io)?;
                rustix::net::bind(&socket, &address).map_err(|e| io(e.into()))?;
            }
            Err(Errno::ADDRINUSE) => {
                let detail = format!("{} exists", path.display());
                return Err(Error::new(Code::TargetExists, detail));
            }
            done => done.map_err(|e| io(e.into()))?,
        }
        match Self::listen(socket, path) {
            Ok(socket) => Ok(socket),
            Err(e) => {
                let _ = std::fs::remove_file(path);
                Err(io(e))
            }
        }
    }

    /// Nobody can connect before this, so that the mode counts from the first.
    fn listen(socket: OwnedFd, path: &Path) -> std::io::Result<Self> {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
        let meta = std::fs::symlink_metadata(path)?;
        rustix::net::listen(&socket, WAITING)?;
        Ok(Self {
            listener: UnixListener::from_std(StdListener::from(socket))?,
            path: path.to_owned(),
            file: (meta.dev(), meta.ino()),
        })
    }

    /// The next client. Cancel-safe.
    ///
    /// # Errors
    /// Those of the socket; that a client left again, or that files run out for a moment, is none.
    pub(super) async fn accept(&self) -> Result<UnixStream> {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => return Ok(stream),
                Err(e) => match e.raw_os_error().map(Errno::from_raw_os_error) {
                    Some(Errno::CONNABORTED) => {}
                    Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS) => {
                        tracing::warn!(error = %e, "an NBD client has to wait");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                    _ => return Err(Error::io(self.path.display(), e)),
                },
            }
        }
    }
}

/// Whether a server that is no more left this socket: nobody listens.
fn is_left_over(path: &Path) -> bool {
    let is_socket = std::fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_socket());
    let refused = |e: std::io::Error| e.kind() == std::io::ErrorKind::ConnectionRefused;
    is_socket && StdStream::connect(path).err().is_some_and(refused)
}

impl Drop for Socket {
    fn drop(&mut self) {
        let own = |m: std::fs::Metadata| (m.dev(), m.ino()) == self.file;
        if std::fs::symlink_metadata(&self.path).is_ok_and(own) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
