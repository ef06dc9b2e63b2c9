//! Stillpoint, as people call it.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::measure::Sample;
use super::tool::{Home, Image, PASSPHRASE, Tool};
use crate::shell;

/// The ways to use it that are measured.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Straight to the vault, told what changed.
    Straight,
    /// Straight to the vault, without being told: all is read.
    Scan,
    /// To a snapshot store, then to the vault.
    TwoTiers,
}

/// Stillpoint.
pub(crate) struct Ours {
    pub(crate) home: Home,
    program: PathBuf,
    way: Way,
}

impl Ours {
    pub(crate) fn new(work: &Path, program: &Path, way: Way) -> Self {
        Self {
            home: Home::new(work, name(way)),
            program: program.to_owned(),
            way,
        }
    }

    /// The command, with settings for this repository.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.home.command(&self.program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STILLPOINT_") {
                command.env_remove(name);
            }
        }
        let folder = &self.home.folder;
        command
            .env("STILLPOINT_VAULT", self.home.repository.join("vault"))
            .env("STILLPOINT_KEY", folder.join("host.key"))
            .env("STILLPOINT_STATE_DIR", folder.join("state"))
            .args(["-q", "-o", "json"])
            .args(arguments);
        if self.way == Way::TwoTiers {
            let snapshots = self.home.repository.join("snapshots");
            command.env("STILLPOINT_SNAPSHOTS", snapshots);
        }
        command
    }

    /// Takes a backup of a machine of libvirt, with scratch in a folder that QEMU sees too.
    pub(crate) fn back_up_machine(&self, uri: &str, name: &str, scratch: &Path) -> Result<Sample> {
        let mut command = self.command(&["--connect", uri, "backup", "now", name]);
        command.arg("--scratch").arg(scratch);
        Ok(self.home.measure(&command)?.0)
    }

    /// Takes a backup; also returns its report.
    pub(crate) fn back_up(&self, image: &Image<'_>) -> Result<(Sample, serde_json::Value)> {
        let mut command = self.command(&["backup", "now", "--name", image.name, "--image"]);
        command.arg(image.path);
        if let (Some(list), true) = (image.changed, self.way != Way::Scan) {
            command.arg("--changed").arg(list);
        }
        let (sample, said) = self.home.measure(&command)?;
        let report: serde_json::Value = serde_json::from_str(&said)?;
        let disk = &report["snapshot"]["disks"][0];
        let told = disk["tracker"].is_string();
        let expected = image.changed.is_some() && self.way != Way::Scan;
        ensure!(told == expected, "read by another way than asked: {disk}");
        Ok((sample, report))
    }
}

fn name(way: Way) -> &'static str {
    match way {
        Way::Straight => "stillpoint",
        Way::Scan => "stillpoint, no bitmap",
        Way::TwoTiers => "stillpoint, two tiers",
    }
}

impl Tool for Ours {
    fn name(&self) -> &'static str {
        name(self.way)
    }

    fn create(&self) -> Result<()> {
        self.home.clear()?;
        std::fs::create_dir_all(&self.home.repository)?;
        let (secret, key) = (
            self.home.folder.join("passphrase"),
            self.home.folder.join("host.key"),
        );
        std::fs::write(&secret, PASSPHRASE)?;
        let mut create = self.command(&["vault", "create", "--host-key"]);
        create.env_remove("STILLPOINT_KEY");
        create.arg(key).arg("--passphrase-file").arg(secret);
        shell::output(&mut create).map(drop)
    }

    fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        Ok(self.back_up(image)?.0)
    }

    fn restore(&self, image: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)> {
        let point = format!("latest:{}", image.name);
        let mut command = self.command(&["restore", "disks", &point, "--to"]);
        let (sample, said) = self.home.measure(command.arg(to))?;
        let report: serde_json::Value = serde_json::from_str(&said)?;
        let path = report["disks"][0]["path"].as_str();
        Ok((sample, path.context("restore names no image")?.into()))
    }

    fn verify(&self) -> Result<Option<Sample>> {
        let command = self.command(&["verify", "--level", "full"]);
        Ok(Some(self.home.measure(&command)?.0))
    }

    fn home(&self) -> &Home {
        &self.home
    }
}
