//! The Azure command line, from PyPI and unmodified: a client of the API under test.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::fetch::{fetched, venv};

const AZURE_CLI: &str = "2.91.0";

/// One user's `az`, with a folder of its own for clouds and tokens.
#[derive(Debug)]
pub struct Az {
    program: PathBuf,
    config: PathBuf,
    authority: PathBuf,
}

/// What `az` did.
#[derive(Debug)]
pub struct Done {
    /// Its exit code.
    pub code: i32,
    /// What it printed.
    pub out: String,
    /// What it complained of.
    pub err: String,
}

impl Az {
    /// An `az` that keeps all in the folder `config` and trusts the CA certificate `authority`.
    ///
    /// # Errors
    /// Those of fetching it, which takes minutes the first time.
    pub fn new(config: &Path, authority: &Path) -> Result<Self> {
        let dir = fetched("azure-cli", AZURE_CLI, |dir| {
            venv(dir, &[&format!("azure-cli=={AZURE_CLI}")])
        })?;
        Ok(Self {
            program: dir.join("bin/az"),
            config: config.to_owned(),
            authority: authority.to_owned(),
        })
    }

    /// Runs it with these arguments.
    ///
    /// # Errors
    /// If it can't be started.
    pub fn run(&self, arguments: &[&str]) -> Result<Done> {
        let out = self
            .command()
            .args(arguments)
            .output()
            .with_context(|| self.program.display().to_string())?;
        Ok(Done {
            code: out.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&out.stdout).into_owned(),
            err: String::from_utf8_lossy(&out.stderr).into_owned(),
        })
    }

    /// What runs it, without arguments.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .env("AZURE_CONFIG_DIR", &self.config)
            .env("AZURE_CORE_COLLECT_TELEMETRY", "no")
            .env("AZURE_CORE_LOGIN_EXPERIENCE_V2", "off")
            .env("REQUESTS_CA_BUNDLE", &self.authority)
            .env("NO_PROXY", "localhost,127.0.0.1");
        command
    }

    /// Runs it with these words, cut at blanks, and reads the JSON that it prints; `Null` if it
    /// prints nothing.
    ///
    /// # Errors
    /// If it fails.
    pub fn json(&self, words: &str) -> Result<Value> {
        let arguments: Vec<&str> = words.split_whitespace().collect();
        let done = self.run(&arguments)?;
        if done.code != 0 {
            bail!("az {words}: {}: {}", done.code, done.err);
        }
        if done.out.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&done.out).with_context(|| format!("az {words}: {}", done.out))
    }

    /// Runs it with these words, of which it has to fail; gives what it complained of.
    ///
    /// # Errors
    /// If it does not fail.
    pub fn refused(&self, words: &str) -> Result<Done> {
        let arguments: Vec<&str> = words.split_whitespace().collect();
        let done = self.run(&arguments)?;
        if done.code == 0 {
            bail!("az {words} was not refused: {}", done.out);
        }
        Ok(done)
    }
}
