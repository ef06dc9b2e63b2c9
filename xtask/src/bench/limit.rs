//! The bare pipeline, as the limit of what this machine can do.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::measure::Sample;
use super::tool::{Home, Image};

/// The bare pipeline.
pub(crate) struct Limit {
    home: Home,
    program: PathBuf,
}

impl Limit {
    pub(crate) fn new(work: &Path, program: &Path) -> Result<Self> {
        let home = Home::new(work, "limit");
        home.clear()?;
        Ok(Self {
            home,
            program: program.to_owned(),
        })
    }

    /// Backs up an image, or only what its list of changes names.
    pub(crate) fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        let mut arguments = image.path.display().to_string();
        if let Some(list) = image.changed {
            arguments = format!("{arguments}:{}", list.display());
        }
        self.of_images(&[arguments], false)
    }

    /// Backs up an image after another that has much in common with it; measures the second.
    pub(crate) fn backup_after(&self, first: &Path, image: &Path) -> Result<Sample> {
        let images = [first, image].map(|path| path.display().to_string());
        self.of_images(&images, true)
    }

    /// Restores what was backed up last.
    pub(crate) fn restore(&self, to: &Path) -> Result<(Sample, PathBuf)> {
        let to = to.join("restored.raw");
        let mut command = self.home.command(&self.program);
        command.arg("restore").arg(&self.home.repository).arg(&to);
        let (mut sample, said) = self.home.measure(&command)?;
        sample.wall = last_line(&said)?.0;
        Ok((sample, to))
    }

    fn of_images(&self, images: &[String], of_last: bool) -> Result<Sample> {
        let mut command = self.home.command(&self.program);
        command.arg("backup").arg(&self.home.repository);
        let (mut sample, said) = self.home.measure(command.args(images))?;
        let (wall, added) = last_line(&said)?;
        if of_last {
            sample.wall = wall;
        }
        sample.added = added;
        Ok(sample)
    }
}

/// Seconds and bytes.
fn last_line(said: &str) -> Result<(f64, u64)> {
    let line = said.lines().last().unwrap_or_default();
    let (seconds, bytes) = line.split_once(' ').context("the limit says nothing")?;
    Ok((seconds.parse()?, bytes.parse()?))
}
