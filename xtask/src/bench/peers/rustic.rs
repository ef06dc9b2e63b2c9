//! rustic: restic's format, newer code.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::bench::measure::Sample;
use crate::bench::tool::{Home, Image, PASSPHRASE, Tool};
use crate::shell;

/// rustic with its defaults.
pub(super) struct Rustic {
    home: Home,
    program: PathBuf,
}

impl Rustic {
    pub(super) fn new(work: &Path, program: PathBuf) -> Self {
        let home = Home::new(work, "rustic");
        Self { home, program }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.program);
        command
            .env("RUSTIC_REPOSITORY", &self.home.repository)
            .env("RUSTIC_PASSWORD", PASSPHRASE)
            .env("RUSTIC_NO_PROGRESS", "true")
            .args(arguments);
        command
    }
}

impl Tool for Rustic {
    fn name(&self) -> &'static str {
        "rustic"
    }

    fn create(&self) -> Result<()> {
        self.home.clear()?;
        shell::output(&mut self.command(&["init"])).map(drop)
    }

    fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        let mut command = self.command(&["backup", "--tag", image.name]);
        Ok(self.home.measure(command.arg(image.path))?.0)
    }

    fn restore(&self, image: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)> {
        let to = to.join("restored.raw");
        let from = format!("latest:{}", image.path.display());
        let mut command = self.command(&["restore", "--filter-tags", image.name, &from]);
        let (sample, _) = self.home.measure(command.arg(&to))?;
        Ok((sample, to))
    }

    fn verify(&self) -> Result<Option<Sample>> {
        let command = self.command(&["check", "--read-data"]);
        Ok(Some(self.home.measure(&command)?.0))
    }

    fn home(&self) -> &Home {
        &self.home
    }
}
