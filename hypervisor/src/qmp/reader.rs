//! Lines with an upper limit of length.

use base::{Code, Error, Result};
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// The longest line that is read, in bytes. The block graph of a machine with hundreds of
/// disks takes a few mebibytes; as JSON values in memory a line can take fifty times as much.
const LONGEST: usize = 8 << 20;

/// Reads lines from a stream.
pub(super) struct LineReader<R>(BufReader<R>);

impl<R: AsyncRead + Unpin> LineReader<R> {
    pub(super) fn new(read: R) -> Self {
        Self(BufReader::new(read))
    }

    /// The next line without its line feed; `None` at the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        loop {
            let chunk = match self.0.fill_buf().await {
                Ok(chunk) => chunk,
                // A reset is an end too: the process died with data on its way.
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => return Ok(None),
                Err(e) => return Err(Error::io("reading the QEMU monitor", e)),
            };
            if chunk.is_empty() {
                return Ok(None);
            }
            let end = chunk.iter().position(|b| *b == b'\n');
            line.extend_from_slice(&chunk[..end.unwrap_or(chunk.len())]);
            let used = end.map_or(chunk.len(), |e| e + 1);
            self.0.consume(used);
            if line.len() > LONGEST {
                let text = format!("the QEMU monitor sent a line of more than {LONGEST} bytes");
                return Err(Error::new(Code::ProtocolError, text));
            }
            if end.is_some() {
                return Ok(Some(line));
            }
        }
    }
}
