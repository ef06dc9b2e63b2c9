//! The meter: once a day it is noted which instances are charged and what vaults hold (PRICE-3, 6,
//! 7, 10, 12; SOFT-7). A day has one reading, whichever server takes it; it is that of the day's
//! first moments, or of the first ones after the servers were off.

use base::Result;
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use policy::{Consistency, MeteredItem, MeteredVault, Reading, StorageClass};
use state::protected_items::ProtectedItem;
use state::resources::{self, Record, Scope};
use state::usages::{self, OfItem};
use state::vaults::{Redundancy, Vault};
use state::{Tx, meter};

use crate::Control;
use crate::protected_items::is_active;
use crate::usage_counts::items_of;

/// For how long readings are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * 400);

impl Control {
    /// Takes the reading of this day, if nobody has.
    pub(super) async fn read_meter(&self) -> Result<()> {
        if !self.rests.is_due("meter", self.now()) {
            return Ok(());
        }
        let mut tx = self.state.read().await?;
        let today = tx.now().to_zoned(TimeZone::UTC).date();
        if meter::newest(&mut tx).await? >= Some(today) {
            return Ok(());
        }
        let all: Vec<Record<Vault>> = resources::page(&mut tx, Scope::All, None, u32::MAX).await?;
        let mut vaults = Vec::new();
        for vault in all {
            vaults.push(metered(&mut tx, &vault).await?);
        }
        drop(tx);
        let reading = Reading { day: today, vaults };
        let mut tx = self.state.write().await?;
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
    let used = |is_vault: bool| -> u64 {
        let of = counted
            .iter()
            .filter(|c| (c.store == usages::VAULT) == is_vault);
        of.map(|c| c.usage.used).sum()
    };
    let (mut vault_bytes, mut snapshot_bytes) = (used(true), used(false));
    let mut charged = Vec::new();
    for item in items_of(tx, &vault.id).await? {
        let none = OfItem::default();
        let usage = of.get(&item.data_id).unwrap_or(&none);
        let is_charged = is_charged(&item, usage.sum.points > 0, tx.now());
        for (store, bytes) in &usage.stores {
            let total = match store == usages::VAULT {
                true => &mut vault_bytes,
                false => &mut snapshot_bytes,
            };
            *total = match is_charged {
                true => total.saturating_add(bytes.added),
                false => total.saturating_sub(bytes.unique),
            };
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
