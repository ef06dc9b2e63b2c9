//! A run: every tool does one phase before any does the next, so that all see the same machine.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::corpus::Corpus;
use super::days;
use super::limit::Limit;
use super::options::Options;
use super::results::Results;
use super::say;
use super::tool::{Image, Tool};

/// The limit's name in the results.
pub(crate) const LIMIT: &str = "limit";
/// The days before the restore; the others come after it, once.
pub(crate) const FIRST_DAYS: usize = 3;

/// What runs need.
pub(crate) struct Bench<'a> {
    pub(crate) options: &'a Options,
    pub(crate) corpus: &'a Corpus,
    pub(crate) tools: Vec<Box<dyn Tool>>,
    pub(crate) limit: Limit,
    pub(crate) work: &'a Path,
    pub(crate) results: Results,
}

impl Bench<'_> {
    /// One run of all that the options ask for. `first` says that it is the first.
    pub(crate) fn run(&mut self, first: bool) -> Result<()> {
        let live = self.work.join("live.raw");
        let clone = self.work.join("clone.raw");
        days::copy(&self.corpus.base, &live)?;
        let limit = self.limit.backup(&disk(&live, None))?;
        self.results.add(LIMIT, "full", limit);
        for tool in &self.tools {
            tool.create()?;
            let sample = tool.backup(&disk(&live, None))?;
            self.results.add(tool.name(), "full", sample);
        }
        let days = &self.corpus.days;
        if self.options.has("days") {
            for (day, delta) in &days[..FIRST_DAYS] {
                delta.apply(&live)?;
                self.day(day, &live, &delta.list)?;
            }
            self.clone(&clone)?;
            self.empty(&live)?;
        }
        if self.options.has("restore") {
            self.restore(&live)?;
        }
        if self.options.has("verify") {
            self.verify()?;
        }
        if self.options.has("days") && self.options.has("alternatives") && first {
            for (day, delta) in &days[FIRST_DAYS..] {
                delta.apply(&live)?;
                self.day(day, &live, &delta.list)?;
            }
        }
        Ok(fs::remove_file(live)?)
    }

    fn day(&mut self, day: &str, live: &Path, list: &Path) -> Result<()> {
        let sample = self.limit.backup(&disk(live, Some(list)))?;
        self.results.add(LIMIT, day, sample);
        if day == "db" {
            let sample = self.limit.backup_after(&self.corpus.base, live)?;
            self.results.add(LIMIT, "scan", sample);
        }
        for tool in self.tools.iter().filter(|t| t.keeps_points()) {
            let sample = tool.backup(&disk(live, Some(list)))?;
            self.results.add(tool.name(), day, sample);
        }
        Ok(())
    }

    /// The first backup of a second disk, cloned from the first.
    fn clone(&mut self, clone: &Path) -> Result<()> {
        days::copy(&self.corpus.base, clone)?;
        self.corpus.clone.apply(clone)?;
        let sample = self.limit.backup_after(&self.corpus.base, clone)?;
        self.results.add(LIMIT, "clone", sample);
        for tool in self.tools.iter().filter(|t| t.keeps_points()) {
            let image = Image {
                path: clone,
                name: "clone",
                changed: None,
            };
            let sample = tool.backup(&image)?;
            self.results.add(tool.name(), "clone", sample);
        }
        Ok(fs::remove_file(clone)?)
    }

    /// A backup of a disk on which nothing changed.
    fn empty(&mut self, live: &Path) -> Result<()> {
        let list = self.work.join("empty.list");
        fs::write(&list, "")?;
        for tool in self.tools.iter().filter(|t| t.keeps_points()) {
            let sample = tool.backup(&disk(live, Some(&list)))?;
            self.results.add(tool.name(), "empty", sample);
        }
        Ok(())
    }

    /// Restores the newest point, and compares it with the disk byte for byte.
    fn restore(&mut self, live: &Path) -> Result<()> {
        let folder = self.work.join("restored");
        let fresh = || -> Result<()> {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            Ok(fs::create_dir_all(&folder)?)
        };
        fresh()?;
        self.limit.backup(&disk(live, None))?;
        let (sample, image) = self.limit.restore(&folder)?;
        same(live, &image).context(LIMIT)?;
        self.results.add(LIMIT, "restore", sample);
        // What keeps one file has the disk as it was at first.
        let base = self.corpus.base.clone();
        for tool in &self.tools {
            fresh()?;
            tool.home().warm()?;
            let (sample, image): (_, PathBuf) = tool.restore(&disk(live, None), &folder)?;
            let original = if tool.keeps_points() { live } else { &base };
            same(original, &image).with_context(|| tool.name())?;
            self.results.add(tool.name(), "restore", sample);
        }
        Ok(fs::remove_dir_all(folder)?)
    }

    fn verify(&mut self) -> Result<()> {
        for tool in &self.tools {
            tool.home().warm()?;
            if let Some(mut sample) = tool.verify()? {
                sample.added = tool.home().stored()?;
                self.results.add(tool.name(), "verify", sample);
            }
        }
        Ok(())
    }
}

fn disk<'a>(path: &'a Path, changed: Option<&'a Path>) -> Image<'a> {
    let name = "disk";
    Image {
        path,
        name,
        changed,
    }
}

fn same(original: &Path, restored: &Path) -> Result<()> {
    let mut cmp = std::process::Command::new("cmp");
    let status = cmp.arg(original).arg(restored).status()?;
    ensure!(
        status.success(),
        "{} is not what was backed up",
        restored.display()
    );
    say("             the same, byte for byte");
    Ok(())
}
