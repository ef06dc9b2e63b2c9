//! The agent's channel as a UNIX socket of QEMU.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use base::{Code, Error, Result};
use serde_json::{Value, json};

use super::AgentTransport;
use crate::unix::connect_at_once;
use crate::words::plain;

/// The longest answer that is read, in bytes. The list of an agent's commands takes some
/// kibibytes; as JSON values in memory an answer can take fifty times as much.
const LONGEST: usize = 1 << 20;

/// The byte that makes the agent forget half a command, and that it puts before its answer
/// to `guest-sync-delimited`.
const DELIMITER: u8 = 0xff;

/// A client of the socket. Each call first brings both sides in step, so that the late answer
/// to somebody's earlier command is never taken for its own.
#[derive(Debug)]
pub struct SocketTransport {
    path: PathBuf,
    open: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    stream: UnixStream,
    read: Vec<u8>,
}

impl SocketTransport {
    /// A client of the socket at `path`, not connected yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            open: None,
        }
    }

    /// A client of a channel that is connected, for fuzzing.
    pub(super) fn over(stream: UnixStream) -> Self {
        Self {
            open: Some(Connection {
                stream,
                read: Vec::new(),
            }),
            ..Self::new(Path::new("fuzz"))
        }
    }

    fn error(&self, code: Code, what: impl std::fmt::Display) -> Error {
        Error::new(code, format!("guest agent {}: {what}", self.path.display()))
    }

    fn connect(&self) -> Result<Connection> {
        let stream = connect_at_once(&self.path).map_err(|e| {
            let code = match e.kind() {
                ErrorKind::NotFound | ErrorKind::ConnectionRefused => Code::MachineVanished,
                ErrorKind::PermissionDenied => Code::HypervisorDenied,
                _ => Code::AgentUnavailable,
            };
            self.error(code, &e).because(e)
        })?;
        Ok(Connection {
            stream,
            read: Vec::new(),
        })
    }

    fn call_on(
        &self,
        on: &mut Connection,
        request: &Value,
        id: u64,
        until: Instant,
    ) -> Result<Value> {
        let sync = json!({ "execute": "guest-sync-delimited", "arguments": { "id": id } });
        let silent = |e: Trouble| match e {
            Trouble::Late => self.error(
                Code::AgentUnavailable,
                "no answer; it does not run, is busy, or another program holds the channel",
            ),
            Trouble::Closed => self.error(Code::AgentUnavailable, "the channel was closed"),
            Trouble::Other(e) => self.error(Code::AgentUnavailable, &e).because(e),
        };
        let mut bytes = vec![DELIMITER];
        bytes.extend(format!("{sync}\n").into_bytes());
        on.write(&bytes, until).map_err(silent)?;
        loop {
            on.read_until(DELIMITER, until).map_err(silent)?;
            let line = on.read_until(b'\n', until).map_err(silent)?;
            match serde_json::from_slice::<Value>(&line) {
                Ok(answer) if answer["return"] == id => break,
                _ => {}
            }
        }
        let name = &request["execute"];
        on.write(format!("{request}\n").as_bytes(), until)
            .map_err(silent)?;
        let line = on.read_until(b'\n', until).map_err(|e| match e {
            Trouble::Late => self.error(Code::Timeout, format!("no answer to {name} in time")),
            other => silent(other),
        })?;
        let mut answer: Value = serde_json::from_slice(&line).map_err(|e| {
            self.error(
                Code::ProtocolError,
                format!("answer to {name} is not JSON: {e}"),
            )
        })?;
        match answer.get("error") {
            Some(error) => {
                let text = plain(error["desc"].as_str().unwrap_or("(no text)"));
                Err(self.error(Code::AgentRefused, format!("{name}: {text}")))
            }
            // Not by index, which panics on what is no object.
            None => Ok(answer
                .get_mut("return")
                .map(Value::take)
                .unwrap_or_default()),
        }
    }
}

impl AgentTransport for SocketTransport {
    fn call(&mut self, request: &Value, timeout: Duration) -> Result<Value> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let id = u64::from(std::process::id()) << 24 | NEXT.fetch_add(1, Ordering::Relaxed);
        self.call_numbered(request, id, timeout)
    }

    fn close(&mut self) {
        self.open = None;
    }
}

impl SocketTransport {
    /// A call that brings both sides in step by the number `id`.
    pub(super) fn call_numbered(
        &mut self,
        request: &Value,
        id: u64,
        timeout: Duration,
    ) -> Result<Value> {
        let until = Instant::now() + timeout;
        let mut connection = match self.open.take() {
            Some(open) => open,
            None => self.connect()?,
        };
        let answer = self.call_on(&mut connection, request, id, until);
        // After any other error an answer may be on its way.
        let in_step = match &answer {
            Ok(_) => true,
            Err(e) => e.code() == Code::AgentRefused,
        };
        if in_step {
            self.open = Some(connection);
        }
        answer
    }
}

enum Trouble {
    Late,
    Closed,
    Other(std::io::Error),
}

impl From<std::io::Error> for Trouble {
    fn from(e: std::io::Error) -> Self {
        match e.kind() {
            ErrorKind::WouldBlock | ErrorKind::TimedOut => Self::Late,
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => Self::Closed,
            _ => Self::Other(e),
        }
    }
}

/// The time until `until`; no time is an error, as sockets take zero for no limit.
fn left(until: Instant) -> Result<Duration, Trouble> {
    let left = until.saturating_duration_since(Instant::now());
    if left.is_zero() {
        Err(Trouble::Late)
    } else {
        Ok(left)
    }
}

impl Connection {
    fn write(&mut self, bytes: &[u8], until: Instant) -> Result<(), Trouble> {
        self.stream.set_write_timeout(Some(left(until)?))?;
        Ok(self.stream.write_all(bytes)?)
    }

    /// What comes before the next `end`, without it.
    fn read_until(&mut self, end: u8, until: Instant) -> Result<Vec<u8>, Trouble> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.read[searched..].iter().position(|b| *b == end) {
                let mut line: Vec<u8> = self.read.drain(..=searched + at).collect();
                line.pop();
                return Ok(line);
            }
            searched = self.read.len();
            if searched > LONGEST {
                let text = format!("an answer of more than {LONGEST} bytes");
                return Err(Trouble::Other(std::io::Error::other(text)));
            }
            self.stream.set_read_timeout(Some(left(until)?))?;
            let mut chunk = [0; 4096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(Trouble::Closed),
                Ok(n) => self.read.extend_from_slice(&chunk[..n]),
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests;
