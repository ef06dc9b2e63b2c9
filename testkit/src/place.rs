//! Where built images and cached answers are kept, and locks between processes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The folder that survives between runs: `$STILLPOINT_TESTBED`, or
/// `target/testbed` of the checkout. It is made if absent and may be deleted
/// whenever no test runs; the next test builds it anew.
///
/// # Errors
/// When the folder cannot be made.
pub fn testbed() -> Result<PathBuf> {
    let dir = std::env::var_os("STILLPOINT_TESTBED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/testbed"),
        PathBuf::from,
    );
    fs::create_dir_all(&dir).with_context(|| format!("making {}", dir.display()))?;
    dir.canonicalize()
        .with_context(|| format!("resolving {}", dir.display()))
}

/// Waits for the lock called `name` in the testbed and holds it until the
/// returned value is dropped or the process ends. It holds between processes
/// and between threads.
///
/// # Errors
/// When the lock file cannot be made.
pub fn lock(name: &str) -> Result<File> {
    let path = testbed()?.join(format!("{name}.lock"));
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    file.lock()
        .with_context(|| format!("locking {}", path.display()))?;
    Ok(file)
}
