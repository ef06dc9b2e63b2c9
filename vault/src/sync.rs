//! Copying a point from one store of a vault to another: the transfer of a backup.
//!
//! The tree is walked; what the target has is passed by, with all below it. Records are
//! copied as they are, sealed. A patch is copied only if the target has a record of its parent
//! of less depth; otherwise its chunk is opened and encoded anew, against the target's chunk
//! at that place or whole. The manifest is copied byte for byte.

use std::collections::HashMap;
use std::sync::Arc;

use base::{PointId, Result};
use bytes::Bytes;

use crate::codec::{self, Encoded, Parent};
use crate::disk::Slots;
use crate::format::entry::Phase;
use crate::format::id::Id;
use crate::format::manifest::DiskRoot;
use crate::format::node::FAN_OUT;
use crate::format::pack::{Location, read_record};
use crate::format::record::{Kind, MAX_DEPTH};
use crate::reader::Reader;
use crate::session::Session;
use crate::tree::{Leaves, NewNode, TreeBuilder, TreeRef};
use crate::vault::{PointInfo, Vault};

/// Chunks copied in one step: 8 MiB of contents at the default size.
const STEP: usize = 128;

/// What a sync did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SyncStats {
    /// Whether the target had the point already.
    pub already_there: bool,
    /// Records copied as they are.
    pub copied: u64,
    /// Chunks encoded anew.
    pub encoded_anew: u64,
    /// Bytes put into the target.
    pub stored: u64,
}

/// How far a sync is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyncProgress {
    /// Bytes of the point's disks that are dealt with.
    pub done: u64,
    /// Bytes of the point's disks.
    pub total: u64,
    /// Bytes put into the target so far.
    pub stored: u64,
}

/// Copies `point` from `source` to `target`, which must be stores of the same vault. The
/// point is in the target, durable, when this returns. If it fails or is dropped, earlier
/// points are untouched and the next call goes on with what was stored.
///
/// # Errors
/// `PointNotFound`, `VaultForeign`, `Fenced`, `NoSpace`, `Integrity`, `Unavailable`.
pub async fn sync_point(
    source: &Vault,
    target: &Arc<Vault>,
    point: PointId,
    progress: &(dyn Fn(SyncProgress) + Send + Sync),
) -> Result<SyncStats> {
    if source.id() != target.id() {
        return Err(base::Error::new(
            base::Code::VaultForeign,
            format!("the stores hold vaults {} and {}", source.id(), target.id()),
        ));
    }
    let info = source.point(point).await?;
    if target
        .refresh()
        .await?
        .points
        .iter()
        .any(|p| p.point == point)
    {
        // By a process that may have been killed before its entry was durable.
        target.store.sync_folders(&["log"]).await?;
        return Ok(SyncStats {
            already_there: true,
            ..SyncStats::default()
        });
    }
    let machine = info.manifest.machine;
    let session = Session::open(target, machine, Phase::Transfer).await?;
    let base = session.history(1).await?;
    // Another transfer may have brought the point since; from here on none can.
    let state = target.refresh().await?;
    if state.points.iter().any(|p| p.point == point) {
        session.close().await?;
        return Ok(SyncStats {
            already_there: true,
            ..SyncStats::default()
        });
    }
    let copied = session.ended_or(copy(source, &session, &info, base, progress).await);
    match copied.await {
        // Damage that hides the source's point is no damage if the point was removed.
        Err(e) if e.kind() == base::Kind::Integrity => match source.point(point).await {
            Err(gone) if gone.kind() == base::Kind::NotFound => Err(gone),
            _ => Err(e),
        },
        copied => copied,
    }
}

/// Fills the session with a point of `source`, and commits it.
async fn copy(
    source: &Vault,
    session: &Arc<Session>,
    info: &PointInfo,
    base: Vec<PointInfo>,
    progress: &(dyn Fn(SyncProgress) + Send + Sync),
) -> Result<SyncStats> {
    let manifest = &info.manifest;
    let total = manifest.disks.iter().map(|d| d.size).sum();
    let mut copier = Copier {
        from: source.reader().await?,
        chunk_size: source.chunk_size(),
        session: Arc::clone(session),
        stats: SyncStats::default(),
    };
    let mut done = 0;
    for disk in &manifest.disks {
        let old = base
            .iter()
            .flat_map(|b| &b.manifest.disks)
            .find(|d| d.key == disk.key);
        let tell = |bytes: u64| {
            let done = done + bytes.min(disk.size);
            progress(SyncProgress {
                done,
                total,
                stored: session.stored(),
            });
        };
        copier.disk(disk, old, &tell).await?;
        done += disk.size;
    }
    let bytes = source.manifest_bytes(&info.entry).await?;
    session.commit_bytes(manifest, bytes).await?;
    progress(SyncProgress {
        done,
        total,
        stored: session.stored(),
    });
    Ok(SyncStats {
        stored: session.stored(),
        ..copier.stats
    })
}

struct Copier {
    from: Reader,
    chunk_size: u32,
    session: Arc<Session>,
    stats: SyncStats,
}

impl Copier {
    async fn disk(
        &mut self,
        disk: &DiskRoot,
        old: Option<&DiskRoot>,
        tell: &(dyn Fn(u64) + Send + Sync),
    ) -> Result<()> {
        let tree = TreeRef::of(disk, self.chunk_size);
        let there = Arc::clone(&self.session);
        let mut leaves =
            Leaves::new(self.from.clone(), tree, 0..tree.chunks).skipping(Box::new(move |id| {
                Ok(!there.is_careful() && !there.find(id)?.is_empty())
            }));
        let base = old.map(|d| (self.session.reader(), TreeRef::of(d, self.chunk_size)));
        let mut places = TreeBuilder::new(base, tree.chunks);
        while let Some(batch) = leaves.next().await? {
            let mut missing = Slots::new();
            let mut seen = std::collections::HashSet::new();
            for leaf in &batch {
                for (slot, id) in (leaf.first_slot..).zip(leaf.node.children) {
                    if !id.is_zero() && seen.insert(id) && !self.session.holds(&id)? {
                        missing.push((slot, id));
                    }
                }
            }
            for step in missing.chunks(STEP) {
                while let Err(e) = self.chunks(step, &mut places).await {
                    // A collection of the source may have moved records.
                    if e.kind() != base::Kind::Integrity || !self.from.look_again().await? {
                        return Err(e);
                    }
                }
                tell(step[step.len() - 1].0 * u64::from(self.chunk_size));
            }
            let nodes = batch.iter().map(|l| NewNode {
                id: l.id,
                contents: l.node.to_bytes(),
            });
            self.session.append_nodes(nodes.collect()).await?;
            let last = batch.last().map_or(0, |l| l.first_slot + FAN_OUT as u64);
            tell(last * u64::from(self.chunk_size));
        }
        let mut inner = leaves.into_inner_nodes();
        inner.sort_by_key(|n| n.0);
        let nodes = inner.iter().map(|(_, id, n)| NewNode {
            id: *id,
            contents: n.to_bytes(),
        });
        self.session.append_nodes(nodes.collect()).await
    }

    async fn chunks(&mut self, step: &[(u64, Id)], places: &mut TreeBuilder) -> Result<()> {
        let mut records: Vec<(u64, Location)> = Vec::with_capacity(step.len());
        for (slot, id) in step {
            records.push((*slot, self.from.locate(id)?));
        }
        // A parent that is sent in this step goes before what rests on it.
        records.sort_by_key(|(_, l)| l.depth);
        let mut at = 0;
        while at < records.len() {
            let depth = records[at].1.depth;
            let level = records[at..]
                .iter()
                .take_while(|(_, l)| l.depth == depth)
                .count();
            let (mut verbatim, mut anew) = (Vec::new(), Vec::new());
            for (slot, l) in &records[at..at + level] {
                if l.kind != Kind::Patch || self.has_below(&l.parent, depth)? {
                    verbatim.push(*l);
                } else {
                    anew.push((*slot, l.id));
                }
            }
            self.copy(verbatim).await?;
            self.encode_anew(&anew, places).await?;
            at += level;
        }
        Ok(())
    }

    /// Whether the target has a record of `id` of less depth than `depth`.
    fn has_below(&self, id: &Id, depth: u8) -> Result<bool> {
        let first = self.session.find(id)?.into_iter().next();
        Ok(!self.session.is_careful() && first.is_some_and(|l| l.depth < depth))
    }

    async fn copy(&mut self, locations: Vec<Location>) -> Result<()> {
        let bytes = self.from.records(&locations).await?;
        self.stats.copied += locations.len() as u64;
        let records = crate::cpu::brief(move || {
            let checked = locations.iter().zip(bytes).map(|(l, b)| {
                Ok(Encoded {
                    header: read_record(l, &b)?.header,
                    bytes: b.into(),
                })
            });
            checked.collect::<Result<Vec<Encoded>>>()
        });
        self.session.append(records.await?).await
    }

    async fn encode_anew(&mut self, chunks: &[(u64, Id)], places: &mut TreeBuilder) -> Result<()> {
        if chunks.is_empty() {
            return Ok(());
        }
        let ids: Vec<Id> = chunks.iter().map(|c| c.1).collect();
        let contents = self.from.chunks(&ids).await?;
        // The target's chunk at each place, if it may be a parent.
        let mut parents: HashMap<Id, (Id, u8)> = HashMap::new();
        for (slot, id) in chunks {
            let leaf = match places.base_leaf(slot / FAN_OUT as u64).await {
                // Damage costs the patch, not the sync.
                Err(e) if e.kind() == base::Kind::Integrity => continue,
                leaf => leaf?,
            };
            let old = leaf[usize::try_from(slot % FAN_OUT as u64).expect("below 16")];
            let record = self.session.find(&old)?.into_iter().next();
            if let Some(l) = record.filter(|l| l.depth < MAX_DEPTH) {
                parents.insert(*id, (old, l.depth));
            }
        }
        let wanted: Vec<Id> = parents.values().map(|p| p.0).collect();
        let old = self
            .session
            .reader()
            .chunks(&wanted)
            .await
            .unwrap_or_default();
        let ring = Arc::clone(self.session.vault().ring());
        self.stats.encoded_anew += ids.len() as u64;
        let records = crate::cpu::run(move || {
            let encode = |id: &Id| {
                let chunk: &Bytes = contents.get(id)?;
                let parent = parents.get(id).and_then(|(pid, depth)| {
                    Some(Parent {
                        id: *pid,
                        depth: *depth,
                        contents: old.get(pid)?,
                    })
                });
                Some(codec::encode(&ring, *id, chunk, parent))
            };
            ids.iter().filter_map(encode).collect::<Vec<Encoded>>()
        });
        self.session.append(records.await).await
    }
}
