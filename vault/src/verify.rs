//! Checking what is stored, and naming what damage hurts.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use base::{Kind, PointId, Result};
use block::{Extent, ExtentSet};
use futures::StreamExt;

use crate::format::id::Id;
use crate::format::manifest::{DiskRoot, MachineKey, PointState};
use crate::format::node::{FAN_OUT, Node};
use crate::format::pack::{PackName, read_record};
use crate::format::{damaged, record};
use crate::reader::Reader;
use crate::session::read_directory;
use crate::tree::{TreeRef, reach};
use crate::vault::{PointInfo, Vault};

/// How deep a check goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Log, manifests, index, pack directories and trees: everything that points exists. Needs
    /// no data key.
    Structure,
    /// Also the checksum of every stored chunk's record. Needs no data key.
    Sealed,
    /// Also opens every chunk and hashes it.
    Full,
}

/// A point that damage hurts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The point.
    pub point: PointId,
    /// The disk, or `None` if the whole point is hurt.
    pub disk: Option<MachineKey>,
    /// The bytes of the disk that can't be restored.
    pub extents: ExtentSet,
    /// What was found.
    pub what: String,
}

/// What a check found.
#[derive(Clone, Debug, Default)]
pub struct VerifyReport {
    /// Points checked.
    pub points: u64,
    /// Different tree nodes checked.
    pub nodes: u64,
    /// Different chunks checked.
    pub chunks: u64,
    /// Stored bytes read, in records.
    pub bytes: u64,
    /// Index segments that are damaged, and packs whose directory is, whether or not that
    /// hurts a point. What a segment lists that can't be opened counts as lost, and the next
    /// backups store it anew where they meet it.
    pub damaged_objects: Vec<String>,
    /// The points that damage hurts.
    pub findings: Vec<Finding>,
}

/// Packs whose directories are read at the same time.
const PACKS_AT_ONCE: usize = 8;
/// Chunks checked in one step.
const STEP: usize = 256;

/// Checks all points, or those of `only`. Damage is reported, not an error. `progress` is
/// told the number of points done and of all.
///
/// # Errors
/// `Integrity` if the log itself can't be read; `Denied` at [`Level::Full`] without the data
/// keys; `Unavailable`.
pub async fn verify(
    vault: &Vault,
    level: Level,
    only: Option<&[PointId]>,
    progress: &(dyn Fn(u64, u64) + Send + Sync),
) -> Result<VerifyReport> {
    let state = vault.refresh().await?;
    let mut check = Check {
        level,
        reader: vault.reader().await?,
        chunk_size: vault.chunk_size(),
        lost_packs: HashMap::new(),
        nodes: HashMap::new(),
        chunks: HashMap::new(),
        report: VerifyReport::default(),
    };
    let wanted = |p: &PointId| only.is_none_or(|o| o.contains(p));
    let entries: Vec<_> = state
        .points
        .into_iter()
        .filter(|p| p.state == PointState::Whole && wanted(&p.point))
        .collect();
    let mut damaged: Vec<String> = vault.index.damaged().into_iter().map(|d| d.1).collect();
    let mut packs = BTreeSet::new();
    for segment in vault.index.snapshot() {
        packs.extend(segment.packs().iter().copied());
        match crate::cpu::run(move || segment.check()).await {
            Err(e) if e.kind() == Kind::Integrity => damaged.push(e.to_string()),
            done => drop(done?),
        }
    }
    let mut directories = futures::stream::iter(packs)
        .map(|pack| async move { (pack, read_directory(vault, pack).await) })
        .buffered(PACKS_AT_ONCE);
    while let Some((pack, read)) = directories.next().await {
        match read {
            Err(e) if e.kind() == Kind::Integrity => {
                if let Err(gone) = vault.store().size(&pack.to_string()).await
                    && gone.kind() == Kind::Integrity
                {
                    check.lost_packs.insert(pack, gone.to_string());
                }
                damaged.push(e.to_string());
            }
            done => drop(done?),
        }
    }
    check.report.damaged_objects = damaged;
    let all = entries.len() as u64;
    for entry in entries {
        let point = entry.point;
        match vault.point(point).await {
            Ok(info) => check.point(&info).await?,
            Err(e) => {
                let finding = hurt(e, point, None, ExtentSet::new())?;
                check.report.findings.push(finding);
            }
        }
        check.report.points += 1;
        progress(check.report.points, all);
    }
    Ok(check.report)
}

struct Check {
    level: Level,
    reader: Reader,
    chunk_size: u32,
    /// Packs that are missing. Of one whose directory is damaged records may still be well; the
    /// deeper levels look at each.
    lost_packs: HashMap<PackName, String>,
    /// Nodes seen, by id and level: whether all below them is well.
    nodes: HashMap<(Id, u8), bool>,
    /// Chunks seen: `None` if well.
    chunks: HashMap<Id, Option<String>>,
    report: VerifyReport,
}

/// Damage found in one disk: what is wrong, and where.
type Damage = BTreeMap<String, Vec<Extent>>;

impl VerifyReport {
    /// Whether no damage was found.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.findings.is_empty() && self.damaged_objects.is_empty()
    }
}

impl Check {
    async fn point(&mut self, info: &PointInfo) -> Result<()> {
        for disk in &info.manifest.disks {
            let mut damage = Damage::new();
            let tree = TreeRef::of(disk, self.chunk_size);
            self.node(disk, tree.root, tree.level(), 0, &mut damage)
                .await?;
            for (what, extents) in damage {
                let extents = extents.into_iter().collect();
                let disk = Some(disk.key);
                self.report.findings.push(Finding {
                    point: info.manifest.point,
                    disk,
                    extents,
                    what,
                });
            }
        }
        Ok(())
    }

    /// Checks a node and all below it; true if all is well.
    async fn node(
        &mut self,
        disk: &DiskRoot,
        id: Id,
        level: u8,
        index: u64,
        damage: &mut Damage,
    ) -> Result<bool> {
        if id.is_zero() || self.nodes.get(&(id, level)) == Some(&true) {
            return Ok(true);
        }
        let node = match self.reader.nodes(&[id], level).await {
            Ok(mut nodes) => nodes.pop().unwrap_or(Node::empty(level)),
            Err(e) if e.kind() == Kind::Integrity => {
                let unit = u64::from(self.chunk_size);
                let bytes = reach(level).saturating_mul(unit);
                let start = index.saturating_mul(bytes);
                let extent = Extent::new(start, bytes.min(disk.size.saturating_sub(start)));
                damage.entry(e.to_string()).or_default().push(extent);
                self.nodes.insert((id, level), false);
                return Ok(false);
            }
            Err(e) => return Err(e),
        };
        self.report.nodes += u64::from(!self.nodes.contains_key(&(id, level)));
        let mut well = true;
        if level == 0 {
            well = self.leaf(disk, &node, index, damage).await?;
        } else {
            for (i, child) in node.children.iter().enumerate() {
                let place = index * FAN_OUT as u64 + i as u64;
                well &= Box::pin(self.node(disk, *child, level - 1, place, damage)).await?;
            }
        }
        self.nodes.insert((id, level), well);
        Ok(well)
    }

    async fn leaf(
        &mut self,
        disk: &DiskRoot,
        node: &Node,
        index: u64,
        damage: &mut Damage,
    ) -> Result<bool> {
        let fresh: HashSet<Id> = node
            .children
            .iter()
            .filter(|c| !c.is_zero() && !self.chunks.contains_key(c))
            .copied()
            .collect();
        let fresh: Vec<Id> = fresh.into_iter().collect();
        for step in fresh.chunks(STEP) {
            if let Err(e) = self.contents(step).await {
                if e.kind() != Kind::Integrity {
                    return Err(e);
                }
                // Find out which.
                for id in step {
                    let found = match self.contents(std::slice::from_ref(id)).await {
                        Ok(()) => None,
                        Err(e) if e.kind() == Kind::Integrity => Some(e.to_string()),
                        Err(e) => return Err(e),
                    };
                    self.chunks.insert(*id, found);
                }
            }
            for id in step {
                self.chunks.entry(*id).or_insert(None);
            }
            self.report.chunks += step.len() as u64;
        }
        let mut well = true;
        for (i, id) in node.children.iter().enumerate() {
            if let Some(Some(what)) = self.chunks.get(id) {
                let unit = u64::from(self.chunk_size);
                let start = (index * FAN_OUT as u64 + i as u64) * unit;
                let extent = Extent::new(start, unit.min(disk.size.saturating_sub(start)));
                damage.entry(what.clone()).or_default().push(extent);
                well = false;
            }
        }
        Ok(well)
    }

    /// Checks the records of these chunks and of those they rest on, as deep as asked: of each
    /// id the one that a reader takes.
    async fn contents(&mut self, ids: &[Id]) -> Result<()> {
        loop {
            match self.contents_now(ids).await {
                Err(e) if e.kind() == Kind::Integrity && self.reader.look_again().await? => {}
                done => return done,
            }
        }
    }

    async fn contents_now(&mut self, ids: &[Id]) -> Result<()> {
        let mut locations = Vec::new();
        let mut wanted: Vec<Id> = ids.to_vec();
        let mut seen = HashSet::new();
        while let Some(id) = wanted.pop() {
            if !seen.insert(id) {
                continue;
            }
            let location = self.reader.locate(&id)?;
            if self.level == Level::Structure
                && let Some(how) = self.lost_packs.get(&location.pack)
            {
                return Err(damaged(how));
            }
            if location.kind == record::Kind::Patch {
                wanted.push(location.parent);
            }
            self.report.bytes += u64::from(location.len);
            locations.push(location);
        }
        match self.level {
            Level::Structure => Ok(()),
            Level::Full => self.reader.chunks(ids).await.map(|_| ()),
            Level::Sealed => {
                let bytes = self.reader.records(&locations).await?;
                crate::cpu::run(move || {
                    for (l, b) in locations.iter().zip(&bytes) {
                        read_record(l, b)?;
                    }
                    Ok(())
                })
                .await
            }
        }
    }
}

fn hurt(
    e: base::Error,
    point: PointId,
    disk: Option<MachineKey>,
    extents: ExtentSet,
) -> Result<Finding> {
    if e.kind() != Kind::Integrity {
        return Err(e);
    }
    Ok(Finding {
        point,
        disk,
        extents,
        what: e.to_string(),
    })
}
