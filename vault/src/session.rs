//! A session: one writer's way from opening to commit.
//!
//! Durable order: packs, then index segments, then the manifest, then the log entry that
//! commits. Packs of tree nodes are put only when all packs begun before them are durable, so
//! a stored node's children are stored too.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{Code, Error, Kind, Result};
use bytes::Bytes;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinSet;

use crate::codec::{self, Encoded};
use crate::format::entry::{Event, Phase, SegmentName};
use crate::format::id::Id;
use crate::format::manifest::MachineKey;
use crate::format::pack::{self, Builder, Location, PackName};
use crate::format::{record, segment};
use crate::index::{self, Segment};
use crate::log::PointEntry;
use crate::reader::Reader;
use crate::store::{Put, Store};
use crate::tree::NewNode;
use crate::vault::{PointInfo, Vault};

mod collecting;
mod commit;
mod inherit;
mod look_again;

use inherit::{Inherited, inherit};
pub(crate) use inherit::{directory_in, read_directory};

/// Packs on their way at the same time. With the one being filled this bounds the memory.
const PACKS_IN_FLIGHT: usize = 3;

/// When a session puts what it has gathered. It bounds what it holds in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A pack is put when it has this many bytes; it may become longer by one record.
    pub pack_bytes: usize,
    /// An index segment is written after so many records.
    pub segment_records: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            pack_bytes: 16 << 20,
            segment_records: 256 << 10,
        }
    }
}

/// A session of one writer.
#[derive(Debug)]
pub struct Session {
    vault: Arc<Vault>,
    number: u64,
    machine: MachineKey,
    stored: AtomicU64,
    /// What the log named when the session began.
    committed: Vec<Arc<Segment>>,
    /// The points of that moment.
    points: Vec<PointEntry>,
    careful: bool,
    /// Whether tree nodes are stored anew even if they are listed.
    nodes_anew: AtomicBool,
    /// The last collection before it began.
    last_collect: u64,
    /// Of a collector: the sessions of killed ones, whose packs it may use.
    inherits: Vec<u64>,
    /// What the session wrote, and what it inherited. Held only for moments.
    known: std::sync::RwLock<Known>,
    writing: Mutex<Writing>,
}

#[derive(Debug, Default)]
struct Known {
    segments: Vec<Arc<Segment>>,
    recent: HashMap<Id, Location>,
}

#[derive(Debug)]
struct Writing {
    chunks: Builder,
    nodes: Builder,
    next_pack: u32,
    next_segment: u32,
    in_flight: JoinSet<Result<()>>,
    /// Records of `recent`, not yet in a segment.
    unlisted: Vec<Location>,
    /// Set while something is being written. What failed or was dropped half-way leaves it
    /// set: records may be missing that the session believes to be stored, so that nothing
    /// may be listed or committed any more.
    broken: Option<Code>,
}

impl Session {
    /// Opens a session of this machine and phase. It ends any other of the same machine and
    /// phase and takes over what those stored, so that work cut short is not done twice.
    ///
    /// # Errors
    /// `StoreUnsafe`, `Integrity`, `Unavailable`.
    pub async fn open(vault: &Arc<Vault>, machine: MachineKey, phase: Phase) -> Result<Arc<Self>> {
        vault.ensure_probed().await?;
        let mut inherits = Vec::new();
        let number = vault
            .log
            .append(|state| {
                inherits.clear();
                for (n, s) in &state.sessions {
                    if s.machine == machine && s.phase == phase {
                        inherits.push(*n);
                        inherits.extend(&s.inherits);
                    }
                }
                Ok(Event::Open {
                    machine,
                    phase,
                    inherits: inherits.clone(),
                })
            })
            .await?;
        let (state, committed) = vault.view().await?;
        let now = vault.around.clock.now();
        crate::litter::sweep(&vault.store, &state, now).await?;
        let builder =
            |number, kind| Builder::new(vault.id(), PackName { session: 0, number }, kind);
        let Inherited { segments, unlisted } = match phase {
            // What a killed collector copied may be garbage by now: it chooses itself.
            Phase::Collect => Inherited::default(),
            _ => inherit(vault, &inherits, state.last_collect).await?,
        };
        let known = Known {
            segments,
            recent: unlisted.iter().map(|l| (l.id, *l)).collect(),
        };
        let session = Self {
            vault: Arc::clone(vault),
            number,
            machine,
            stored: AtomicU64::new(0),
            committed,
            points: state.points,
            careful: !vault.index.damaged().is_empty(),
            nodes_anew: AtomicBool::new(false),
            last_collect: state.last_collect,
            inherits,
            known: std::sync::RwLock::new(known),
            writing: Mutex::new(Writing {
                chunks: builder(0, pack::Kind::Chunks),
                nodes: builder(0, pack::Kind::Nodes),
                next_pack: 1,
                next_segment: 1,
                in_flight: JoinSet::new(),
                unlisted,
                broken: None,
            }),
        };
        {
            let mut w = session.writing.lock().await;
            w.chunks = session.next_builder(&mut w.next_pack, pack::Kind::Chunks);
            w.nodes = session.next_builder(&mut w.next_pack, pack::Kind::Nodes);
        }
        Ok(Arc::new(session))
    }

    fn next_builder(&self, next: &mut u32, kind: pack::Kind) -> Builder {
        let name = PackName {
            session: self.number,
            number: *next,
        };
        *next += 1;
        Builder::new(self.vault.id(), name, kind)
    }

    /// The vault it writes to.
    #[must_use]
    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Bytes put into the store so far.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

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

    /// As [`Vault::history`], of the points that were there when the session began: what the
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
    pub(crate) async fn ended_or<T>(&self, done: Result<T>) -> Result<T> {
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

    /// Takes the right to write. Give it back with [`settled`].
    async fn begin(&self) -> Result<MutexGuard<'_, Writing>> {
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
            .spawn(async move { put_own(&store, &name, bytes.into()).await });
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
    async fn list(&self, w: &mut Writing) -> Result<()> {
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

    /// Lists records, which must be durable, in a new segment.
    async fn put_segment(&self, w: &mut Writing, records: Vec<Location>) -> Result<()> {
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
async fn put_own(store: &Store, name: &str, bytes: Bytes) -> Result<()> {
    match store.put_new(name, bytes).await? {
        Put::Created => Ok(()),
        Put::Exists => Err(Error::new(
            Code::VaultDamaged,
            format!("{name} is there already, with other contents"),
        )),
    }
}

/// Gives the right to write back, and leaves the session broken if `done` failed.
fn settled(mut w: MutexGuard<'_, Writing>, done: Result<()>) -> Result<()> {
    w.broken = done.as_ref().err().map(Error::code);
    done
}
