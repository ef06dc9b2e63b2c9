//! Collection: giving the space of removed points back (ADR 0006).
//!
//! Order: mark ─► plan ─► copy what lives in packs of mostly garbage ─► new segments ─► one log
//! entry that swaps them ─► delete what nothing lists. Killed anywhere, it leaves objects that
//! nothing lists; the next one deletes them, or uses what was copied.
//!
//! Invariants:
//! - The index is closed at every entry: with a node all below it is listed, with a patch its
//!   parent at less depth.
//! - A pack that was listed when a session began is there until that session ends.

mod mark;
mod merge;
mod plan;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use base::{Code, Error, Kind, Result};
use jiff::{SignedDuration, Timestamp};

use self::merge::rank;
use self::plan::{Plan, is_live};
pub use self::sweep::Swept;
use crate::closure::Closure;
use crate::format::damaged;
use crate::format::entry::{DoomedPack, Event, Phase, SegmentName};
use crate::format::manifest::MachineKey;
use crate::format::pack::{Location, PackName};
use crate::index::{self, Segment};
use crate::log::{PointEntry, State};
use crate::reader::Reader;
use crate::session::{Session, read_directory};
use crate::vault::Vault;

/// Entries of a new segment. It bounds the memory for its filter.
const SEGMENT_RECORDS: usize = 1 << 20;

/// How to collect.
#[derive(Clone, Copy, Debug)]
pub struct CollectOptions {
    /// A pack is copied and dropped if at least so many percent of it are garbage.
    pub repack_from_percent: u8,
    /// The most bytes of records to copy.
    pub most_copied: u64,
    /// Sessions opened longer ago are ended, and what ended ones of that age left is given up.
    pub patience: SignedDuration,
}

impl Default for CollectOptions {
    fn default() -> Self {
        Self {
            repack_from_percent: 50,
            most_copied: u64::MAX,
            patience: SignedDuration::from_hours(7 * 24),
        }
    }
}

/// What a collection would do, or did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Points and attempts from which was marked.
    pub points: u64,
    /// Tree nodes read.
    pub nodes: u64,
    /// Records listed before.
    pub records: u64,
    /// Of these, garbage.
    pub garbage_records: u64,
    /// Bytes of the garbage.
    pub garbage_bytes: u64,
    /// Packs listed before.
    pub packs: u64,
    /// Packs dropped since all in them is garbage.
    pub packs_dropped: u64,
    /// Packs dropped after what lives in them is copied.
    pub packs_copied: u64,
    /// Bytes of the records copied: read and written.
    pub copied: u64,
    /// Bytes that come back.
    pub freed: u64,
    /// Index segments before.
    pub segments: u64,
    /// Of these, rewritten.
    pub segments_rewritten: u64,
}

/// What a collection did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CollectReport {
    /// What was planned and done.
    pub figures: Figures,
    /// What was deleted.
    pub swept: Swept,
}

/// What [`collect`] would do now. Writes nothing.
///
/// # Errors
/// `Integrity` if damage hides what is in use; `Unavailable`.
pub async fn plan_collection(vault: &Vault, options: &CollectOptions) -> Result<Figures> {
    let (plan, _) = make_plan(vault, options).await?;
    Ok(plan.figures)
}

/// Collects garbage, beside whatever else uses the store. If it fails or is dropped, nothing is
/// lost and the next one goes on.
///
/// # Errors
/// `Integrity` if damage hides what is in use: nothing is removed then. `Fenced` if another
/// collector took over. `StoreUnsafe`, `NoSpace`, `Unavailable`.
pub async fn collect(vault: &Arc<Vault>, options: &CollectOptions) -> Result<CollectReport> {
    let session = Session::open(vault, MachineKey::NONE, Phase::Collect).await?;
    let figures = match run(&session, options).await {
        Ok(figures) => figures,
        Err(e) => {
            let _ = session.close().await;
            return Err(e);
        }
    };
    let swept = sweep::sweep(vault).await?;
    Ok(CollectReport { figures, swept })
}

async fn run(session: &Arc<Session>, options: &CollectOptions) -> Result<Figures> {
    let vault = session.vault();
    let now = vault.around.clock.now();
    end_stale_sessions(vault, session.number(), now, options.patience).await?;
    let (mut plan, marked) = make_plan(vault, options).await?;
    let state = vault.refresh().await?;
    if plan.is_empty() && stale(&state, false, now, options.patience).is_empty() {
        session.close().await?;
        return Ok(plan.figures);
    }
    copy(session, &mut plan).await?;
    let plan = Arc::new(plan);
    rewrite(session, &plan).await?;
    commit(session, &plan, marked, now, options).await?;
    Ok(plan.figures)
}

/// The plan, and the numbers of the commits it is made for.
async fn make_plan(vault: &Vault, options: &CollectOptions) -> Result<(Plan, Vec<PointEntry>)> {
    let state = vault.refresh().await?;
    no_damaged_segment(vault)?;
    let segments = vault.index.snapshot();
    let reader = vault.reader().await?;
    let mark = mark::mark(vault, &reader, &state.points).await?;
    let mut sizes = BTreeMap::new();
    for (name, size) in vault.store.list("packs").await? {
        if let Some(pack) = PackName::parse(&name) {
            sizes.insert(pack, size);
        }
    }
    let options = *options;
    let mut plan = crate::cpu::run(move || Plan::make(segments, mark, &sizes, &options)).await?;
    plan.figures.points = state.points.len() as u64;
    Ok((plan, state.points))
}

/// A segment that can't be opened hides which packs are in use.
pub(crate) fn no_damaged_segment(vault: &Vault) -> Result<()> {
    match vault.index.damaged().into_iter().next() {
        None => Ok(()),
        Some((_, why)) => Err(damaged(why).during(
            "collecting (nothing was removed; run `stillpoint vault repair`, then collect again)",
        )),
    }
}

/// Sessions, open or ended without a commit, that were opened longer ago than `patience`.
fn stale(state: &State, open: bool, now: Timestamp, patience: SignedDuration) -> Vec<u64> {
    let old = |at: &str| {
        let at = at.parse::<Timestamp>();
        at.is_ok_and(|at| now.duration_since(at) > patience)
    };
    let sessions = state.sessions.iter();
    let stale = sessions.filter(|(_, s)| s.open == open && old(&s.opened_at));
    stale.map(|(n, _)| *n).collect()
}

async fn end_stale_sessions(
    vault: &Vault,
    own: u64,
    now: Timestamp,
    patience: SignedDuration,
) -> Result<()> {
    loop {
        let done = vault
            .log
            .append(|state| {
                let mut stale = stale(state, true, now, patience);
                stale.retain(|n| *n != own);
                let session = stale.first().copied();
                let session = session.ok_or_else(|| Error::new(Code::Cancelled, "none is left"))?;
                Ok(Event::Close { session })
            })
            .await;
        match done {
            Err(e) if e.code() == Code::Cancelled => return Ok(()),
            done => drop(done?),
        }
    }
}

/// Copies what lives in the packs to be copied. A pack in which something can't be read stays.
async fn copy(session: &Arc<Session>, plan: &mut Plan) -> Result<()> {
    let vault = session.vault();
    let ring = Arc::clone(&vault.ring);
    let reader = Reader::new(vault.store.clone(), ring, plan.segments.clone());
    adopt(session, plan).await?;
    for pack in plan.repack.clone() {
        let copied = async {
            let directory = read_directory(vault, pack).await?;
            let records: Vec<Location> = directory.records.into_iter().map(|r| r.0).collect();
            let (segments, live) = (plan.segments.clone(), std::mem::take(&mut plan.live));
            let (staying, live) = crate::cpu::run(move || {
                let staying = staying(&segments, &live, records);
                (staying, live)
            })
            .await;
            plan.live = live;
            session.take_records(&reader, &staying?).await
        };
        match copied.await {
            Err(e) if e.kind() == Kind::Integrity => {
                tracing::warn!(%pack, error = %e, "a pack can't be copied, so it stays");
                plan.repack.remove(&pack);
            }
            done => done?,
        }
    }
    session.flush().await
}

/// Takes over what killed collectors copied, as far as it is to be copied now.
async fn adopt(session: &Arc<Session>, plan: &Plan) -> Result<()> {
    let vault = session.vault();
    for dead in session.inherits() {
        for (name, _) in vault.store.list(&format!("packs/{dead:016x}")).await? {
            let Some(pack) = PackName::parse(&name) else {
                continue;
            };
            let records = match read_directory(vault, pack).await {
                Err(e) if e.kind() == Kind::Integrity => continue,
                directory => directory?.records,
            };
            let mut wanted = Vec::new();
            for (record, _) in records {
                let there = index::find(&plan.segments, &record.id)?;
                let kept = there.iter().min_by_key(|l| rank(l));
                if is_live(&plan.live, &record.id)
                    && kept
                        .is_some_and(|k| plan.repack.contains(&k.pack) && k.depth == record.depth)
                {
                    wanted.push(record);
                }
            }
            session.adopt(wanted).await?;
        }
    }
    Ok(())
}

/// Those of a pack's records that are live and not kept elsewhere; parents first.
fn staying(
    segments: &[Arc<Segment>],
    live: &[u64],
    records: Vec<Location>,
) -> Result<Vec<Location>> {
    let mut staying = Vec::new();
    for record in records {
        if is_live(live, &record.id) {
            let there = index::find(segments, &record.id)?;
            if there.iter().min_by_key(|l| rank(l)) == Some(&record) {
                staying.push(record);
            }
        }
    }
    staying.sort_unstable_by_key(|l| (l.depth, l.offset));
    Ok(staying)
}

/// Makes new segments of what stays in those that are rewritten.
async fn rewrite(session: &Arc<Session>, plan: &Arc<Plan>) -> Result<()> {
    let (give, mut take) = tokio::sync::mpsc::channel(1);
    let of = Arc::clone(plan);
    let pass = tokio::task::spawn_blocking(move || {
        of.staying(SEGMENT_RECORDS, |records| {
            let gone = |_| Error::new(Code::Cancelled, "the collection ended");
            give.blocking_send(records).map_err(gone)
        })
    });
    while let Some(records) = take.recv().await {
        session.list_again(records).await?;
    }
    let died = |e| Error::new(Code::Internal, "the pass over the index died").because(e);
    pass.await.map_err(died)?
}

/// Swaps the segments by one entry. Points that were committed since the mark keep what they
/// rest on: it is listed again first.
async fn commit(
    session: &Arc<Session>,
    plan: &Plan,
    marked: Vec<PointEntry>,
    now: Timestamp,
    options: &CollectOptions,
) -> Result<()> {
    let vault = session.vault();
    let chosen = |yes| {
        let all = plan.segments.iter().zip(&plan.rewrite);
        let chosen = all
            .filter(move |(_, r)| **r == yes)
            .map(|(s, _)| Arc::clone(s));
        chosen.collect::<Vec<_>>()
    };
    let (old, kept) = (chosen(true), chosen(false));
    let mut seen: BTreeSet<u64> = marked.iter().map(|p| p.number).collect();
    let mut late: Vec<Arc<Segment>> = Vec::new();
    let mut dropped: BTreeSet<PackName> = plan.dead.union(&plan.repack).copied().collect();
    loop {
        let add: Vec<SegmentName> = session.own_segments().iter().map(|s| s.name()).collect();
        let mut unseen: Vec<PointEntry> = Vec::new();
        let done = session
            .end_collection(|state| {
                let new = state.points.iter().filter(|p| !seen.contains(&p.number));
                unseen = new.cloned().collect();
                if !unseen.is_empty() {
                    return Err(Error::new(Code::Fenced, "a point was committed meanwhile"));
                }
                // Those that were deleted since are forgotten.
                let there = state
                    .doomed
                    .iter()
                    .filter(|(pack, _)| plan.packs.contains(pack));
                let doomed = there.map(|(pack, since)| (*pack, *since));
                let doomed = doomed.chain(dropped.iter().map(|pack| (*pack, 0)));
                Ok(Event::Collect {
                    session: session.number(),
                    drop: old.iter().map(|s| s.name()).collect(),
                    add: add.clone(),
                    doomed: doomed
                        .map(|(pack, since)| DoomedPack {
                            session: pack.session,
                            number: pack.number,
                            since,
                        })
                        .collect(),
                    given_up: stale(state, false, now, options.patience),
                })
            })
            .await;
        if unseen.is_empty() {
            return done.map(|_| ());
        }
        vault.refresh().await?;
        no_damaged_segment(vault)?;
        let known: BTreeSet<SegmentName> = [&old, &kept, &late]
            .into_iter()
            .flatten()
            .map(|s| s.name())
            .collect();
        let mut new = vault.index.snapshot();
        new.retain(|s| !known.contains(&s.name()));
        let mut roots = Vec::new();
        for entry in &unseen {
            let info = vault.info(entry.clone()).await?;
            roots.extend(info.manifest.disks.iter().map(|d| d.root));
        }
        late.extend(new.iter().cloned());
        let closure = Closure {
            listed: [&session.own_segments()[..], &late, &kept].concat(),
            before: old.clone(),
        };
        let all = [&closure.listed[..], &closure.before].concat();
        let reader = Reader::new(vault.store.clone(), Arc::clone(&vault.ring), all);
        let revived = closure.lost(&reader, &new, roots).await?;
        for l in &revived {
            dropped.remove(&l.pack);
        }
        session.list_again(revived).await?;
        seen.extend(unseen.iter().map(|p| p.number));
    }
}
