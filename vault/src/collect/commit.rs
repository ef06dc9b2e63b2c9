//! The collector's log entry.

use std::collections::BTreeSet;
use std::sync::Arc;

use base::{Code, Error, Kind, Result};
use jiff::Timestamp;

use super::plan::Plan;
use super::{CollectOptions, no_damaged_segment, stale};
use crate::closure::Closure;
use crate::format::entry::{DoomedPack, Event, SegmentName};
use crate::format::pack::PackName;
use crate::index::Segment;
use crate::log::PointEntry;
use crate::reader::Reader;
use crate::session::Session;

/// Swaps the segments by one entry. Points that were committed since the mark keep what they
/// rest on: it is listed again first. So does what they brought into the index, even if they are
/// removed by now: a later writer would pass by what it finds there.
pub(super) async fn commit(
    session: &Arc<Session>,
    plan: &Plan,
    mut dropped: BTreeSet<PackName>,
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
    loop {
        let add: Vec<SegmentName> = session.own_segments().iter().map(|s| s.name()).collect();
        let known: BTreeSet<SegmentName> = [&old, &kept, &late]
            .into_iter()
            .flatten()
            .map(|s| s.name())
            .collect();
        let mut behind = false;
        let done = session
            .end_collection(|state| {
                let all_seen = state.points.iter().all(|p| seen.contains(&p.number));
                behind = !all_seen || !state.segments.is_subset(&known);
                if behind {
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
        if !behind {
            return done.map(|_| ());
        }
        let (state, mut new) = vault.view().await?;
        no_damaged_segment(vault)?;
        new.retain(|s| !known.contains(&s.name()));
        let mut roots = Vec::new();
        for entry in state.points.iter().filter(|p| !seen.contains(&p.number)) {
            match vault.info(entry.clone()).await {
                Ok(info) => roots.extend(info.manifest.disks.iter().map(|d| d.root)),
                // It may have been removed since.
                Err(e) if e.kind() == Kind::Integrity => {
                    if vault.refresh().await?.points.contains(entry) {
                        return Err(e);
                    }
                }
                Err(e) => return Err(e),
            }
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
        seen.extend(state.points.iter().map(|p| p.number));
    }
}
