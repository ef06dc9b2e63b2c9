//! Folders that the API is told of: of vault pools, of snapshot stores, of restored disks.
//!
//! Each is tried before it is recorded: it is there or can be made, files can be made in it, and
//! no other store is in it, nor it in another. If anything fails after all, what was made goes
//! again.

use std::path::{Component, Path, PathBuf};

use base::{Code, Error, Result, durable};
use state::hosts::Host;
use state::resources::{self, Record};
use state::storage_accounts::StorageAccount;
use state::vault_pools::VaultPool;
use state::vaults::Vault;
use state::{Resource, Tx, fold};

use crate::blocking::blocking;
use crate::{Control, new_id};

/// How long a file system may take.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);

/// What a folder is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    Pool,
    Snapshots,
    Restores,
}

impl Purpose {
    /// A file that says that the folder is the one that was meant: where what it lies on is not
    /// mounted, it is missing.
    pub(crate) fn mark(self) -> Option<&'static str> {
        match self {
            Self::Pool => Some(".stillpoint-pool"),
            Self::Snapshots => Some(crate::plane::SNAPSHOTS_MARK),
            Self::Restores => None,
        }
    }
}

/// A folder that was tried. Dropped before [`NewPlace::keep`], it takes away what it has made.
#[derive(Debug)]
pub(crate) struct NewPlace {
    path: PathBuf,
    /// What was made: folders from the outermost on, then the mark.
    made: Vec<PathBuf>,
}

impl NewPlace {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// As the records name it.
    pub(crate) fn text(&self) -> String {
        self.path.display().to_string()
    }

    /// What was made stays.
    pub(crate) fn keep(mut self) {
        self.made.clear();
    }
}

impl Drop for NewPlace {
    fn drop(&mut self) {
        for path in self.made.iter().rev() {
            let gone = match path.is_dir() {
                true => std::fs::remove_dir(path),
                false => std::fs::remove_file(path),
            };
            if let Err(e) = gone {
                tracing::warn!("{} stays behind: {e}", path.display());
            }
        }
    }
}

impl Control {
    /// Makes the folder of this path ready, for a resource that has the id `own`, or will have it.
    ///
    /// # Errors
    /// `FolderUnusable`; those of the records.
    pub(crate) async fn new_place(
        &self,
        folder: &str,
        purpose: Purpose,
        own: &str,
    ) -> Result<NewPlace> {
        let path = plain(folder)?;
        let own_folders = [self.data.clone(), self.pool.clone()];
        let shown = path.display().to_string();
        let real = move || (real(&path), own_folders.map(|folder| self::real(&folder)));
        let (path, own_folders) = patient(&shown, real).await?;
        for (what, folder) in ["own", "vault pool"].into_iter().zip(own_folders) {
            apart(&path, &folder, &format!("the server's {what}"))?;
        }
        let mut tx = self.state.read().await?;
        self.check_place(&mut tx, &path, purpose, own).await?;
        drop(tx);
        let probe = format!(".stillpoint-probe-{}", new_id(&*self.random));
        patient(&shown, move || make(path, purpose, &probe)).await?
    }

    /// Refuses a folder, without links, that is, holds or lies in one that another resource has than
    /// that of the id `own`. It looks at the records alone: what hangs holds nobody up.
    ///
    /// # Errors
    /// `FolderUnusable`; those of the records.
    pub(crate) async fn check_place(
        &self,
        tx: &mut Tx,
        path: &Path,
        purpose: Purpose,
        own: &str,
    ) -> Result<()> {
        let own = fold(own);
        let mut all = Vec::new();
        for pool in others::<VaultPool>(tx, &own).await? {
            let what = format!("the vault pool {}", pool.name);
            all.extend(pool.body.folder.map(|f| (what, PathBuf::from(f))));
        }
        for host in others::<Host>(tx, &own).await? {
            let what = format!("the snapshot store of {}", host.name);
            all.push((what, PathBuf::from(host.body.snapshot_store)));
        }
        for folder in others::<StorageAccount>(tx, &own).await? {
            let what = format!("the restore folder {}", folder.name);
            all.push((what, PathBuf::from(folder.body.folder)));
        }
        for vault in others::<Vault>(tx, &own).await? {
            let what = format!("the vault {}", vault.name);
            let place = PathBuf::from(&vault.body.pool);
            // One that was attached where it lies is of the pool around it from then on.
            let inside = purpose == Purpose::Pool && place.parent() == Some(path);
            all.extend((place.is_absolute() && !inside).then_some((what, place)));
        }
        for (what, other) in all {
            apart(path, &other, &what)?;
        }
        Ok(())
    }
}

/// Does what asks a file system, which may hang.
///
/// # Errors
/// `FolderUnusable` if it does.
async fn patient<T: Send + 'static>(
    folder: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T> {
    match tokio::time::timeout(PATIENCE, blocking(work)).await {
        Ok(done) => done,
        Err(_) => {
            let detail = format!("{folder} does not answer");
            Err(Error::new(Code::FolderUnusable, detail))
        }
    }
}

/// Refuses one of two folders that is, holds or lies in the other.
fn apart(path: &Path, other: &Path, what: &str) -> Result<()> {
    if !path.starts_with(other) && !other.starts_with(path) {
        return Ok(());
    }
    let (path, other) = (path.display(), other.display());
    let detail = format!("{path} overlaps {other}, which is {what}");
    Err(Error::new(Code::FolderUnusable, detail))
}

async fn others<T: Resource>(tx: &mut Tx, own: &str) -> Result<Vec<Record<T>>> {
    let mut all: Vec<Record<T>> = resources::all(tx).await?;
    all.retain(|record| fold(&record.id) != own);
    Ok(all)
}

/// A path that can be a folder's.
fn plain(folder: &str) -> Result<PathBuf> {
    let wrong = |why: &str| {
        let detail = format!("`{folder}` can't be the path of a folder: {why}");
        Err(Error::new(Code::FolderUnusable, detail))
    };
    let path = Path::new(folder);
    let is_plain = |c| matches!(c, Component::RootDir | Component::Normal(_));
    // Components hide a `.` that is not the first.
    let has_dot = folder.split('/').any(|part| part == ".");
    if !path.is_absolute() || has_dot || !path.components().all(is_plain) {
        return wrong("it is no absolute path without `.` and `..`");
    }
    if path.components().count() < 2 {
        return wrong("it is the root of all files");
    }
    if folder.chars().any(char::is_control) {
        return wrong("it has characters that can't be seen");
    }
    Ok(path.to_owned())
}

/// The path without links, as far as there is something.
fn real(path: &Path) -> PathBuf {
    let mut rest = Vec::new();
    let mut there = path;
    loop {
        if let Ok(found) = there.canonicalize() {
            return rest.iter().rev().fold(found, |path, name| path.join(name));
        }
        match (there.parent(), there.file_name()) {
            (Some(parent), Some(name)) => {
                rest.push(name.to_owned());
                there = parent;
            }
            _ => return path.to_owned(),
        }
    }
}

/// Makes the folder, its mark, and for a moment a file in it.
fn make(path: PathBuf, purpose: Purpose, probe: &str) -> Result<NewPlace> {
    let mut place = NewPlace {
        path,
        made: Vec::new(),
    };
    let path = place.path.clone();
    let unusable = |e: Error| {
        let detail = format!("{} can't be used: {}", path.display(), e.detail());
        Error::new(Code::FolderUnusable, detail).because(e)
    };
    let missing: Vec<PathBuf> = path
        .ancestors()
        .take_while(|p| !p.exists())
        .map(Path::to_owned)
        .collect();
    place.made.extend(missing.into_iter().rev());
    let made = match purpose {
        // One that is there stays as its owner wants it.
        Purpose::Restores if !place.made.is_empty() => durable::make_passable_folder(&path),
        _ => durable::make_folder(&path),
    };
    if let Err(e) = made {
        place.made.retain(|p| p.exists());
        return Err(unusable(e));
    }
    let create = |file: &Path| -> Result<()> {
        let io = |e| Error::io(file.display(), e);
        std::fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(file)
            .map_err(io)?;
        Ok(())
    };
    let probe = path.join(probe);
    create(&probe).map_err(unusable)?;
    std::fs::remove_file(&probe).map_err(|e| unusable(Error::io(probe.display(), e)))?;
    if let Some(mark) = purpose.mark().map(|m| path.join(m)).filter(|m| !m.exists()) {
        create(&mark).map_err(unusable)?;
        place.made.push(mark.clone());
        durable::sync_name(&mark).map_err(unusable)?;
    }
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_absolute_and_says_where_it_leads() {
        for bad in [
            "", "a", "a/b", "/", "//", "/a/../b", "/a/./b", "./a", "/a\nb",
        ] {
            let refused = plain(bad).unwrap_err();
            assert_eq!(refused.code(), Code::FolderUnusable, "{bad:?}");
        }
        for good in ["/a", "/srv/pool 2", "/srv/pool/"] {
            plain(good).unwrap();
        }
    }

    #[test]
    fn what_was_made_goes_again_unless_it_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let there = folder.path().join("there");
        std::fs::create_dir(&there).unwrap();
        let path = there.join("a/b");
        drop(make(path.clone(), Purpose::Pool, "p").unwrap());
        assert!(!there.join("a").exists());
        drop(make(there.clone(), Purpose::Pool, "p").unwrap());
        assert_eq!(std::fs::read_dir(&there).unwrap().count(), 0);
        make(path.clone(), Purpose::Pool, "p").unwrap().keep();
        let left: Vec<_> = std::fs::read_dir(&path).unwrap().collect();
        assert_eq!(left.len(), 1, "{left:?}");
        // A file in the way, also of a folder above.
        std::fs::write(there.join("file"), "x").unwrap();
        for bad in ["file", "file/below/it"] {
            let refused = make(there.join(bad), Purpose::Restores, "p").unwrap_err();
            assert_eq!(refused.code(), Code::FolderUnusable, "{refused}");
        }
        assert!(there.join("file").is_file());
    }

    #[test]
    fn a_link_is_followed_as_far_as_it_leads() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().canonicalize().unwrap();
        std::fs::create_dir(base.join("real")).unwrap();
        std::os::unix::fs::symlink(base.join("real"), base.join("link")).unwrap();
        assert_eq!(real(&base.join("link/x/y")), base.join("real/x/y"));
        assert_eq!(real(&base.join("link")), base.join("real"));
    }
}
