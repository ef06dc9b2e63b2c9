//! Staging litter of a local store: what a put leaves behind when its process is killed.
//!
//! A put writes `NAME#N` and then links it as `NAME`. A file of that form is litter when the
//! put can't be on its way any more, or when nothing is lost by making it fail: its object
//! exists, or its session has ended.

use std::ffi::OsStr;
use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base::{Error, Result, VaultId};
use jiff::{SignedDuration, Timestamp};

use crate::format::entry::log_name;
use crate::log::State;
use crate::store::Store;
use crate::vault::is_foreign_key;

/// Removes staging litter; gives the number of files removed. Does nothing on stores that are
/// not local. What a probe of the store left is removed an hour later: a probe takes moments,
/// and one that is disturbed only has to be run again.
///
/// # Errors
/// Those of the file system.
pub(crate) async fn sweep(
    store: &Store,
    vault: VaultId,
    state: &State,
    now: Timestamp,
) -> Result<usize> {
    let Some(root) = store.local_path().map(Path::to_path_buf) else {
        return Ok(0);
    };
    let head = log_name(state.head);
    let mut ended: Vec<String> = Vec::new();
    for (number, session) in &state.sessions {
        let this = (!session.open).then_some(number);
        let dead = session.inherits.iter().chain(this);
        ended.extend(dead.map(|n| format!("{n:016x}")));
    }
    crate::cpu::run(move || {
        let mut removed = 0;
        for session in &ended {
            removed += folder(&root, &format!("packs/{session}"), |_| true)?;
            removed += folder(&root, &format!("index/{session}"), |_| true)?;
            removed += folder(&root, &format!("points/{session}"), |_| true)?;
        }
        removed += folder(&root, "log", |name| name <= head.as_str())?;
        // Checkpoints are a help only.
        removed += folder(&root, "state", |_| true)?;
        removed += folder(&root, "", |name| root.join(name).exists())?;
        removed += folder(&root, "keys", |name| {
            root.join(name).exists() || is_foreign_key(name, vault)
        })?;
        removed += old_probes(&root.join("probe"), now)?;
        Ok(removed)
    })
    .await
}

/// Staged files of a store in the folders of sessions, by session. A power cut brings back what
/// was removed, also of sessions that committed long ago. Reads all folders.
///
/// # Errors
/// Those of the file system.
pub(crate) async fn staged(store: &Store) -> Result<Vec<(u64, PathBuf)>> {
    let Some(root) = store.local_path().map(Path::to_path_buf) else {
        return Ok(Vec::new());
    };
    crate::cpu::run(move || {
        let mut all = Vec::new();
        for kind in ["packs", "index", "points"] {
            for folder in entries(&root.join(kind))? {
                let name = folder.file_name();
                let session = name.to_str().and_then(|n| u64::from_str_radix(n, 16).ok());
                let Some(session) = session else { continue };
                let files = entries(&folder.path())?.into_iter();
                let files = files.filter(|f| object_of(&f.file_name()).is_some());
                all.extend(files.map(|f| (session, f.path())));
            }
        }
        Ok(all)
    })
    .await
}

/// What is in a folder; nothing if it is none.
fn entries(folder: &Path) -> Result<Vec<DirEntry>> {
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect);
    match entries {
        Err(e) if matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(Vec::new())
        }
        entries => entries.map_err(|e| Error::io(folder.display(), e)),
    }
}

/// The name of the object for which a file is staged.
fn object_of(file: &OsStr) -> Option<&str> {
    let (name, number) = file.to_str()?.rsplit_once('#')?;
    number.bytes().all(|b| b.is_ascii_digit()).then_some(name)
}

/// Removes a file that may be gone.
pub(crate) fn remove(path: &Path) -> Result<bool> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(false),
        Err(e) => Err(Error::io(path.display(), e)),
    }
}

fn old_probes(folder: &Path, now: Timestamp) -> Result<usize> {
    let mut removed = 0;
    for entry in entries(folder)? {
        let changed = entry.metadata().and_then(|m| m.modified()).ok();
        let changed = changed.and_then(|t| Timestamp::try_from(t).ok());
        if changed.is_some_and(|t| now.duration_since(t) > SignedDuration::from_hours(1))
            && std::fs::remove_file(entry.path()).is_ok()
        {
            removed += 1;
        }
    }
    Ok(removed)
}

/// Removes from one folder the staged files of objects whose name `is_litter` accepts.
fn folder(root: &Path, folder: &str, is_litter: impl Fn(&str) -> bool) -> Result<usize> {
    let mut removed = 0;
    for entry in entries(&root.join(folder))? {
        let file = entry.file_name();
        let Some(name) = object_of(&file) else {
            continue;
        };
        let litter = match folder {
            "" => is_litter(name),
            _ => is_litter(&format!("{folder}/{name}")),
        };
        if litter && remove(&entry.path())? {
            removed += 1;
        }
    }
    Ok(removed)
}
