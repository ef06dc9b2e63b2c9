//! Reading records: located by the index, fetched pack by pack, opened on the CPU pool.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use base::{Result, ResultExt};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};

use crate::codec;
use crate::format::id::Id;
use crate::format::node::Node;
use crate::format::pack::{self, Location, PackName};
use crate::format::{damaged, record};
use crate::index::{self, Index, Segment};
use crate::keys::Keyring;
use crate::log::Log;
use crate::store::{LocalObject, Store};

/// Packs read at the same time.
const PACKS_AT_ONCE: usize = 4;
/// The most record bytes opened in one piece of CPU work.
const CPU_BATCH: usize = 256 << 10;

/// So few records of a local store are read and opened by one thread.
const FEW: usize = 16;

/// Reads what the index lists: as it was when the reader was made, or, after something was
/// missed, as it is by then. Clones share what they have seen.
#[derive(Clone, Debug)]
pub struct Reader {
    store: Store,
    ring: Arc<Keyring>,
    segments: Arc<RwLock<Arc<Vec<Arc<Segment>>>>>,
    /// Where to see that the index has changed; a session's reader keeps its view.
    following: Option<(Arc<Log>, Arc<Index>)>,
}

/// Contents by id.
pub type Chunks = HashMap<Id, Bytes>;

impl Reader {
    pub(crate) fn new(store: Store, ring: Arc<Keyring>, segments: Vec<Arc<Segment>>) -> Self {
        Self {
            store,
            ring,
            segments: Arc::new(RwLock::new(Arc::new(segments))),
            following: None,
        }
    }

    /// A reader of what `index` lists, which looks again when it misses something: a
    /// collection may have moved it.
    pub(crate) fn following(
        store: Store,
        ring: Arc<Keyring>,
        log: Arc<Log>,
        index: Arc<Index>,
    ) -> Self {
        let segments = index.snapshot();
        Self {
            following: Some((log, index)),
            ..Self::new(store, ring, segments)
        }
    }

    /// The store's folder, if it is a local one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.store.local_path()
    }

    pub(crate) fn ring(&self) -> &Arc<Keyring> {
        &self.ring
    }

    fn segments(&self) -> Arc<Vec<Arc<Segment>>> {
        let segments = self.segments.read();
        Arc::clone(&segments.unwrap_or_else(PoisonError::into_inner))
    }

    /// Takes the index as it is now, after something was missed. False if it has not changed.
    ///
    /// # Errors
    /// `Integrity` (the log), `Unavailable`.
    pub(crate) async fn look_again(&self) -> Result<bool> {
        let Some((log, index)) = &self.following else {
            return Ok(false);
        };
        crate::vault::follow(&self.store, &self.ring, log, index).await?;
        let now = index.snapshot();
        let names = |all: &[Arc<Segment>]| all.iter().map(|s| s.name()).collect::<Vec<_>>();
        if names(&now) == names(&self.segments()) {
            return Ok(false);
        }
        let segments = self.segments.write();
        *segments.unwrap_or_else(PoisonError::into_inner) = Arc::new(now);
        Ok(true)
    }

    /// The records of `id`, least depth first.
    ///
    /// # Errors
    /// `Integrity`.
    pub fn find(&self, id: &Id) -> Result<Vec<Location>> {
        index::find(&self.segments(), id)
    }

    /// The first record of `id`, which must exist.
    ///
    /// # Errors
    /// `Integrity` if the index lists none.
    pub fn locate(&self, id: &Id) -> Result<Location> {
        let found = self.find(id)?;
        found
            .into_iter()
            .next()
            .ok_or_else(|| damaged(format!("no record of {id:?} in the index")))
    }

    /// The stored bytes of these records, in the order asked.
    ///
    /// # Errors
    /// `Integrity` (missing or cut short), `Unavailable`.
    pub async fn records(&self, locations: &[Location]) -> Result<Vec<Bytes>> {
        let mut by_pack: BTreeMap<PackName, Vec<usize>> = BTreeMap::new();
        for (i, l) in locations.iter().enumerate() {
            by_pack.entry(l.pack).or_default().push(i);
        }
        let parts: Vec<(Vec<usize>, Vec<Bytes>)> = futures::stream::iter(by_pack)
            .map(|(name, mut which)| async move {
                which.sort_unstable_by_key(|i| locations[*i].offset);
                let ranges: Vec<_> = which
                    .iter()
                    .map(|i| {
                        let start = u64::from(locations[*i].offset);
                        start..start + u64::from(locations[*i].len)
                    })
                    .collect();
                let bytes = self.store.need_ranges(&name.to_string(), &ranges).await?;
                Ok::<_, base::Error>((which, bytes))
            })
            .buffer_unordered(PACKS_AT_ONCE)
            .try_collect()
            .await?;
        let mut out = vec![Bytes::new(); locations.len()];
        for (which, bytes) in parts {
            for (i, b) in which.into_iter().zip(bytes) {
                out[i] = b;
            }
        }
        Ok(out)
    }

    /// The contents of these chunks, each once; zero ids are left out. Chunks that patches
    /// rest on are read too. Where a record is damaged, another record of the same chunk is
    /// tried.
    ///
    /// # Errors
    /// `Integrity` naming the chunk; `Denied` if a data key is missing; `Unavailable`.
    pub async fn chunks(&self, ids: &[Id]) -> Result<Chunks> {
        loop {
            match self.read_chunks(ids).await {
                Err(e) if e.kind() == base::Kind::Integrity => {}
                done => return done,
            }
            if !self.look_again().await? {
                return self.chunks_one_by_one(ids).await;
            }
        }
    }

    async fn read_chunks(&self, ids: &[Id]) -> Result<Chunks> {
        let mut seen: HashSet<Id> = HashSet::new();
        let mut wanted: Vec<Id> = ids.iter().filter(|id| !id.is_zero()).copied().collect();
        let mut locations = Vec::with_capacity(wanted.len());
        while let Some(id) = wanted.pop() {
            if seen.insert(id) {
                let location = self.locate(&id)?;
                if location.kind == record::Kind::Patch {
                    wanted.push(location.parent);
                }
                locations.push(location);
            }
        }
        // Parents have less depth, so they come first.
        locations.sort_unstable_by_key(|l| (l.depth, l.pack, l.offset));
        if let Some(folder) = self.store.local_path()
            && locations.len() <= FEW
        {
            // Reading and opening in one go: who waits for a chunk waits for one thread.
            let (folder, ring) = (folder.to_owned(), Arc::clone(&self.ring));
            return crate::cpu::run(move || open_local(&folder, &ring, locations)).await;
        }
        let bytes = self.records(&locations).await?;
        let mut chunks = Chunks::with_capacity(locations.len());
        let mut at = 0;
        while at < locations.len() {
            let depth = locations[at].depth;
            let level = locations[at..]
                .iter()
                .take_while(|l| l.depth == depth)
                .count();
            let mut jobs = Vec::new();
            let end = at + level;
            while at < end {
                let (mut batch, mut size) = (Vec::new(), 0);
                while at < end && size < CPU_BATCH {
                    let parent = chunks.get(&locations[at].parent).cloned();
                    batch.push((locations[at], bytes[at].clone(), parent));
                    size += bytes[at].len().max(32 << 10);
                    at += 1;
                }
                let ring = Arc::clone(&self.ring);
                jobs.push(crate::cpu::brief(move || open_batch(&ring, batch)));
            }
            let mut done = futures::stream::iter(jobs).buffer_unordered(4);
            while let Some(batch) = done.next().await {
                chunks.extend(batch?);
            }
        }
        Ok(chunks)
    }

    /// The slow way after damage: every chunk alone, through each of its records in turn.
    async fn chunks_one_by_one(&self, ids: &[Id]) -> Result<Chunks> {
        let mut chunks = Chunks::new();
        for id in ids.iter().filter(|id| !id.is_zero()) {
            if !chunks.contains_key(id) {
                let chunk = self.any_record(*id, u8::MAX).await?;
                chunks.insert(*id, chunk);
            }
        }
        Ok(chunks)
    }

    /// The contents of a chunk by any of its records of less depth than `below`.
    async fn any_record(&self, id: Id, below: u8) -> Result<Bytes> {
        let mut last = damaged(format!("no record of {id:?} in the index"));
        for location in self.find(&id)?.into_iter().filter(|l| l.depth < below) {
            match self.one_record(location).await {
                Err(e) if e.kind() == base::Kind::Integrity => last = e,
                done => return done,
            }
        }
        Err(last)
    }

    async fn one_record(&self, location: Location) -> Result<Bytes> {
        let parent = if location.kind == record::Kind::Patch {
            // The depth falls at every step, so this ends.
            let parent = Box::pin(self.any_record(location.parent, location.depth));
            Some(parent.await?)
        } else {
            None
        };
        let bytes = self.records(&[location]).await?.swap_remove(0);
        let ring = Arc::clone(&self.ring);
        let opened = crate::cpu::brief(move || open_batch(&ring, vec![(location, bytes, parent)]));
        Ok(opened.await?.swap_remove(0).1)
    }

    /// These nodes, which should stand at `level` if one is given, in the order asked. Zero ids
    /// give empty nodes. Where a record is damaged, another record of the same node is tried.
    ///
    /// # Errors
    /// `Integrity`, `Unavailable`.
    pub async fn nodes(&self, ids: &[Id], level: impl Into<Option<u8>>) -> Result<Vec<Node>> {
        let level = level.into();
        loop {
            match self.read_nodes(ids, level).await {
                Err(e) if e.kind() == base::Kind::Integrity => {}
                done => return done,
            }
            if !self.look_again().await? {
                break;
            }
        }
        let mut nodes = Vec::with_capacity(ids.len());
        for id in ids {
            nodes.push(self.any_node(id, level).await?);
        }
        Ok(nodes)
    }

    async fn read_nodes(&self, ids: &[Id], level: Option<u8>) -> Result<Vec<Node>> {
        let mut locations = Vec::with_capacity(ids.len());
        for id in ids.iter().filter(|id| !id.is_zero()) {
            locations.push(self.locate(id).during("a tree node")?);
        }
        let mut bytes = self.records(&locations).await?.into_iter().zip(&locations);
        ids.iter()
            .map(|id| {
                if id.is_zero() {
                    return Ok(Node::empty(level.unwrap_or(0)));
                }
                let (bytes, location) = bytes.next().expect("one for every id that is not zero");
                self.open_node(location, &bytes, level)
            })
            .collect()
    }

    async fn any_node(&self, id: &Id, level: Option<u8>) -> Result<Node> {
        if id.is_zero() {
            return Ok(Node::empty(level.unwrap_or(0)));
        }
        let mut last = damaged(format!("no record of tree node {id:?} in the index"));
        for location in self.find(id).during("a tree node")? {
            let read = match self.records(&[location]).await {
                Ok(bytes) => self.open_node(&location, &bytes[0], level),
                Err(e) => Err(e),
            };
            match read {
                Err(e) if e.kind() == base::Kind::Integrity => last = e,
                done => return done,
            }
        }
        Err(last)
    }

    fn open_node(&self, location: &Location, bytes: &[u8], level: Option<u8>) -> Result<Node> {
        let record = pack::read_record(location, bytes)?;
        Node::read(codec::decode_node(&self.ring, &record)?, level)
    }
}

/// Reads and opens records of a local store; parents come before what rests on them.
fn open_local(folder: &Path, ring: &Keyring, locations: Vec<Location>) -> Result<Chunks> {
    let mut chunks = Chunks::with_capacity(locations.len());
    let mut file: Option<(PackName, LocalObject)> = None;
    for location in locations {
        let open = match file.take() {
            Some(open) if open.0 == location.pack => open,
            _ => (
                location.pack,
                LocalObject::open(folder, &location.pack.to_string())?,
            ),
        };
        let bytes = open
            .1
            .range(location.offset.into(), location.len as usize)?;
        file = Some(open);
        let parent = chunks.get(&location.parent).cloned();
        chunks.extend(open_batch(ring, vec![(location, bytes.into(), parent)])?);
    }
    Ok(chunks)
}

fn open_batch(
    ring: &Keyring,
    batch: Vec<(Location, Bytes, Option<Bytes>)>,
) -> Result<Vec<(Id, Bytes)>> {
    batch
        .into_iter()
        .map(|(location, bytes, parent)| {
            let record = pack::read_record(&location, &bytes)?;
            let chunk = codec::decode(ring, &record, parent.as_deref())
                .during(format!("{} at byte {}", location.pack, location.offset))?;
            Ok((location.id, chunk.into()))
        })
        .collect()
}
