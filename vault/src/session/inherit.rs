//! Taking over what sessions that ended without a commit have stored.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use base::{Kind, Result, ResultExt};

use crate::format::entry::SegmentName;
use crate::format::id::Id;
use crate::format::pack::{self, Location, PackName};
use crate::format::record;
use crate::index::{self, Segment};
use crate::keys::Keyring;
use crate::store::Store;
use crate::vault::Vault;

/// What dead sessions stored.
#[derive(Debug, Default)]
pub(super) struct Inherited {
    /// Their index segments.
    pub(super) segments: Vec<Arc<Segment>>,
    /// The records of their packs that no segment lists.
    pub(super) unlisted: Vec<Location>,
}

/// Takes in what these sessions stored. Later ones rest on what they took over from earlier
/// ones, so if any of it is damaged, all is left: it is stored anew. What a session stored before
/// the last collection may rest on what that dropped: of it only chunks are taken over, and
/// patches only with what they rest on.
///
/// # Errors
/// Those of the store.
pub(super) async fn inherit(vault: &Vault, dead: &[u64], collected: u64) -> Result<Inherited> {
    let mut all = Inherited::default();
    for session in dead {
        match one(vault, *session, *session > collected, &mut all).await {
            Ok(()) => {}
            Err(e) if e.kind() == Kind::Integrity => {
                tracing::warn!(session, error = %e, "what an earlier run left is damaged");
                return Ok(Inherited::default());
            }
            Err(e) => return Err(e.during(format!("taking over session {session}"))),
        }
    }
    let listed: HashSet<PackName> = all
        .segments
        .iter()
        .flat_map(|s| s.packs().iter().copied())
        .collect();
    all.unlisted.retain(|l| !listed.contains(&l.pack));
    let mut stored = vault.index.snapshot();
    stored.extend(all.segments.iter().cloned());
    let unlisted = std::mem::take(&mut all.unlisted);
    all.unlisted = without_orphans(unlisted, |id| {
        Ok(index::find(&stored, id)?.first().map(|l| l.depth))
    })?;
    Ok(all)
}

/// Drops patches whose parent is not stored. Packs of chunks are put several at a time: one
/// with a patch may be there while the one with its parent never came to be. `depth_of` gives
/// the least depth of an id's other records.
fn without_orphans(
    mut records: Vec<Location>,
    depth_of: impl Fn(&Id) -> Result<Option<u8>>,
) -> Result<Vec<Location>> {
    records.sort_by_key(|l| l.depth);
    let mut least: HashMap<Id, u8> = HashMap::new();
    let mut kept = Vec::with_capacity(records.len());
    for l in records {
        if l.kind == record::Kind::Patch {
            let here = least.get(&l.parent).copied();
            let parent = match here.filter(|depth| *depth < l.depth) {
                Some(depth) => Some(depth),
                None => depth_of(&l.parent)?,
            };
            if parent.is_none_or(|depth| depth >= l.depth) {
                continue;
            }
        }
        least.entry(l.id).or_insert(l.depth);
        kept.push(l);
    }
    Ok(kept)
}

async fn one(vault: &Vault, session: u64, trusted: bool, all: &mut Inherited) -> Result<()> {
    let index = format!("index/{session:016x}");
    let packs = format!("packs/{session:016x}");
    // The session may still be writing. What a segment or a pack of nodes rests on was durable
    // before it, so a listing that begins after the one that shows it shows that too.
    let segments = match trusted {
        true => numbers(&vault.store, &index).await?,
        false => Vec::new(),
    };
    for number in 1..=segments.into_iter().max().unwrap_or(0) {
        let name = SegmentName { session, number };
        let segment = Segment::open(&vault.store, &vault.ring, name).await?;
        all.segments.push(Arc::new(segment));
    }
    let seen: HashSet<u32> = numbers(&vault.store, &packs).await?.into_iter().collect();
    for number in numbers(&vault.store, &packs).await? {
        let name = PackName { session, number };
        let directory = read_directory(vault, name).await?;
        let nodes = trusted && seen.contains(&number);
        if directory.kind == pack::Kind::Chunks || nodes {
            let records = directory.records.into_iter();
            all.unlisted.extend(records.map(|(l, _)| l));
        }
    }
    // After the last listing: what came meanwhile may be visible and not durable, too.
    vault.store.sync_folders(&[&index, &packs]).await
}

/// Reads the directory of a pack: three ranged reads.
///
/// # Errors
/// `Integrity`, `Unavailable`.
pub(crate) async fn read_directory(vault: &Vault, pack: PackName) -> Result<pack::Directory> {
    directory_in(&vault.store, &vault.ring, pack).await
}

/// The same for a store alone.
///
/// # Errors
/// `Integrity`, `Unavailable`.
pub(crate) async fn directory_in(
    store: &Store,
    ring: &Keyring,
    pack: PackName,
) -> Result<pack::Directory> {
    let name = pack.to_string();
    let (trailer, size) = store.need_suffix(&name, pack::TRAILER as u64).await?;
    let tail_len = pack::tail_len(&trailer, size).during(&name)?;
    let header = store.need_range(&name, 0..pack::HEADER as u64).await?;
    let tail = store.need_range(&name, size - tail_len..size).await?;
    pack::read_directory(&header, &tail, pack, ring.vault_id(), Some(ring))
}

/// The numbers of the objects in a folder.
async fn numbers(store: &Store, folder: &str) -> Result<Vec<u32>> {
    let names = store.list(folder).await?;
    let number = |name: &str| u32::from_str_radix(name.rsplit('/').next()?, 16).ok();
    Ok(names.iter().filter_map(|(name, _)| number(name)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_is_taken_over_only_with_all_it_rests_on() {
        let record = |id: u8, parent: u8, depth: u8| Location {
            id: Id([id; 32]),
            pack: PackName {
                session: 1,
                number: 1,
            },
            offset: 40,
            len: 100,
            kind: if depth > 0 {
                record::Kind::Patch
            } else {
                record::Kind::Whole
            },
            depth,
            key: 1,
            parent: Id([parent; 32]),
        };
        // 2 rests on 1, which is here; 4 on 3, which is stored; 6 on 5, which is lost; 7 on 6.
        let all = vec![
            record(7, 6, 2),
            record(2, 1, 1),
            record(6, 5, 1),
            record(4, 3, 2),
            record(1, 0, 0),
            // Stored as deep as itself: not what it was made against.
            record(9, 8, 1),
        ];
        let stored = |id: &Id| {
            Ok(match id.0[0] {
                3 | 8 => Some(1),
                _ => None,
            })
        };
        let kept = without_orphans(all, stored).unwrap();
        let ids: Vec<u8> = kept.iter().map(|l| l.id.0[0]).collect();
        assert_eq!(ids, [1, 2, 4]);
    }
}
