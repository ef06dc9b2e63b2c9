//! The auditor: looks at a store, as it was at one instant, with eyes that saw nothing before.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use base::{ManualClock, PointId, SeededRandom};
use jiff::Timestamp;
use serde_json::Value;
use vault::{Locked, PointDisk, PointState, Store, Surroundings, Vault};

use crate::frozen::Frozen;
use crate::ledger::{Ledger, Name};
use crate::segment::{Entry, Kind, RawId, Segment, children, stands};
use crate::world::{Objects, Place, World, lock};

/// A store at one instant.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    store: usize,
    objects: Arc<Objects>,
    ledger: Ledger,
    segments: BTreeMap<Name, Arc<Segment>>,
}

impl Snapshot {
    pub(crate) fn of(store: usize, place: &Place) -> Self {
        Self {
            store,
            objects: Arc::new(place.objects.clone()),
            ledger: place.ledger.clone(),
            segments: place.segments.clone(),
        }
    }

    fn pack(&self, name: Name) -> Result<&bytes::Bytes, String> {
        let path = format!("packs/{:016x}/{:08x}", name.0, name.1);
        let pack = self.objects.get(&path);
        pack.ok_or_else(|| format!("{path} is gone, and needed"))
    }
}

/// The auditor. What it knows of bytes that never change it keeps: each record is checked once.
pub(crate) struct Auditor {
    world: Arc<World>,
    nodes: HashMap<RawId, (bool, Vec<RawId>)>,
    sound: HashSet<(usize, Name, u32)>,
}

type Check = Result<(), String>;

/// What is listed.
#[derive(Default)]
struct Listed {
    records: HashMap<RawId, Vec<Entry>>,
}

impl Listed {
    fn least(&self, id: &RawId) -> Option<&Entry> {
        self.records.get(id)?.iter().min_by_key(|e| e.depth)
    }
}

impl Auditor {
    pub(crate) fn new(world: &Arc<World>) -> Self {
        Self {
            world: Arc::clone(world),
            nodes: HashMap::new(),
            sound: HashSet::new(),
        }
    }

    /// Checks all that a store owes.
    pub(crate) async fn audit(&mut self, at: &Snapshot) {
        let done = match self.structure(at) {
            Ok(_) => self.contents(at).await,
            Err(e) => Err(e),
        };
        self.world.count(|s| s.audits += 1);
        if let Err(what) = done {
            let (store, head) = (at.store, at.ledger.head);
            self.world
                .violated(format_args!("store {store} at entry {head}: {what}"));
        }
    }

    /// The index is closed, all that it lists stands in the packs, and so does what open
    /// sessions began with.
    fn structure(&mut self, at: &Snapshot) -> Result<Listed, String> {
        let mut listed = Listed::default();
        for name in &at.ledger.segments {
            let path = format!("index/{:016x}/{:08x}", name.0, name.1);
            let segment = at
                .segments
                .get(name)
                .filter(|_| at.objects.contains_key(&path));
            let segment = segment.ok_or_else(|| format!("{path} is gone, and in force"))?;
            for entry in &segment.entries {
                self.stands(at, entry)?;
                listed.records.entry(entry.id).or_default().push(*entry);
            }
        }
        for entry in listed.records.values().flatten() {
            self.closed(at, &listed, entry)?;
        }
        for (number, session) in at.ledger.sessions.iter().filter(|s| s.1.open) {
            let saw = session.saw.iter().filter_map(|s| at.segments.get(s));
            for pack in saw.flat_map(|s| &s.packs) {
                at.pack(*pack)
                    .map_err(|e| format!("{e}: session {number} began with it"))?;
            }
        }
        for point in &at.ledger.points {
            for root in roots(at, point.session, &point.point)? {
                if listed.least(&root).is_none_or(|e| e.kind != Kind::Node) {
                    return Err(format!("the root of {} is not listed", point.point));
                }
            }
        }
        Ok(listed)
    }

    fn stands(&mut self, at: &Snapshot, entry: &Entry) -> Check {
        let pack = at.pack(entry.pack)?;
        let place = (at.store, entry.pack, entry.offset);
        if self.sound.contains(&place) {
            return Ok(());
        }
        if !stands(entry, pack) {
            return Err(format!("{entry:?} does not stand where the index says"));
        }
        self.sound.insert(place);
        if entry.kind == Kind::Node && !self.nodes.contains_key(&entry.id) {
            let node = children(entry, pack);
            let node = node.ok_or_else(|| format!("node {entry:?} can't be read"))?;
            self.nodes.insert(entry.id, node);
        }
        Ok(())
    }

    fn closed(&self, at: &Snapshot, listed: &Listed, entry: &Entry) -> Check {
        let (id, pack) = (hex::encode(&entry.id[..6]), entry.pack);
        if entry.kind == Kind::Patch {
            let parent = listed.least(&entry.parent);
            if parent.is_none_or(|p| p.depth >= entry.depth || p.kind == Kind::Node) {
                let what = format!("patch {id} of pack {pack:?} is listed, its parent is not");
                return Err(what);
            }
        }
        if entry.kind == Kind::Node {
            let (leaf, children) = &self.nodes[&entry.id];
            for child in children {
                let there = listed.least(child);
                if there.is_none_or(|c| (c.kind != Kind::Node) != *leaf) {
                    let child = hex::encode(&child[..6]);
                    let segments = &at.ledger.segments;
                    return Err(format!(
                        "node {id} of pack {pack:?} is listed, its child {child} is not \
                         ({segments:?})"
                    ));
                }
            }
        }
        Ok(())
    }

    async fn open(&self, at: &Snapshot) -> base::Result<Vault> {
        let store = Store::new(Arc::new(Frozen(Arc::clone(&at.objects))));
        let ring = self.world.ring.get().expect("the vault was made first");
        let around = Surroundings {
            clock: Arc::new(ManualClock::new(Timestamp::UNIX_EPOCH)),
            random: Arc::new(SeededRandom::new(1)),
        };
        Locked::open(store)
            .await?
            .open_with(Arc::clone(ring), around)
    }

    /// Every point that the log says is there is seen, and reads byte for byte.
    async fn contents(&self, at: &Snapshot) -> Check {
        let failed = |e: base::Error| format!("{e:?}");
        let vault = self.open(at).await.map_err(failed)?;
        let seen = vault.refresh().await.map_err(failed)?.points;
        let name = |p: &vault::PointEntry| (p.point.to_string(), p.state == PointState::Whole);
        let seen: Vec<_> = seen.iter().map(name).collect();
        let owed = at.ledger.points.iter().map(|p| (p.point.clone(), p.whole));
        let owed: Vec<_> = owed.collect();
        if seen != owed {
            return Err(format!("seen are {seen:?}, owed are {owed:?}"));
        }
        let mut machines = BTreeSet::new();
        for (machine, _) in crate::disks::MACHINES {
            let history = vault.history(vault.machine_key(machine), usize::MAX).await;
            for info in history.map_err(failed)? {
                machines.insert(info.entry.point);
                self.reads(&vault, &info).await?;
            }
        }
        if machines.len() != owed.len() {
            return Err(format!(
                "{} points of {} can be read",
                machines.len(),
                owed.len()
            ));
        }
        Ok(())
    }

    async fn reads(&self, vault: &Vault, info: &vault::PointInfo) -> Check {
        let point: PointId = info.manifest.point;
        let known = lock(&self.world.known).get(&point).cloned();
        let known = known.ok_or_else(|| format!("{point} is a stranger"))?;
        let failed = |e: base::Error| format!("{point}: {e:?}");
        let reader = vault.reader().await.map_err(failed)?;
        let disks = &info.manifest.disks;
        if disks.len() != known.disks.len() {
            return Err(format!("{point} has {} disks", disks.len()));
        }
        for (root, (key, bytes)) in disks.iter().zip(&known.disks) {
            let disk = PointDisk::new(reader.clone(), root, vault.chunk_size());
            let read = block::BlockSource::read(&disk, 0, vec![0xAA; bytes.len()]);
            let read = read.await.map_err(failed)?;
            if root.key != *key || root.size != bytes.len() as u64 || read != **bytes {
                return Err(format!("{point} reads as other bytes than were backed up"));
            }
        }
        self.world.count(|s| s.compared += 1);
        Ok(())
    }

    /// After one collection with nobody else there: no object is left that nothing names, and
    /// the index lists what the points reach, once.
    pub(crate) fn nothing_left(&mut self, at: &Snapshot) -> Check {
        let listed = self.structure(at)?;
        let mut live = HashSet::new();
        let mut open = Vec::new();
        for point in &at.ledger.points {
            open.extend(roots(at, point.session, &point.point)?);
        }
        while let Some(id) = open.pop() {
            if live.insert(id) {
                let entry = listed.least(&id).ok_or("a live record is not listed")?;
                match entry.kind {
                    Kind::Patch => open.push(entry.parent),
                    Kind::Node => open.extend(&self.nodes[&id].1),
                    Kind::Whole => {}
                }
            }
        }
        for (id, entries) in &listed.records {
            let id_text = hex::encode(&id[..6]);
            if !live.contains(id) {
                return Err(format!("{id_text} is listed and nothing reaches it"));
            }
            if entries.len() != 1 {
                let n = entries.len();
                return Err(format!("{id_text} is listed {n} times: {entries:?}"));
            }
        }
        let mut named: BTreeSet<String> = BTreeSet::new();
        for (session, number) in &at.ledger.segments {
            named.insert(format!("index/{session:016x}/{number:08x}"));
        }
        for (session, number) in listed.records.values().flatten().map(|e| e.pack) {
            named.insert(format!("packs/{session:016x}/{number:08x}"));
        }
        for p in &at.ledger.points {
            named.insert(format!("points/{:016x}/{}", p.session, p.point));
        }
        let kept = ["vault", "keys/", "log/", "state/"];
        let fixed = |name: &str| kept.iter().any(|k| name.starts_with(k));
        let left = at
            .objects
            .keys()
            .filter(|n| !fixed(n) && !named.contains(*n));
        let left: Vec<_> = left.collect();
        if !left.is_empty() {
            return Err(format!("left behind: {left:?}"));
        }
        Ok(())
    }
}

/// The roots of a point's disks that are not zero, from its manifest.
fn roots(at: &Snapshot, session: u64, point: &str) -> Result<Vec<RawId>, String> {
    let path = format!("points/{session:016x}/{point}");
    let bytes = at.objects.get(&path);
    let bytes = bytes.ok_or_else(|| format!("{path} is gone, and needed"))?;
    let read = || {
        let len = u32::from_le_bytes(bytes.get(28..32)?.try_into().ok()?) as usize;
        let manifest: Value = serde_json::from_slice(bytes.get(36..36 + len)?).ok()?;
        let root = |disk: &Value| {
            let mut id = RawId::default();
            hex::decode_to_slice(disk["root"].as_str()?, &mut id).ok()?;
            Some(id)
        };
        let roots: Option<Vec<RawId>> = manifest["disks"].as_array()?.iter().map(root).collect();
        Some(roots?.into_iter().filter(|r| *r != [0; 32]).collect())
    };
    read().ok_or_else(|| format!("{path} can't be read"))
}
