//! The reserve: space that a local store keeps for the work that frees space.
//!
//! It is the file `reserve` in the store's folder, allocated and without contents; it is no
//! object, and may be deleted at any moment. Removing a point and closing a session are entries
//! of the log: on a full file system each takes a piece of the reserve. A collection takes it
//! whole, copies in rounds no more than there is room for, and makes it anew at its end.

use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Code, Error, Result};
use rustix::fs::FallocateFlags;

use super::{CollectOptions, CollectReport, Figures, Swept, once};
use crate::store::{RESERVE, Store};
use crate::vault::Vault;

/// The least size.
const LEAST: u64 = 16 << 20;
/// What an entry of the log takes off it. Larger than an entry by far, since file systems
/// allocate as they like.
const PIECE: u64 = 256 << 10;
/// A new vault has a reserve if so many times its size is free.
const FREE_WHEN_NEW: u64 = 20;
/// A collection makes it again if so many times its size is free.
const FREE_WHEN_COLLECTED: u64 = 2;

/// How far a piece may be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Use {
    /// To free space.
    Free,
    /// To leave things in order. Half of the least size is left for what frees space.
    Tidy,
}

/// Makes the reserve of a new store if the file system has room for it.
pub(crate) async fn make(store: &Store) {
    keep(store, FREE_WHEN_NEW).await;
}

/// Takes a piece off the reserve, so that a small object can be put. Whether there was one.
pub(crate) async fn take_piece(store: &Store, what_for: Use) -> bool {
    let Some(path) = path(store) else {
        return false;
    };
    let left = match what_for {
        Use::Free => 0,
        Use::Tidy => LEAST / 2,
    };
    let taken = crate::cpu::run(move || {
        let file = File::options().write(true).open(path)?;
        let len = file.metadata()?.len();
        if len < left + PIECE {
            return Ok(false);
        }
        file.set_len(len - PIECE)?;
        // Some file systems give freed space back only with their next commit.
        file.sync_all()?;
        Ok(true)
    });
    let taken: std::io::Result<bool> = taken.await;
    taken.unwrap_or(false)
}

/// Collects after there was no space for it: deletes what needs no entry, gives the reserve
/// up, and copies in rounds only as much as there is room for.
///
/// # Errors
/// `full`, if that does not help either; those of a collection.
pub(super) async fn collect_without_space(
    vault: &Arc<Vault>,
    options: &CollectOptions,
    full: Error,
) -> Result<CollectReport> {
    let Some(root) = vault.store.local_path().map(Path::to_path_buf) else {
        return Err(full);
    };
    let mut done = CollectReport {
        swept: super::sweep::sweep(vault).await?,
        ..CollectReport::default()
    };
    give_up(vault).await;
    let mut left = options.most_copied;
    for round in 0.. {
        let index = index_bytes(&vault.store).await?;
        // What is rewritten of the index needs room too, beside its old segments.
        let room = free(&root).unwrap_or(0).saturating_sub(index + PIECE);
        let most_copied = left.min(room / 2);
        let options = CollectOptions {
            most_copied,
            ..*options
        };
        match once(vault, &options).await {
            Ok(more) => {
                let f = more.figures;
                left -= f.copied.min(left);
                done = and(done, more, round == 0);
                // Each round must free something, and the last one finds nothing.
                if f.packs_copied + f.packs_dropped == 0 || left == 0 {
                    return Ok(done);
                }
            }
            // What the earlier rounds freed may still be waiting for open sessions.
            Err(e) if e.code() == Code::NoSpace && round > 0 => return Ok(done),
            Err(e) if e.code() == Code::NoSpace => return Err(full),
            Err(e) => return Err(e),
        }
    }
    Ok(done)
}

/// The figures of two rounds together.
fn and(a: CollectReport, b: CollectReport, first: bool) -> CollectReport {
    let (f, g) = (a.figures, b.figures);
    let figures = if first {
        g
    } else {
        Figures {
            nodes: f.nodes + g.nodes,
            packs_dropped: f.packs_dropped + g.packs_dropped,
            packs_copied: f.packs_copied + g.packs_copied,
            copied: f.copied + g.copied,
            freed: f.freed + g.freed,
            segments_rewritten: f.segments_rewritten + g.segments_rewritten,
            ..f
        }
    };
    let swept = Swept {
        objects: a.swept.objects + b.swept.objects,
        bytes: a.swept.bytes + b.swept.bytes,
        waiting: b.swept.waiting,
    };
    CollectReport { figures, swept }
}

/// Makes the reserve again after a collection.
pub(super) async fn renew(vault: &Vault) {
    keep(&vault.store, FREE_WHEN_COLLECTED).await;
}

async fn give_up(vault: &Vault) {
    let Some(path) = path(&vault.store) else {
        return;
    };
    let gone = crate::cpu::run(move || {
        std::fs::remove_file(&path)?;
        sync_folder(&path)
    });
    match gone.await {
        Err(e) if e.kind() != ErrorKind::NotFound => {
            tracing::warn!("the reserve can't be given up: {e}");
        }
        _ => {}
    }
}

/// Makes the reserve, or makes it whole, if at least `times` its size is free besides. Where
/// it can't be made, there is none: it is a comfort, not a need.
async fn keep(store: &Store, times: u64) {
    let Some(path) = path(store) else {
        return;
    };
    let Ok(index) = index_bytes(store).await else {
        return;
    };
    let size = LEAST.max(index + index / 4);
    let made = crate::cpu::run(move || allocate(&path, size, times));
    if let Err(e) = made.await {
        tracing::debug!("there is no reserve: {e}");
    }
}

fn allocate(path: &Path, size: u64, times: u64) -> std::io::Result<()> {
    let there = std::fs::metadata(path).map_or(0, |m| m.len().min(m.blocks() * 512));
    let root = path.parent().unwrap_or(path);
    if there >= size || free(root)?.saturating_add(there) < size.saturating_mul(times) {
        return Ok(());
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)?;
    if let Err(e) = rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, size) {
        if there == 0 {
            std::fs::remove_file(path)?;
        }
        return Err(e.into());
    }
    file.sync_all()?;
    sync_folder(path)
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    File::open(path.parent().unwrap_or(path))?.sync_all()
}

/// Bytes that this user may still write.
fn free(folder: &Path) -> std::io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

async fn index_bytes(store: &Store) -> Result<u64> {
    let segments = store.list("index").await?;
    Ok(segments.iter().map(|s| s.1).sum())
}

fn path(store: &Store) -> Option<PathBuf> {
    store.local_path().map(|root| root.join(RESERVE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn len(folder: &tempfile::TempDir) -> Option<u64> {
        let meta = std::fs::metadata(folder.path().join(RESERVE)).ok()?;
        assert!(meta.blocks() * 512 >= meta.len(), "it is allocated");
        Some(meta.len())
    }

    #[tokio::test]
    async fn the_reserve_is_made_where_there_is_room_and_taken_in_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::local(folder.path()).unwrap();
        assert!(!take_piece(&store, Use::Free).await);
        keep(&store, u64::MAX).await;
        assert_eq!(len(&folder), None, "there is not as much room as that");
        keep(&store, 1).await;
        assert_eq!(len(&folder), Some(LEAST));
        assert!(store.list("").await.unwrap().is_empty(), "it is no object");

        assert!(take_piece(&store, Use::Free).await);
        assert_eq!(len(&folder), Some(LEAST - PIECE));
        while take_piece(&store, Use::Tidy).await {}
        assert_eq!(len(&folder), Some(LEAST / 2));
        while take_piece(&store, Use::Free).await {}
        assert_eq!(len(&folder), Some(0));
        keep(&store, 1).await;
        assert_eq!(len(&folder), Some(LEAST));
    }
}
