//! The QEMU Machine Protocol: one JSON object a line over a UNIX socket.
//!
//! The client knows no list of commands or events, so a newer QEMU's additions do no harm:
//! answers and events are raw JSON values, and what is not understood is passed over.

pub(crate) mod fuzz;
mod message;
mod reader;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Code, Error, Result};
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{broadcast, oneshot};

pub use message::{Event, Message, parse, request};
use reader::LineReader;

/// How long QEMU may take to greet a client. A monitor serves one client at a time and
/// leaves others waiting without a word, so silence means that it is taken.
const GREETING: Duration = Duration::from_secs(5);

/// The longest event that is kept for those who listen, in bytes. QEMU's have a few hundred;
/// 256 are kept.
const MAX_EVENT: usize = 64 << 10;

/// How long a command may take unless the caller says otherwise. `stop` flushes all disks,
/// which can take long on a busy host.
const COMMAND: Duration = Duration::from_secs(60);

/// A connection to one monitor. Clones share it; it closes when the last one goes.
#[derive(Clone)]
pub struct Qmp {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    process: Option<i32>,
    writer: tokio::sync::Mutex<OwnedWriteHalf>,
    waiting: Arc<Mutex<Waiting>>,
    events: broadcast::Sender<Event>,
    next: AtomicU64,
    reader: tokio::task::AbortHandle,
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Commands whose answer has not come.
#[derive(Default)]
struct Waiting {
    answers: HashMap<u64, oneshot::Sender<Result<Value, message::Failure>>>,
    closed: bool,
}

impl Qmp {
    /// Connects to the monitor at `path` and leaves negotiation mode.
    ///
    /// # Errors
    /// `HypervisorUnavailable` if the socket is absent, refuses, or stays silent (a monitor
    /// serves one client at a time); `HypervisorDenied` if the system denies access;
    /// `ProtocolError` if what answers is not QEMU.
    pub async fn connect(path: &Path) -> Result<Self> {
        let what = || format!("QEMU monitor {}", path.display());
        let stream = UnixStream::connect(path).await.map_err(|e| {
            let code = match e.kind() {
                std::io::ErrorKind::PermissionDenied => Code::HypervisorDenied,
                _ => Code::HypervisorUnavailable,
            };
            Error::new(code, format!("{}: {e}", what())).because(e)
        })?;
        let process = stream.peer_cred().ok().and_then(|c| c.pid());
        let (read, write) = stream.into_split();
        let mut lines = LineReader::new(read);
        let greeting = tokio::time::timeout(GREETING, lines.next()).await.map_err(|_| {
            Error::new(
                Code::HypervisorUnavailable,
                format!(
                    "{} accepts the connection but stays silent for {} s: another program holds \
                     this monitor, which serves one client at a time",
                    what(),
                    GREETING.as_secs()
                ),
            )
        })?;
        match greeting
            .map_err(|e| e.during(what()))?
            .as_deref()
            .map(parse)
            .transpose()?
        {
            Some(Message::Greeting) => {}
            None => {
                return Err(Error::new(
                    Code::HypervisorUnavailable,
                    format!("{} closed the connection", what()),
                ));
            }
            Some(_) => {
                return Err(Error::new(
                    Code::ProtocolError,
                    format!("{} did not greet as QEMU does", what()),
                ));
            }
        }
        let waiting = Arc::new(Mutex::new(Waiting::default()));
        let (events, _) = broadcast::channel(256);
        let task = tokio::spawn(read_all(
            lines,
            waiting.clone(),
            events.clone(),
            path.to_owned(),
        ));
        let client = Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                process,
                writer: tokio::sync::Mutex::new(write),
                waiting,
                events,
                next: AtomicU64::new(1),
                reader: task.abort_handle(),
            }),
        };
        client.execute("qmp_capabilities", Value::Null).await?;
        Ok(client)
    }

    /// The process id of the QEMU behind the socket, as the kernel tells it.
    #[must_use]
    pub fn process(&self) -> Option<i32> {
        self.shared.process
    }

    /// Events from now on. A receiver that falls 256 events behind loses the oldest.
    #[must_use]
    pub fn events(&self) -> broadcast::Receiver<Event> {
        self.shared.events.subscribe()
    }

    /// Whether the connection has ended.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.waiting().closed
    }

    /// Executes one command; `arguments` is an object or null. Dropping the future gives up
    /// the answer, not the command.
    ///
    /// # Errors
    /// `HypervisorError` with QEMU's own words (`HypervisorDenied` where they say that the
    /// system denied access), `MachineVanished` if the connection ends,
    /// `HypervisorUnavailable` if no answer comes within 60 s.
    pub async fn execute(&self, command: &str, arguments: Value) -> Result<Value> {
        let mut answers = self.batch(&[(command, arguments)]).await?;
        answers.pop().unwrap_or(Ok(Value::Null))
    }

    /// Executes commands in one write, so that QEMU goes through all of them in order even
    /// if this process is stopped right after. A failing one does not keep QEMU from those
    /// after it. The answers are in the order of the commands.
    ///
    /// # Errors
    /// `MachineVanished`, `HypervisorUnavailable` for the batch; as [`Qmp::execute`] for each
    /// command.
    pub async fn batch(&self, commands: &[(&str, Value)]) -> Result<Vec<Result<Value>>> {
        let mut bytes = Vec::new();
        let mut receivers = Vec::new();
        {
            let mut waiting = self.waiting();
            if waiting.closed {
                return Err(self.vanished());
            }
            for (command, arguments) in commands {
                let id = self.shared.next.fetch_add(1, Ordering::Relaxed);
                bytes.extend(request(id, command, arguments));
                let (send, receive) = oneshot::channel();
                waiting.answers.insert(id, send);
                receivers.push((*command, receive));
            }
        }
        let work = async {
            self.shared
                .writer
                .lock()
                .await
                .write_all(&bytes)
                .await
                .map_err(|_| self.vanished())?;
            let mut answers = Vec::with_capacity(receivers.len());
            for (command, receive) in receivers {
                let answer = receive.await.map_err(|_| self.vanished())?;
                answers.push(answer.map_err(|f| f.into_error(command)));
            }
            Ok(answers)
        };
        tokio::time::timeout(COMMAND, work).await.map_err(|_| {
            Error::new(
                Code::HypervisorUnavailable,
                format!(
                    "QEMU at {} did not answer `{}` within {} s",
                    self.shared.path.display(),
                    commands.first().map_or("", |c| c.0),
                    COMMAND.as_secs()
                ),
            )
        })?
    }

    fn vanished(&self) -> Error {
        Error::new(
            Code::MachineVanished,
            format!("QEMU closed its monitor {}", self.shared.path.display()),
        )
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.shared
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Qmp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Qmp")
            .field("path", &self.shared.path)
            .finish_non_exhaustive()
    }
}

async fn read_all(
    mut lines: LineReader<OwnedReadHalf>,
    waiting: Arc<Mutex<Waiting>>,
    events: broadcast::Sender<Event>,
    path: PathBuf,
) {
    loop {
        let (len, message) = match lines.next().await {
            Ok(Some(line)) => (line.len(), parse(&line)),
            Ok(None) => break,
            Err(e) => (0, Err(e)),
        };
        let (id, answer) = match message {
            Ok(Message::Return { id, value }) => (id, Ok(value)),
            Ok(Message::Failed { id, failure }) => (id, Err(failure)),
            Ok(Message::Event(event)) if len > MAX_EVENT => {
                tracing::warn!(event.name, len, path = %path.display(), "passed over an event");
                continue;
            }
            Ok(Message::Event(event)) => {
                // No receiver is no error: nobody wants events now.
                let _ = events.send(event);
                continue;
            }
            Ok(Message::Greeting | Message::Unknown) => continue,
            Err(e) => {
                tracing::warn!(error = ?e, path = %path.display(), "left the QEMU monitor");
                break;
            }
        };
        let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(send) = id.and_then(|id| waiting.answers.remove(&id)) {
            let _ = send.send(answer);
        }
    }
    let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    waiting.closed = true;
    waiting.answers.clear();
}

#[cfg(test)]
mod tests;
