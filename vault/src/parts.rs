//! Much of a disk at once: adjacent chunks opened side by side into one buffer.
//!
//! From a folder each buffer is read and opened by one thread, straight into its place; other
//! stores are asked for many records together.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Error, Kind, Result, ResultExt};
use block::Aligned;
use bytes::Bytes;

use crate::codec;
use crate::disk::{PointDisk, Slots};
use crate::format::id::Id;
use crate::format::pack::{self, Location};
use crate::format::{damaged, record};
use crate::keys::Keyring;
use crate::reader::Chunks;
use crate::store::LocalObject;

/// Adjacent chunks are read together up to so many bytes, or one chunk.
const TOGETHER: u64 = 1 << 20;
/// Bytes asked of a store over the network at a time: near records are read together.
const ASKED: u64 = 8 << 20;

/// Adjacent bytes of a disk.
#[derive(Debug)]
pub struct Part {
    /// Where they begin in the disk, in bytes.
    pub offset: u64,
    /// The bytes, [`Aligned`] in memory.
    pub bytes: Bytes,
}

/// How to read a lot fast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Slots of one call of [`PointDisk::parts`].
    pub slots: usize,
    /// Calls at the same time.
    pub calls: usize,
}

/// A part to be made.
struct Plan {
    offset: u64,
    len: usize,
    chunks: Vec<Chunk>,
}

/// Where a chunk's contents come from.
enum Chunk {
    Stored(Location),
    Read(Bytes),
}

impl PointDisk {
    /// How to read a lot of this disk.
    #[must_use]
    pub fn pace(&self) -> Pace {
        let slots = |bytes: u64| usize::try_from((bytes / self.chunk_size()).max(1));
        let (bytes, calls) = match self.reader().folder() {
            Some(_) => (TOGETHER, 6),
            None => (ASKED, 3),
        };
        Pace {
            slots: slots(bytes).expect("at most 8 Mi"),
            calls,
        }
    }

    /// The contents of these slots, which rise: adjacent ones together, up to 1 MiB. Where the
    /// call is dropped, a read that was begun ends by itself.
    ///
    /// # Errors
    /// `Integrity` naming the chunk; `Denied` if a data key is missing; `Unavailable`.
    pub async fn parts(&self, slots: Slots) -> Result<Vec<Part>> {
        if let Some(folder) = self.reader().folder() {
            match self.parts_of_files(folder.to_path_buf(), &slots).await {
                // There may be another record, or another place by now.
                Err(e) if e.kind() == Kind::Integrity => {}
                parts => return parts,
            }
        }
        let ids: Vec<Id> = slots.iter().map(|s| s.1).collect();
        let chunks = self.reader().chunks(&ids).await?;
        let plans = self.plans(&slots, |_, id| of(&chunks, id))?;
        drop(chunks);
        self.make(None, plans).await
    }

    async fn parts_of_files(&self, folder: PathBuf, slots: &Slots) -> Result<Vec<Part>> {
        let reader = self.reader();
        let mut found = Vec::with_capacity(slots.len());
        for (_, id) in slots {
            found.push(reader.locate(id)?);
        }
        let patched = slots.iter().zip(&found);
        let patched = patched.filter(|(_, l)| l.kind == record::Kind::Patch);
        let patched: Vec<Id> = patched.map(|(slot, _)| slot.1).collect();
        let read = match patched.is_empty() {
            true => Chunks::new(),
            false => reader.chunks(&patched).await?,
        };
        let plans = self.plans(slots, |i, id| match found[i].kind {
            record::Kind::Patch => of(&read, id),
            _ => Ok(Chunk::Stored(found[i])),
        })?;
        self.make(Some(folder), plans).await
    }

    async fn make(&self, folder: Option<PathBuf>, plans: Vec<Plan>) -> Result<Vec<Part>> {
        let ring = Arc::clone(self.reader().ring());
        let unit = usize::try_from(self.chunk_size()).expect("at most 4 MiB");
        crate::cpu::run(move || make(folder.as_deref(), &ring, plans, unit)).await
    }

    /// Lays slots out as parts.
    fn plans(
        &self,
        slots: &Slots,
        mut chunk: impl FnMut(usize, &Id) -> Result<Chunk>,
    ) -> Result<Vec<Plan>> {
        let (unit, size) = (self.chunk_size(), block::BlockSource::size(self));
        let most = (TOGETHER / unit).max(1) as usize;
        let mut plans: Vec<Plan> = Vec::new();
        for (i, (slot, id)) in slots.iter().enumerate() {
            let offset = slot * unit;
            let len = usize::try_from(unit.min(size.saturating_sub(offset))).expect("a chunk");
            let chunk = chunk(i, id)?;
            match plans.last_mut() {
                Some(p) if p.offset + p.len as u64 == offset && p.chunks.len() < most => {
                    p.len += len;
                    p.chunks.push(chunk);
                }
                _ => plans.push(Plan {
                    offset,
                    len,
                    chunks: vec![chunk],
                }),
            }
        }
        Ok(plans)
    }
}

fn of(chunks: &Chunks, id: &Id) -> Result<Chunk> {
    let chunk = chunks.get(id).cloned().map(Chunk::Read);
    chunk.ok_or_else(|| damaged(format!("chunk {id:?} was not read")))
}

/// Makes the parts. Every chunk has `unit` bytes, the disk's last one too.
fn make(folder: Option<&Path>, ring: &Keyring, plans: Vec<Plan>, unit: usize) -> Result<Vec<Part>> {
    let mut open: Option<LocalObject> = None;
    let mut record = Vec::new();
    let mut part = |plan: Plan| {
        let mut bytes = Aligned::with_capacity(plan.chunks.len() * unit);
        for chunk in plan.chunks {
            let into = bytes.grow(unit);
            match (chunk, folder) {
                (Chunk::Read(chunk), _) if chunk.len() == unit => into.copy_from_slice(&chunk),
                (Chunk::Stored(l), Some(folder)) => {
                    let name = l.pack.to_string();
                    let object = match open.take() {
                        Some(object) if object.name() == name => object,
                        _ => LocalObject::open(folder, &name)?,
                    };
                    object.range_into(l.offset.into(), l.len as usize, &mut record)?;
                    open = Some(object);
                    let read = pack::read_record(&l, &record)?;
                    codec::decode_whole(ring, &read, into)
                        .during(format!("{name} at byte {}", l.offset))?;
                }
                _ => return Err(damaged("a chunk of another length than the vault's")),
            }
        }
        bytes.truncate(plan.len);
        Ok::<_, Error>(Part {
            offset: plan.offset,
            bytes: bytes.into(),
        })
    };
    plans.into_iter().map(&mut part).collect()
}
