//! borg.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::measure::Sample;
use crate::bench::tool::{Home, Image, PASSPHRASE, Tool};
use crate::shell;

/// borg, with its default chunks (by contents, 2 MiB on average) or others.
pub(super) struct Borg {
    home: Home,
    program: PathBuf,
    chunks: Option<&'static str>,
    archives: Cell<u32>,
}

impl Borg {
    pub(super) fn new(work: &Path, program: PathBuf, chunks: Option<&'static str>) -> Self {
        Self {
            home: Home::new(work, if chunks.is_some() { "borg-64k" } else { "borg" }),
            program,
            chunks,
            archives: Cell::new(0),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.program);
        command
            .env("BORG_REPO", &self.home.repository)
            .env("BORG_PASSPHRASE", PASSPHRASE)
            .env("BORG_BASE_DIR", &self.home.folder)
            .args(arguments);
        command
    }

    fn archive(&self, name: &str) -> String {
        format!("::{name}-{}", self.archives.get())
    }
}

impl Tool for Borg {
    fn name(&self) -> &'static str {
        match self.chunks {
            Some(_) => "borg-64k",
            None => "borg",
        }
    }

    fn create(&self) -> Result<()> {
        self.home.clear()?;
        self.archives.set(0);
        shell::output(&mut self.command(&["init", "-e", "repokey-blake2"])).map(drop)
    }

    fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        // The clone's archive has the number of the disk's newest.
        if image.name == "disk" {
            self.archives.set(self.archives.get() + 1);
        }
        let mut command = self.command(&["create", "--compression", "zstd,3"]);
        if let Some(chunks) = self.chunks {
            command.args(["--chunker-params", chunks]);
        }
        command.arg(self.archive(image.name)).arg(image.path);
        Ok(self.home.measure(&command)?.0)
    }

    fn restore(&self, image: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)> {
        let mut command = self.command(&["extract", "--sparse", &self.archive(image.name)]);
        let (sample, _) = self.home.measure(command.current_dir(to))?;
        let inner = image.path.strip_prefix("/").context("a relative path")?;
        Ok((sample, to.join(inner)))
    }

    fn verify(&self) -> Result<Option<Sample>> {
        let command = self.command(&["check", "--verify-data"]);
        Ok(Some(self.home.measure(&command)?.0))
    }

    fn home(&self) -> &Home {
        &self.home
    }
}
