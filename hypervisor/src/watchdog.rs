//! The freeze watchdog: a process of its own that freezes and thaws a guest.
//!
//! It alone holds the agent's channel during a backup. It thaws when it is told to, when the
//! budget runs out (counted from the moment it *sends* the freeze), and when this process
//! dies or is stopped; and it goes on until the agent says `thawed` or the machine is off. It
//! also lets a machine's processors run again if this process dies while it holds them.
//!
//! It is this same program, started with the hidden word `freeze-watchdog`: its entry point
//! is [`main`].

mod keeper;
mod process;
mod protocol;
mod quiesce;
mod release;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use base::{Code, Error, Result};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::agent::AgentChannel;
use protocol::{Order, Report, Trouble, TroubleKind};

pub use process::main;
pub use protocol::ThawedBy;
pub(crate) use quiesce::{Quiescer, with_thaw};

/// The hidden word that makes the program the watchdog.
pub const SUBCOMMAND: &str = "freeze-watchdog";

/// How much longer than its own deadlines the watchdog may take to say something.
const SLACK: Duration = Duration::from_secs(10);

/// How long a thaw is waited for before it is reported as missing.
const THAW: Duration = Duration::from_secs(30);

/// The program that is started as the watchdog.
#[derive(Clone, Debug)]
pub struct WatchdogProgram {
    /// The program; `None` for the running one.
    pub program: Option<PathBuf>,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

impl Default for WatchdogProgram {
    fn default() -> Self {
        Self {
            program: None,
            arguments: vec![SUBCOMMAND.into()],
        }
    }
}

impl WatchdogProgram {
    /// The command that starts it, with pipes to write to it and to read from it.
    pub(crate) fn command(&self) -> Command {
        let mut command = match &self.program {
            Some(program) => Command::new(program),
            // That path also holds when the file was replaced since. A process is listed by the
            // name that it was started with.
            None => {
                let mut own = Command::new("/proc/self/exe");
                own.arg0("stillpoint");
                own
            }
        };
        command.args(&self.arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        command
    }

    /// How a message names it.
    pub(crate) fn name(&self) -> String {
        let named = self.program.as_ref().map(|p| p.display().to_string());
        named.unwrap_or_else(|| "(this program)".to_owned())
    }
}

/// A thaw that was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thaw {
    /// From the agent's answer to freeze to its answer to thaw.
    pub frozen: Duration,
    /// What made the watchdog thaw. Only after [`ThawedBy::Request`] is it certain that the
    /// file systems were frozen until the request.
    pub by: ThawedBy,
}

/// A running watchdog. When it is dropped, the process thaws what it froze, then ends.
#[derive(Debug)]
pub struct Watchdog {
    program: WatchdogProgram,
    channel: Option<AgentChannel>,
    link: Link,
}

/// The pipes to the process.
#[derive(Debug)]
struct Link {
    child: Child,
    orders: ChildStdin,
    reports: Lines<BufReader<ChildStdout>>,
}

impl Watchdog {
    /// Starts the process. Without a channel it only guards processors that are held.
    ///
    /// # Errors
    /// `Io` and the like if the program can't be started.
    pub async fn start(program: &WatchdogProgram, channel: Option<AgentChannel>) -> Result<Self> {
        let mut link = Link::start(program)?;
        link.send(&Order::Open {
            channel: channel.clone(),
        })
        .await?;
        Ok(Self {
            program: program.clone(),
            channel,
            link,
        })
    }

    /// The process id.
    #[must_use]
    pub fn process(&self) -> Option<u32> {
        self.link.child.id()
    }

    /// Asks whether the agent answers. Gives its version. A guest found frozen is thawed.
    ///
    /// # Errors
    /// `AgentUnavailable`, `AgentRefused`, `MachineVanished`.
    pub async fn probe(&mut self, timeout: Duration) -> Result<String> {
        self.link
            .send(&Order::Probe {
                timeout_ms: millis(timeout),
            })
            .await?;
        loop {
            match self.link.next(timeout + SLACK).await? {
                Report::Probed { version } => return Ok(version),
                Report::Failed { trouble } => return Err(trouble.into_error()),
                _ => {}
            }
        }
    }

    /// Freezes all file systems; `budget` counts from now on until the thaw.
    ///
    /// # Errors
    /// `FreezeFailed`, `AgentUnavailable`, `MachineVanished`. The watchdog is then seeing to
    /// it that the guest is thawed; [`Watchdog::settle`] waits for it.
    pub async fn freeze(&mut self, budget: Duration) -> Result<()> {
        self.link
            .send(&Order::Freeze {
                budget_ms: millis(budget),
            })
            .await?;
        loop {
            match self.link.next(budget + SLACK).await? {
                Report::Frozen { .. } => return Ok(()),
                Report::Failed { trouble } => {
                    let error = trouble.into_error();
                    return Err(match error.code() {
                        Code::AgentRefused | Code::Timeout => {
                            Error::new(Code::FreezeFailed, error.detail()).because(error)
                        }
                        _ => error,
                    });
                }
                _ => {}
            }
        }
    }

    /// Thaws. Gives how long the guest was frozen and why the thaw came.
    ///
    /// # Errors
    /// `ThawFailed` if no thaw is confirmed within 30 s; the watchdog goes on trying.
    /// `MachineVanished` if the machine is off.
    pub async fn thaw(&mut self) -> Result<Thaw> {
        // A watchdog that was killed is found out by its silence below.
        let sent = self.link.send(&Order::Thaw).await;
        match self.wait_thawed().await {
            Err(e) if e.code() == Code::Internal || sent.is_err() => {
                tracing::warn!(error = ?e, "the freeze watchdog is gone; starting another to thaw");
                self.link = Link::start(&self.program)?;
                self.link
                    .send(&Order::Open {
                        channel: self.channel.clone(),
                    })
                    .await?;
                self.link.send(&Order::Settle).await?;
                self.wait_thawed().await
            }
            other => other,
        }
    }

    /// Waits until the guest is known to be thawed after a failed freeze.
    ///
    /// # Errors
    /// As [`Watchdog::thaw`].
    pub async fn settle(&mut self) -> Result<()> {
        match self.thaw().await {
            Err(e) if e.code() == Code::MachineVanished => Ok(()),
            other => other.map(|_| ()),
        }
    }

    /// Says that the processors of the machine with this QEMU monitor are about to be
    /// stopped; if this process dies, the watchdog lets them run again. Returns once the
    /// watchdog knows.
    ///
    /// # Errors
    /// `Internal` if the watchdog is gone.
    pub async fn hold(&mut self, monitor: &Path) -> Result<()> {
        self.link
            .send(&Order::Hold {
                monitor: monitor.to_owned(),
            })
            .await?;
        loop {
            if matches!(self.link.next(SLACK).await?, Report::Holding) {
                return Ok(());
            }
        }
    }

    /// Says that the processors run again.
    ///
    /// # Errors
    /// `Internal` if the watchdog is gone.
    pub async fn released(&mut self) -> Result<()> {
        self.link.send(&Order::Released).await
    }

    async fn wait_thawed(&mut self) -> Result<Thaw> {
        let mut still = None;
        let wait = async {
            loop {
                match self.link.next(Duration::MAX).await? {
                    Report::Thawed { frozen_us, by } => {
                        return Ok(Thaw {
                            frozen: Duration::from_micros(frozen_us),
                            by,
                        });
                    }
                    Report::StillFrozen { trouble } if trouble.kind == TroubleKind::Off => {
                        return Err(trouble.into_error());
                    }
                    Report::StillFrozen { trouble } => {
                        tracing::error!(why = trouble.text, "the guest is not thawed yet");
                        still = Some(trouble);
                    }
                    _ => {}
                }
            }
        };
        match tokio::time::timeout(THAW, wait).await {
            Ok(thaw) => thaw,
            Err(_) => {
                let why = still.map_or_else(|| "no word from it".to_owned(), |t| t.text);
                let text = format!(
                    "no thaw within {} s; the watchdog goes on: {why}",
                    THAW.as_secs()
                );
                Err(Error::new(Code::ThawFailed, text))
            }
        }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl Link {
    fn start(with: &WatchdogProgram) -> Result<Self> {
        let what = || format!("starting the freeze watchdog {}", with.name());
        let child = with.command().spawn();
        let mut child = child.map_err(|e| Error::io(what(), e))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(orders), Some(stdout)) => Ok(Self {
                child,
                orders,
                reports: BufReader::new(stdout).lines(),
            }),
            _ => Err(Error::new(Code::Internal, format!("{}: no pipes", what()))),
        }
    }

    async fn send(&mut self, order: &Order) -> Result<()> {
        let line = order.line();
        let sent = async {
            self.orders.write_all(line.as_bytes()).await?;
            self.orders.flush().await
        };
        sent.await.map_err(|e| gone().because(e))
    }

    /// The next report. Cancel-safe.
    async fn next(&mut self, within: Duration) -> Result<Report> {
        let line = match tokio::time::timeout(within, self.reports.next_line()).await {
            Ok(Ok(Some(line))) => line,
            Ok(_) => return Err(gone()),
            Err(_) => {
                return Err(Error::new(
                    Code::AgentUnavailable,
                    format!(
                        "the freeze watchdog said nothing for {} s",
                        within.as_secs()
                    ),
                ));
            }
        };
        serde_json::from_str(&line).map_err(|e| {
            Error::new(
                Code::Internal,
                format!("the freeze watchdog said `{line}`: {e}"),
            )
        })
    }
}

fn gone() -> Error {
    Error::new(Code::Internal, "the freeze watchdog's process ended")
}

impl Trouble {
    fn into_error(self) -> Error {
        let code = match self.kind {
            TroubleKind::NoAnswer => Code::AgentUnavailable,
            TroubleKind::Slow => Code::Timeout,
            TroubleKind::Refused => Code::AgentRefused,
            TroubleKind::Off => Code::MachineVanished,
        };
        Error::new(code, self.text)
    }
}
