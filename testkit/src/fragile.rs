//! A disk that loses at a power cut what it may lose, and fails when it is told to.
//!
//! A file system in memory, mounted through `/dev/fuse`, so that programs and libraries work on
//! it as they are. It keeps apart what they see and what is durable:
//!
//! - `fsync` of a file makes its bytes and size durable, not its name;
//! - `fsync` of a folder makes durable which names are in it;
//! - what is not durable may be lost at a power cut, each page of 4 KiB and each name by itself,
//!   whatever the order in which it was done: a page is as it was, as it is or as it was in
//!   between, and zeros or rubbish where the file has grown; a rename is done or not;
//! - a failed `fsync` loses what was written, and the next one succeeds without it, as on Linux.
//!
//! A real disk and file system lose less than that; none promises to.

mod content;
mod dice;
mod inner;
mod served;
mod state;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard};

use anyhow::{Context, Result};
use fuser::{BackgroundSession, Config, INodeNo, MountOption};

use inner::Inner;
use served::Served;
use state::ROOT;

pub use state::State;

/// What fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// One change, `fsync` among them, with EIO. A file whose `fsync` fails loses what it would
    /// have made durable.
    Change,
    /// One read, and all later ones of the same file, with EIO: the kernel asks again.
    Read,
    /// All changes from that one on that need space, with ENOSPC.
    Full,
}

/// Something that is to go wrong.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// What fails.
    pub what: What,
    /// Its number, counted from 0 since the last [`Disk::load`].
    pub at: u64,
}

/// A mounted disk. Unmounted when dropped.
#[derive(Debug)]
pub struct Disk {
    inner: Arc<Mutex<Inner>>,
    mount: Option<BackgroundSession>,
    folder: tempfile::TempDir,
}

impl Disk {
    /// An empty one.
    ///
    /// # Errors
    /// Without `/dev/fuse`, or without the right to mount.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let inner = Arc::new(Mutex::new(Inner::new()));
        let mut config = Config::default();
        config.mount_options = vec![MountOption::FSName("stillpoint-test".into())];
        let served = Served(Arc::clone(&inner));
        let mount = fuser::spawn_mount(served, folder.path(), &config)
            .context("mounting a file system of our own needs root and /dev/fuse")?;
        Ok(Self {
            inner,
            mount: Some(mount),
            folder,
        })
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A path on it.
    #[must_use]
    pub fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// What it holds, durable and not.
    #[must_use]
    pub fn state(&self) -> State {
        self.inner().state.clone()
    }

    /// Holds this from now on. The power is on, nothing is to fail, counting begins at 0, and
    /// what was open before answers with errors.
    pub fn load(&self, state: &State) {
        let before = {
            let mut inner = self.inner();
            let state = state.renumbered(inner.state.last());
            let new = Inner {
                state,
                ..Inner::new()
            };
            std::mem::replace(&mut *inner, new)
        };
        // Not while the lock is held: the kernel may be waiting for an answer meanwhile.
        let mount = self
            .mount
            .as_ref()
            .expect("it goes only when this is dropped");
        for name in before.state.names(ROOT).into_iter().flatten() {
            // It may not know the name.
            let _ = mount.notifier().inval_entry(INodeNo::ROOT, name.0);
        }
    }

    /// Changes since the last load.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.inner().changes
    }

    /// Reads of files since the last load that the kernel did not answer itself.
    #[must_use]
    pub fn reads(&self) -> u64 {
        self.inner().reads
    }

    /// Keeps the state after each change from now on.
    pub fn record(&self) {
        let mut inner = self.inner();
        inner.history = Some(vec![inner.state.clone()]);
    }

    /// What was kept: the state at first, and after each change. Ends the recording.
    #[must_use]
    pub fn recorded(&self) -> Vec<State> {
        self.inner().history.take().unwrap_or_default()
    }

    /// The power goes after so many changes: neither the next one nor anything else is answered
    /// but with EIO, until [`Disk::load`].
    pub fn power_off_after(&self, changes: u64) {
        self.inner().off_at = Some(changes);
    }

    /// Whether the power is off.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.inner().off
    }

    /// Lets something go wrong.
    pub fn fail(&self, fault: Fault) {
        self.inner().fault = Some(fault);
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("no thread panics with it")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Also if somebody still has a file open.
        let _ = Command::new("umount").arg("-l").arg(self.path()).output();
        drop(self.mount.take());
    }
}
