//! What a folder store makes durable besides the object that is put.
//!
//! A put syncs its file, its name and the folders that it makes. A process that was killed in
//! between leaves objects and folders that all others see and a power cut takes away. So whoever
//! goes on syncs them before anything rests on them:
//!
//! - with the first put into a folder, all folders on the way to it, and the keys;
//! - what it takes over from a dead session, and the log before it is summed up;
//! - before a store becomes a vault, the folders that the store is in;
//! - before a repair looks what is damaged, all folders: what another one put may look well.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use base::{Error, Kind, Result, durable};

use super::Store;

/// Folders that this process has synced, with the one that each is in.
#[derive(Debug, Default)]
pub(super) struct Settled(Mutex<BTreeSet<PathBuf>>);

impl Settled {
    fn has(&self, folder: &Path) -> bool {
        let settled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        settled.contains(folder)
    }

    fn add(&self, folders: Vec<PathBuf>) {
        let mut settled = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        settled.extend(folders);
    }
}

impl Store {
    /// Makes durable what others may have left on the way to the object `name`, and the keys,
    /// unless this was done before. To be called after a put.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) async fn settle(&self, name: &str) -> Result<()> {
        let Some(root) = self.local.clone() else {
            return Ok(());
        };
        let path = root.join(name);
        let way = path.ancestors().skip(1).take_while(|p| **p != root);
        let keys = root.join("keys");
        let new: Vec<PathBuf> = std::iter::once(keys.as_path())
            .chain(way)
            .filter(|f| !self.settled.has(f))
            .map(Path::to_path_buf)
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        let synced = crate::cpu::run(move || sync_with_parents(new)).await?;
        self.settled.add(synced);
        Ok(())
    }

    /// Makes durable which objects are in these folders, and the folders' own names. Those that
    /// are not there are passed by.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) async fn sync_folders(&self, folders: &[&str]) -> Result<()> {
        let Some(root) = self.local.clone() else {
            return Ok(());
        };
        let way = |f: &&str| {
            let path = root.join(f);
            let way = path.ancestors().take_while(|p| *p != root);
            way.map(Path::to_path_buf).collect::<Vec<_>>()
        };
        let all = folders.iter().flat_map(way).collect();
        crate::cpu::run(move || sync_with_parents(all)).await?;
        Ok(())
    }

    /// Makes durable which objects are in the store.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) async fn sync_all_folders(&self) -> Result<()> {
        match self.local.clone() {
            Some(root) => crate::cpu::run(move || sync_below(&root)).await,
            None => Ok(()),
        }
    }

    /// Makes an object durable that an earlier put, which failed, left visible in a folder.
    ///
    /// # Errors
    /// Those of the file system.
    pub(super) async fn make_durable(&self, name: &str) -> Result<()> {
        let Some(root) = self.local.clone() else {
            return Ok(());
        };
        let path = root.join(name);
        crate::cpu::run(move || {
            let mut places = path.ancestors().take_while(|p| p.starts_with(&root));
            places.try_for_each(durable::sync)
        })
        .await
    }

    /// Makes the name of the store's own folder durable, and of those that it is in.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) async fn sync_own_name(&self) -> Result<()> {
        match self.local.clone() {
            Some(root) => crate::cpu::run(move || durable::sync_way(&root)).await,
            None => Ok(()),
        }
    }
}

/// Gives those that are there.
fn sync_with_parents(mut folders: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    folders.retain(|f| f.is_dir());
    let parents = folders.iter().filter_map(|f| f.parent());
    let all: BTreeSet<&Path> = parents
        .chain(folders.iter().map(PathBuf::as_path))
        .collect();
    for folder in all {
        match durable::sync(folder) {
            // A collection may have removed an empty one meanwhile.
            Err(e) if e.kind() == Kind::NotFound => {}
            done => done?,
        }
    }
    Ok(folders)
}

fn sync_below(folder: &Path) -> Result<()> {
    let io = |e| Error::io(folder.display(), e);
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let entry = entry.map_err(io)?;
        if !entry.file_type().map_err(io)?.is_dir() {
            continue;
        }
        match sync_below(&entry.path()) {
            // A collection removes empty ones. One that this user may not read, as `lost+found`,
            // is none of the store's.
            Err(e) if matches!(e.kind(), Kind::NotFound | Kind::Denied) => {}
            done => done?,
        }
    }
    durable::sync(folder)
}
