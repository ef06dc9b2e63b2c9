//! Fetching what the distribution does not have, once, into the testbed.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::disk::run;
use crate::place;

/// The folder of a package in the testbed; fetches it if it is not there whole.
pub(crate) fn fetched(
    name: &str,
    version: &str,
    fetch: impl Fn(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let _one_at_a_time = place::lock(name)?;
    let dir = folder(name, version)?;
    let whole = dir.join(WHOLE);
    if !whole.exists() {
        let _ = fs::remove_dir_all(&dir);
        eprintln!("testkit: fetching {name} {version}");
        fetch(&dir).with_context(|| format!("fetching {name} {version}"))?;
        fs::write(&whole, "")?;
    }
    Ok(dir)
}

/// The folder of a package in the testbed, if it is there whole.
pub(crate) fn present(name: &str, version: &str) -> Result<Option<PathBuf>> {
    let dir = folder(name, version)?;
    Ok(dir.join(WHOLE).exists().then_some(dir))
}

const WHOLE: &str = "whole";

fn folder(name: &str, version: &str) -> Result<PathBuf> {
    Ok(place::testbed()?.join(format!("{name}-{version}")))
}

/// Makes a virtual environment of Python with what pip is to install: packages, or
/// options of its own.
pub(crate) fn venv(dir: &Path, packages: &[&str]) -> Result<()> {
    run(Command::new("python3").args(["-m", "venv"]).arg(dir))?;
    run(Command::new(dir.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages))
}
