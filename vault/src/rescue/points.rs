//! The points that can be found: every manifest that is readable, whatever the log says.

use std::collections::BTreeMap;

use base::{PointId, Result};

use super::Found;
use crate::checkpoint;
use crate::format::entry::{Entry, Event};
use crate::format::envelope;
use crate::format::id::Id;
use crate::format::manifest::Manifest;
use crate::keys::Keyring;
use crate::log::State;
use crate::store::Store;

/// What the log says of a manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It was committed, and nothing that is left says otherwise.
    Committed,
    /// It was committed, and then removed or replaced.
    Removed,
    /// The log is whole and does not name it: its backup never finished.
    NotCommitted,
    /// The log is damaged and what is left of it does not name it.
    Unknown,
}

/// A point of which the manifest is readable.
#[derive(Debug)]
pub struct RescuePoint {
    /// What is known without a data key.
    pub manifest: Manifest,
    /// What the log says.
    pub standing: Standing,
    /// What the backup stored with it, or why it can't be read.
    pub sealed: Result<Vec<u8>>,
    sum: Id,
}

/// All manifests below `points/`, oldest first; those with the same bytes once.
///
/// # Errors
/// `Unavailable`, `Failed`: the store can't be listed.
pub(super) async fn points(
    store: &Store,
    ring: &Keyring,
    found: &mut Found,
) -> Result<Vec<RescuePoint>> {
    let log = Known::read(store, ring, found).await?;
    let mut points: Vec<RescuePoint> = Vec::new();
    for (name, _) in store.list("points").await? {
        match one(store, ring, &name, &log).await {
            Ok(point) if points.iter().all(|p| p.sum != point.sum) => points.push(point),
            Ok(_) => {}
            Err(e) => found.damaged.push(e.during(&name).to_string()),
        }
    }
    for (point, sum) in &log.committed {
        if points.iter().all(|p| p.sum != *sum) {
            let lost = format!("point {point} was committed, and its manifest is lost");
            found.damaged.push(lost);
        }
    }
    points.sort_by(|a, b| a.manifest.created_at.cmp(&b.manifest.created_at));
    Ok(points)
}

async fn one(store: &Store, ring: &Keyring, name: &str, log: &Known) -> Result<RescuePoint> {
    let bytes = store.need(name).await?;
    let opened = envelope::open(&bytes, envelope::Kind::Manifest)?;
    opened.authenticate(ring)?;
    let manifest: Manifest = opened.clear()?;
    let sum = Id(opened.checksum());
    Ok(RescuePoint {
        standing: log.standing(manifest.point, sum),
        sealed: opened.sealed(ring),
        manifest,
        sum,
    })
}

/// What is left of the log.
struct Known {
    /// Whether every entry up to the last one that is there can be read.
    whole: bool,
    committed: Vec<(PointId, Id)>,
    ever: BTreeMap<PointId, Vec<Id>>,
}

impl Known {
    async fn read(store: &Store, ring: &Keyring, found: &mut Found) -> Result<Self> {
        let mut state = State::default();
        let mut ever: BTreeMap<PointId, Vec<Id>> = BTreeMap::new();
        let (mut whole, mut entries) = (true, Vec::new());
        for (name, _) in store.list("log").await? {
            let read = async {
                let bytes = store.need(&name).await?;
                let opened = envelope::open(&bytes, envelope::Kind::Entry)?;
                opened.authenticate(ring)?;
                Ok::<(Entry, Id), base::Error>((opened.clear()?, Id(opened.checksum())))
            };
            match read.await {
                Ok((entry, sum)) => {
                    whole &= entry.number == state.head + 1 && entry.prev == state.head_sum;
                    if let Event::Commit {
                        point, manifest, ..
                    } = &entry.event
                    {
                        ever.entry(*point).or_default().push(*manifest);
                    }
                    state.apply(&entry, sum);
                    entries.push((entry, sum));
                }
                Err(e) => {
                    whole = false;
                    found.damaged.push(e.during(&name).to_string());
                }
            }
        }
        // What is lost of the log may be in a checkpoint.
        if !whole && let Ok(Some(checkpoint)) = checkpoint::newest(store, ring).await {
            state = checkpoint;
            whole = true;
            let from = state.head;
            for (entry, sum) in entries.iter().filter(|(e, _)| e.number > from) {
                whole &= entry.number == state.head + 1 && entry.prev == state.head_sum;
                state.apply(entry, *sum);
            }
        }
        whole &= state.head > 0;
        if !whole {
            let what = "the log is damaged: which points count is known only in part";
            found.damaged.push(what.to_owned());
        }
        let committed = state.points.iter().map(|p| (p.point, p.manifest));
        Ok(Self {
            whole,
            committed: committed.collect(),
            ever,
        })
    }

    fn standing(&self, point: PointId, sum: Id) -> Standing {
        if self.committed.contains(&(point, sum)) {
            Standing::Committed
        } else if self.ever.get(&point).is_some_and(|all| all.contains(&sum)) {
            Standing::Removed
        } else if self.whole {
            Standing::NotCommitted
        } else {
            Standing::Unknown
        }
    }
}
