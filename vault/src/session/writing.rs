//! What a session stores: records into packs, packs into the store, their places into segments.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use base::{Code, Error, Result};
use bytes::Bytes;
use tokio::sync::MutexGuard;

use super::{Session, Writing};
use crate::codec::{self, Encoded};
use crate::format::entry::SegmentName;
use crate::format::pack::{self, Builder, Location};
use crate::format::segment;
use crate::index::Segment;
use crate::store::{Put, Store};
use crate::tree::NewNode;

/// Packs on their way at the same time. With the one being filled this bounds the memory.
const PACKS_IN_FLIGHT: usize = 3;

impl Session {
    /// Takes the right to write. Give it back with [`settled`].
    pub(super) async fn begin(&self) -> Result<MutexGuard<'_, Writing>> {
        let mut w = self.writing.lock().await;
        if let Some(code) = w.broken {
            let number = self.number;
            return Err(Error::new(
                code,
                format!("session {number} was cut short; the next one goes on with what it stored"),
            ));
        }
        w.broken = Some(Code::Cancelled);
        Ok(w)
    }

    /// Takes records in; those that the session stored already are dropped. May wait until a
    /// pack has been put. If this fails or is dropped half-way, the session can only be closed.
    ///
    /// # Errors
    /// Those of the store, also of packs put earlier.
    pub async fn append(&self, records: Vec<Encoded>) -> Result<()> {
        self.append_as(pack::Kind::Chunks, &records).await
    }

    /// Takes in records of one kind.
    pub(crate) async fn append_as(&self, kind: pack::Kind, records: &[Encoded]) -> Result<()> {
        let mut w = self.begin().await?;
        let mut done = Ok(());
        for record in records {
            done = self.append_one(&mut w, kind, record).await;
            if done.is_err() {
                break;
            }
        }
        settled(w, done)
    }

    /// From here on tree nodes are stored anew even if they are listed: for a backup that could
    /// not read the tree it would have built on.
    pub fn distrust_nodes(&self) {
        self.nodes_anew.store(true, Ordering::Relaxed);
    }

    /// Takes tree nodes in, children before their parents; those that the store has are
    /// dropped. The chunks they name must have been appended before. If this fails or is
    /// dropped half-way, the session can only be closed.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn append_nodes(&self, nodes: Vec<NewNode>) -> Result<()> {
        let mut w = self.begin().await?;
        let mut done = Ok(());
        for node in &nodes {
            let anew = self.nodes_anew.load(Ordering::Relaxed);
            done = match self.find(&node.id) {
                Ok(found) if anew || found.is_empty() => {
                    let record = codec::encode_node(node.id, &node.contents);
                    self.append_one(&mut w, pack::Kind::Nodes, &record).await
                }
                found => found.map(|_| ()),
            };
            if done.is_err() {
                break;
            }
        }
        settled(w, done)
    }

    async fn append_one(&self, w: &mut Writing, kind: pack::Kind, record: &Encoded) -> Result<()> {
        let builder = match kind {
            pack::Kind::Chunks => &mut w.chunks,
            pack::Kind::Nodes => &mut w.nodes,
        };
        {
            let mut known = self
                .known
                .write()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if known.recent.contains_key(&record.header.id) {
                return Ok(());
            }
            let location = builder.push(&record.header, &record.bytes);
            known.recent.insert(location.id, location);
            w.unlisted.push(location);
        }
        let limits = self.vault.limits;
        if builder.len() >= limits.pack_bytes {
            match kind {
                pack::Kind::Chunks => self.put_chunks(w).await?,
                pack::Kind::Nodes => self.put_nodes(w).await?,
            }
        }
        if w.unlisted.len() >= limits.segment_records {
            self.list(w).await?;
        }
        Ok(())
    }

    async fn put_chunks(&self, w: &mut Writing) -> Result<()> {
        let next = self.next_builder(&mut w.next_pack, pack::Kind::Chunks);
        let full = std::mem::replace(&mut w.chunks, next);
        self.put(w, full).await
    }

    async fn put_nodes(&self, w: &mut Writing) -> Result<()> {
        if !w.chunks.is_empty() {
            self.put_chunks(w).await?;
        }
        self.settle(w, 0).await?;
        let next = self.next_builder(&mut w.next_pack, pack::Kind::Nodes);
        let full = std::mem::replace(&mut w.nodes, next);
        self.put(w, full).await
    }

    async fn put(&self, w: &mut Writing, full: Builder) -> Result<()> {
        if full.is_empty() {
            return Ok(());
        }
        self.settle(w, PACKS_IN_FLIGHT - 1).await?;
        let name = full.name().to_string();
        let (bytes, _) = full.finish(&self.vault.ring);
        self.stored.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        let store = self.vault.store.clone();
        w.in_flight
            .spawn(async move { put_own(&store, &name, bytes).await });
        Ok(())
    }

    /// Waits until at most `left` packs are on their way.
    async fn settle(&self, w: &mut Writing, left: usize) -> Result<()> {
        while w.in_flight.len() > left {
            match w.in_flight.join_next().await {
                Some(Ok(done)) => done?,
                Some(Err(e)) => {
                    return Err(Error::new(Code::Internal, "a pack's writer died").because(e));
                }
                None => break,
            }
        }
        Ok(())
    }

    /// Makes all records durable and lists them in a segment.
    pub(super) async fn list(&self, w: &mut Writing) -> Result<()> {
        self.put_chunks(w).await?;
        self.put_nodes(w).await?;
        self.settle(w, 0).await?;
        if w.unlisted.is_empty() {
            return Ok(());
        }
        let records = std::mem::take(&mut w.unlisted);
        self.put_segment(w, records).await?;
        let mut known = self
            .known
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        known.recent.clear();
        Ok(())
    }

    /// Lists records that are nowhere.
    #[cfg(test)]
    pub(crate) async fn list_made_up(&self, records: Vec<Location>) {
        let mut w = self.begin().await.expect("a session at work");
        let done = self.put_segment(&mut w, records).await;
        settled(w, done).expect("a store that works");
    }

    /// Lists records, which must be durable, in a new segment.
    pub(super) async fn put_segment(&self, w: &mut Writing, records: Vec<Location>) -> Result<()> {
        let name = SegmentName {
            session: self.number,
            number: w.next_segment,
        };
        w.next_segment += 1;
        let ring = Arc::clone(&self.vault.ring);
        let bytes: Bytes = crate::cpu::run(move || segment::write(&ring, name, records))
            .await?
            .into();
        self.stored.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        put_own(&self.vault.store, &name.to_string(), bytes).await?;
        let segment = Segment::open(&self.vault.store, &self.vault.ring, name).await?;
        let mut known = self
            .known
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        known.segments.push(Arc::new(segment));
        Ok(())
    }
}

/// Puts an object whose name only this session uses.
pub(super) async fn put_own(store: &Store, name: &str, bytes: Bytes) -> Result<()> {
    match store.put_new(name, bytes).await? {
        Put::Created => Ok(()),
        Put::Exists => Err(Error::new(
            Code::VaultDamaged,
            format!("{name} is there already, with other contents"),
        )),
    }
}

/// Gives the right to write back, and leaves the session broken if `done` failed.
pub(super) fn settled(mut w: MutexGuard<'_, Writing>, done: Result<()>) -> Result<()> {
    w.broken = done.as_ref().err().map(Error::code);
    done
}
