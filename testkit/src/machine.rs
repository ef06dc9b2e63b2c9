//! What tests do inside a guest, whoever runs it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, ensure};
use serde_json::json;

use crate::agent::{Agent, Channel, Output};

/// A running guest with our agent in it, under plain QEMU or libvirt.
pub trait Machine: Send + Sync {
    /// The name it is found by.
    fn name(&self) -> &str;

    /// The image of disk `n`, 0 being the root disk.
    ///
    /// # Panics
    /// When there is no such disk.
    fn disk_path(&self, n: usize) -> &Path;

    /// A fresh way to its agent.
    fn channel(&self) -> Box<dyn Channel>;

    /// Runs a shell script in the guest, at most 120 s, however it ends.
    ///
    /// # Errors
    /// When the agent does not answer or the script does not end in time.
    fn sh(&self, script: &str) -> Result<Output> {
        Agent(self.channel()).sh(script, Duration::from_secs(120))
    }

    /// Runs a shell script that must succeed; returns what it printed, without
    /// the last line's end.
    ///
    /// # Errors
    /// As [`Machine::sh`], and when the script fails.
    fn run(&self, script: &str) -> Result<String> {
        let output = self.sh(script)?;
        ensure!(
            output.code == 0,
            "{script}: code {}: {}",
            output.code,
            output.stderr.trim()
        );
        Ok(output.stdout.trim_end_matches('\n').to_owned())
    }

    /// Writes a whole file in the guest and flushes it to the guest's disk.
    ///
    /// # Errors
    /// The agent's.
    fn write_file(&self, path: &str, data: &[u8]) -> Result<()> {
        Agent(self.channel()).write(path, data)
    }

    /// Reads a whole file of the guest.
    ///
    /// # Errors
    /// The agent's.
    fn read_file(&self, path: &str) -> Result<Vec<u8>> {
        Agent(self.channel()).read(path)
    }

    /// The SHA-256 of a file or block device in the guest, in hex.
    ///
    /// # Errors
    /// As [`Machine::run`].
    fn sha256(&self, path: &str) -> Result<String> {
        let line = self.run(&format!("sha256sum '{path}'"))?;
        Ok(line
            .split_whitespace()
            .next()
            .unwrap_or_default()
            .to_owned())
    }

    /// Waits until the agent answers; at most 180 s.
    ///
    /// # Errors
    /// When it does not.
    fn wait_agent(&self) -> Result<()> {
        let end = std::time::Instant::now() + Duration::from_secs(180);
        loop {
            let ping = self
                .channel()
                .call("guest-ping", json!({}), Duration::from_secs(2));
            let Err(error) = ping else { return Ok(()) };
            ensure!(
                std::time::Instant::now() < end,
                "no guest agent in {}: {error:#}",
                self.name()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
