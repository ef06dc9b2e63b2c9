//! What cargo knows of the workspace.

use std::path::PathBuf;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::shell;

/// A crate of the workspace.
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) uses: Vec<Use>,
    /// Integration tests: name and source file.
    pub(crate) tests: Vec<(String, PathBuf)>,
}

/// A dependency on another crate of the workspace.
pub(crate) struct Use {
    pub(crate) name: String,
    /// Only for the crate's own tests.
    pub(crate) dev: bool,
}

/// The crates of this workspace.
pub(crate) fn packages() -> Result<Vec<Package>> {
    let mut command = shell::cargo(&["metadata", "--no-deps", "--format-version=1", "--offline"]);
    let text = match shell::output(&mut command) {
        Ok(text) => text,
        // A first run may have to fetch the index.
        Err(_) => shell::output(&mut shell::cargo(&[
            "metadata",
            "--no-deps",
            "--format-version=1",
        ]))?,
    };
    parse(&serde_json::from_str(&text).context("cargo metadata")?)
}

pub(crate) fn parse(metadata: &Value) -> Result<Vec<Package>> {
    let packages = metadata["packages"]
        .as_array()
        .context("no packages in cargo's metadata")?;
    packages.iter().map(package).collect()
}

fn package(package: &Value) -> Result<Package> {
    let text = |value: &Value| {
        value
            .as_str()
            .map(str::to_owned)
            .context("cargo's metadata")
    };
    let list = |key: &str| package[key].as_array().into_iter().flatten();
    let mut uses = Vec::new();
    for dependency in list("dependencies").filter(|d| d["path"].is_string()) {
        uses.push(Use {
            name: text(&dependency["name"])?,
            dev: dependency["kind"] == "dev",
        });
    }
    let mut tests = Vec::new();
    for target in list("targets").filter(|t| t["kind"][0] == "test") {
        tests.push((text(&target["name"])?, text(&target["src_path"])?.into()));
    }
    Ok(Package {
        name: text(&package["name"])?,
        uses,
        tests,
    })
}
