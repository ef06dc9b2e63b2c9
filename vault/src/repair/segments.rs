//! Making damaged index segments anew from the directories of the packs.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use base::{Code, Error, Kind, Result};

use super::{RepairReport, swap};
use crate::format::entry::{Phase, SegmentName};
use crate::format::id::Id;
use crate::format::manifest::MachineKey;
use crate::format::pack::{Location, PackName};
use crate::format::record;
use crate::index::{self, Segment};
use crate::reader::Reader;
use crate::rescue::scan;
use crate::session::{Session, directory_in};
use crate::vault::Vault;
use crate::verify::listed::Listing;
use crate::verify::packs::is_listed;
use crate::verify::trees::{Trees, walk};
use crate::verify::{Damage, Examined, Hurt};

/// What a message begins with that says why segments can't be made anew.
pub(super) const STOPPED: &str = "the index can't be made anew";
/// Records of a segment.
const SEGMENT_RECORDS: usize = 256 << 10;
/// Tries, if points are committed meanwhile.
const TRIES: usize = 5;

/// Makes the damaged segments anew; true if the index was changed. Where something is missing
/// even so, what was found is listed, but the damaged segments stay named, so that writers go
/// on being careful.
///
/// # Errors
/// `Fenced`, `NoSpace`, `Unavailable`.
pub(super) async fn rebuild(
    vault: &Arc<Vault>,
    found: &Examined,
    report: &mut RepairReport,
) -> Result<bool> {
    if found.damage.segments.is_empty() {
        return Ok(false);
    }
    if let Some((entry, why)) = found.damage.manifests.first() {
        let what = format!(
            "{STOPPED}: the manifest of point {} is damaged ({why}), so what is in use is not known; give a store that holds it, or remove the point",
            entry.point
        );
        report.unhealed.push(what);
        return Ok(false);
    }
    for _ in 0..TRIES {
        match once(vault, found, report).await {
            Err(e) if e.code() == Code::PointNotFound => {}
            done => return done,
        }
    }
    Err(Error::new(
        Code::Fenced,
        "points are committed all the time",
    ))
}

async fn once(vault: &Arc<Vault>, found: &Examined, report: &mut RepairReport) -> Result<bool> {
    let state = vault.refresh().await?;
    let is_damaged = |s: &Arc<Segment>| found.damage.segments.contains_key(&s.name());
    let (hurt, sound): (Vec<_>, Vec<_>) = vault.index.snapshot().into_iter().partition(is_damaged);
    let candidates = candidates(vault, &sound, &hurt).await?;
    let mut all = sound.clone();
    for (i, group) in candidates.chunks(SEGMENT_RECORDS).enumerate() {
        let (ring, group) = (Arc::clone(&vault.ring), group.to_vec());
        let number = u32::try_from(i + 1).unwrap_or(u32::MAX);
        let name = SegmentName { session: 0, number };
        let segment = crate::cpu::run(move || Segment::in_memory(&ring, name, group)).await?;
        all.push(Arc::new(segment));
    }
    let reader = Reader::new(vault.store.clone(), Arc::clone(&vault.ring), all.clone());
    let mut points = Vec::new();
    for entry in &state.points {
        points.push(vault.info(entry.clone()).await?);
    }
    let disks = points.iter().flat_map(|p| &p.manifest.disks);
    let mut trees = walk(&reader, vault.chunk_size(), disks).await?;
    let live = std::mem::take(&mut trees.live);
    let segments = all.clone();
    let listing = crate::cpu::run(move || Listing::make(&segments, live, false)).await?;
    let is_live = |l: &Location| listing.live.binary_search(&l.id.prefix()).is_ok();
    let mut chosen: Vec<Location> = candidates.into_iter().filter(is_live).collect();
    let orphans = drop_orphans(&mut chosen, &sound)?;
    let complete = trees.unreadable.is_empty() && listing.lost.is_empty() && orphans == 0;
    if !complete {
        let hurt = hurt_points(&reader, all, &trees, &points, vault.chunk_size()).await?;
        report.unhealed.push(format!(
            "{STOPPED} completely: {} tree nodes and {} other records are in no pack; give a store that holds them, or remove the points {}",
            trees.unreadable.len(),
            listing.lost.len(),
            hurt.join(", ")
        ));
        if chosen.is_empty() {
            return Ok(false);
        }
    }
    let session = Session::open(vault, MachineKey::NONE, Phase::Collect).await?;
    let done = async {
        for group in chosen.chunks(SEGMENT_RECORDS) {
            session.list_again(group.to_vec()).await?;
        }
        let dropped: Vec<SegmentName> = match complete {
            true => found.damage.segments.keys().copied().collect(),
            false => Vec::new(),
        };
        let seen: BTreeSet<u64> = state.points.iter().map(|p| p.number).collect();
        session
            .end_collection(|state| {
                if state.points.iter().any(|p| !seen.contains(&p.number)) {
                    let what = "a point was committed meanwhile";
                    return Err(Error::new(Code::PointNotFound, what));
                }
                let there = |s: &&SegmentName| state.segments.contains(s);
                let dropped: Vec<_> = dropped.iter().filter(there).copied().collect();
                Ok(swap(&session, state, &dropped, std::iter::empty()))
            })
            .await
    };
    if let Err(e) = done.await {
        let _ = session.close().await;
        return Err(e);
    }
    if complete {
        let names = found.damage.segments.keys().map(ToString::to_string);
        report.segments.extend(names);
    }
    Ok(true)
}

/// All records in packs that sound segments don't list. Packs of sessions that did not end, and
/// packs that are to be deleted, are left alone.
async fn candidates(
    vault: &Vault,
    sound: &[Arc<Segment>],
    hurt: &[Arc<Segment>],
) -> Result<Vec<Location>> {
    let state = vault.refresh().await?;
    let mut found: HashMap<(PackName, u32), Location> = HashMap::new();
    for (name, size) in vault.store.list("packs").await? {
        let Some(pack) = PackName::parse(&name) else {
            continue;
        };
        if state.holds(pack.session) || state.doomed.contains_key(&pack) {
            continue;
        }
        let records: Vec<Location> = match directory_in(&vault.store, &vault.ring, pack).await {
            Ok(directory) => directory.records.into_iter().map(|r| r.0).collect(),
            Err(e) if e.kind() == Kind::Integrity => scan(&vault.store, pack, size).await,
            Err(e) => return Err(e),
        };
        for l in records {
            if !is_listed(sound, &l)? {
                found.insert((l.pack, l.offset), l);
            }
        }
    }
    // What can still be read of damaged segments, but for patches: their parents may be wrong.
    for segment in hurt {
        for block in 0..segment.blocks() {
            let entries = match segment.entries(block) {
                Err(e) if e.kind() == Kind::Integrity => continue,
                entries => entries?,
            };
            for l in entries
                .into_iter()
                .filter(|l| l.kind != record::Kind::Patch)
            {
                found.entry((l.pack, l.offset)).or_insert(l);
            }
        }
    }
    let mut found: Vec<Location> = found.into_values().collect();
    found.sort_unstable_by_key(|l| (l.id, l.depth, l.pack, l.offset));
    Ok(found)
}

/// Drops patches whose parent would not be listed at less depth; gives their number.
fn drop_orphans(chosen: &mut Vec<Location>, sound: &[Arc<Segment>]) -> Result<usize> {
    chosen.sort_by_key(|l| l.depth);
    let (before, mut least) = (chosen.len(), HashMap::<Id, u8>::new());
    let mut kept = Vec::with_capacity(before);
    for l in chosen.drain(..) {
        if l.kind == record::Kind::Patch {
            let here = least.get(&l.parent).is_some_and(|depth| *depth < l.depth);
            let there = || match index::find(sound, &l.parent) {
                Err(e) if e.kind() == Kind::Integrity => Ok(false),
                found => found.map(|f| f.iter().any(|p| p.depth < l.depth)),
            };
            if !here && !there()? {
                continue;
            }
        }
        least.entry(l.id).or_insert(l.depth);
        kept.push(l);
    }
    let orphans = before - kept.len();
    *chosen = kept;
    Ok(orphans)
}

/// The points that miss something.
async fn hurt_points(
    reader: &Reader,
    segments: Vec<Arc<Segment>>,
    trees: &Trees,
    points: &[crate::PointInfo],
    chunk_size: u32,
) -> Result<Vec<String>> {
    let damage = Damage {
        // Anything may be missing: every chunk is asked for.
        lost: Vec::new(),
        ..Damage::default()
    };
    let hurt = Hurt::find_all(reader, &Arc::new(segments), trees, &damage).await?;
    let mut named = Vec::new();
    for info in points {
        for disk in &info.manifest.disks {
            if !hurt.of_disk(reader, disk, chunk_size).await?.is_empty() {
                named.push(info.entry.point.to_string());
                break;
            }
        }
    }
    Ok(named)
}
