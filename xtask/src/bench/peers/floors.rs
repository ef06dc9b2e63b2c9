//! What common tools do in one go: no dedup, no points, one file.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::bench::measure::Sample;
use crate::bench::tool::{Home, Image, Tool};

/// A command each way; `$0` is what is read and `$1` what is written.
pub(super) struct Floor {
    home: Home,
    name: &'static str,
    there: &'static str,
    back: &'static str,
}

impl Floor {
    /// A compressed qcow2, not encrypted.
    pub(super) fn qemu_img(work: &Path) -> Self {
        Self {
            home: Home::new(work, "qemu-img"),
            name: "qemu-img",
            there: "qemu-img convert -f raw -c -O qcow2 -o compression_type=zstd $0 $1",
            back: "qemu-img convert -f qcow2 -O raw $0 $1",
        }
    }

    /// A stream, encrypted but not authenticated.
    pub(super) fn zstd(work: &Path) -> Self {
        Self {
            home: Home::new(work, "zstd"),
            name: "zstd",
            there: "zstd -3 -T2 -q -c $0 | openssl enc -aes-256-ctr -pbkdf2 -pass pass:x -out $1",
            back: "openssl enc -d -aes-256-ctr -pbkdf2 -pass pass:x -in $0 | zstd -d -q -o $1",
        }
    }

    fn run(&self, script: &str, from: &Path, to: &Path) -> Result<Sample> {
        let mut command = Command::new("bash");
        command.args(["-c", &format!("set -o pipefail; {script}")]);
        Ok(self.home.measure(command.arg(from).arg(to))?.0)
    }
}

impl Tool for Floor {
    fn name(&self) -> &'static str {
        self.name
    }

    fn keeps_points(&self) -> bool {
        false
    }

    fn create(&self) -> Result<()> {
        self.home.clear()
    }

    fn backup(&self, image: &Image<'_>) -> Result<Sample> {
        self.run(self.there, image.path, &self.home.repository)
    }

    fn restore(&self, _: &Image<'_>, to: &Path) -> Result<(Sample, PathBuf)> {
        let to = to.join("restored.raw");
        Ok((self.run(self.back, &self.home.repository, &to)?, to))
    }

    fn verify(&self) -> Result<Option<Sample>> {
        Ok(None)
    }

    fn home(&self) -> &Home {
        &self.home
    }
}
