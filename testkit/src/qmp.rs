//! A QEMU monitor for tests: one command, one answer, events on demand.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::wire::Wire;

/// A connection to one QMP monitor. A monitor serves one client at a time: a
/// second one waits unanswered until the first has gone.
pub struct Qmp {
    wire: Wire,
    events: Vec<Value>,
}

impl Qmp {
    /// Connects and leaves negotiation mode.
    ///
    /// # Errors
    /// When the socket is absent or refuses, or QEMU stays silent for 20 s.
    pub fn connect(socket: &Path) -> Result<Self> {
        let mut qmp = Self {
            wire: Wire::connect(socket)?,
            events: Vec::new(),
        };
        let deadline = Instant::now() + Duration::from_secs(20);
        qmp.read(deadline)
            .with_context(|| format!("greeting of {}", socket.display()))?;
        qmp.call("qmp_capabilities", Value::Null)?;
        Ok(qmp)
    }

    /// Runs one command with `arguments` (an object, or `Null` for none) and
    /// returns what it returned.
    ///
    /// # Errors
    /// QEMU's own description, or no answer within 60 s.
    pub fn call(&mut self, command: &str, arguments: Value) -> Result<Value> {
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut message = json!({ "execute": command });
        if !arguments.is_null() {
            message["arguments"] = arguments;
        }
        self.wire
            .send(format!("{message}\n").as_bytes(), deadline)?;
        loop {
            let mut answer = self
                .read(deadline)
                .with_context(|| format!("QMP {command}"))?;
            if answer.get("event").is_some() {
                self.events.push(answer);
            } else if let Some(error) = answer.get("error") {
                bail!(
                    "QMP {command}: {}",
                    error["desc"].as_str().unwrap_or("unknown error")
                );
            } else {
                return Ok(answer["return"].take());
            }
        }
    }

    /// Waits for an event of that name, one that came earlier on this
    /// connection included, and takes it out of the queue.
    ///
    /// # Errors
    /// When none comes within `limit`.
    pub fn wait_event(&mut self, name: &str, limit: Duration) -> Result<Value> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(at) = self.events.iter().position(|e| e["event"] == name) {
                return Ok(self.events.remove(at));
            }
            let message = self
                .read(deadline)
                .with_context(|| format!("waiting for {name}"))?;
            self.events.push(message);
        }
    }

    fn read(&mut self, deadline: Instant) -> Result<Value> {
        let line = self.wire.line(deadline)?;
        serde_json::from_slice(&line).context("QMP message is not JSON")
    }
}
