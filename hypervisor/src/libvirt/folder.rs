//! The folder that a backup job of one machine works in, inside the scratch folder.
//!
//! `stillpoint-<machine's UUID>/` holds `lock`, and while a job runs its socket
//! `<start of the point's id>.sock` and its scratch files `<disk>.<start of the id>`. Whoever
//! holds the lock owns all that is in the folder and any job whose socket lies there; the
//! system frees the lock when its holder dies, so a job without a holder is a left-over.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base::{Code, Error, Result, TrackerName};
use rustix::fs::FlockOperation;

const PREFIX: &str = "stillpoint-";
const LOCK: &str = "lock";

/// The longest path of a Unix socket that Linux takes, in bytes.
const LONGEST_SOCKET: usize = 107;

/// A machine's folder, held by its lock. The lock goes when this is dropped.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    lock: File,
}

impl Folder {
    /// Makes the folder of `machine` inside `scratch`, with the owner and mode of `scratch`,
    /// so that QEMU may write there too, and locks it. Waits up to `patience` for a holder
    /// that is about to end.
    ///
    /// # Errors
    /// `BackupInProgress` if another run holds it; those of the file system.
    pub(super) fn lock(scratch: &Path, machine: &str, patience: Duration) -> Result<Self> {
        fs::create_dir_all(scratch).map_err(|e| io("make folder", scratch, e))?;
        // libvirt and QEMU have another working folder than this process.
        let scratch = scratch
            .canonicalize()
            .map_err(|e| io("find folder", scratch, e))?;
        let path = scratch.join(format!("{PREFIX}{machine}"));
        Self::lock_path(&path, Some(&scratch), patience)?.ok_or_else(|| {
            let what = format!("another run holds {}", path.display());
            Error::new(Code::BackupInProgress, what)
        })
    }

    /// Locks a folder at its path; `None` if another holds it.
    pub(super) fn lock_path(
        path: &Path,
        made_like: Option<&Path>,
        patience: Duration,
    ) -> Result<Option<Self>> {
        let start = Instant::now();
        loop {
            if let Some(model) = made_like {
                make_like(path, model)?;
            }
            let file = path.join(LOCK);
            let lock = File::options()
                .create(true)
                .append(true)
                .open(&file)
                .map_err(|e| io("open", &file, e))?;
            match rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                // A holder removes the folder before it lets go: then this is a lock on nothing.
                Ok(()) if is_at(&lock, &file) => {
                    return Ok(Some(Self {
                        path: path.to_owned(),
                        lock,
                    }));
                }
                Ok(()) => continue,
                Err(rustix::io::Errno::WOULDBLOCK) if start.elapsed() < patience => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
                Err(e) => return Err(io("lock", &file, e.into())),
            }
        }
    }

    /// The folder's path.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Gives the folder to the user that QEMU runs as, as libvirt does with images. Fails
    /// silently where this process may not: then the scratch folder's own mode must do.
    pub(super) fn give_to(&self, (user, group): (u32, u32)) {
        if let Err(e) = std::os::unix::fs::chown(&self.path, Some(user), Some(group)) {
            tracing::debug!("{} stays with its owner: {e}", self.path.display());
        }
    }

    /// The files of a new job.
    ///
    /// # Errors
    /// `BadArgument` if the path is too long for a socket.
    pub(super) fn files(&self, tracker: &TrackerName, disks: &[String]) -> Result<JobFiles> {
        let mut id = tracker.point().to_string();
        id.truncate(8);
        let socket = self.path.join(format!("{id}.sock"));
        if socket.as_os_str().len() > LONGEST_SOCKET {
            let what = format!(
                "{} is longer than the {LONGEST_SOCKET} bytes that a socket's path may have; choose a scratch folder with a shorter path",
                socket.display()
            );
            return Err(Error::new(Code::BadArgument, what));
        }
        let scratch = disks
            .iter()
            .map(|d| (d.clone(), self.path.join(format!("{d}.{id}"))))
            .collect();
        Ok(JobFiles { socket, scratch })
    }

    /// Removes everything in the folder but the lock.
    pub(super) fn clear(&self) -> Result<()> {
        for entry in fs::read_dir(&self.path).map_err(|e| io("list", &self.path, e))? {
            let path = entry.map_err(|e| io("list", &self.path, e))?.path();
            if path.file_name().is_some_and(|n| n == LOCK) {
                continue;
            }
            remove(&path)?;
        }
        Ok(())
    }

    /// Removes the folder with all that is in it, and lets go of it.
    pub(super) fn remove(self) -> Result<()> {
        self.clear()
    }
}

/// An empty folder goes. One with files stays: a job may still use them, and whoever ends the
/// job clears them.
impl Drop for Folder {
    fn drop(&mut self) {
        let lock = self.path.join(LOCK);
        let only_lock = fs::read_dir(&self.path).is_ok_and(|entries| entries.count() == 1);
        if only_lock && is_at(&self.lock, &lock) && fs::remove_file(&lock).is_ok() {
            // Fails if the next run made its own lock just now: then the folder is its.
            let _ = fs::remove_dir(&self.path);
        }
    }
}

/// The files of one job.
#[derive(Clone, Debug)]
pub(super) struct JobFiles {
    pub(super) socket: PathBuf,
    /// By disk.
    pub(super) scratch: Vec<(String, PathBuf)>,
}

impl JobFiles {
    /// Bytes that the scratch files take: how far each reaches, since QEMU writes a new one
    /// from start to end. (Allocated blocks would count what was only reserved.)
    pub(super) fn used(&self) -> u64 {
        let size = |path: &PathBuf| fs::metadata(path).map_or(0, |m| m.len());
        self.scratch.iter().map(|(_, path)| size(path)).sum()
    }

    /// Removes them all, those that are there.
    pub(super) fn remove(&self) -> Result<()> {
        let files = self.scratch.iter().map(|(_, path)| path);
        let results: Vec<_> = files.chain([&self.socket]).map(|p| remove(p)).collect();
        results.into_iter().collect()
    }
}

/// The folder of the job that listens on `socket`, if Stillpoint made it.
pub(super) fn of_socket(socket: &Path) -> Option<&Path> {
    let folder = socket.parent()?;
    let name = folder.file_name()?.to_str()?;
    uuid::Uuid::parse_str(name.strip_prefix(PREFIX)?).ok()?;
    Some(folder)
}

fn make_like(path: &Path, model: &Path) -> Result<()> {
    match fs::create_dir(path) {
        Ok(()) => {}
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => return Ok(()),
        Err(e) => return Err(io("make folder", path, e)),
    }
    let meta = fs::metadata(model).map_err(|e| io("look at", model, e))?;
    let mode = fs::Permissions::from_mode(meta.mode() & 0o7777);
    fs::set_permissions(path, mode).map_err(|e| io("set the mode of", path, e))?;
    // Fails where we are neither root nor the owner: then the folder is ours, and QEMU's
    // refusal, if it comes, is reported by its own words.
    let _ = std::os::unix::fs::chown(path, Some(meta.uid()), Some(meta.gid()));
    Ok(())
}

fn is_at(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(io("remove", path, e)),
        _ => Ok(()),
    }
}

fn io(what: &str, path: &Path, e: std::io::Error) -> Error {
    Error::io(format_args!("{what} {}", path.display()), e)
}

#[cfg(test)]
mod tests {
    use base::{PointId, SeededRandom, VaultId};

    use super::*;

    const MACHINE: &str = "6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1";

    #[test]
    fn one_run_at_a_time_holds_a_machine_and_leaves_no_trace() {
        let dir = tempfile::tempdir().unwrap();
        let held = Folder::lock(dir.path(), MACHINE, Duration::ZERO).unwrap();
        let e = Folder::lock(dir.path(), MACHINE, Duration::ZERO).unwrap_err();
        assert_eq!(e.code(), Code::BackupInProgress);
        fs::write(held.path().join("vda.1234"), "x").unwrap();
        held.remove().unwrap();
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
        Folder::lock(dir.path(), MACHINE, Duration::ZERO).unwrap();
    }

    #[test]
    fn the_folder_is_as_open_to_qemu_as_the_scratch_folder() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o1777)).unwrap();
        let held = Folder::lock(dir.path(), MACHINE, Duration::ZERO).unwrap();
        let mode = fs::metadata(held.path()).unwrap().mode();
        assert_eq!(mode & 0o7777, 0o1777);
    }

    #[test]
    fn our_sockets_are_told_from_those_of_others() {
        let dir = tempfile::tempdir().unwrap();
        let random = SeededRandom::new(3);
        let tracker = TrackerName::new(VaultId::new(&random), PointId::new(&random));
        let held = Folder::lock(dir.path(), MACHINE, Duration::ZERO).unwrap();
        let files = held.files(&tracker, &["vda".into()]).unwrap();
        assert_eq!(of_socket(&files.socket), Some(held.path()));
        assert_eq!(of_socket(Path::new("/var/tmp/virtnbdbackup.1234")), None);
        assert_eq!(of_socket(Path::new("/var/tmp/stillpoint-x/a.sock")), None);
    }

    #[test]
    fn a_path_too_long_for_a_socket_is_refused_by_name() {
        let dir = tempfile::tempdir().unwrap();
        let random = SeededRandom::new(3);
        let tracker = TrackerName::new(VaultId::new(&random), PointId::new(&random));
        let long = dir.path().join("x".repeat(60));
        let held = Folder::lock(&long, MACHINE, Duration::ZERO).unwrap();
        let e = held.files(&tracker, &[]).unwrap_err();
        assert_eq!(e.code(), Code::BadArgument);
    }
}
