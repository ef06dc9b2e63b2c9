//! What a session does when a collection came between its opening and its commit: it sees that
//! all it is about to commit is still listed, and copies from its old view what is not.

use std::sync::Arc;

use base::Result;

use super::{Session, settled};
use crate::closure::Closure;
use crate::codec::Encoded;
use crate::format::manifest::Manifest;
use crate::format::pack::{self, Location, read_record};
use crate::format::record;
use crate::reader::Reader;

/// Records copied in one step.
const STEP: usize = 256;

impl Session {
    /// Makes all that `manifest`, and whatever the session stored, rests on listed again, or
    /// stored by this session. The packs of the view with which the session began are there as
    /// long as it is open (ADR 0006).
    ///
    /// # Errors
    /// `Integrity`, those of the store.
    pub(super) async fn look_again(&self, manifest: &Manifest) -> Result<()> {
        self.vault.refresh().await?;
        let own = self.own_segments();
        let closure = Closure {
            listed: [&own[..], &self.vault.index.snapshot()].concat(),
            before: self.committed.clone(),
        };
        let all = [&closure.listed[..], &closure.before].concat();
        let ring = Arc::clone(&self.vault.ring);
        let reader = Reader::new(self.vault.store.clone(), ring, all);
        let roots = manifest.disks.iter().map(|d| d.root).collect();
        let lost = closure.lost(&reader, &own, roots).await?;
        self.take_records(&reader, &lost).await?;
        self.flush().await
    }

    /// Copies records as they are into packs of this session, chunks before nodes; the caller
    /// gives parents before what rests on them.
    pub(crate) async fn take_records(&self, from: &Reader, records: &[Location]) -> Result<()> {
        let (nodes, chunks): (Vec<_>, Vec<_>) =
            records.iter().partition(|l| l.kind == record::Kind::Node);
        self.copy(from, pack::Kind::Chunks, &chunks).await?;
        self.copy(from, pack::Kind::Nodes, &nodes).await
    }

    async fn copy(&self, from: &Reader, kind: pack::Kind, records: &[Location]) -> Result<()> {
        for step in records.chunks(STEP) {
            let bytes = from.records(step).await?;
            let step = step.to_vec();
            let records = crate::cpu::brief(move || {
                let checked = step.iter().zip(bytes).map(|(l, b)| {
                    Ok(Encoded {
                        header: read_record(l, &b)?.header,
                        bytes: b.into(),
                    })
                });
                checked.collect::<Result<Vec<Encoded>>>()
            });
            self.append_as(kind, &records.await?).await?;
        }
        Ok(())
    }

    /// Makes what was appended durable, and lists it in a segment of this session.
    pub(crate) async fn flush(&self) -> Result<()> {
        let mut w = self.begin().await?;
        let done = self.list(&mut w).await;
        settled(w, done)
    }
}
