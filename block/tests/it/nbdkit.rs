//! A running nbdkit.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base::Result;
use block::{NbdAddress, NbdClient};

pub(crate) struct Nbdkit {
    child: Child,
    socket: PathBuf,
    _folder: tempfile::TempDir,
}

impl Nbdkit {
    /// Starts `nbdkit` with these arguments on a Unix socket.
    pub(crate) fn start(args: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("nbd");
        let child = Command::new("nbdkit")
            .args(["--foreground", "--exit-with-parent", "--unix"])
            .arg(&socket)
            .args(args)
            .stderr(Stdio::null())
            .spawn()
            .expect("nbdkit is needed: package nbdkit");
        Self {
            child,
            socket,
            _folder: folder,
        }
    }

    pub(crate) fn address(&self) -> NbdAddress {
        NbdAddress::Unix(self.socket.clone())
    }

    /// Connects as soon as it listens.
    pub(crate) async fn connect(&self) -> NbdClient {
        self.try_connect().await.unwrap()
    }

    pub(crate) async fn try_connect(&self) -> Result<NbdClient> {
        for _ in 0..500 {
            if std::os::unix::net::UnixStream::connect(&self.socket).is_ok() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        NbdClient::connect(&self.address(), "", &[]).await
    }

    /// Kills it by force.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Nbdkit {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
