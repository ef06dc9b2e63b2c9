//! What a store in memory holds as a whole, and who owns it.

use std::path::PathBuf;

use base::{PointId, VaultId};
use state::machines::MachineDisk;
use std::collections::BTreeMap;
use vault::{Owner, OwnerUsage, StoreUsage};

use super::Scripted;
use super::stores::{MemoryStores, index};
use crate::plane::{FoundPoint, Ownership, Stores, Tier};

fn folder(stores: &Stores, tier: Tier) -> PathBuf {
    match tier {
        Tier::Snapshot => stores.snapshots.clone(),
        Tier::Vault => stores.vault.clone(),
    }
}

impl MemoryStores {
    pub(super) fn owner(&self, stores: &Stores, tier: Tier) -> Ownership {
        let inner = self.inner();
        let owner = inner.owners.get(&folder(stores, tier)).cloned();
        owner.map_or(Ownership::Nobody, Ownership::Owner)
    }

    pub(super) fn own(&self, stores: &Stores, tier: Tier, owner: &Owner) -> bool {
        let mut inner = self.inner();
        let place = folder(stores, tier);
        let newest = inner.owners.get(&place).map_or(0, |o| o.generation);
        if owner.generation <= newest {
            return false;
        }
        inner.owners.insert(place, owner.clone());
        true
    }

    pub(super) fn all(&self, vault: VaultId, tier: Tier) -> Vec<PointId> {
        let mut inner = self.inner();
        let points = &inner.tiers.entry(vault).or_default()[index(tier)];
        points.keys().copied().collect()
    }

    /// What a machine had written until a point is in the point, so points of one machine share
    /// what the older has; nothing is shared between machines.
    pub(super) fn usage(
        &self,
        vault: VaultId,
        tier: Tier,
        owners: &BTreeMap<PointId, i64>,
    ) -> StoreUsage {
        let mut inner = self.inner();
        let points = &inner.tiers.entry(vault).or_default()[index(tier)];
        let mut machines: BTreeMap<uuid::Uuid, BTreeMap<Option<i64>, u64>> = BTreeMap::new();
        for (id, point) in points {
            let of = machines.entry(point.machine).or_default();
            let most = of.entry(owners.get(id).copied()).or_default();
            *most = (*most).max(point.written);
        }
        let mut usage = StoreUsage::default();
        for owner in owners.values() {
            usage.owners.entry(*owner).or_default();
        }
        for of in machines.values() {
            for (owner, written) in of {
                let others = of.iter().filter(|(o, _)| *o != owner);
                let others = others.map(|(_, written)| *written).max().unwrap_or(0);
                let unique = written.saturating_sub(others);
                usage.used += unique;
                if let Some(owner) = owner {
                    let own: &mut OwnerUsage = usage.owners.entry(*owner).or_default();
                    own.unique += unique;
                    own.shared += written - unique;
                }
            }
            // What several have: up to the second most.
            let mut all: Vec<u64> = of.values().copied().collect();
            all.sort_unstable();
            usage.shared += all.iter().rev().nth(1).copied().unwrap_or(0);
        }
        usage.used += usage.shared;
        usage.stored = usage.used;
        usage
    }

    pub(super) fn found(&self, vault: VaultId, tier: Tier, id: PointId) -> Option<FoundPoint> {
        let mut inner = self.inner();
        let point = inner.tiers.entry(vault).or_default()[index(tier)].get(&id)?;
        let disks = point.facts.disks.iter().map(|disk| MachineDisk {
            lun: disk.lun,
            name: disk.name.clone(),
            bytes: disk.bytes,
        });
        Some(FoundPoint {
            facts: point.facts.clone(),
            machine: point.machine,
            name: format!("machine-{}", point.machine.simple()),
            disks: disks.collect(),
            origin: point.origin.clone(),
        })
    }
}

impl Scripted {
    /// Somebody writes to all stores of a vault with `--take-over`: each gets another owner, and
    /// these points leave a tier.
    pub fn take_over(&self, vault: VaultId, tier: Tier, removed: &[PointId]) {
        let mut inner = self.stores.inner();
        for owner in inner.owners.values_mut() {
            owner.generation += 1;
            owner.last_server = owner.server.take();
            "a command".clone_into(&mut owner.name);
        }
        let points = &mut inner.tiers.entry(vault).or_default()[index(tier)];
        points.retain(|id, _| !removed.contains(id));
    }
}
