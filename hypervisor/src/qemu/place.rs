//! Where machines of a host without libvirt are found.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};

/// The files of one machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The machine's name.
    pub(super) name: String,
    /// The monitor's socket.
    pub(super) monitor: PathBuf,
    /// The guest agent's socket, where there is one or could be.
    pub(super) agent: PathBuf,
    /// What we add: remembered facts, the lock, the NBD socket.
    own: PathBuf,
}

impl Place {
    fn folder(dir: &Path, name: &str) -> Self {
        let folder = dir.join(name);
        Self {
            name: name.to_owned(),
            monitor: folder.join("qmp.sock"),
            agent: folder.join("qga.sock"),
            own: folder.join("stillpoint"),
        }
    }

    fn pair(dir: &Path, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            monitor: dir.join(format!("{name}.qmp")),
            agent: dir.join(format!("{name}.qga")),
            own: dir.join(format!("{name}.stillpoint")),
        }
    }

    /// The file of remembered facts.
    pub(super) fn memory(&self) -> PathBuf {
        self.with("json")
    }

    /// The socket of the NBD server that we start in the machine's QEMU.
    pub(super) fn nbd(&self) -> PathBuf {
        self.with("nbd")
    }

    fn with(&self, end: &str) -> PathBuf {
        let mut path = self.own.clone().into_os_string();
        path.push(".");
        path.push(end);
        path.into()
    }

    /// Takes the machine's lock, which lasts until the file is dropped or the process ends.
    ///
    /// # Errors
    /// `BackupInProgress` if another run holds it; `FileAccessDenied`, `Io`.
    pub(super) fn lock(&self) -> Result<File> {
        let path = self.with("lock");
        let what = || format!("lock {}", path.display());
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .map_err(|e| Error::io(what(), e))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(std::fs::TryLockError::WouldBlock) => Err(Error::new(
                Code::BackupInProgress,
                format!("another run holds {} of machine {}", what(), self.name),
            )),
            Err(std::fs::TryLockError::Error(e)) => Err(Error::io(what(), e)),
        }
    }

    /// All machines in `dir`, by name: folders with `qmp.sock` or remembered facts, and
    /// pairs `NAME.qmp`, `NAME.qga`. A folder that may not be looked into counts: to whoever
    /// asks for it by name it is denied, not absent.
    ///
    /// # Errors
    /// `HypervisorDenied` if `dir` may not be read, `HypervisorUnavailable` if it can't be.
    pub(super) fn all(dir: &Path) -> Result<Vec<Self>> {
        let mut found = Vec::new();
        let mut scan = || -> io::Result<()> {
            for entry in dir.read_dir()? {
                // A name that is not UTF-8 could not be asked for.
                let Ok(name) = entry?.file_name().into_string() else {
                    continue;
                };
                let folder = Self::folder(dir, &name);
                if folder.is_known() {
                    found.push(folder);
                } else if let Some(stem) = name
                    .strip_suffix(".qmp")
                    .or_else(|| name.strip_suffix(".stillpoint.json"))
                {
                    found.push(Self::pair(dir, stem));
                }
            }
            Ok(())
        };
        scan().map_err(|e| {
            let code = match e.kind() {
                io::ErrorKind::PermissionDenied => Code::HypervisorDenied,
                _ => Code::HypervisorUnavailable,
            };
            let text = format!("folder of QEMU sockets {}: {e}", dir.display());
            Error::new(code, text).because(e)
        })?;
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found.dedup_by(|a, b| a.name == b.name);
        Ok(found)
    }

    fn is_known(&self) -> bool {
        let denied = |e: io::Error| e.kind() == io::ErrorKind::PermissionDenied;
        self.monitor.try_exists().unwrap_or_else(denied) || self.memory().exists()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_and_socket_pairs_are_machines_and_other_files_are_not() {
        let dir = tempfile::tempdir().unwrap();
        for file in [
            "a/qmp.sock",
            "b/stillpoint.json",
            "c/other",
            "d.qmp",
            "d.qga",
            "e.txt",
        ] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let names: Vec<_> = Place::all(dir.path())
            .unwrap()
            .into_iter()
            .map(|p| p.name)
            .collect();
        assert_eq!(names, ["a", "b", "d"]);
        let error = Place::all(&dir.path().join("none")).unwrap_err();
        assert_eq!(error.code(), Code::HypervisorUnavailable);
    }

    #[test]
    fn a_second_run_on_the_same_machine_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::pair(dir.path(), "m");
        let first = place.lock().unwrap();
        assert_eq!(place.lock().unwrap_err().code(), Code::BackupInProgress);
        drop(first);
        place.lock().unwrap();
    }
}
