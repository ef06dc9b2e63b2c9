//! Staging litter of a local store: what a put leaves behind when its process is killed.
//!
//! A put writes `NAME#N` and then links it as `NAME`. A file of that form is litter when the
//! put can't be on its way any more, or when nothing is lost by making it fail: its object
//! exists, or its session has ended.

use std::path::Path;

use base::{Error, Result};
use jiff::{SignedDuration, Timestamp};

use crate::format::entry::log_name;
use crate::log::State;
use crate::store::Store;

/// Removes staging litter; gives the number of files removed. Does nothing on stores that are
/// not local. What a probe of the store left is removed an hour later: a probe takes moments,
/// and one that is disturbed only has to be run again.
///
/// # Errors
/// Those of the file system.
pub(crate) async fn sweep(store: &Store, state: &State, now: Timestamp) -> Result<usize> {
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
        removed += folder(&root, "keys", |name| root.join(name).exists())?;
        removed += old_probes(&root.join("probe"), now)?;
        Ok(removed)
    })
    .await
}

fn old_probes(folder: &Path, now: Timestamp) -> Result<usize> {
    let io = |e| Error::io(folder.display(), e);
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(io(e)),
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(io)?;
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
    let path = root.join(folder);
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        Err(e) => return Err(Error::io(path.display(), e)),
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry.map_err(|e| Error::io(path.display(), e))?;
        let file = entry.file_name();
        let staged = file.to_str().and_then(|n| n.rsplit_once('#'));
        if let Some((name, number)) = staged
            && number.bytes().all(|b| b.is_ascii_digit())
            && is_litter(&if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            })
        {
            match std::fs::remove_file(entry.path()) {
                Ok(()) => removed += 1,
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
                Err(e) => return Err(Error::io(entry.path().display(), e)),
            }
        }
    }
    Ok(removed)
}
