//! bupstash.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::bench::measure::Sample;
use crate::bench::tool::{Home, Image, Tool};
use crate::shell;

/// bupstash with its defaults: chunks by contents, zstd 3, a key in a file.
pub(super) struct Bupstash {
    home: Home,
    program: PathBuf,
    /// The newest item of each name.
    items: RefCell<HashMap<String, String>>,
}

impl Bupstash {
    pub(super) fn new(work: &Path, program: PathBuf) -> Self {
        Self {
            home: Home::new(work, "bupstash"),
            program,
            items: RefCell::default(),
        }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.program);
        command
            .env("BUPSTASH_REPOSITORY", &self.home.repository)
            .env("BUPSTASH_KEY", self.home.folder.join("key"))
            .args(arguments);
        command
    }
}

impl Tool for Bupstash {
    fn name(&self) -> &'static str {
        "bupstash"
    }

    fn create(&self) -> Result<()> {
        self.home.clear()?;
        shell::output(&mut self.command(&["init"]))?;
        let mut key = self.command(&["new-key", "-o"]);
        shell::output(key.arg(self.home.folder.join("key"))).map(drop)
    }

    fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        let name = format!("name={}", image.name);
        let mut command = self.command(&["put", "--quiet", &name]);
        let (sample, said) = self.home.measure(command.arg(image.path))?;
        let item = said.trim().to_owned();
        self.items.borrow_mut().insert(image.name.to_owned(), item);
        Ok(sample)
    }

    fn restore(&self, image: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)> {
        let to = to.join("restored.raw");
        let items = self.items.borrow();
        let item = items.get(image.name).context("nothing was backed up")?;
        let mut command = self.command(&[]);
        command = {
            let mut shell = Command::new("sh");
            shell
                .args(["-c", "exec \"$0\" get --quiet id=\"$1\" > \"$2\""])
                .arg(&self.program)
                .arg(item)
                .arg(&to);
            for (name, value) in command.get_envs() {
                shell.env(name, value.unwrap_or_default());
            }
            shell
        };
        let (sample, _) = self.home.measure(&command)?;
        Ok((sample, to))
    }

    fn verify(&self) -> Result<Option<Sample>> {
        Ok(None)
    }

    fn home(&self) -> &Home {
        &self.home
    }
}
