//! The folder in which a host's plain QEMU machines have their sockets.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result};

use crate::{place, process};

/// How the folders' names begin, so that what dead tests left can be found.
const PREFIX: &str = "stillpoint-host-";
/// Names the process that made the folder, and when that process started.
const OWNER: &str = "owner";

/// A folder with one sub-folder per machine: `NAME/qmp.sock`, `NAME/qga.sock`
/// and so on. Clones are the same folder; it is removed with the last of them.
#[derive(Debug, Clone)]
pub struct HostDir(Arc<tempfile::TempDir>);

impl HostDir {
    /// Makes an empty host in the temporary folder. What earlier tests left
    /// there because they were killed is ended and removed first.
    ///
    /// # Errors
    /// When the temporary folder is not writable.
    pub fn new() -> Result<Self> {
        let base = std::env::temp_dir();
        let _one_at_a_time = place::lock("hosts")?;
        reap(&base);
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&base)
            .with_context(|| format!("making a folder in {}", base.display()))?;
        let me = std::process::id();
        let since = process::start_time(me).context("reading our own start time")?;
        fs::write(dir.path().join(OWNER), format!("{me} {since}"))?;
        Ok(Self(Arc::new(dir)))
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Removes the hosts of processes that are no more, with their machines.
fn reap(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for dir in entries.flatten().map(|e| e.path()) {
        let ours = dir
            .file_name()
            .is_some_and(|n| n.to_string_lossy().starts_with(PREFIX));
        if !ours || !owner_is_gone(&dir) {
            continue;
        }
        for pid in process::mentioning(&dir.to_string_lossy()) {
            process::kill_if_mentions(pid, &dir.to_string_lossy());
        }
        let _ = fs::remove_dir_all(&dir);
    }
}

fn owner_is_gone(dir: &Path) -> bool {
    let Ok(text) = fs::read_to_string(dir.join(OWNER)) else {
        return false;
    };
    let mut words = text.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(pid)), Some(Ok(since))) = (words.next(), words.next()) else {
        return false;
    };
    u32::try_from(pid).is_ok_and(|pid| process::start_time(pid) != Some(since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_tests_machine_and_folder_go_and_a_living_ones_stay() {
        let base = tempfile::tempdir().unwrap();
        let dead = base.path().join(format!("{PREFIX}dead"));
        let living = base.path().join(format!("{PREFIX}living"));
        for dir in [&dead, &living] {
            fs::create_dir_all(dir.join("vm")).unwrap();
        }
        let me = std::process::id();
        let since = process::start_time(me).unwrap();
        fs::write(living.join(OWNER), format!("{me} {since}")).unwrap();
        // Our own pid with another start time: the number was given out anew.
        fs::write(dead.join(OWNER), format!("{me} {}", since + 1)).unwrap();
        let mut machine = std::process::Command::new("tail")
            .args(["-f", "/dev/null"])
            .arg(&dead)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        // A process has its arguments a moment after it was started.
        while !process::mentions(machine.id(), &dead.to_string_lossy()) {
            std::thread::yield_now();
        }
        reap(base.path());
        assert!(!dead.exists());
        assert!(living.exists());
        assert!(process::gone_within(
            machine.id(),
            std::time::Duration::from_secs(5)
        ));
        machine.wait().unwrap();
    }
}
