//! Rescue: reading what is left of a store, from its packs and manifests and the keys alone.
//!
//! Neither log nor index nor descriptor is needed, and nothing is written to the store.
//!
//! ```text
//! points/*  ─► manifests ─► points        log, as far as readable ─► which of them count
//! packs/*   ─► directories, or a scan for records ─► an index in memory ─► disks
//! ```
//!
//! Of an id every record is tried, least depth first. What can't be read is left out and named.
//! Memory: 57 bytes a record, and 16 MiB of contents.

mod image;
mod packs;
mod points;
mod scan;

use std::sync::Arc;

use base::{Error, Result};

pub use self::image::Missing;
pub use self::points::{RescuePoint, Standing};
pub(crate) use self::scan::scan;
use crate::format::descriptor::{Descriptor, check_chunk_size};
use crate::format::envelope;
use crate::format::pack::read_record;
use crate::format::record;
use crate::index::Segment;
use crate::keys::{KeyObject, Keyring};
use crate::reader::Reader;
use crate::store::Store;
use crate::vault::DESCRIPTOR;

/// What is left of a store.
#[derive(Debug)]
pub struct Rescue {
    reader: Reader,
    chunk_size: Option<u32>,
    points: Vec<RescuePoint>,
    found: Found,
}

/// What was found in the store.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Packs.
    pub packs: u64,
    /// Records in them.
    pub records: u64,
    /// What is damaged, for people.
    pub damaged: Vec<String>,
}

/// All key objects of a store that can be read, newest first.
///
/// # Errors
/// `Unavailable`, `Failed`: the store can't be listed.
pub async fn key_objects(store: &Store) -> Result<Vec<KeyObject>> {
    let mut found = Vec::new();
    for (name, _) in store.list("keys").await? {
        if let Ok(bytes) = store.need(&name).await
            && let Ok(object) = KeyObject::from_bytes(&bytes)
        {
            found.push(object);
        }
    }
    found.sort_by_key(|object| std::cmp::Reverse(object.number()));
    Ok(found)
}

impl Rescue {
    /// Looks through a store: reads log, manifests and the directory of every pack, and all of
    /// the packs whose directory is damaged.
    ///
    /// # Errors
    /// `Unavailable`, `Failed`: the store can't be listed.
    pub async fn open(store: &Store, ring: &Arc<Keyring>) -> Result<Self> {
        let mut found = Found::default();
        let points = points::points(store, ring, &mut found).await?;
        let segments = packs::index(store, ring, &mut found).await?;
        let reader = Reader::new(store.clone(), Arc::clone(ring), segments.clone());
        let chunk_size = match descriptor(store, ring).await {
            Ok(descriptor) => Some(descriptor.chunk_size),
            Err(e) => {
                found.damaged.push(e.during(DESCRIPTOR).to_string());
                chunk_size_of(&reader, &segments).await
            }
        };
        Ok(Self {
            reader,
            chunk_size,
            points,
            found,
        })
    }

    /// The points whose manifests can be read, oldest first; attempts too, and those that the
    /// log does not name.
    #[must_use]
    pub fn points(&self) -> &[RescuePoint] {
        &self.points
    }

    /// What was found.
    #[must_use]
    pub fn found(&self) -> &Found {
        &self.found
    }
}

async fn descriptor(store: &Store, ring: &Keyring) -> Result<Descriptor> {
    let bytes = store.need(DESCRIPTOR).await?;
    let opened = envelope::open(&bytes, envelope::Kind::Descriptor)?;
    opened.authenticate(ring)?;
    let descriptor: Descriptor = opened.clear()?;
    check_chunk_size(descriptor.chunk_size)?;
    Ok(descriptor)
}

/// The chunk size, as any record of a chunk tells it.
async fn chunk_size_of(reader: &Reader, segments: &[Arc<Segment>]) -> Option<u32> {
    for segment in segments {
        for block in 0..segment.blocks() {
            let entries = segment.entries(block).ok()?;
            for l in entries.iter().filter(|l| l.kind != record::Kind::Node) {
                let read = async {
                    let bytes = reader.records(&[*l]).await?;
                    let len = read_record(l, &bytes[0])?.header.plain_len;
                    check_chunk_size(len)?;
                    Ok::<_, Error>(len)
                };
                if let Ok(len) = read.await {
                    return Some(len);
                }
            }
        }
    }
    None
}
