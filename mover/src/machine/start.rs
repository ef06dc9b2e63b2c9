//! Starting a bare QEMU.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use base::{Code, Error, Result};
use tokio::process::Command;

/// How long a QEMU that can't start takes to say so.
const FIRST_WORDS: Duration = Duration::from_secs(2);

/// Starts QEMU on its own: it outlives this process. What it says goes to `NAME.log`.
///
/// # Errors
/// `HypervisorError` with QEMU's own words if it ends at once; those of files.
pub(super) async fn script(script: &Path) -> Result<()> {
    let log = script.with_extension("log");
    let file = File::create(&log).map_err(|e| Error::io(log.display(), e))?;
    let second = file.try_clone().map_err(|e| Error::io(log.display(), e))?;
    let mut child = Command::new(script)
        .stdin(Stdio::null())
        .stdout(file)
        .stderr(second)
        // ^C at this terminal is not for the machine.
        .process_group(0)
        .spawn()
        .map_err(|e| Error::io(script.display(), e))?;
    let end = tokio::time::Instant::now() + FIRST_WORDS;
    while tokio::time::Instant::now() < end {
        let ended = child
            .try_wait()
            .map_err(|e| Error::io(script.display(), e))?;
        match ended {
            // -daemonize: the machine runs on.
            Some(status) if status.success() => return Ok(()),
            Some(status) => {
                let said = std::fs::read_to_string(&log).unwrap_or_default();
                let what = format!("{} ended with {status}: {}", script.display(), said.trim());
                return Err(Error::new(Code::HypervisorError, what));
            }
            None => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
    Ok(())
}
