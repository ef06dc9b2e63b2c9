//! The log of a store: reading it into a [`State`], and adding to it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use base::{Clock, Code, Error, PointId, Random, Result};
use futures::StreamExt;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, MutexGuard};

use crate::format::entry::{Entry, Event, Phase, SegmentName, log_name};
use crate::format::envelope;
use crate::format::id::Id;
use crate::format::manifest::{MachineKey, PointState};
use crate::format::pack::PackName;
use crate::keys::Keyring;
use crate::store::{Put, Store};

/// What the log says up to some entry.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The last entry's number; 0 for an empty log.
    pub head: u64,
    /// The last entry's checksum.
    pub head_sum: Id,
    /// Sessions that are open, or ended without a commit and not yet inherited.
    pub sessions: BTreeMap<u64, SessionState>,
    /// Points and attempts, in the order of their commits.
    pub points: Vec<PointEntry>,
    /// All index segments in use.
    pub segments: BTreeSet<SegmentName>,
    /// The last collection's entry; 0 if there was none.
    pub last_collect: u64,
    /// Packs that nothing lists any more, with the entry that dropped them.
    pub doomed: BTreeMap<PackName, u64>,
}

/// A session without a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionState {
    /// The machine.
    pub machine: MachineKey,
    /// What it does.
    pub phase: Phase,
    /// Whether it may still commit.
    pub open: bool,
    /// The dead sessions whose packs it holds.
    pub inherits: Vec<u64>,
    /// When it was opened, by the writer's clock.
    pub opened_at: String,
}

/// A committed point.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PointEntry {
    /// The commit's number.
    pub number: u64,
    /// The session that committed it.
    pub session: u64,
    /// The point.
    pub point: PointId,
    /// Its machine.
    pub machine: MachineKey,
    /// Whole, or an attempt.
    pub state: PointState,
    /// The manifest's checksum.
    pub manifest: Id,
    /// Bytes that its session stored.
    pub stored: u64,
}

impl State {
    /// Takes in the next entry.
    pub(crate) fn apply(&mut self, entry: &Entry, sum: Id) {
        match &entry.event {
            Event::Open {
                machine,
                phase,
                inherits,
            } => {
                for s in self.sessions.values_mut() {
                    if s.machine == *machine && s.phase == *phase {
                        s.open = false;
                    }
                }
                self.sessions.retain(|n, _| !inherits.contains(n));
                let (machine, phase, inherits) = (*machine, *phase, inherits.clone());
                let session = SessionState {
                    machine,
                    phase,
                    open: true,
                    inherits,
                    opened_at: entry.at.clone(),
                };
                self.sessions.insert(entry.number, session);
            }
            Event::Commit {
                session,
                point,
                machine,
                state,
                manifest,
                segments,
                stored,
            } => {
                self.sessions.remove(session);
                // An attempt serves only the machine's next commit.
                self.points
                    .retain(|p| p.machine != *machine || p.state == PointState::Whole);
                self.segments.extend(segments);
                self.points.push(PointEntry {
                    number: entry.number,
                    session: *session,
                    point: *point,
                    machine: *machine,
                    state: *state,
                    manifest: *manifest,
                    stored: *stored,
                });
            }
            Event::Close { session } => {
                if let Some(s) = self.sessions.get_mut(session) {
                    s.open = false;
                }
            }
            Event::Remove { points } => self.points.retain(|p| !points.contains(&p.point)),
            Event::Collect {
                session,
                drop,
                add,
                doomed,
                given_up,
            } => {
                self.sessions.remove(session);
                self.sessions.retain(|n, _| !given_up.contains(n));
                for segment in drop {
                    self.segments.remove(segment);
                }
                self.segments.extend(add);
                let since = |n| if n == 0 { entry.number } else { n };
                let doomed = doomed.iter().map(|d| {
                    let (session, number) = (d.session, d.number);
                    (PackName { session, number }, since(d.since))
                });
                self.doomed = doomed.collect();
                self.last_collect = entry.number;
            }
        }
        self.head = entry.number;
        self.head_sum = sum;
    }

    /// Whether `session` is open, or ended without a commit and may be taken over: what it
    /// stored, or took over itself, must be left alone.
    #[must_use]
    pub fn holds(&self, session: u64) -> bool {
        self.sessions.contains_key(&session)
            || self
                .sessions
                .values()
                .any(|s| s.inherits.contains(&session))
    }

    /// The oldest open session.
    #[must_use]
    pub fn oldest_open(&self) -> Option<u64> {
        let open = self.sessions.iter().filter(|(_, s)| s.open);
        open.map(|(n, _)| *n).next()
    }

    /// Whether `session` may still write and commit.
    ///
    /// # Errors
    /// `Fenced`.
    pub fn check_open(&self, session: u64) -> Result<()> {
        match self.sessions.get(&session) {
            Some(s) if s.open => Ok(()),
            _ => Err(Error::new(
                Code::Fenced,
                format!("session {session} was ended by a later one"),
            )),
        }
    }
}

/// The log of one store.
#[derive(Debug)]
pub struct Log {
    store: Store,
    ring: Arc<Keyring>,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    state: Mutex<State>,
    /// Whether the log was once read to its end, and the end found to be one.
    whole: std::sync::atomic::AtomicBool,
}

/// Entries asked for at a time once there is one more.
const READ_AHEAD: usize = 16;

impl Log {
    /// A log that nothing was read of yet.
    pub fn new(
        store: Store,
        ring: Arc<Keyring>,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        Self {
            store,
            ring,
            clock,
            random,
            state: Mutex::default(),
            whole: false.into(),
        }
    }

    /// Reads all new entries and gives the state, held still until the guard is dropped.
    ///
    /// # Errors
    /// `Integrity` if an entry is damaged, forged or out of order; `Unavailable`.
    pub async fn refresh(&self) -> Result<MutexGuard<'_, State>> {
        let mut state = self.state.lock().await;
        if state.head == 0
            && let Some(newest) = crate::checkpoint::newest(&self.store, &self.ring).await?
        {
            *state = newest;
        }
        let mut ahead = 1;
        loop {
            let next = state.head + 1;
            let mut got = futures::stream::iter(next..next + ahead as u64)
                .map(|n| async move { (n, self.store.get(&log_name(n)).await) })
                .buffered(ahead);
            while let Some((number, bytes)) = got.next().await {
                let Some(bytes) = bytes? else {
                    drop(got);
                    self.check_end(number).await?;
                    return Ok(state);
                };
                let (entry, sum) = self.read(&bytes, number, state.head_sum)?;
                state.apply(&entry, sum);
            }
            ahead = READ_AHEAD;
        }
    }

    /// Checks once that no entry follows `number`, which is not there: a log that lost an
    /// entry must not be taken for a shorter one.
    async fn check_end(&self, number: u64) -> Result<()> {
        if self.whole.load(Ordering::Relaxed) {
            return Ok(());
        }
        let missing = log_name(number);
        // Others may write meanwhile, so one more look at the missing one decides.
        let names = self.store.list("log").await?;
        if names.iter().any(|n| n.0 > missing) && self.store.get(&missing).await?.is_none() {
            return Err(crate::format::damaged(format!(
                "object {missing} is missing"
            )));
        }
        self.whole.store(true, Ordering::Relaxed);
        Ok(())
    }

    fn read(&self, bytes: &[u8], number: u64, prev: Id) -> Result<(Entry, Id)> {
        let read = || {
            let opened = envelope::open(bytes, envelope::Kind::Entry)?;
            opened.authenticate(&self.ring)?;
            let entry: Entry = opened.clear()?;
            if entry.number != number || entry.prev != prev {
                return Err(crate::format::damaged(
                    "it does not follow the entry before it",
                ));
            }
            Ok((entry, Id(opened.checksum())))
        };
        read().map_err(|e: Error| e.during(log_name(number)))
    }

    /// Adds the event that `decide` makes of the state, at the next number. When another
    /// writer takes that number first, `decide` is asked again with what it wrote. Gives the
    /// entry's number. The entry is durable when this returns.
    ///
    /// # Errors
    /// Those of `decide`, and of the store; after `Unavailable` the entry may be there.
    pub async fn append(
        &self,
        mut decide: impl FnMut(&State) -> Result<Event> + Send,
    ) -> Result<u64> {
        loop {
            let mut state = self.refresh().await?;
            let entry = Entry {
                number: state.head + 1,
                prev: state.head_sum,
                nonce: hex::encode(self.random.bytes::<8>()),
                at: self.clock.now().to_string(),
                event: decide(&state)?,
            };
            let bytes = envelope::write(&self.ring, envelope::Kind::Entry, &entry, None);
            let sum = Id(bytes[bytes.len() - 32..].try_into().expect("a checksum"));
            if self
                .store
                .put_new(&log_name(entry.number), bytes.into())
                .await?
                == Put::Created
            {
                state.apply(&entry, sum);
                return Ok(entry.number);
            }
        }
    }
}
