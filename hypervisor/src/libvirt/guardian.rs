//! This process's side of the [`super::guard`].

use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{ByteSize, Code, Error, Result};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;

use super::guard::{Event, ROLE, SCRATCH, Spec};
use crate::watchdog::WatchdogProgram;

/// How long the guard may take to begin or to end.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is known of a job's health. Shared by the snapshot and its sources.
#[derive(Clone, Debug, Default)]
pub(super) struct Health(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    broken: Option<(Code, String)>,
    warnings: Vec<String>,
}

impl Health {
    /// Says that the snapshot no longer holds. The first reason stays.
    pub(super) fn break_with(&self, code: Code, why: impl Into<String>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.broken.get_or_insert((code, why.into()));
    }

    /// The error of a snapshot that no longer holds.
    pub(super) fn check(&self) -> Result<()> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match &state.broken {
            None => Ok(()),
            Some((code, why)) => Err(Error::new(*code, why)),
        }
    }

    pub(super) fn warn(&self, text: String) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.warnings.push(text);
    }

    pub(super) fn take_warnings(&self) -> Vec<String> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.warnings)
    }
}

/// A guard that watches. Dropped without [`Guardian::end`] it ends the job and clears the
/// folder, as if this process had died.
#[derive(Debug)]
pub(super) struct Guardian {
    child: Child,
    input: Option<ChildStdin>,
    reader: JoinHandle<()>,
}

impl Guardian {
    /// Starts the guard and waits until it watches.
    ///
    /// # Errors
    /// `ToolMissing` if the program can't be run; `HypervisorError` if it can't do its work.
    pub(super) async fn start(
        program: &WatchdogProgram,
        spec: &Spec,
        health: &Health,
    ) -> Result<Self> {
        let mut command = program.command();
        let child = command.env(ROLE, SCRATCH).stderr(Stdio::null()).spawn();
        let mut child = child.map_err(|e| {
            let what = format!("start the scratch guard {}: {e}", program.name());
            Error::new(Code::ToolMissing, what).because(e)
        })?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(Error::new(Code::Internal, "the scratch guard has no pipes"));
        };
        let mut line = serde_json::to_string(spec)
            .map_err(|e| Error::new(Code::Internal, "describe the scratch").because(e))?;
        line.push('\n');
        let mut output = BufReader::new(output).lines();
        let begun = async {
            input.write_all(line.as_bytes()).await?;
            output.next_line().await
        };
        let answer = match tokio::time::timeout(PATIENCE, begun).await {
            Ok(Ok(Some(line))) => serde_json::from_str(&line).ok(),
            _ => None,
        };
        match answer {
            Some(Event::Ready) => {}
            Some(Event::Failed(why)) => {
                return Err(Error::new(Code::HypervisorError, why).during("the scratch guard"));
            }
            _ => {
                let what = format!("the scratch guard {} does not begin", program.name());
                return Err(Error::new(Code::HypervisorError, what));
            }
        }
        let reader = tokio::spawn(listen(output, health.clone()));
        Ok(Self {
            child,
            input: Some(input),
            reader,
        })
    }

    /// Ends the guard's watch, once the job is ended.
    pub(super) async fn end(mut self) {
        if let Some(mut input) = self.input.take() {
            let _ = input.write_all(b"\"end\"\n").await;
            let _ = input.flush().await;
        }
        if tokio::time::timeout(PATIENCE, self.child.wait())
            .await
            .is_err()
        {
            let _ = self.child.start_kill();
        }
        let _ = (&mut self.reader).await;
    }
}

/// Takes what the guard tells until it ends.
async fn listen(mut output: Lines<BufReader<ChildStdout>>, health: Health) {
    while let Ok(Some(line)) = output.next_line().await {
        match serde_json::from_str(&line) {
            Ok(Event::Full { used, free }) => health.break_with(
                Code::ScratchFull,
                format!(
                    "copy-before-write took {} and {} are free beside it: the backup job was ended before the machine could stop",
                    ByteSize(used),
                    ByteSize(free)
                ),
            ),
            Ok(Event::Stopped { milliseconds, disks }) => {
                let disks = disks.join(", ");
                let what = format!(
                    "scratch ran full and the machine stood still for at most {milliseconds} ms (disk {disks}); it was resumed"
                );
                health.break_with(Code::ScratchFull, &what);
                health.warn(what);
            }
            Ok(Event::Ready | Event::Failed(_)) | Err(_) => {}
        }
    }
    // In order this comes after the job's end, when nobody asks any more.
    health.break_with(
        Code::SnapshotBroken,
        "the process that guards the scratch space has ended",
    );
}
