//! The commands that the demo calls.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

/// The `stillpoint` program of one user.
pub(crate) struct Stillpoint {
    program: PathBuf,
    place: PathBuf,
    secret: String,
}

impl Stillpoint {
    /// Everything that the commands keep lies in `place`; `secret` logs in.
    pub(crate) fn new(program: &Path, place: &Path, secret: &str) -> Self {
        Self {
            program: program.to_owned(),
            place: place.to_owned(),
            secret: secret.to_owned(),
        }
    }

    /// Runs these words, cut at blanks, as a person would type them, who sees what they print.
    pub(crate) fn call(&self, words: &str) -> Result<()> {
        let shown = words.replace(&self.place.display().to_string(), "$D");
        println!("\n$ stillpoint {shown}");
        let status = self.command(words).status();
        let status = status.with_context(|| format!("running {}", self.program.display()))?;
        ensure!(status.success(), "stillpoint {words}: {status}");
        Ok(())
    }

    /// What these words print as JSON; nobody sees it.
    pub(crate) fn json(&self, words: &str) -> Result<Value> {
        let output = self
            .command(words)
            .args(["-o", "json"])
            .stdout(Stdio::piped())
            .output()?;
        ensure!(
            output.status.success(),
            "stillpoint {words}: {}",
            output.status
        );
        let said = String::from_utf8(output.stdout)?;
        serde_json::from_str(&said).with_context(|| format!("not JSON: {said}"))
    }

    fn command(&self, words: &str) -> Command {
        let mut command = Command::new(&self.program);
        // What the caller has set up for itself is not the demo's.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("STILLPOINT_")) {
            command.env_remove(name);
        }
        command
            .args(words.split_whitespace())
            .env("STILLPOINT_LOGIN", self.place.join("login.json"))
            .env("STILLPOINT_SECRET", &self.secret)
            .env("STILLPOINT_STATE_DIR", self.place.join("state"))
            .env("NO_PROXY", "localhost,127.0.0.1")
            .stdin(Stdio::null());
        command
    }
}
