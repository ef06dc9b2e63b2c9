//! A session: one writer's way from opening to commit.
//!
//! Durable order: packs, then index segments, then the manifest, then the log entry that
//! commits. Packs of tree nodes are put only when all packs begun before them are durable, so
//! a stored node's children are stored too.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use base::{Code, Result};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use crate::format::entry::{Event, Phase};
use crate::format::id::Id;
use crate::format::manifest::MachineKey;
use crate::format::pack::{self, Builder, Location, PackName};
use crate::index::Segment;
use crate::log::PointEntry;
use crate::log_end;
use crate::vault::Vault;

mod collecting;
mod commit;
mod inherit;
mod look_again;
mod view;
mod writing;

use inherit::{Inherited, inherit};
pub(crate) use inherit::{directory_in, read_directory};
use writing::{put_own, settled};

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
        log_end::ensure(vault).await?;
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
        crate::litter::sweep(&vault.store, vault.id(), &state, now).await?;
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
}
