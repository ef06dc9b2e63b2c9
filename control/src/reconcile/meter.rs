//! The meter: once a day it is noted which instances are charged and what vaults hold (PRICE-3, 6,
//! 7, 10, 12; SOFT-7). A day has one reading, whichever server takes it; it is that of the day's
//! first moments, or of the first ones after the servers were off.

use std::collections::BTreeMap;

use base::Result;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use policy::{Consistency, MeteredItem, MeteredVault, Reading, StorageClass};
use state::protected_items::ProtectedItem;
use state::resources::{self, Record};
use state::usages;
use state::vaults::{Redundancy, Vault};
use state::{Tx, meter};

use super::rests::Round;
use crate::Control;
use crate::protected_items::{is_active, items_of};

/// For how long readings are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

impl Control {
    /// Takes the reading of this day, if nobody has.
    pub(super) async fn read_meter(&self) -> Result<()> {
        if !self.rests.is_due(Round::Meter, self.now()) {
            return Ok(());
        }
        let mut tx = self.state.read().await?;
        let today = tx.now().to_zoned(TimeZone::UTC).date();
        if meter::newest(&mut tx).await? >= Some(today) {
            return Ok(());
        }
        let all: Vec<Record<Vault>> = resources::all(&mut tx).await?;
        let mut vaults = Vec::new();
        for vault in all {
            vaults.push(metered(&mut tx, &vault).await?);
        }
        drop(tx);
        let reading = Reading { day: today, vaults };
        let mut tx = self.state.write().await?;
        for vault in &reading.vaults {
            // It was moved or deleted meanwhile: the next round reads again.
            if !resources::exists(&mut tx, &vault.id).await? {
                return Ok(());
            }
        }
        meter::write(&mut tx, &reading).await?;
        if let Ok(before) = today.checked_sub(KEPT) {
            meter::prune(&mut tx, before).await?;
        }
        tx.commit().await
    }
}

async fn metered(tx: &mut Tx, vault: &Record<Vault>) -> Result<MeteredVault> {
    let of = usages::of_vault(tx, &vault.id).await?;
    let counted = usages::stores(tx, &vault.id).await?;
    // By store: what only one item has, and what several have, of those that are charged.
    let mut taken: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    let mut charged = Vec::new();
    for item in items_of(tx, &vault.id).await? {
        let usage = of.get(&item.data_id);
        let has_points = usage.is_some_and(|u| u.sum.points > 0);
        let is_charged = is_charged(&item, has_points, tx.now());
        for (store, bytes) in usage.iter().flat_map(|u| &u.stores).filter(|_| is_charged) {
            let sum = taken.entry(store).or_default();
            sum.0 = sum
                .0
                .saturating_add(bytes.unique)
                .saturating_add(bytes.added);
            sum.1 = sum.1.saturating_add(bytes.shared);
        }
        if is_charged {
            let seen = item.body.policy_seen.as_ref();
            charged.push(MeteredItem {
                size: item.body.data.unwrap_or(0),
                agentless: seen.is_some_and(|p| p.consistency == Consistency::OnlyCrash),
                name: item.body.friendly_name,
                id: item.id,
            });
        }
    }
    let bytes = |is_vault: bool| -> u64 {
        let stores = taken
            .iter()
            .filter(|(s, _)| (**s == usages::VAULT) == is_vault);
        let sums = stores.map(|(store, (own, shared))| {
            // What several have is there once.
            let once = counted.iter().find(|c| c.store == **store);
            own.saturating_add(*shared.min(&once.map_or(0, |c| c.usage.shared)))
        });
        sums.fold(0, u64::saturating_add)
    };
    let (vault_bytes, snapshot_bytes) = (bytes(true), bytes(false));
    Ok(MeteredVault {
        id: vault.id.clone(),
        name: vault.name.clone(),
        class: class(&vault.body),
        vault_bytes,
        snapshot_bytes,
        items: charged,
    })
}

/// Whether an item is charged now.
fn is_charged(item: &ProtectedItem, has_points: bool, now: jiff::Timestamp) -> bool {
    let ever = item.body.last_point.is_some();
    match item.purge_at {
        Some(purge) => has_points && policy::is_charged_deleted(purge, now),
        None => policy::is_billed(ever, is_active(item), has_points),
    }
}

/// What a vault's GB are charged by.
fn class(vault: &Vault) -> StorageClass {
    match (vault.redundancy, vault.cross_region_restore) {
        (Redundancy::LocallyRedundant, _) => StorageClass::LocallyRedundant,
        (Redundancy::ZoneRedundant, _) => StorageClass::ZoneRedundant,
        (Redundancy::GeoRedundant, false) => StorageClass::GeoRedundant,
        (Redundancy::GeoRedundant, true) => StorageClass::ReadAccessGeoRedundant,
    }
}
