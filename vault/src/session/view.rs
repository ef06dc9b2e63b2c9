//! What a session sees: what was there when it began, and what it stored since.

use std::sync::Arc;

use base::{Kind, Result};

use super::Session;
use crate::format::id::Id;
use crate::format::pack::Location;
use crate::format::record;
use crate::index::{self, Segment};
use crate::reader::Reader;
use crate::vault::PointInfo;

impl Session {
    /// The records of `id` that the store holds or this session has stored, least depth first.
    /// What a damaged part of the index lists counts as not stored, and so is stored anew.
    /// Reads files: call it from a thread that may block.
    ///
    /// # Errors
    /// Those of the files.
    pub fn find(&self, id: &Id) -> Result<Vec<Location>> {
        let segments = {
            let known = self
                .known
                .read()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if let Some(l) = known.recent.get(id) {
                return Ok(vec![*l]);
            }
            if known.segments.is_empty() {
                None
            } else {
                Some(known.segments.clone())
            }
        };
        let find = |segments: &[Arc<Segment>]| match index::find(segments, id) {
            Err(e) if e.kind() == Kind::Integrity => Ok(Vec::new()),
            done => done,
        };
        let found = match segments {
            Some(s) => find(&s)?,
            None => Vec::new(),
        };
        if found.is_empty() {
            return find(&self.committed);
        }
        Ok(found)
    }

    /// Whether the chunk or node `id` is stored. With a damaged index, a patch counts only if
    /// what it rests on is stored too. Reads files, as [`Session::find`] does.
    ///
    /// # Errors
    /// Those of the files.
    pub fn holds(&self, id: &Id) -> Result<bool> {
        if self.careful {
            self.holds_below(id, u8::MAX)
        } else {
            Ok(!self.find(id)?.is_empty())
        }
    }

    fn holds_below(&self, id: &Id, depth: u8) -> Result<bool> {
        for l in self.find(id)?.iter().filter(|l| l.depth < depth) {
            if l.kind != record::Kind::Patch || self.holds_below(&l.parent, l.depth)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a segment of the index is damaged: what is stored is then not known to rest on
    /// things that are stored.
    #[must_use]
    pub(crate) fn is_careful(&self) -> bool {
        self.careful
    }

    /// As [`crate::Vault::history`], of the points that were there when the session began: what the
    /// next one may build on. Their contents can be read until the session ends, even if they
    /// are removed and collected meanwhile; one whose manifest is gone already is left out.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn history(&self, limit: usize) -> Result<Vec<PointInfo>> {
        self.vault.newest(&self.points, self.machine, limit).await
    }

    /// A reader of what was committed when the session began.
    #[must_use]
    pub fn reader(&self) -> Reader {
        let ring = Arc::clone(&self.vault.ring);
        Reader::new(self.vault.store.clone(), ring, self.committed.clone())
    }

    /// Makes an error for what is missing the right one: what a session began with is there only
    /// until it is ended.
    ///
    /// # Errors
    /// That of `done`; `Fenced`; `Unavailable` if the log can't be asked.
    pub async fn ended_or<T>(&self, done: Result<T>) -> Result<T> {
        match done {
            Err(e) if e.kind() == Kind::Integrity => match self.vault.log.refresh().await {
                Ok(state) => Err(state.check_open(self.number).err().unwrap_or(e)),
                // Nobody knows then.
                Err(away) if away.kind() == Kind::Unavailable => Err(away),
                Err(_) => Err(e),
            },
            done => done,
        }
    }

    /// The segments that it wrote or took over.
    pub(crate) fn own_segments(&self) -> Vec<Arc<Segment>> {
        let known = self
            .known
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        known.segments.clone()
    }
}
