//! The guest agent for tests: run things, move files.
//!
//! The agent's socket serves one client at a time, the product's watchdog
//! included, so an [`Agent`] should live for one task and be dropped.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Value, json};

use crate::base64;
use crate::wire::Wire;

/// How a call reaches the agent: its socket, or libvirt in between.
pub trait Channel {
    /// Runs one agent command and returns what it returned.
    ///
    /// # Errors
    /// The agent's own description, or no answer within `limit`.
    fn call(&mut self, command: &str, arguments: Value, limit: Duration) -> Result<Value>;
}

impl Channel for Box<dyn Channel> {
    fn call(&mut self, command: &str, arguments: Value, limit: Duration) -> Result<Value> {
        (**self).call(command, arguments, limit)
    }
}

/// What a command in the guest printed, and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    /// Exit code, or minus the signal that killed it.
    pub code: i64,
    /// Standard output, decoded loosely.
    pub stdout: String,
    /// Standard error, decoded loosely.
    pub stderr: String,
}

/// The agent behind some channel.
pub struct Agent<C>(pub C);

/// Long enough for a command under emulation on a busy machine.
const CALL: Duration = Duration::from_secs(60);

impl<C: Channel> Agent<C> {
    /// Runs `script` through the guest's `sh -c` and waits at most `limit`.
    ///
    /// # Errors
    /// When the agent does not answer or the script does not end in time. A
    /// script that fails is not an error here: look at [`Output::code`].
    pub fn sh(&mut self, script: &str, limit: Duration) -> Result<Output> {
        let deadline = Instant::now() + limit;
        let arguments = json!({"path": "/bin/sh", "arg": ["-c", script], "capture-output": true});
        let started = self.0.call("guest-exec", arguments, CALL)?;
        let mut pause = Duration::from_millis(5);
        loop {
            let status = self
                .0
                .call("guest-exec-status", json!({"pid": started["pid"]}), CALL)?;
            if status["exited"] == true {
                let text = |key: &str| -> Result<String> {
                    let bytes = base64::decode(status[key].as_str().unwrap_or_default())?;
                    Ok(String::from_utf8_lossy(&bytes).into_owned())
                };
                let signal = status["signal"].as_i64().map(|s| -s);
                return Ok(Output {
                    code: status["exitcode"].as_i64().or(signal).unwrap_or_default(),
                    stdout: text("out-data")?,
                    stderr: text("err-data")?,
                });
            }
            ensure!(
                Instant::now() < deadline,
                "still running in the guest after {limit:?}: {script}"
            );
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(100));
        }
    }

    /// Writes a whole file in the guest, and has the guest flush it to its disk.
    ///
    /// # Errors
    /// The agent's, such as a folder that is not there.
    pub fn write(&mut self, path: &str, data: &[u8]) -> Result<()> {
        let handle = self
            .0
            .call("guest-file-open", json!({"path": path, "mode": "w"}), CALL)?;
        let written = data.chunks(48 * 1024).try_for_each(|part| {
            let arguments = json!({"handle": handle, "buf-b64": base64::encode(part)});
            self.0.call("guest-file-write", arguments, CALL).map(drop)
        });
        let closed = self
            .0
            .call("guest-file-close", json!({ "handle": handle }), CALL);
        written?;
        closed?;
        let synced = self.sh(&format!("sync '{path}'"), CALL)?;
        ensure!(synced.code == 0, "sync {path}: {}", synced.stderr);
        Ok(())
    }

    /// Reads a whole file of the guest.
    ///
    /// # Errors
    /// The agent's, such as a file that is not there.
    pub fn read(&mut self, path: &str) -> Result<Vec<u8>> {
        let handle = self
            .0
            .call("guest-file-open", json!({"path": path, "mode": "r"}), CALL)?;
        let mut data = Vec::new();
        let read = loop {
            let arguments = json!({"handle": handle, "count": 1 << 20});
            match self.0.call("guest-file-read", arguments, CALL) {
                Ok(part) => {
                    data.extend(base64::decode(
                        part["buf-b64"].as_str().unwrap_or_default(),
                    )?);
                    if part["eof"] == true {
                        break Ok(data);
                    }
                }
                Err(error) => break Err(error),
            }
        };
        self.0
            .call("guest-file-close", json!({ "handle": handle }), CALL)?;
        read
    }
}

/// The agent's socket of a plain QEMU.
pub struct Socket {
    path: PathBuf,
    wire: Option<Wire>,
}

impl Socket {
    /// Names the socket; connecting happens at the first call.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            wire: None,
        }
    }

    /// Connects, and throws away whatever an earlier client left unread.
    fn synced(&mut self, deadline: Instant) -> Result<&mut Wire> {
        static SYNCS: AtomicU32 = AtomicU32::new(0);
        if self.wire.is_none() {
            let mut wire = Wire::connect(&self.path)?;
            // Another client's answer, still on its way, must not carry our number.
            let id = (std::process::id() << 10) ^ SYNCS.fetch_add(1, Ordering::Relaxed);
            let ask = json!({"execute": "guest-sync-delimited", "arguments": {"id": id}});
            // The byte 0xff can't be in JSON: it ends any half-sent command before ours.
            let message = [&b"\xff"[..], ask.to_string().as_bytes(), b"\n"].concat();
            wire.send(&message, deadline)?;
            loop {
                let line = wire.line(deadline).context("guest agent")?;
                let Some(mark) = line.iter().rposition(|b| *b == 0xff) else {
                    continue;
                };
                let answer: Value = serde_json::from_slice(&line[mark + 1..]).unwrap_or_default();
                if answer["return"] == id {
                    break;
                }
            }
            self.wire = Some(wire);
        }
        self.wire.as_mut().context("not connected")
    }
}

impl Channel for Socket {
    fn call(&mut self, command: &str, arguments: Value, limit: Duration) -> Result<Value> {
        let deadline = Instant::now() + limit;
        let wire = self.synced(deadline)?;
        let message = json!({"execute": command, "arguments": arguments});
        let sent = wire.send(format!("{message}\n").as_bytes(), deadline);
        let line = sent.and_then(|()| wire.line(deadline));
        if line.is_err() {
            // A late answer must not be taken for the next call's.
            self.wire = None;
        }
        answer(
            command,
            &line.with_context(|| format!("guest agent, {command}"))?,
        )
    }
}

/// The returned value in an agent's answer, or its error.
pub(crate) fn answer(command: &str, line: &[u8]) -> Result<Value> {
    let mut answer: Value = serde_json::from_slice(line)
        .with_context(|| format!("answer of the guest agent to {command}"))?;
    if let Some(error) = answer.get("error") {
        bail!(
            "{command}: {}",
            error["desc"].as_str().unwrap_or("unknown error")
        );
    }
    Ok(answer["return"].take())
}
