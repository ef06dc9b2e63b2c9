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

mod commit;
mod copy;
pub(crate) mod mark;
pub(crate) mod merge;
mod plan;
pub(crate) mod reserve;
mod sweep;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Code, Error, Kind, Result};
use jiff::{SignedDuration, Timestamp};

use self::plan::Plan;
pub use self::sweep::Swept;
use crate::checkpoint;
use crate::format::damaged;
use crate::format::entry::{Event, Phase};
use crate::format::manifest::MachineKey;
use crate::format::pack::PackName;
use crate::index::Segment;
use crate::log::{PointEntry, State};
use crate::session::Session;
use crate::vault::Vault;

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
/// collector took over. `NoSpace` if a local store's reserve does not help either.
/// `StoreUnsafe`, `Unavailable`.
pub async fn collect(vault: &Arc<Vault>, options: &CollectOptions) -> Result<CollectReport> {
    let done = match once(vault, options).await {
        Err(e) if e.code() == Code::NoSpace => {
            reserve::collect_without_space(vault, options, e).await
        }
        done => done,
    }?;
    reserve::renew(vault).await;
    Ok(done)
}

async fn once(vault: &Arc<Vault>, options: &CollectOptions) -> Result<CollectReport> {
    let session = Session::open(vault, MachineKey::NONE, Phase::Collect).await?;
    let figures = match session.ended_or(run(&session, options).await).await {
        Ok(figures) => figures,
        Err(e) => {
            let _ = session.close().await;
            return Err(e);
        }
    };
    let swept = sweep::sweep(vault).await?;
    // A help only: what was collected is collected.
    if let Err(e) = checkpoint::keep(vault).await {
        tracing::warn!(error = %e, "the log has no new checkpoint");
    }
    Ok(CollectReport { figures, swept })
}

async fn run(session: &Arc<Session>, options: &CollectOptions) -> Result<Figures> {
    let vault = session.vault();
    let now = vault.around.clock.now();
    end_stale_sessions(vault, session.number(), now, options.patience).await?;
    let (plan, marked) = make_plan(vault, options).await?;
    let state = vault.refresh().await?;
    let to_do = !plan.is_empty() || !stale(&state, false, now, options.patience).is_empty();
    if !to_do && !left_by_killed_ones(session).await? {
        session.close().await?;
        return Ok(plan.figures);
    }
    let plan = Arc::new(plan);
    let copied = copy::copy(session, &plan).await?;
    copy::rewrite(session, &plan, &copied).await?;
    let dropped = plan.dead.union(&copied).copied().collect();
    commit::commit(session, &plan, dropped, marked, now, options).await?;
    Ok(plan.figures)
}

/// Whether killed collectors left anything: a session that only closes would hold on to it.
async fn left_by_killed_ones(session: &Session) -> Result<bool> {
    for dead in session.inherits() {
        for folder in ["packs", "index"] {
            let folder = format!("{folder}/{dead:016x}");
            if !session.vault().store.list(&folder).await?.is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// The plan, and the points it is made for. What was removed and swept meanwhile, by others, is
/// no damage: then it begins anew.
async fn make_plan(vault: &Vault, options: &CollectOptions) -> Result<(Plan, Vec<PointEntry>)> {
    loop {
        let (state, segments) = vault.view().await?;
        match plan_of(vault, options, &state, segments).await {
            Err(e) if e.kind() == Kind::Integrity => {
                let now = vault.refresh().await?;
                let all_there = state.points.iter().all(|p| now.points.contains(p));
                if all_there && state.segments.is_subset(&now.segments) {
                    return Err(e);
                }
            }
            plan => return Ok((plan?, state.points)),
        }
    }
}

async fn plan_of(
    vault: &Vault,
    options: &CollectOptions,
    state: &State,
    segments: Vec<Arc<Segment>>,
) -> Result<Plan> {
    no_damaged_segment(vault)?;
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
    Ok(plan)
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
