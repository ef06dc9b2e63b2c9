//! The parts of `docs/` that are generated.

use std::fs;

use anyhow::Result;

use crate::shell;

/// Writes `docs/errors.md`: every error code with cause and remedy, as the
/// program itself lists them.
pub(crate) fn run() -> Result<()> {
    let mut errors = shell::cargo(&["run", "--quiet", "--package", "stillpoint", "--", "errors"]);
    let text = shell::output(&mut errors)?;
    fs::write(shell::root().join("docs/errors.md"), text)?;
    Ok(())
}
