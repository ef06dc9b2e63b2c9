//! restic.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::measure::Sample;
use crate::bench::tool::{Home, Image, PASSPHRASE, Tool};
use crate::shell;

/// restic with its defaults: chunks by contents, 1 MiB on average; zstd since format 2.
pub(super) struct Restic {
    home: Home,
    program: PathBuf,
}

impl Restic {
    pub(super) fn new(work: &Path, program: PathBuf) -> Self {
        let home = Home::new(work, "restic");
        Self { home, program }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.program);
        command
            .env("RESTIC_REPOSITORY", &self.home.repository)
            .env("RESTIC_PASSWORD", PASSPHRASE)
            .args(arguments);
        command
    }
}

impl Tool for Restic {
    fn name(&self) -> &'static str {
        "restic"
    }

    fn create(&self) -> Result<()> {
        self.home.clear()?;
        shell::output(&mut self.command(&["init", "--repository-version", "2"])).map(drop)
    }

    fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        let mut command = self.command(&["backup", "--quiet", "--tag", image.name]);
        Ok(self.home.measure(command.arg(image.path))?.0)
    }

    fn restore(&self, image: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)> {
        let mut command = self.command(&["restore", "latest", "--tag", image.name, "--target"]);
        let (sample, _) = self.home.measure(command.arg(to))?;
        let inner = image.path.strip_prefix("/").context("a relative path")?;
        Ok((sample, to.join(inner)))
    }

    fn verify(&self) -> Result<Option<Sample>> {
        let command = self.command(&["check", "--quiet", "--read-data"]);
        Ok(Some(self.home.measure(&command)?.0))
    }

    fn home(&self) -> &Home {
        &self.home
    }
}
