//! One run a machine and phase on this host (JOB-6).
//!
//! The store's log fences two writers wherever they run; the lock makes the second one on the
//! same host wait, skip or fail before it takes over from the first.

use std::fs::File;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use rustix::fs::FlockOperation;
use vault::Phase;

/// Held while a phase runs for a machine. Released when dropped or when the process ends.
#[derive(Debug)]
pub struct PhaseLock {
    _lock: Lock,
}

/// A locked file.
#[derive(Debug)]
pub(crate) struct Lock(File);

impl Drop for Lock {
    /// Closing would do, but for a child process that was just forked and holds a copy of the
    /// descriptor until it runs its program.
    fn drop(&mut self) {
        if let Err(e) = rustix::fs::flock(&self.0, FlockOperation::Unlock) {
            tracing::debug!("unlocking {:?}: {e}", self.0);
        }
    }
}

/// What to do while another run holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Give up at once.
    No,
    /// Wait for it, as long as it takes.
    Yes,
}

impl PhaseLock {
    /// Takes the lock of this machine and phase in the folder `dir`, which is made if needed.
    ///
    /// # Errors
    /// `BackupInProgress` if another run holds it and `wait` says so; those of the folder.
    pub async fn take(dir: &Path, machine: &str, phase: Phase, wait: Wait) -> Result<Self> {
        let name = match phase {
            Phase::Snapshot => "snapshot",
            Phase::Transfer => "transfer",
            Phase::Collect => "collect",
        };
        let safe: String = machine
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || c == '-' {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let path = dir.join(format!("{safe}.{name}"));
        match lock_file(path.clone(), wait).await? {
            Some(lock) => Ok(Self { _lock: lock }),
            None => Err(Error::new(
                Code::BackupInProgress,
                format!(
                    "the {name} phase of a backup of {machine} is running (lock {})",
                    path.display()
                ),
            )),
        }
    }
}

/// Locks the file `path`, which is made if needed, with its folder. The lock goes with what
/// is returned or with the process. `None` if another holds it and `wait` says not to wait.
///
/// # Errors
/// Those of the folder.
pub(crate) async fn lock_file(path: PathBuf, wait: Wait) -> Result<Option<Lock>> {
    let take = move || {
        let dir = path.parent().unwrap_or(Path::new("/"));
        std::fs::create_dir_all(dir).map_err(|e| Error::io(dir.display(), e))?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| Error::io(path.display(), e))?;
        let operation = match wait {
            Wait::No => FlockOperation::NonBlockingLockExclusive,
            Wait::Yes => FlockOperation::LockExclusive,
        };
        match rustix::fs::flock(&file, operation) {
            Ok(()) => Ok(Some(Lock(file))),
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(None),
            Err(e) => Err(Error::io(path.display(), e.into())),
        }
    };
    tokio::task::spawn_blocking(take)
        .await
        .map_err(|e| Error::new(Code::Internal, "the lock's thread died").because(e))?
}
