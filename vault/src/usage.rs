//! What points take in a store, by whom they belong to: a full count.
//!
//! Order: the trees of each owner's points ─► who reaches which id ─► what patches rest on ─► one
//! pass over the index for the bytes. It writes nothing, and may run beside everything else.
//! Memory: 16 bytes for each id that an owner's points reach, once for each owner.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base::{Kind, PointId, Result};

use crate::collect::mark::mark;
use crate::collect::merge::{Merge, kept};
use crate::collect::no_damaged_segment;
use crate::format::record;
use crate::index::Segment;
use crate::log::{PointEntry, State};
use crate::vault::Vault;

/// What an owner's points take, in stored bytes: compressed and sealed, each record once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OwnerUsage {
    /// Of records that only this owner's points use.
    pub unique: u64,
    /// Of records that others' points use, too.
    pub shared: u64,
}

/// What is in a store, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StoreUsage {
    /// By owner; all that were asked for are there.
    pub owners: BTreeMap<i64, OwnerUsage>,
    /// Of records that points use, each once.
    pub used: u64,
    /// Of these, of records that points of several owners use.
    pub shared: u64,
    /// Of all objects: also of the index, manifests, the log, and what a collection will free.
    pub stored: u64,
}

/// Counts what is in a vault's store. `owners` tells whose each point is. What is named by no
/// owner (attempts, points that nobody knows) belongs to one owner more, who is not shown. A point
/// that is not in the store takes nothing.
///
/// # Errors
/// `Integrity` if damage hides what is in use; `Unavailable`.
pub async fn count_usage(vault: &Vault, owners: &BTreeMap<PointId, i64>) -> Result<StoreUsage> {
    loop {
        let (state, segments) = vault.view().await?;
        match count(vault, owners, &state, segments).await {
            // What others removed and swept meanwhile is no damage: then it begins anew.
            Err(e) if e.kind() == Kind::Integrity => {
                let now = vault.refresh().await?;
                let all_there = state.points.iter().all(|p| now.points.contains(p));
                if all_there && state.segments.is_subset(&now.segments) {
                    return Err(e);
                }
            }
            counted => return counted,
        }
    }
}

async fn count(
    vault: &Vault,
    owners: &BTreeMap<PointId, i64>,
    state: &State,
    segments: Vec<Arc<Segment>>,
) -> Result<StoreUsage> {
    no_damaged_segment(vault)?;
    let reader = vault.reader().await?;
    let mut by_owner: BTreeMap<Option<i64>, Vec<PointEntry>> = BTreeMap::new();
    for point in &state.points {
        let owner = owners.get(&point.point).copied();
        by_owner.entry(owner).or_default().push(point.clone());
    }
    let mut reached = Vec::new();
    let names: Vec<Option<i64>> = by_owner.keys().copied().collect();
    for (number, points) in (0u32..).zip(by_owner.values()) {
        let live = mark(vault, &reader, points).await?.live.into_sorted();
        reached.extend(live.into_iter().map(|prefix| (prefix, number)));
    }
    let objects = vault.store.list("").await?;
    let stored = objects.iter().map(|(_, size)| size).sum();
    let all: BTreeSet<i64> = owners.values().copied().collect();
    crate::cpu::run(move || {
        let mut usage = bytes(&segments, reached, &names)?;
        usage.stored = stored;
        for owner in all {
            usage.owners.entry(owner).or_default();
        }
        Ok(usage)
    })
    .await
}

/// Goes over the index for the bytes of what is reached.
fn bytes(
    segments: &[Arc<Segment>],
    reached: Vec<(u64, u32)>,
    names: &[Option<i64>],
) -> Result<StoreUsage> {
    let mut users = Users::of(reached);
    if segments.iter().any(|s| s.has_patches()) {
        let mut edges = Vec::new();
        let mut merge = Merge::new(segments)?;
        while let Some(group) = merge.next()? {
            let stays = group[kept(group)].location;
            if stays.kind == record::Kind::Patch {
                edges.push((stays.id.prefix(), stays.parent.prefix()));
            }
        }
        users.close(&edges);
    }
    let mut usage = StoreUsage::default();
    let mut merge = Merge::new(segments)?;
    while let Some(group) = merge.next()? {
        let stays = group[kept(group)].location;
        let by = users.get(stays.id.prefix());
        let len = u64::from(stays.len);
        let named = by.iter().filter_map(|n| names[*n as usize]);
        match by.len() {
            0 => continue,
            1 => named.for_each(|n| usage.owners.entry(n).or_default().unique += len),
            _ => {
                usage.shared += len;
                named.for_each(|n| usage.owners.entry(n).or_default().shared += len);
            }
        }
        usage.used += len;
    }
    Ok(usage)
}

/// Who uses which id, by the first eight bytes of ids. Sets of users are few, so each is kept once.
#[derive(Debug, Default)]
struct Users {
    /// Sorted.
    ids: Vec<(u64, u32)>,
    sets: Vec<Arc<[u32]>>,
    numbers: HashMap<Arc<[u32]>, u32>,
    /// Sets made of two others.
    unions: HashMap<(u32, u32), u32>,
}

impl Users {
    /// Of pairs of an id and a user.
    fn of(mut reached: Vec<(u64, u32)>) -> Self {
        reached.sort_unstable();
        reached.dedup();
        let mut users = Self::default();
        let mut ids: Vec<(u64, u32)> = Vec::new();
        for group in reached.chunk_by(|a, b| a.0 == b.0) {
            let set: Vec<u32> = group.iter().map(|(_, user)| *user).collect();
            ids.push((group[0].0, users.number(set)));
        }
        users.ids = ids;
        users
    }

    fn number(&mut self, set: Vec<u32>) -> u32 {
        if let Some(number) = self.numbers.get(set.as_slice()) {
            return *number;
        }
        let (set, number) = (Arc::from(set), self.sets.len() as u32);
        self.sets.push(Arc::clone(&set));
        self.numbers.insert(set, number);
        number
    }

    fn union(&mut self, a: u32, b: u32) -> u32 {
        let pair = (a.min(b), a.max(b));
        if a == b {
            return a;
        }
        if let Some(number) = self.unions.get(&pair) {
            return *number;
        }
        let [a, b] = [a, b].map(|n| self.sets[n as usize].iter().copied());
        let both: BTreeSet<u32> = a.chain(b).collect();
        let number = self.number(both.into_iter().collect());
        self.unions.insert(pair, number);
        number
    }

    fn place(&self, prefix: u64) -> std::result::Result<usize, usize> {
        self.ids.binary_search_by_key(&prefix, |(id, _)| *id)
    }

    fn get(&self, prefix: u64) -> &[u32] {
        match self.place(prefix) {
            Ok(place) => &self.sets[self.ids[place].1 as usize],
            Err(_) => &[],
        }
    }

    /// Who uses a patch uses what it rests on, however deep. `edges` are pairs of a patch and its
    /// parent.
    fn close(&mut self, edges: &[(u64, u64)]) {
        loop {
            let mut new = Vec::new();
            let mut changed = false;
            for (patch, parent) in edges {
                let Ok(patch) = self.place(*patch) else {
                    continue;
                };
                let by = self.ids[patch].1;
                match self.place(*parent) {
                    Ok(place) => {
                        let was = self.ids[place].1;
                        let both = self.union(was, by);
                        changed |= both != was;
                        self.ids[place].1 = both;
                    }
                    Err(_) => new.push((*parent, by)),
                }
            }
            if new.is_empty() && !changed {
                return;
            }
            new.sort_unstable();
            for group in new.chunk_by(|a, b| a.0 == b.0) {
                let by = group.iter().map(|(_, by)| *by);
                let by = by.reduce(|a, b| self.union(a, b)).unwrap_or_default();
                self.ids.push((group[0].0, by));
            }
            self.ids.sort_unstable();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_uses_a_patch_uses_all_that_it_rests_on() {
        let mut users = Users::of(vec![(10, 0), (20, 1), (30, 0), (30, 1), (9, 1)]);
        // 10 rests on 9, that on 8, that on 90; 20 rests on 90, too; 40 is used by nobody.
        users.close(&[(8, 90), (40, 41), (9, 8), (10, 9), (20, 90)]);
        let of = |id| users.get(id).to_vec();
        assert_eq!((of(10), of(20), of(30)), (vec![0], vec![1], vec![0, 1]));
        assert_eq!((of(9), of(8), of(90)), (vec![0, 1], vec![0, 1], vec![0, 1]));
        assert_eq!((of(40), of(41)), (vec![], vec![]));
    }
}
