//! The index: which records hold an id, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, RwLock, RwLockReadGuard};

use base::{Error, Kind, Result, ResultExt};
use bytes::Bytes;

use crate::format::entry::SegmentName;
use crate::format::id::Id;
use crate::format::pack::{Location, PackName};
use crate::format::segment::{self, Shape, Tail};
use crate::format::{damaged, record};
use crate::keys::Keyring;
use crate::store::Store;

/// A segment that is open for look-ups.
#[derive(Debug)]
pub struct Segment {
    name: SegmentName,
    tail: Tail,
    data: Data,
    /// Of a small segment, which has no filter: which blocks are undamaged, so that a look-up
    /// need not hash them.
    sound: Vec<bool>,
}

/// Where a segment's entries are read from.
#[derive(Debug)]
enum Data {
    File(File),
    Memory(Bytes),
}

impl Segment {
    /// Opens a segment: reads header and tail. From a local store the entries stay in the
    /// file, from another they are held in memory.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn open(store: &Store, ring: &Arc<Keyring>, name: SegmentName) -> Result<Self> {
        if let Some(folder) = store.local_path() {
            let path = folder.join(name.to_string());
            let ring = Arc::clone(ring);
            return crate::cpu::run(move || {
                let io = |e: std::io::Error| match e.kind() {
                    std::io::ErrorKind::NotFound => damaged(format!("object {name} is missing")),
                    _ => Error::io(path.display(), e),
                };
                let file = File::open(&path).map_err(io)?;
                let size = file.metadata().map_err(io)?.len();
                Self::from_data(Data::File(file), size, &ring, name)
            })
            .await;
        }
        let bytes = store.need(&name.to_string()).await?;
        let size = bytes.len() as u64;
        Self::from_data(Data::Memory(bytes), size, ring, name)
    }

    /// A segment of these records that is nowhere stored; 57 bytes a record.
    ///
    /// # Errors
    /// `Failed` if its filter can't be built.
    pub(crate) fn in_memory(
        ring: &Keyring,
        name: SegmentName,
        records: Vec<Location>,
    ) -> Result<Self> {
        let bytes = Bytes::from(segment::write(ring, name, records)?);
        Self::of_bytes(ring, name, bytes)
    }

    /// Opens the bytes of a segment.
    ///
    /// # Errors
    /// `Integrity`.
    pub(crate) fn of_bytes(ring: &Keyring, name: SegmentName, bytes: Bytes) -> Result<Self> {
        let size = bytes.len() as u64;
        Self::from_data(Data::Memory(bytes), size, ring, name)
    }

    fn from_data(data: Data, size: u64, ring: &Keyring, name: SegmentName) -> Result<Self> {
        let read = || {
            let header = data.read(0, segment::HEADER)?;
            let shape = Shape::read(&header, size, name, ring.vault_id())?;
            let tail_len =
                usize::try_from(size - shape.tail_at()).map_err(|_| damaged("it is too long"))?;
            let tail = data.read(shape.tail_at(), tail_len)?;
            Tail::read(shape, &header, &tail, Some(ring))
        };
        let tail = read().during(name)?;
        let data = match data {
            // A small segment has no filter: look-ups must not cost a read each.
            Data::File(_) if tail.shape().entries() < segment::FILTER_FROM => {
                let len = usize::try_from(size).expect("a small segment");
                Data::Memory(data.read(0, len).during(name)?.into())
            }
            data => data,
        };
        let blocks = match tail.shape().entries() {
            n if n < segment::FILTER_FROM => n.div_ceil(segment::BLOCK),
            _ => 0,
        };
        let mut segment = Self {
            name,
            tail,
            data,
            sound: Vec::new(),
        };
        segment.sound = (0..blocks).map(|b| segment.block(b).is_ok()).collect();
        Ok(segment)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> SegmentName {
        self.name
    }

    /// The packs it lists records of.
    #[must_use]
    pub fn packs(&self) -> &[PackName] {
        self.tail.packs()
    }

    /// Adds the records of `id` to `out`. A look-up that the filter lets through costs one
    /// read of 13 KiB.
    ///
    /// # Errors
    /// `Integrity`, and those of the file.
    pub fn find(&self, id: &Id, out: &mut Vec<Location>) -> Result<()> {
        if !self.tail.may_hold(id) {
            return Ok(());
        }
        let (before, mut damage) = (out.len(), None);
        for block in self.tail.blocks_of(id) {
            let entries = match (&self.data, self.sound.get(block)) {
                (Data::Memory(bytes), Some(true)) => {
                    let (at, len) = self.tail.shape().block_range(block);
                    let at = usize::try_from(at).expect("a segment in memory");
                    self.search(&bytes[at..at + len], id)
                }
                _ => self
                    .checked(block)
                    .and_then(|bytes| self.search(&bytes, id)),
            };
            let entries = match entries {
                // The next block may hold it.
                Err(e) if e.kind() == Kind::Integrity => {
                    damage = Some(e);
                    continue;
                }
                entries => entries?,
            };
            for (mut location, parent) in entries {
                if location.id == *id {
                    if location.kind == record::Kind::Patch {
                        let (at, len) = self.tail.shape().parent_range(parent)?;
                        let bytes = self.data.read(at, len).during(self.name)?;
                        location.parent = Id(bytes.try_into().expect("32 bytes were read"));
                    }
                    out.push(location);
                }
            }
        }
        match damage {
            Some(e) if out.len() == before => Err(e),
            _ => Ok(()),
        }
    }

    /// The entries of `id` in a block that is sound.
    fn search(&self, block: &[u8], id: &Id) -> Result<Vec<(Location, u32)>> {
        let (entries, _) = block.as_chunks::<{ segment::ENTRY }>();
        let first = entries.partition_point(|e| e[..32] < id.0[..]);
        let of_id = entries[first..].iter().take_while(|e| e[..32] == id.0);
        of_id.map(|e| self.tail.entry(e)).collect()
    }

    /// The bytes of a block, which are sound.
    fn checked(&self, block: usize) -> Result<Vec<u8>> {
        let (at, len) = self.tail.shape().block_range(block);
        let bytes = self.data.read(at, len)?;
        self.tail.check_block(block, &bytes).during(self.name)?;
        Ok(bytes)
    }

    fn block(&self, block: usize) -> Result<Vec<(Location, u32)>> {
        let (at, len) = self.tail.shape().block_range(block);
        let bytes = self.data.read(at, len)?;
        self.tail.read_block(block, &bytes).during(self.name)
    }

    /// The number of its entries.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tail.shape().entries()
    }

    /// Whether it lists patches.
    #[must_use]
    pub fn has_patches(&self) -> bool {
        self.tail.shape().parents_range().1 > 0
    }

    /// The number of blocks that its entries stand in.
    #[must_use]
    pub fn blocks(&self) -> usize {
        self.count().div_ceil(segment::BLOCK)
    }

    /// The entries of a block, checked, with their parents: in the order of ids, then depth.
    ///
    /// # Errors
    /// `Integrity`, and those of the file.
    pub fn entries(&self, block: usize) -> Result<Vec<Location>> {
        let mut entries = self.block(block)?;
        // The parents of a block's patches stand together, in order.
        let patches = |e: &&mut (Location, u32)| e.0.kind == record::Kind::Patch;
        let places = entries.iter_mut().filter(patches).map(|e| e.1);
        let range = places.fold(None, |range: Option<(u32, u32)>, p| {
            Some(range.map_or((p, p), |(a, b)| (a.min(p), b.max(p))))
        });
        if let Some((first, last)) = range {
            let (at, _) = self.tail.shape().parent_range(first)?;
            self.tail.shape().parent_range(last)?;
            let count = (last - first) as usize + 1;
            if count > segment::BLOCK {
                return Err(damaged(format!(
                    "{} has its parents in disorder",
                    self.name
                )));
            }
            let bytes = self.data.read(at, 32 * count).during(self.name)?;
            for (l, p) in entries.iter_mut().filter(patches) {
                let at = 32 * (*p - first) as usize;
                l.parent = Id(bytes[at..at + 32].try_into().expect("32 bytes"));
            }
        }
        Ok(entries.into_iter().map(|e| e.0).collect())
    }

    /// Reads every entry and checks its block, and the parents; gives the number of entries.
    ///
    /// # Errors
    /// `Integrity`.
    pub fn check(&self) -> Result<usize> {
        let mut entries = 0;
        for block in 0..self.blocks() {
            entries += self.block(block)?.len();
        }
        let (at, len) = self.tail.shape().parents_range();
        let parents = self.data.read(at, len)?;
        self.tail.check_parents(&parents).during(self.name)?;
        Ok(entries)
    }
}

impl Data {
    fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>> {
        let short = || damaged("an index segment is cut short");
        match self {
            Self::File(file) => {
                let mut buf = vec![0; len];
                file.read_exact_at(&mut buf, offset)
                    .map_err(|e| match e.kind() {
                        std::io::ErrorKind::UnexpectedEof => short(),
                        _ => Error::io("an index segment", e),
                    })?;
                Ok(buf)
            }
            Self::Memory(bytes) => {
                let start = usize::try_from(offset).map_err(|_| short())?;
                let end = start.checked_add(len).ok_or_else(short)?;
                Ok(bytes.get(start..end).ok_or_else(short)?.to_vec())
            }
        }
    }
}

/// All segments that the log names.
#[derive(Debug, Default)]
pub struct Index {
    open: RwLock<Open>,
}

#[derive(Debug, Default)]
struct Open {
    segments: BTreeMap<SegmentName, Arc<Segment>>,
    /// Segments that can't be opened, and why. What they list counts as not stored.
    damaged: BTreeMap<SegmentName, String>,
}

impl Index {
    /// Opens the segments of `names` that are not open yet, and drops the others. One that is
    /// damaged does not keep the others from being used: see [`Index::damaged`].
    ///
    /// # Errors
    /// `Unavailable`; `Invalid` for one of a newer version.
    pub async fn follow(
        &self,
        store: &Store,
        ring: &Arc<Keyring>,
        names: &BTreeSet<SegmentName>,
    ) -> Result<()> {
        let have: BTreeSet<SegmentName> = {
            let open = self.read();
            let all = open.segments.keys().chain(open.damaged.keys());
            all.copied().collect()
        };
        let (mut opened, mut damaged) = (Vec::new(), Vec::new());
        for name in names.difference(&have) {
            match Segment::open(store, ring, *name).await {
                Ok(segment) => opened.push(Arc::new(segment)),
                Err(e) if e.kind() == Kind::Integrity => {
                    tracing::warn!(segment = %name, error = %e, "an index segment is damaged");
                    damaged.push((*name, e.to_string()));
                }
                Err(e) => return Err(e),
            }
        }
        let mut open = self
            .open
            .write()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        open.segments.retain(|name, _| names.contains(name));
        open.damaged.retain(|name, _| names.contains(name));
        open.segments
            .extend(opened.into_iter().map(|s| (s.name, s)));
        open.damaged.extend(damaged);
        Ok(())
    }

    fn read(&self) -> RwLockReadGuard<'_, Open> {
        self.open
            .read()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// The segments, newest first: what was stored last is asked for most.
    #[must_use]
    pub fn snapshot(&self) -> Vec<Arc<Segment>> {
        self.read().segments.values().rev().cloned().collect()
    }

    /// The segments that can't be opened, and why.
    #[must_use]
    pub fn damaged(&self) -> Vec<(SegmentName, String)> {
        let open = self.read();
        let all = open.damaged.iter();
        all.map(|(name, why)| (*name, why.clone())).collect()
    }
}

/// The records of `id` in these segments, least depth first. Damage to one segment matters
/// only if no other holds the id.
///
/// # Errors
/// `Integrity`, and those of the files.
pub fn find(segments: &[Arc<Segment>], id: &Id) -> Result<Vec<Location>> {
    let (mut found, mut damage) = (Vec::new(), None);
    for segment in segments {
        match segment.find(id, &mut found) {
            Err(e) if e.kind() == Kind::Integrity => damage = Some(e),
            done => done?,
        }
    }
    match damage {
        Some(e) if found.is_empty() => Err(e),
        _ => {
            found.sort_by_key(|l| l.depth);
            Ok(found)
        }
    }
}
