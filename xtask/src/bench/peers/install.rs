//! Getting the peers: from Debian, from crates.io, from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::{install, shell};

/// What building the peers needs of Debian.
const LIBRARIES: &[&str] = &[
    "g++",
    "libacl1-dev",
    "liblz4-dev",
    "libsodium-dev",
    "libssl-dev",
    "libxxhash-dev",
    "libzstd-dev",
    "pkg-config",
    "python3-dev",
    "python3-venv",
];

/// Versions that go together. benji asks for older ones of some, which no longer build.
const PYTHON: &str = include_str!("python.txt");

/// Where the peers' programs are.
pub(super) struct Programs {
    folder: PathBuf,
}

impl Programs {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let folder = folder.to_owned();
        Ok(Self { folder })
    }

    /// A program of the Debian package of its name.
    pub(super) fn debian(&self, name: &str) -> Result<PathBuf> {
        install::also(&[name])?;
        ensure!(shell::exists(name), "there is no {name}");
        Ok(name.into())
    }

    /// A program of a crate.
    pub(super) fn cargo(&self, name: &str, version: &str, program: &str) -> Result<PathBuf> {
        let path = self.folder.join("bin").join(program);
        if !path.exists() {
            install::also(LIBRARIES)?;
            eprintln!("bench: building {name} {version}, which takes a while");
            let mut cargo = Command::new("nice");
            cargo
                .arg(shell::cargo_path())
                .args(["install", "--quiet", "--locked", "--version", version, name])
                .arg("--root")
                .arg(&self.folder)
                .env("CARGO_TARGET_DIR", self.folder.join("build"));
            shell::run(&mut cargo)?;
        }
        Ok(path)
    }

    /// A program of the Python packages.
    pub(super) fn python(&self, program: &str) -> Result<PathBuf> {
        let venv = self.folder.join("python");
        let path = venv.join("bin").join(program);
        if !path.exists() {
            install::also(LIBRARIES)?;
            eprintln!("bench: installing {program} from PyPI");
            let list = self.folder.join("python.txt");
            std::fs::write(&list, PYTHON)?;
            shell::run(Command::new("python3").args(["-m", "venv"]).arg(&venv))?;
            let mut pip = Command::new(venv.join("bin/pip"));
            pip.args(["install", "--quiet", "--disable-pip-version-check"])
                .args(["--no-deps", "-r"])
                .arg(list);
            shell::run(&mut pip).context("pip")?;
        }
        Ok(path)
    }
}
