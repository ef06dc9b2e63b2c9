//! What every tool of the comparison can do.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::measure::{Sample, Stopwatch, size};

/// What to back up.
pub(crate) struct Image<'a> {
    /// The image file.
    pub(crate) path: &'a Path,
    /// Its name in the repository.
    pub(crate) name: &'a str,
    /// What changed since the last backup of that name; `None` for the first.
    pub(crate) changed: Option<&'a Path>,
}

/// A backup tool with a repository of its own.
pub(crate) trait Tool {
    /// What the table calls it.
    fn name(&self) -> &'static str;

    /// Whether it keeps several points in one repository.
    fn keeps_points(&self) -> bool {
        true
    }

    /// Makes an empty repository, after removing what is there.
    fn create(&self) -> Result<()>;

    /// Takes a backup.
    fn backup(&self, image: &Image<'_>) -> Result<Sample>;

    /// Restores the newest point of `name` below the folder `to`, which is there and empty;
    /// returns the image.
    fn restore(&self, image: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)>;

    /// Reads and checks every stored byte; `None` where the tool can't.
    fn verify(&self) -> Result<Option<Sample>>;

    /// Where it keeps its repository.
    fn home(&self) -> &Home;
}

/// A tool's own folder, with its repository and all else that it keeps.
pub(crate) struct Home {
    pub(crate) folder: PathBuf,
    pub(crate) repository: PathBuf,
    watch: Stopwatch,
}

impl Home {
    pub(crate) fn new(work: &Path, name: &str) -> Self {
        let folder = work.join(name);
        Self {
            repository: folder.join("repository"),
            watch: Stopwatch::new(&folder),
            folder,
        }
    }

    /// Empties it.
    pub(crate) fn clear(&self) -> Result<()> {
        if self.folder.exists() {
            std::fs::remove_dir_all(&self.folder)?;
        }
        Ok(std::fs::create_dir_all(&self.folder)?)
    }

    /// A command that keeps its caches and settings here.
    pub(crate) fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command
            .env("HOME", &self.folder)
            .env("XDG_CACHE_HOME", self.folder.join("cache"))
            .env("XDG_CONFIG_HOME", self.folder.join("config"));
        command
    }

    /// Measures a command, and by how much it makes the repository grow.
    pub(crate) fn measure(&self, command: &Command) -> Result<(Sample, String)> {
        let before = self.stored()?;
        let (mut sample, said) = self.watch.run(command)?;
        sample.added = self.stored()?.saturating_sub(before);
        Ok((sample, said))
    }

    /// Bytes that the repository takes.
    pub(crate) fn stored(&self) -> Result<u64> {
        size(&self.repository)
    }

    /// Has the repository in the page cache, however the tool writes it.
    pub(crate) fn warm(&self) -> Result<()> {
        read_all(&self.repository)
    }
}

fn read_all(path: &Path) -> Result<()> {
    if path.is_dir() {
        for entry in std::fs::read_dir(path)? {
            read_all(&entry?.path())?;
        }
    } else if path.is_file() {
        std::io::copy(&mut File::open(path)?, &mut std::io::sink())?;
    }
    Ok(())
}

/// The passphrase of all repositories here.
pub(crate) const PASSPHRASE: &str = "a bench keeps no secrets";
