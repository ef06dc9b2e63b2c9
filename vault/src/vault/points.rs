//! Points and their manifests: what there is, and taking some off the log.

use base::{Code, Error, PointId, Result, ResultExt};
use bytes::Bytes;

use super::Vault;
use crate::collect::reserve::{self, Use};
use crate::format::entry::Event;
use crate::format::envelope;
use crate::format::id::Id;
use crate::format::manifest::{MachineKey, Manifest, PointState};
use crate::log::PointEntry;
use crate::log_end;

/// A committed point and its manifest's clear part.
#[derive(Clone, Debug)]
pub struct PointInfo {
    /// The commit.
    pub entry: PointEntry,
    /// What is known without a data key.
    pub manifest: Manifest,
}

impl Vault {
    /// Takes points, or attempts, off the log: they exist no more when this returns. Their
    /// space comes back with the next collection. Gives those that were there. On a full file
    /// system a piece of a local store's reserve is given up for it.
    ///
    /// # Errors
    /// `StoreUnsafe`, `Integrity` (the log), `NoSpace`, `Unavailable`.
    pub async fn remove_points(&self, points: &[PointId]) -> Result<Vec<PointId>> {
        let mut tries = 4;
        loop {
            tries -= 1;
            match self.try_to_remove(points).await {
                // Others may take the room that the piece made.
                Err(e) if e.code() == Code::NoSpace && tries > 0 => {
                    if !reserve::take_piece(&self.store, Use::Free).await {
                        return Err(e);
                    }
                }
                done => return done,
            }
        }
    }

    async fn try_to_remove(&self, points: &[PointId]) -> Result<Vec<PointId>> {
        self.ensure_probed().await?;
        log_end::ensure(self).await?;
        let mut there = Vec::new();
        let nothing = || Error::new(Code::PointNotFound, "none of these points exists");
        let removed = self
            .log
            .append(|state| {
                let found = state.points.iter().filter(|p| points.contains(&p.point));
                there = found.map(|p| p.point).collect();
                if there.is_empty() {
                    return Err(nothing());
                }
                Ok(Event::Remove {
                    points: there.clone(),
                })
            })
            .await;
        match removed {
            Err(e) if e.code() == Code::PointNotFound => {
                // They may be gone by an entry that is visible and not durable.
                self.store.sync_folders(&["log"]).await?;
                Ok(Vec::new())
            }
            done => done.map(|_| there),
        }
    }

    /// The points, oldest first; attempts are left out. A point whose manifest is damaged is
    /// left out too, with a warning in the log: `verify` names it, and one damaged object must
    /// not hide all others.
    ///
    /// # Errors
    /// `Integrity` (the log), `Unavailable`.
    pub async fn points(&self) -> Result<Vec<PointInfo>> {
        let state = self.refresh().await?;
        let mut points = Vec::new();
        for entry in state
            .points
            .into_iter()
            .filter(|p| p.state == PointState::Whole)
        {
            points.extend(self.readable(entry).await?);
        }
        Ok(points)
    }

    /// The point of this id.
    ///
    /// # Errors
    /// `PointNotFound`, `Integrity`, `Unavailable`.
    pub async fn point(&self, point: PointId) -> Result<PointInfo> {
        let state = self.refresh().await?;
        let found = state
            .points
            .into_iter()
            .find(|p| p.point == point && p.state == PointState::Whole);
        let none = || {
            let detail = format!("no point {point} in {}", self.store);
            Error::new(Code::PointNotFound, detail)
        };
        let entry = found.ok_or_else(none)?;
        match self.info(entry).await {
            // It may have been removed since.
            Err(e) if e.kind() == base::Kind::Integrity => {
                let points = self.refresh().await?.points;
                let there = points.iter().any(|p| p.point == point);
                Err(if there { e } else { none() })
            }
            info => info,
        }
    }

    /// The newest points of a machine, newest first, at most `limit`; its attempt too, if it
    /// has one. What a session builds on it takes from [`crate::Session::history`].
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn history(&self, machine: MachineKey, limit: usize) -> Result<Vec<PointInfo>> {
        let points = self.refresh().await?.points;
        self.newest(&points, machine, limit).await
    }

    /// As [`Vault::history`], of these points.
    pub(crate) async fn newest(
        &self,
        points: &[PointEntry],
        machine: MachineKey,
        limit: usize,
    ) -> Result<Vec<PointInfo>> {
        let mut history = Vec::new();
        let newest_first = points.iter().rev().filter(|p| p.machine == machine);
        for entry in newest_first.take(limit) {
            history.extend(self.readable(entry.clone()).await?);
        }
        Ok(history)
    }

    async fn readable(&self, entry: PointEntry) -> Result<Option<PointInfo>> {
        let point = entry.point;
        match self.info(entry).await {
            Err(e) if e.kind() == base::Kind::Integrity => {
                tracing::warn!(%point, error = %e, "a point can't be read");
                Ok(None)
            }
            read => read.map(Some),
        }
    }

    pub(crate) async fn info(&self, entry: PointEntry) -> Result<PointInfo> {
        let bytes = self.manifest_bytes(&entry).await?;
        let opened = envelope::open(&bytes, envelope::Kind::Manifest)?;
        let manifest: Manifest = opened.clear()?;
        if manifest.point != entry.point || manifest.machine != entry.machine {
            return Err(crate::format::damaged(format!(
                "the manifest of {} is another's",
                entry.point
            )));
        }
        Ok(PointInfo { entry, manifest })
    }

    /// A manifest's bytes, checked against the log and authenticated.
    pub(crate) async fn manifest_bytes(&self, entry: &PointEntry) -> Result<Bytes> {
        let name = manifest_name(entry.session, entry.point);
        let bytes = self.store.need(&name).await?;
        let opened = envelope::open(&bytes, envelope::Kind::Manifest).during(&name)?;
        if Id(opened.checksum()) != entry.manifest {
            return Err(crate::format::damaged(format!(
                "{name} is not the one that was committed"
            )));
        }
        opened.authenticate(&self.ring).during(&name)?;
        Ok(bytes)
    }

    /// The sealed part of a point's manifest: what the backup stored with it.
    ///
    /// # Errors
    /// `Integrity`; `Denied` if the ring lacks its data key.
    pub async fn sealed(&self, info: &PointInfo) -> Result<Vec<u8>> {
        let bytes = self.manifest_bytes(&info.entry).await?;
        envelope::open(&bytes, envelope::Kind::Manifest)?.sealed(&self.ring)
    }
}

/// The object name of the manifest with which `session` commits a point. Like all that a session
/// makes it stands under its number, so that no name is ever made twice.
#[must_use]
pub fn manifest_name(session: u64, point: PointId) -> String {
    format!("points/{session:016x}/{point}")
}
