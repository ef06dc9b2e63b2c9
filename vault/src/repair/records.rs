//! Storing records again of which every copy is bad, and listing them in place of those.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::{Kind, Result};
use bytes::Bytes;

use super::source::Source;
use super::{RepairReport, swap};
use crate::codec::{self, Encoded};
use crate::format::entry::{Phase, SegmentName};
use crate::format::id::Id;
use crate::format::manifest::MachineKey;
use crate::format::pack::{self, Location, PackName, read_record};
use crate::format::record;
use crate::index::{self, Segment};
use crate::session::Session;
use crate::vault::Vault;
use crate::verify::listed::records_of;
use crate::verify::{Examined, Hurt, Judge};

/// Records of a new segment.
const SEGMENT_RECORDS: usize = 256 << 10;
/// What a message begins with that names a record.
const UNHEALED: &str = "no sound record";

/// An id that needs a sound record, of at most this depth.
struct Wanted {
    id: Id,
    node: bool,
    most: u8,
}

/// Heals what it can; true if the index was changed.
///
/// # Errors
/// `Fenced`, `NoSpace`, `Unavailable`.
pub(super) async fn heal(
    vault: &Arc<Vault>,
    found: &Examined,
    sources: &[Source],
    report: &mut RepairReport,
) -> Result<bool> {
    report.unhealed.retain(|u| !u.starts_with(UNHEALED));
    let segments = Arc::new(vault.index.snapshot());
    let hurt = Hurt::find(&found.reader, &segments, &found.trees, &found.damage).await?;
    let wanted = wanted(found, &hurt);
    let moves = moves(found, &segments).await?;
    if wanted.is_empty() && moves.is_empty() {
        return Ok(false);
    }
    let session = Session::open(vault, MachineKey::NONE, Phase::Collect).await?;
    let done = async {
        let mut work = Work {
            vault,
            session: &session,
            found,
            sources,
            judge: Judge::new(Arc::clone(&segments), &found.damage),
            segments: Arc::clone(&segments),
            healed: HashMap::new(),
            nodes: Vec::new(),
        };
        for one in &wanted {
            match work.one(one).await? {
                None => report.records += u64::from(work.healed.contains_key(&one.id)),
                Some(why) => {
                    let what = format!("{UNHEALED} of {:?} is left: {why}", one.id);
                    report.unhealed.push(what);
                }
            }
        }
        let nodes = std::mem::take(&mut work.nodes);
        session.append_as(pack::Kind::Nodes, &nodes).await?;
        session.take_records(&found.reader, &moves).await?;
        for l in &moves {
            work.healed.entry(l.id).or_insert(l.depth);
        }
        report.moved += moves.len() as u64;
        session.flush().await?;
        let healed = std::mem::take(&mut work.healed);
        replace(&session, found, &segments, &moves, &healed).await
    };
    match done.await {
        Ok(true) => Ok(true),
        Ok(false) => session.close().await.map(|()| false),
        Err(e) => {
            let _ = session.close().await;
            Err(e)
        }
    }
}

/// What has a bad record, and what can't be read for want of a record.
fn wanted(found: &Examined, hurt: &Hurt) -> Vec<Wanted> {
    let mut wanted: BTreeMap<Id, (bool, u8)> = BTreeMap::new();
    for (l, _) in found.damage.bad() {
        let one = wanted.entry(l.id).or_insert((false, u8::MAX));
        one.0 |= l.kind == record::Kind::Node;
        one.1 = one.1.min(l.depth);
    }
    for id in found.trees.unreadable.keys() {
        wanted.entry(*id).or_insert((true, 0)).0 = true;
    }
    for id in hurt.chunks.keys() {
        wanted.entry(*id).or_insert((false, u8::MAX));
    }
    let all = wanted.into_iter();
    all.map(|(id, (node, most))| Wanted { id, node, most })
        .collect()
}

/// The sound records of packs whose directory is damaged: they go to new packs.
async fn moves(found: &Examined, segments: &Arc<Vec<Arc<Segment>>>) -> Result<Vec<Location>> {
    let packs: BTreeSet<PackName> = found.damage.directories.keys().copied().collect();
    if packs.is_empty() {
        return Ok(Vec::new());
    }
    let all = Arc::clone(segments);
    let records = crate::cpu::run(move || records_of(&all, &packs)).await?;
    let mut moves: Vec<Location> = records.into_values().flatten().collect();
    moves.retain(|l| found.damage.why_bad(l).is_none());
    moves.sort_unstable_by_key(|l| (l.depth, l.pack, l.offset));
    Ok(moves)
}

struct Work<'a> {
    vault: &'a Vault,
    session: &'a Session,
    found: &'a Examined,
    sources: &'a [Source],
    judge: Judge<'a>,
    segments: Arc<Vec<Arc<Segment>>>,
    /// The least depth of what is sound now, of ids that had something bad.
    healed: HashMap<Id, u8>,
    /// Nodes to be stored after the chunks.
    nodes: Vec<Encoded>,
}

impl Work<'_> {
    /// Heals one; gives why it could not.
    async fn one(&mut self, wanted: &Wanted) -> Result<Option<String>> {
        if let Some(depth) = self.sound_depth(&wanted.id, wanted.most)? {
            self.healed.insert(wanted.id, depth);
            return Ok(None);
        }
        let mut why = match self.sources.is_empty() {
            true => "no other store was given".to_owned(),
            false => "the other stores have none either".to_owned(),
        };
        let made = match wanted.node {
            true => self.node(&wanted.id).await?,
            false => self.chunk(wanted, &mut why).await?,
        };
        let Some(made) = made else {
            return Ok(Some(why));
        };
        self.healed.insert(wanted.id, made.header.depth);
        match wanted.node {
            true => self.nodes.push(made),
            false => self.session.append(vec![made]).await?,
        }
        Ok(None)
    }

    /// The least depth of a listed record that can be read, if it is at most `most`.
    fn sound_depth(&mut self, id: &Id, most: u8) -> Result<Option<u8>> {
        let listed = match index::find(&self.segments, id) {
            Err(e) if e.kind() == Kind::Integrity => Vec::new(),
            listed => listed?,
        };
        for l in listed.iter().filter(|l| l.depth <= most) {
            let bad = self.found.damage.why_bad(l).is_some()
                || l.kind == record::Kind::Node && self.found.trees.unreadable.contains_key(id);
            let rests = l.kind == record::Kind::Patch;
            if !bad && (!rests || self.judge.why_lost(&l.parent, l.depth)?.is_none()) {
                return Ok(Some(l.depth));
            }
        }
        Ok(None)
    }

    async fn node(&self, id: &Id) -> Result<Option<Encoded>> {
        for source in self.sources {
            if let Ok(mut nodes) = source.reader.nodes(&[*id], None).await
                && let Some(node) = nodes.pop()
            {
                let bytes = node.to_bytes();
                if self.vault.ring.node_id(&bytes) == id.0 {
                    return Ok(Some(codec::encode_node(*id, &bytes)));
                }
            }
        }
        Ok(None)
    }

    async fn chunk(&mut self, wanted: &Wanted, why: &mut String) -> Result<Option<Encoded>> {
        for source in self.sources {
            let there = match source.reader.find(&wanted.id) {
                Err(e) if e.kind() == Kind::Integrity => continue,
                there => there?,
            };
            for l in there.iter().filter(|l| l.depth <= wanted.most) {
                let fits = l.kind != record::Kind::Patch
                    || self
                        .sound_depth(&l.parent, l.depth.saturating_sub(1))?
                        .is_some();
                if !fits {
                    continue;
                }
                if let Some(record) = self.verbatim(source, l).await? {
                    return Ok(Some(record));
                }
            }
        }
        // Opened and stored whole: what is here at too great a depth, or in another store.
        let readers = std::iter::once(&self.found.reader);
        for reader in readers.chain(self.sources.iter().map(|s| &s.reader)) {
            match reader.chunks(&[wanted.id]).await {
                Ok(chunks) => {
                    if let Some(chunk) = chunks.get(&wanted.id).cloned() {
                        return Ok(Some(self.whole(wanted.id, chunk).await));
                    }
                }
                Err(e) if e.kind() == Kind::Integrity => {}
                Err(e) if e.kind() == Kind::Denied => *why = e.to_string(),
                Err(e) => return Err(e),
            }
        }
        Ok(None)
    }

    /// A record as it is in another store, if it is sound.
    async fn verbatim(&self, source: &Source, l: &Location) -> Result<Option<Encoded>> {
        let bytes = match source.reader.records(&[*l]).await {
            Err(e) if e.kind() == Kind::Integrity => return Ok(None),
            bytes => bytes?.swap_remove(0),
        };
        let Ok(record) = read_record(l, &bytes) else {
            return Ok(None);
        };
        // With the key at hand, more can be said of a whole one.
        let opens = record.header.kind != record::Kind::Whole
            || !self.vault.ring.knows(record.header.key)
            || codec::decode(&self.vault.ring, &record, None).is_ok();
        let same = record.header.depth == l.depth && record.header.parent == l.parent;
        Ok((opens && same).then(|| Encoded {
            header: record.header,
            bytes: bytes.to_vec(),
        }))
    }

    async fn whole(&self, id: Id, chunk: Bytes) -> Encoded {
        let ring = Arc::clone(&self.vault.ring);
        crate::cpu::run(move || codec::encode(&ring, id, &chunk, None)).await
    }
}

/// Lists anew what the segments list that name bad or moved records, without those that a sound
/// record stands for now, and commits. False if there is nothing to change.
async fn replace(
    session: &Arc<Session>,
    found: &Examined,
    segments: &Arc<Vec<Arc<Segment>>>,
    moves: &[Location],
    healed: &HashMap<Id, u8>,
) -> Result<bool> {
    let stands = |l: &Location| healed.get(&l.id).is_some_and(|depth| *depth <= l.depth);
    let bad = found.damage.bad().map(|(l, _)| l);
    let goes: HashMap<(PackName, u32), Id> = bad
        .chain(moves)
        .filter(|l| stands(l))
        .map(|l| ((l.pack, l.offset), l.id))
        .collect();
    let packs: BTreeSet<PackName> = goes.keys().map(|k| k.0).collect();
    let mut dropped: Vec<SegmentName> = Vec::new();
    let mut listed: BTreeSet<PackName> = BTreeSet::new();
    for segment in segments.iter() {
        let touched = segment.packs().iter().any(|p| packs.contains(p));
        if !touched || found.damage.segments.contains_key(&segment.name()) {
            listed.extend(segment.packs());
            continue;
        }
        let mut kept: Vec<Location> = Vec::new();
        for block in 0..segment.blocks() {
            for l in segment.entries(block)? {
                match goes.get(&(l.pack, l.offset)) {
                    Some(id) if *id == l.id => {}
                    _ => kept.push(l),
                }
            }
            if kept.len() >= SEGMENT_RECORDS {
                listed.extend(kept.iter().map(|l| l.pack));
                session.list_again(std::mem::take(&mut kept)).await?;
            }
        }
        listed.extend(kept.iter().map(|l| l.pack));
        session.list_again(kept).await?;
        dropped.push(segment.name());
    }
    let own = session.own_segments();
    if own.is_empty() && dropped.is_empty() {
        return Ok(false);
    }
    listed.extend(own.iter().flat_map(|s| s.packs()));
    let doomed: Vec<PackName> = packs
        .into_iter()
        .filter(|p| !listed.contains(p) && !found.damage.missing.contains_key(p))
        .collect();
    session
        .end_collection(|state| {
            let there = |s: &&SegmentName| state.segments.contains(s);
            let dropped: Vec<_> = dropped.iter().filter(there).copied().collect();
            Ok(swap(session, state, &dropped, doomed.iter().copied()))
        })
        .await?;
    Ok(true)
}
