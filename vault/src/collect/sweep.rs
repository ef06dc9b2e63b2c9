//! Deleting what nothing lists: the objects of ended sessions, and packs that a collection
//! dropped, once no session can need them. It may be stopped and repeated at any moment.

use std::collections::HashSet;

use base::{PointId, Result};
use futures::{StreamExt, TryStreamExt};

use crate::format::entry::SegmentName;
use crate::format::pack::PackName;
use crate::litter;
use crate::vault::{Vault, is_foreign_key, manifest_name};

/// Objects deleted at the same time.
const AT_ONCE: usize = 16;

/// What a sweep did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Objects deleted.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Bytes of dropped packs that wait until the sessions that may need them have ended.
    pub waiting: u64,
}

/// Deletes what nothing lists and no open session can need.
///
/// # Errors
/// `Integrity` if a segment can't be opened: what it lists is not known then; `Unavailable`.
pub(crate) async fn sweep(vault: &Vault) -> Result<Swept> {
    // First what is there, then what counts: what is listed in between is seen to be.
    let mut there = Vec::new();
    for folder in ["packs", "index", "points"] {
        there.extend(vault.store.list(folder).await?);
    }
    let staged = litter::staged(&vault.store).await?;
    let (state, segments) = vault.view().await?;
    super::no_damaged_segment(vault)?;
    let mut listed: HashSet<PackName> = HashSet::new();
    for segment in segments {
        listed.extend(segment.packs());
    }
    let oldest = state.oldest_open().unwrap_or(u64::MAX);
    // What probes left behind that were killed; one that is disturbed by this probes again.
    let (mut swept, mut garbage) = (Swept::default(), vault.store.list("probe").await?);
    let mut keys = vault.store.list("keys").await?;
    keys.retain(|(name, _)| is_foreign_key(name, vault.id()));
    garbage.extend(keys);
    for (name, bytes) in there {
        // What has no name of ours is left alone.
        let Some(object) = Object::parse(&name) else {
            continue;
        };
        if state.holds(object.session()) {
            continue;
        }
        let needed = match object {
            Object::Pack(pack) => {
                let waits = state.doomed.get(&pack).is_some_and(|since| *since > oldest);
                swept.waiting += if waits { bytes } else { 0 };
                listed.contains(&pack) || waits
            }
            Object::Segment(segment) => state.segments.contains(&segment),
            Object::Manifest(session, point) => {
                let is_it = |p: &crate::PointEntry| p.session == session && p.point == point;
                state.points.iter().any(is_it)
            }
        };
        if !needed {
            garbage.push((name, bytes));
        }
    }
    swept.objects = garbage.len() as u64;
    swept.bytes = garbage.iter().map(|g| g.1).sum();
    let folders: HashSet<String> = garbage
        .iter()
        .filter_map(|(name, _)| Some(name.rsplit_once('/')?.0.to_owned()))
        .collect();
    futures::stream::iter(garbage)
        .map(|(name, _)| async move { vault.store.delete(&name).await })
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    for (_, path) in staged.iter().filter(|(session, _)| !state.holds(*session)) {
        litter::remove(path)?;
    }
    if let Some(root) = vault.store.local_path() {
        for folder in folders {
            // Only an empty one goes.
            let _ = std::fs::remove_dir(root.join(folder));
        }
    }
    Ok(swept)
}

/// An object that a session made.
enum Object {
    Pack(PackName),
    Segment(SegmentName),
    Manifest(u64, PointId),
}

impl Object {
    fn parse(name: &str) -> Option<Self> {
        if let Some(pack) = PackName::parse(name) {
            return Some(Self::Pack(pack));
        }
        let mut parts = name.split('/');
        let (folder, session, last) = (parts.next()?, parts.next()?, parts.next()?);
        let session = u64::from_str_radix(session, 16).ok()?;
        let (object, its_name) = match folder {
            "points" => {
                let point = last.parse().ok()?;
                (
                    Self::Manifest(session, point),
                    manifest_name(session, point),
                )
            }
            "index" => {
                let number = u32::from_str_radix(last, 16).ok()?;
                let segment = SegmentName { session, number };
                (Self::Segment(segment), segment.to_string())
            }
            _ => return None,
        };
        (its_name == name).then_some(object)
    }

    fn session(&self) -> u64 {
        match self {
            Self::Pack(p) => p.session,
            Self::Segment(s) => s.session,
            Self::Manifest(session, _) => *session,
        }
    }
}
