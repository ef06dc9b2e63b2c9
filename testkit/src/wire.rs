//! JSON lines over a unix socket with deadlines.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

pub(crate) struct Wire {
    stream: UnixStream,
    read: Vec<u8>,
}

impl Wire {
    pub(crate) fn connect(socket: &Path) -> Result<Self> {
        let stream = UnixStream::connect(socket)
            .with_context(|| format!("connecting to {}", socket.display()))?;
        Ok(Self {
            stream,
            read: Vec::new(),
        })
    }

    pub(crate) fn send(&mut self, bytes: &[u8], deadline: Instant) -> Result<()> {
        self.stream.set_write_timeout(Some(left(deadline)?))?;
        self.stream.write_all(bytes).context("sending")
    }

    /// The next line without its end.
    pub(crate) fn line(&mut self, deadline: Instant) -> Result<Vec<u8>> {
        loop {
            if let Some(end) = self.read.iter().position(|b| *b == b'\n') {
                let mut line: Vec<u8> = self.read.drain(..=end).collect();
                line.pop();
                return Ok(line);
            }
            self.stream.set_read_timeout(Some(left(deadline)?))?;
            let mut part = [0; 65536];
            match self.stream.read(&mut part) {
                Ok(0) => bail!("the other side closed the connection"),
                Ok(n) => self.read.extend_from_slice(&part[..n]),
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => bail!("no answer in time"),
                Err(e) => return Err(e).context("receiving"),
            }
        }
    }
}

fn left(deadline: Instant) -> Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    anyhow::ensure!(!left.is_zero(), "no answer in time");
    Ok(left)
}
