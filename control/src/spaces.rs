//! How full the file systems are that folders lie on, told without waiting for one that hangs.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};

use crate::blocking::blocking;

/// How long a folder may take to say how much is free.
const PATIENCE: Duration = Duration::from_secs(2);

type Look = Shared<BoxFuture<'static, Option<mover::Space>>>;

/// The looks that go on: one for a folder, however many ask. One that hangs keeps a thread until
/// its file system answers.
#[derive(Default)]
pub(crate) struct Spaces(Mutex<HashMap<(PathBuf, Option<&'static str>), Look>>);

impl Spaces {
    /// The space of what a folder lies on; `None` if it can't be reached, or lacks its mark.
    /// Cancel-safe.
    pub(crate) async fn of(
        &self,
        folder: PathBuf,
        marked: Option<&'static str>,
    ) -> Option<mover::Space> {
        let look = self.look(folder, marked);
        tokio::time::timeout(PATIENCE, look).await.ok().flatten()
    }

    fn look(&self, folder: PathBuf, marked: Option<&'static str>) -> Look {
        let mut looks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        looks.retain(|_, look| look.peek().is_none());
        let look = looks.entry((folder, marked));
        let (folder, marked) = look.key().clone();
        let look = look.or_insert_with(|| {
            let work = blocking(move || {
                let is_there = marked.is_none_or(|mark| folder.join(mark).exists());
                mover::space(&folder).ok().filter(|_| is_there)
            });
            async move { work.await.ok().flatten() }.boxed().shared()
        });
        look.clone()
    }
}

impl std::fmt::Debug for Spaces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Spaces").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[tokio::test]
    async fn who_asks_for_a_folder_that_is_looked_at_waits_for_that_look() {
        let spaces = Spaces::default();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().to_owned();
        let first = spaces.look(path.clone(), None);
        let second = spaces.look(path.clone(), None);
        assert!(first.ptr_eq(&second));
        assert!(first.await.is_some());
        assert!(!spaces.look(path.clone(), None).ptr_eq(&second));
        assert!(spaces.of(path.clone(), Some("mark")).await.is_none());
        assert!(spaces.of(path.join("gone"), None).await.is_none());
    }
}
