//! The client: connecting, and what the export is.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Result, ResultExt};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::Mutex;

use super::connection::Connection;
use super::negotiate::{Export, negotiate};
use super::wire;
use crate::source::check_range;
use crate::{Extent, ExtentSet, NbdAddress};

/// How long the handshake may take; a server may be opening a large image meanwhile.
const HANDSHAKE: Duration = Duration::from_secs(60);

/// A connection to one export of an NBD server.
///
/// Any number of calls may run at the same time; they share the connection, on which up to
/// 64 requests are in flight. Dropping the future of a call is safe at any moment: the
/// connection stays in order, and a write so dropped may or may not happen. Dropping the
/// client closes the connection at once.
#[derive(Debug)]
pub struct NbdClient {
    pub(super) connection: Connection,
    pub(super) export: Export,
    name: String,
    /// Held by writes that are smaller than a block, which are read and written back.
    pub(super) patching: Arc<Mutex<()>>,
}

impl NbdClient {
    /// Connects to `export` and asks for the metadata context `base:allocation` and those
    /// in `contexts` (such as `qemu:dirty-bitmap:NAME`). That the server grants them is to
    /// be asked of [`Self::has_context`].
    ///
    /// # Errors
    /// `FileNotFound` (no such socket or export), `FileAccessDenied` (the socket, or TLS is
    /// demanded), `NbdDisconnected` (nobody listens, or the server went away),
    /// `ProtocolError`, `BadArgument` (a name over 4096 bytes), `Timeout` after 60 seconds.
    pub async fn connect(address: &NbdAddress, export: &str, contexts: &[&str]) -> Result<Self> {
        let name = match export {
            "" => format!("{address}"),
            export => format!("{export} at {address}"),
        };
        let refused = |e: std::io::Error| match e.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                let detail = format!("{name}: nobody listens there");
                Error::new(Code::NbdDisconnected, detail).because(e)
            }
            _ => Error::io(format!("{name}: connecting"), e),
        };
        match address {
            NbdAddress::Unix(path) => {
                let stream = UnixStream::connect(path).await.map_err(refused)?;
                Self::over_unix(stream, &name, export, contexts).await
            }
            NbdAddress::Tcp(host, port) => {
                let address = (host.as_str(), *port);
                let mut stream = TcpStream::connect(address).await.map_err(refused)?;
                stream.set_nodelay(true).map_err(refused)?;
                let agreed = handshake(&mut stream, &name, export, contexts).await?;
                let (read, write) = stream.into_split();
                Ok(Self::start(read, write, agreed, name.clone()))
            }
        }
    }

    /// As [`Self::connect`], over a stream that is connected already; `name` is for errors.
    pub(crate) async fn over_unix(
        mut stream: UnixStream,
        name: &str,
        export: &str,
        contexts: &[&str],
    ) -> Result<Self> {
        let agreed = handshake(&mut stream, name, export, contexts).await?;
        let (read, write) = stream.into_split();
        Ok(Self::start(read, write, agreed, name.to_owned()))
    }

    pub(super) fn start<R, W>(read: R, write: W, export: Export, name: String) -> Self
    where
        R: AsyncRead + Send + Unpin + 'static,
        W: AsyncWrite + Send + Unpin + 'static,
    {
        tracing::debug!(name, ?export, "connected to an NBD server");
        Self {
            connection: Connection::start(read, write, export.structured),
            export,
            name,
            patching: Arc::default(),
        }
    }

    /// Whether the server granted the metadata context.
    #[must_use]
    pub fn has_context(&self, context: &str) -> bool {
        self.context(context).is_some()
    }

    pub(super) fn context(&self, context: &str) -> Option<u32> {
        let found = self
            .export
            .contexts
            .iter()
            .find(|(name, _)| name == context);
        found.map(|(_, id)| *id)
    }

    /// Whether the export can't be written.
    #[must_use]
    pub fn read_only(&self) -> bool {
        self.export.flags & wire::FLAG_READ_ONLY != 0
    }

    /// Whether [`crate::BlockSource::release`] has an effect: the export is writable and discards.
    #[must_use]
    pub fn can_release(&self) -> bool {
        !self.read_only() && self.has(wire::FLAG_SEND_TRIM)
    }

    pub(super) fn has(&self, flag: u16) -> bool {
        self.export.flags & flag != 0
    }

    /// The dirty bytes by a `qemu:dirty-bitmap:NAME` context, over the whole disk.
    /// Cost: a request for every 1 GiB, or more if the server answers in parts.
    ///
    /// # Errors
    /// `BadArgument` if the server did not grant `context`; else those of a request
    /// (`Io`, `NbdDisconnected`, `ProtocolError`).
    pub async fn dirty(&self, context: &str) -> Result<ExtentSet> {
        let Some(id) = self.context(context) else {
            let detail = format!("{}: the server does not offer {context:?}", self.name);
            return Err(Error::new(Code::BadArgument, detail));
        };
        let whole = Extent::new(0, self.export.size);
        let dirty = |flags| flags & wire::STATE_DIRTY != 0;
        let runs = self.flags(id, whole, dirty).await?;
        let dirty = runs.into_iter().filter(|(_, dirty)| *dirty);
        Ok(dirty.map(|(extent, _)| extent).collect())
    }

    /// Waits for the requests in flight, says good-bye, and waits up to 5 seconds for the
    /// server to close its end. Does not flush.
    ///
    /// # Errors
    /// `NbdDisconnected` or `ProtocolError` if the connection was lost before.
    pub async fn close(self) -> Result<()> {
        self.disconnect().await
    }

    /// [`Self::close`] for a client that is shared; later calls fail.
    ///
    /// # Errors
    /// As [`Self::close`].
    pub async fn disconnect(&self) -> Result<()> {
        self.connection.disconnect().await.during(&self.name)
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// `range` grown to the server's smallest block.
    pub(super) fn aligned(&self, range: Extent) -> Extent {
        let unit = u64::from(self.export.min_block);
        let start = range.offset / unit * unit;
        let end = range.end().next_multiple_of(unit);
        Extent::new(start, end.min(self.export.size.max(range.end())) - start)
    }

    /// The whole blocks inside `range`; may be empty.
    pub(super) fn blocks_inside(&self, range: Extent) -> Extent {
        let unit = u64::from(self.export.min_block);
        let start = range.offset.next_multiple_of(unit).min(range.end());
        // The disk's last block may be short.
        let end = if range.end() == self.export.size {
            range.end()
        } else {
            (range.end() / unit * unit).max(start)
        };
        Extent::new(start, end - start)
    }

    pub(super) fn check(&self, offset: u64, len: u64) -> Result<()> {
        check_range(&self.name, self.export.size, offset, len)
    }

    pub(super) fn check_writable(&self) -> Result<()> {
        if !self.read_only() {
            return Ok(());
        }
        let detail = format!("{}: the export is read-only", self.name);
        Err(Error::new(Code::FileAccessDenied, detail))
    }
}

async fn handshake<S>(stream: &mut S, name: &str, export: &str, asked: &[&str]) -> Result<Export>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if [export]
        .iter()
        .chain(asked)
        .any(|n| n.len() > wire::MAX_NAME)
    {
        let detail = "a name of an export or context is longer than 4096 bytes";
        return Err(Error::new(Code::BadArgument, detail));
    }
    match tokio::time::timeout(HANDSHAKE, negotiate(stream, export, asked)).await {
        Ok(agreed) => agreed.during(name),
        Err(e) => {
            let detail = format!("{name}: no NBD handshake within {} s", HANDSHAKE.as_secs());
            Err(Error::new(Code::Timeout, detail).because(e))
        }
    }
}
