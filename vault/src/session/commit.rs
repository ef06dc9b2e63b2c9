//! The end of a session: with a point, or without.

use std::sync::atomic::Ordering;

use base::{Code, Error, Kind, Result};
use bytes::Bytes;

use super::{Session, put_own, settled};
use crate::collect::reserve::{self, Use};
use crate::format::entry::{Event, SegmentName};
use crate::format::envelope;
use crate::format::id::Id;
use crate::format::manifest::Manifest;
use crate::log::PointEntry;
use crate::vault::manifest_name;

impl Session {
    /// Commits a point: it exists, durable, when this returns. `sealed` is what only holders
    /// of the data key may read.
    ///
    /// If this fails with `Unavailable` or is dropped, the point may exist. The same commit may
    /// be tried again; it succeeds if the first one did.
    ///
    /// # Errors
    /// `Fenced` if a later session took over; `Integrity`; those of the store. Except after
    /// `Unavailable`, the point does not exist then; what was stored is taken over by the next
    /// session of this machine and phase.
    pub async fn commit(&self, manifest: &Manifest, sealed: &[u8]) -> Result<()> {
        let bytes = envelope::write(
            &self.vault.ring,
            envelope::Kind::Manifest,
            manifest,
            Some(sealed),
        );
        let done = self.commit_bytes(manifest, bytes.into()).await;
        self.ended_or(done).await
    }

    /// Commits a manifest that another store of the vault holds in these very bytes.
    pub(crate) async fn commit_bytes(&self, manifest: &Manifest, bytes: Bytes) -> Result<()> {
        {
            let mut w = self.begin().await?;
            let done = self.list(&mut w).await;
            settled(w, done)?;
        }
        let sum = Id(bytes[bytes.len() - 32..]
            .try_into()
            .expect("an envelope ends in its checksum"));
        self.stored.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let name = manifest_name(self.number, manifest.point);
        put_own(&self.vault.store, &name, bytes).await?;
        let mut seen = self.last_collect;
        loop {
            let segments: Vec<SegmentName> = self.own_segments().iter().map(|s| s.name()).collect();
            let stored = self.stored();
            let (mut committed, mut collected) = (false, None);
            let appended = self
                .vault
                .log
                .append(|state| {
                    let is_this = |p: &PointEntry| p.point == manifest.point && p.manifest == sum;
                    committed = state.points.iter().any(is_this);
                    state.check_open(self.number)?;
                    if state.last_collect > seen {
                        collected = Some(state.last_collect);
                        return Err(Error::new(Code::Fenced, "a collection came in between"));
                    }
                    Ok(Event::Commit {
                        session: self.number,
                        point: manifest.point,
                        machine: self.machine,
                        state: manifest.state,
                        manifest: sum,
                        segments: segments.clone(),
                        stored,
                    })
                })
                .await;
            match (appended, collected) {
                (_, Some(number)) => {
                    self.look_again(manifest).await?;
                    seen = number;
                }
                // The answer to an earlier try was lost.
                (Err(e), _) if e.code() == Code::Fenced && committed => return Ok(()),
                (done, _) => return done.map(|_| ()),
            }
        }
    }

    /// Ends the session without a point. What it stored stays for the next one to take over.
    ///
    /// # Errors
    /// Those of the store; the session is then ended by the next one.
    pub async fn close(&self) -> Result<()> {
        // Keep what is there. Where something is missing, the packs that were put tell what
        // they hold.
        let listed = match self.begin().await {
            Ok(mut w) => {
                let done = self.list(&mut w).await;
                settled(w, done)
            }
            Err(_) => Ok(()),
        };
        let mut w = self.writing.lock().await;
        w.broken = Some(w.broken.unwrap_or(Code::Cancelled));
        w.in_flight.shutdown().await;
        let close = || {
            self.vault.log.append(|state| {
                state.check_open(self.number)?;
                Ok(Event::Close {
                    session: self.number,
                })
            })
        };
        let closed = match close().await {
            // An open session would keep collections from giving space back.
            Err(e) if e.code() == Code::NoSpace => {
                match reserve::take_piece(&self.vault.store, Use::Tidy).await {
                    true => close().await,
                    false => Err(e),
                }
            }
            closed => closed,
        };
        match closed {
            // What an ended session began with may be gone.
            Err(e) if e.code() == Code::Fenced => match listed {
                Err(e) if e.kind() == Kind::Integrity => Ok(()),
                listed => listed,
            },
            Err(e) => Err(e),
            Ok(_) => listed,
        }
    }
}
