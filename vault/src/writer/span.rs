//! A span: the changed chunks under one leaf, on their way to records.

use std::sync::Arc;

use base::Result;

use super::WriteStats;
use crate::codec::{self, Encoded, Parent};
use crate::format::id::Id;
use crate::format::record::MAX_DEPTH;
use crate::reader::{Chunks, Reader};
use crate::session::Session;

/// Contents put under one leaf.
#[derive(Debug)]
pub(super) struct Span {
    pub(super) session: Arc<Session>,
    pub(super) base: Option<Reader>,
    pub(super) chunk_size: usize,
    pub(super) leaf: u64,
    pub(super) pieces: Vec<Piece>,
}

/// Contents of adjacent chunks, and what the base has there.
#[derive(Debug)]
pub(super) struct Piece {
    pub(super) first_slot: u64,
    pub(super) parents: Vec<Id>,
    pub(super) data: Vec<u8>,
}

/// Chunks of pieces, each with what the base has there.
fn chunks(pieces: &[Piece], size: usize) -> impl Iterator<Item = (&[u8], Id)> {
    pieces
        .iter()
        .flat_map(move |p| p.data.chunks(size).zip(p.parents.iter().copied()))
}

/// What the first look at a chunk says.
enum Look {
    Settled(Id),
    New { id: Id, parent: Option<(Id, u8)> },
}

impl Look {
    fn id(&self) -> Id {
        match self {
            Self::Settled(id) | Self::New { id, .. } => *id,
        }
    }

    fn parent(&self) -> Option<Id> {
        match self {
            Self::New { parent, .. } => parent.map(|(id, _)| id),
            Self::Settled(_) => None,
        }
    }
}

/// What became of a span.
#[derive(Debug)]
pub(super) struct SpanDone {
    /// The chunk of each slot.
    pub(super) ids: Vec<(u64, Id)>,
    /// The chunks that are new.
    pub(super) records: Vec<Encoded>,
    pub(super) stats: WriteStats,
    pub(super) buffers: Vec<Vec<u8>>,
}

impl Span {
    /// Hashes, looks up, compares, compresses and seals.
    ///
    /// # Errors
    /// `Integrity`, those of the store; a parent that can't be read is none.
    pub(super) async fn run(self) -> Result<SpanDone> {
        let Self {
            session,
            base,
            chunk_size,
            pieces,
            ..
        } = self;
        // First look: ids, and whether they are known.
        let s = Arc::clone(&session);
        let (pieces, looks, mut stats) = crate::cpu::brief(move || {
            let mut stats = WriteStats::default();
            let looks: Result<Vec<Look>> = chunks(&pieces, chunk_size)
                .map(|(chunk, parent)| look(&s, chunk, parent, &mut stats))
                .collect();
            (pieces, looks, stats)
        })
        .await;
        let looks = looks?;
        let slots = pieces
            .iter()
            .flat_map(|p| (p.first_slot..).take(p.parents.len()));
        let ids = slots.zip(looks.iter().map(Look::id)).collect();
        // Parents of what is new.
        let wanted: Vec<Id> = looks.iter().filter_map(Look::parent).collect();
        let parents = match (&base, wanted.is_empty()) {
            // A parent that can't be read (damaged, or sealed with a key that this host lacks)
            // costs the patch, not the backup.
            (Some(reader), false) => reader.chunks(&wanted).await.unwrap_or_default(),
            _ => Chunks::new(),
        };
        let buffers = |pieces: Vec<Piece>| pieces.into_iter().map(|p| p.data).collect();
        if looks.iter().all(|l| matches!(l, Look::Settled(_))) {
            return Ok(SpanDone {
                ids,
                records: Vec::new(),
                stats,
                buffers: buffers(pieces),
            });
        }
        let (pieces, records, stats) = crate::cpu::brief(move || {
            let ring = session.vault().ring();
            let mut records = Vec::new();
            for ((chunk, _), l) in chunks(&pieces, chunk_size).zip(&looks) {
                let Look::New { id, parent } = l else {
                    continue;
                };
                let old = parent.and_then(|(id, depth)| {
                    let contents = parents.get(&id)?;
                    Some(Parent {
                        id,
                        depth,
                        contents,
                    })
                });
                stats.changed += old.as_ref().map_or(chunk_size as u64, |old| {
                    codec::changed_bytes(chunk, old.contents)
                });
                let record = codec::encode(ring, *id, chunk, old);
                stats.new_chunks += 1;
                stats.patches += u64::from(record.header.depth > 0);
                records.push(record);
            }
            (pieces, records, stats)
        })
        .await;
        Ok(SpanDone {
            ids,
            records,
            stats,
            buffers: buffers(pieces),
        })
    }
}

fn look(session: &Session, chunk: &[u8], parent: Id, stats: &mut WriteStats) -> Result<Look> {
    if block::is_zero(chunk) {
        if !parent.is_zero() {
            stats.changed += chunk.len() as u64;
        }
        return Ok(Look::Settled(Id::ZERO));
    }
    let id = Id(session.vault().ring().chunk_id(chunk));
    if id == parent && !session.is_careful() {
        return Ok(Look::Settled(id));
    }
    if session.holds(&id)? {
        if id != parent {
            stats.known_chunks += 1;
            stats.changed += chunk.len() as u64;
        }
        return Ok(Look::Settled(id));
    }
    let parent = if parent.is_zero() {
        None
    } else {
        // A parent that damage has hidden costs the patch, not the backup.
        let first = session.find(&parent)?.into_iter().next();
        first
            .filter(|l| l.depth < MAX_DEPTH)
            .map(|l| (parent, l.depth))
    };
    Ok(Look::New { id, parent })
}
