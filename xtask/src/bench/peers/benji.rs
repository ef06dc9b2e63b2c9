//! benji: the one peer here that takes a list of changes.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;
use serde_json::json;

use crate::bench::measure::Sample;
use crate::bench::tool::{Home, Image, PASSPHRASE, Tool};
use crate::shell;

/// benji with its default blocks of 4 MiB, zstd 3 and AES-256-GCM.
pub(super) struct Benji {
    home: Home,
    program: PathBuf,
    versions: Cell<u32>,
    clones: Cell<u32>,
}

impl Benji {
    pub(super) fn new(work: &Path, program: PathBuf) -> Self {
        Self {
            home: Home::new(work, "benji"),
            program,
            versions: Cell::new(0),
            clones: Cell::new(0),
        }
    }

    fn settings(&self) -> PathBuf {
        self.home.folder.join("benji.yaml")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.program);
        command
            .arg("-c")
            .arg(self.settings())
            .args(["--log-level", "ERROR"])
            .args(arguments);
        command
    }
}

impl Tool for Benji {
    fn name(&self) -> &'static str {
        "benji"
    }

    fn create(&self) -> Result<()> {
        self.home.clear()?;
        self.versions.set(0);
        self.clones.set(0);
        fs::create_dir_all(&self.home.repository)?;
        let folder = &self.home.folder;
        // JSON is YAML too.
        let settings = json!({
            "configurationVersion": "1",
            "databaseEngine": format!("sqlite:///{}", folder.join("benji.sqlite").display()),
            "logFile": folder.join("benji.log"),
            "defaultStorage": "repository",
            "storages": [{"name": "repository", "storageId": 1, "module": "file",
                "configuration": {"path": self.home.repository,
                    "activeTransforms": ["zstd", "aes"]}}],
            "ios": [{"name": "file", "module": "file"}],
            "transforms": [
                {"name": "zstd", "module": "zstd", "configuration": {"level": 3}},
                {"name": "aes", "module": "aes_256_gcm", "configuration": {
                    "kdfSalt": "AAAAAAAAAAAAAAAAAAAAAA==", "kdfIterations": 20000,
                    "password": PASSPHRASE}}],
        });
        fs::write(self.settings(), settings.to_string())?;
        shell::output(&mut self.command(&["database-init"])).map(drop)
    }

    fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        let count = match image.name {
            "disk" => &self.versions,
            _ => &self.clones,
        };
        let older = format!("{}-{}", image.name, count.get());
        count.set(count.get() + 1);
        let version = format!("{}-{}", image.name, count.get());
        let mut command = self.command(&["backup", "-u", &version]);
        if let Some(list) = image.changed {
            let hints = self.home.folder.join("hints.json");
            fs::write(&hints, hints_of(&fs::read_to_string(list)?))?;
            command.arg("-r").arg(hints).args(["-f", &older]);
        }
        let source = format!("file:{}", image.path.display());
        Ok(self.home.measure(command.arg(source).arg(image.name))?.0)
    }

    fn restore(&self, image: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)> {
        let to = to.join("restored.raw");
        let version = format!("{}-{}", image.name, self.versions.get());
        let target = format!("file:{}", to.display());
        let command = self.command(&["restore", "--sparse", &version, &target]);
        Ok((self.home.measure(&command)?.0, to))
    }

    fn verify(&self) -> Result<Option<Sample>> {
        let mut sum = Sample::default();
        let disks = (1..=self.versions.get()).map(|n| format!("disk-{n}"));
        let clones = (1..=self.clones.get()).map(|n| format!("clone-{n}"));
        for version in disks.chain(clones) {
            let (sample, _) = self
                .home
                .measure(&self.command(&["deep-scrub", &version]))?;
            sum.wall += sample.wall;
            sum.cpu += sample.cpu;
            sum.rss = sum.rss.max(sample.rss);
            sum.others = sum.others.max(sample.others);
        }
        Ok(Some(sum))
    }

    fn home(&self) -> &Home {
        &self.home
    }
}

/// `offset length` lines as `rbd diff` would tell it.
fn hints_of(list: &str) -> String {
    let extents = list.lines().filter_map(|line| line.split_once(' '));
    let hints: Vec<_> = extents
        .filter_map(|(offset, len)| Some((offset.parse::<u64>().ok()?, len.parse::<u64>().ok()?)))
        .map(|(offset, len)| json!({"offset": offset, "length": len, "exists": "true"}))
        .collect();
    json!(hints).to_string()
}
