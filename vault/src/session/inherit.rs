//! Taking over what sessions that ended without a commit have stored.

use std::collections::HashSet;
use std::sync::Arc;

use base::{Kind, Result, ResultExt};

use crate::format::entry::SegmentName;
use crate::format::pack::{self, Location, PackName};
use crate::index::Segment;
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
/// ones, so if any of it is damaged, all is left: it is stored anew.
///
/// # Errors
/// Those of the store.
pub(super) async fn inherit(vault: &Vault, dead: &[u64]) -> Result<Inherited> {
    let mut all = Inherited::default();
    for session in dead {
        match one(vault, *session, &mut all).await {
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
    Ok(all)
}

async fn one(vault: &Vault, session: u64, all: &mut Inherited) -> Result<()> {
    // The session may still be writing. What a segment or a pack of nodes rests on was durable
    // before it, so a listing that begins after the one that shows it shows that too.
    let segments = numbers(&vault.store, &format!("index/{session:016x}")).await?;
    for number in 1..=segments.into_iter().max().unwrap_or(0) {
        let name = SegmentName { session, number };
        let segment = Segment::open(&vault.store, &vault.ring, name).await?;
        all.segments.push(Arc::new(segment));
    }
    let folder = format!("packs/{session:016x}");
    let seen: HashSet<u32> = numbers(&vault.store, &folder).await?.into_iter().collect();
    for number in numbers(&vault.store, &folder).await? {
        let name = PackName { session, number };
        let directory = read_directory(vault, name).await?;
        if directory.kind == pack::Kind::Chunks || seen.contains(&number) {
            let records = directory.records.into_iter();
            all.unlisted.extend(records.map(|(l, _)| l));
        }
    }
    Ok(())
}

/// Reads the directory of a pack: three ranged reads.
///
/// # Errors
/// `Integrity`, `Unavailable`.
pub(crate) async fn read_directory(vault: &Vault, pack: PackName) -> Result<pack::Directory> {
    let (store, name) = (&vault.store, pack.to_string());
    let (trailer, size) = store.need_suffix(&name, pack::TRAILER as u64).await?;
    let tail_len = pack::tail_len(&trailer, size).during(&name)?;
    let header = store.need_range(&name, 0..pack::HEADER as u64).await?;
    let tail = store.need_range(&name, size - tail_len..size).await?;
    pack::read_directory(&header, &tail, pack, vault.id(), Some(&vault.ring))
}

/// The numbers of the objects in a folder.
async fn numbers(store: &Store, folder: &str) -> Result<Vec<u32>> {
    let names = store.list(folder).await?;
    let number = |name: &str| u32::from_str_radix(name.rsplit('/').next()?, 16).ok();
    Ok(names.iter().filter_map(|(name, _)| number(name)).collect())
}
