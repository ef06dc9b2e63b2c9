//! The server: one disk, read-only, for any number of clients on a Unix socket.

mod handshake;
mod session;
mod socket;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Result, ResultExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::BlockSource;
use socket::Socket;

/// How long a client may take for the handshake.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// The most clients' connections at a time; more are turned away.
const CONNECTIONS: usize = 64;

/// A disk that is offered.
#[derive(Debug)]
pub(super) struct Export {
    pub(super) name: String,
    pub(super) source: Arc<dyn BlockSource>,
}

/// A server of one disk, read-only, on a Unix socket that only its owner may connect to.
///
/// It speaks the fixed newstyle handshake with structured replies and `base:allocation`,
/// answers many requests of a connection at the same time, and allows many connections. A
/// connection holds at most 32 MiB for replies. The export goes by its name and by the empty
/// name. Without TLS.
#[derive(Debug)]
pub struct NbdServer {
    socket: Socket,
    export: Arc<Export>,
}

impl NbdServer {
    /// Listens on a new socket at `path`, of mode 600. Clients wait until [`Self::serve`]. A
    /// socket that a killed server left is replaced. Needs a tokio runtime.
    ///
    /// # Errors
    /// `TargetExists` (something else is there, or somebody listens), `BadArgument` (the path
    /// is longer than a socket's may be, the name longer than 4096 bytes), `FileNotFound`,
    /// `FileAccessDenied`, `Io`.
    pub fn bind(path: &Path, name: &str, source: Arc<dyn BlockSource>) -> Result<Self> {
        if name.len() > super::wire::MAX_NAME {
            let detail = "an export's name is longer than 4096 bytes";
            return Err(Error::new(Code::BadArgument, detail));
        }
        let name = name.to_owned();
        Ok(Self {
            socket: Socket::bind(path)?,
            export: Arc::new(Export { name, source }),
        })
    }

    /// Serves clients until `stop` is done, then closes all connections and removes the
    /// socket. What a client does wrong, or its going away, costs only its own connection.
    /// Cancel-safe: dropping it does what `stop` does.
    ///
    /// # Errors
    /// Those of the socket.
    pub async fn serve(self, stop: impl Future<Output = ()>) -> Result<()> {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let stream = tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                _ = connections.join_next(), if !connections.is_empty() => continue,
                stream = self.socket.accept() => stream?,
            };
            let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
                tracing::warn!("an NBD client is turned away: there are {CONNECTIONS}");
                continue;
            };
            let export = Arc::clone(&self.export);
            connections.spawn(async move {
                let (read, write) = stream.into_split();
                if let Err(error) = serve_client(read, write, &export).await {
                    tracing::warn!(disk = export.name, %error, "an NBD connection ended");
                }
                drop(place);
            });
        }
    }
}

/// Serves one client until it ends, whether in good order or not.
///
/// # Errors
/// `Timeout` (the handshake), `ProtocolError`.
pub(super) async fn serve_client<R, W>(read: R, write: W, export: &Arc<Export>) -> Result<()>
where
    R: AsyncRead + Send + Unpin,
    W: AsyncWrite + Send + Unpin + 'static,
{
    let mut stream = tokio::io::join(tokio::io::BufReader::new(read), write);
    let agreed = tokio::time::timeout(HANDSHAKE, handshake::agree(&mut stream, export)).await;
    let late = |e| {
        let detail = format!("no NBD handshake within {} s", HANDSHAKE.as_secs());
        Error::new(Code::Timeout, detail).because(e)
    };
    match agreed.map_err(late)?.during("the handshake")? {
        Some(agreed) => {
            let (read, write) = stream.into_inner();
            session::serve(read, write, agreed, export).await
        }
        None => Ok(()),
    }
}

/// Whether a stream's end means only that the client went away; else it broke the protocol.
fn gone(e: &std::io::Error) -> bool {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset, UnexpectedEof, WriteZero};
    matches!(
        e.kind(),
        BrokenPipe | ConnectionReset | UnexpectedEof | WriteZero
    )
}
