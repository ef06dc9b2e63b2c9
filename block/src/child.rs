//! A server process that does not outlive us, and says why it ended.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitStatus, Stdio};

use base::{Error, Result};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::sync::{oneshot, watch};

use crate::tool;

/// The most of its words that is kept.
const MAX_WORDS: usize = 16 << 10;

/// How a process ended.
#[derive(Clone, Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What it printed to standard error.
    pub(crate) words: String,
}

/// A running process. Dropping it sends it a signal; it is reaped in any case.
///
/// A thread of its own starts the process, reads its words and reaps it. It lives as long
/// as the process, because Linux sends the signal of a parent's death when the thread
/// ends that started the child.
#[derive(Debug)]
pub(crate) struct Child {
    pidfd: rustix::fd::OwnedFd,
    ended: watch::Receiver<Option<Ended>>,
    on_drop: Signal,
}

impl Child {
    /// Starts `command`, whose standard error is taken. `on_drop` is the signal sent when
    /// this is dropped.
    pub(crate) async fn start(mut command: Command, on_drop: Signal) -> Result<Self> {
        let program = command.get_program().to_string_lossy().into_owned();
        // Not in the terminal's group: an interrupt is for us, and we end it in order.
        command.stderr(Stdio::piped()).process_group(0);
        let (tell_end, ended) = watch::channel(None);
        let (tell_start, started) = oneshot::channel();
        let thread = std::thread::Builder::new().name(program.clone());
        let spawned = thread.spawn(move || {
            let child = command.spawn();
            // Its copies of the descriptors, so that only the process holds them now.
            drop(command);
            let (child, pidfd) = match child.and_then(with_pidfd) {
                Ok(both) => both,
                Err(e) => {
                    let _ = tell_start.send(Err(e));
                    return;
                }
            };
            // Nobody waits any more if the start was given up; then the handle that comes
            // back is dropped, and with it the process is ended.
            let unwanted = tell_start.send(Ok(pidfd)).err().and_then(Result::ok);
            if let Some(pidfd) = unwanted {
                let _ = pidfd_send_signal(&pidfd, on_drop);
            }
            let end = reap(child);
            let _ = tell_end.send(
                end.map_err(|e| {
                    tracing::error!(error = %e, "waiting for a process failed");
                })
                .ok(),
            );
        });
        spawned.map_err(|e| Error::io("starting a thread", e))?;
        match started.await {
            Ok(Ok(pidfd)) => Ok(Self {
                pidfd,
                ended,
                on_drop,
            }),
            Ok(Err(e)) => Err(tool::not_started(&program, e)),
            Err(_) => Err(Error::new(
                base::Code::Internal,
                format!("the thread that starts {program} ended"),
            )),
        }
    }

    /// Waits until it has ended; `None` if that could not be learned. Cancel-safe.
    pub(crate) async fn ended(&self) -> Option<Ended> {
        let mut ended = self.ended.clone();
        let end = ended.wait_for(Option::is_some).await;
        end.ok().and_then(|end| end.clone())
    }

    /// Sends it a signal; nothing happens if it has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.signal(self.on_drop);
    }
}

fn with_pidfd(
    mut child: std::process::Child,
) -> std::io::Result<(std::process::Child, rustix::fd::OwnedFd)> {
    match pidfd_open(Pid::from_child(&child), PidfdFlags::empty()) {
        Ok(pidfd) => Ok((child, pidfd)),
        Err(e) => {
            child.kill()?;
            child.wait()?;
            Err(e.into())
        }
    }
}

/// Reads all it prints, keeping the first part, and waits for its end.
fn reap(mut child: std::process::Child) -> std::io::Result<Ended> {
    let mut words = Vec::new();
    if let Some(stderr) = child.stderr.take() {
        let mut part = [0; 4096];
        let mut stderr = stderr;
        while let Ok(n @ 1..) = stderr.read(&mut part) {
            let room = MAX_WORDS.saturating_sub(words.len());
            words.extend_from_slice(&part[..n.min(room)]);
        }
    }
    let status = child.wait()?;
    let words = String::from_utf8_lossy(&words).trim().to_owned();
    Ok(Ended { status, words })
}
