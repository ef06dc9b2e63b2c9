//! Ways for a guest to end, and to begin again.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::Guest;
use crate::agent::{Channel, Socket};
use crate::process;

impl Guest {
    /// Kills QEMU with SIGKILL, as if the host had lost power, and waits for its end.
    ///
    /// # Errors
    /// When the guest is off already.
    pub fn kill(&self) -> Result<()> {
        let mut running = self.lock().take().context("the guest is off")?;
        running.qemu.kill()?;
        running.qemu.wait()?;
        Ok(())
    }

    /// Ends QEMU in good order: the guest loses power, but QEMU closes its
    /// images and stores their bitmaps.
    ///
    /// # Errors
    /// When the guest is off, or QEMU does not end within 60 s.
    pub fn quit(&self) -> Result<()> {
        self.qmp("quit", Value::Null)?;
        self.wait_off(Duration::from_secs(60))
    }

    /// Shuts the guest down from within and waits for QEMU's end.
    ///
    /// # Errors
    /// When the guest is off, or still on after 90 s.
    pub fn shutdown(&self) -> Result<()> {
        // An agent that obeys does not answer.
        let mut agent = Socket::new(&self.agent_socket());
        let _ = agent.call("guest-shutdown", json!({}), Duration::from_secs(2));
        drop(agent);
        self.wait_off(Duration::from_secs(90))
    }

    /// Waits until QEMU has ended by itself.
    ///
    /// # Errors
    /// When it is still there after `limit`.
    pub fn wait_off(&self, limit: Duration) -> Result<()> {
        let pid = self.pid()?;
        ensure!(
            process::gone_within(pid, limit),
            "{} is still on",
            self.config.name
        );
        if let Some(mut running) = self.lock().take() {
            running.qemu.wait()?;
        }
        Ok(())
    }

    /// Boots the guest again from its disks as they are, and waits for its agent.
    ///
    /// # Errors
    /// When the guest is on, or does not start.
    pub fn start_again(&self) -> Result<()> {
        ensure!(!self.is_running(), "{} is on", self.config.name);
        self.launch(None)?;
        self.wait_agent()?;
        Ok(())
    }
}
