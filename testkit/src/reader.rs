//! The independent reader of vaults: a Python script in the vault's tests, and the Python
//! that has the libraries it needs.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::fetch;

const NAME: &str = "independent-reader";
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../vault/tests/independent");
const REQUIREMENTS: &str = include_str!("../../vault/tests/independent/requirements.txt");

/// Fetches the libraries into the testbed, if they are not there.
///
/// # Errors
/// When there is no Python with `venv`, or its packages can't be fetched.
pub fn install() -> Result<()> {
    let list = format!("{FOLDER}/requirements.txt");
    fetch::fetched(NAME, &version(), |dir| fetch::venv(dir, &["-r", &list]))?;
    Ok(())
}

/// The Python to run the script with, and the script.
///
/// # Errors
/// When [`install`] has not run; it says which command does it.
pub fn command() -> Result<(PathBuf, PathBuf)> {
    let dir = fetch::present(NAME, &version())?.context(
        "the libraries of the independent reader are not there: run `cargo xtask install`",
    )?;
    let script = Path::new(FOLDER).join("read_vault.py");
    Ok((dir.join("bin/python"), script))
}

/// Other libraries go into another folder.
fn version() -> String {
    let mut hasher = DefaultHasher::new();
    REQUIREMENTS.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}
