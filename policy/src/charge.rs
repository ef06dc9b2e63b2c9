//! What a period costs, from a reading of the meter each day (PRICE-1 to 12; SOFT-7).
//!
//! A reading holds until the next one, so days without a server are charged as the last day with
//! one. Money is in millionths of the currency, and is rounded down once for each month of what
//! is charged.

use std::collections::BTreeMap;

use base::ByteSize;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::price::{GB, Rates, fee, half_instances, to_u64};

/// What a GB in a vault is charged by: how many copies there are, and who may read them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StorageClass {
    /// In one pool.
    LocallyRedundant,
    /// In several zones of a region.
    ZoneRedundant,
    /// In two regions.
    GeoRedundant,
    /// In two regions, and restored in either (CRR-9).
    ReadAccessGeoRedundant,
}

impl StorageClass {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::LocallyRedundant,
        Self::ZoneRedundant,
        Self::GeoRedundant,
        Self::ReadAccessGeoRedundant,
    ];
}

/// All rates of a month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RateCard {
    /// The word of the currency, as ISO 4217 has it.
    pub currency: String,
    /// For a protected instance.
    pub instance: u64,
    /// For a GB in a vault; what is not there costs nothing.
    pub vault_gb: BTreeMap<StorageClass, u64>,
    /// For a GB of snapshots.
    pub snapshot_gb: u64,
}

impl Default for RateCard {
    /// Nothing costs anything, in no currency.
    fn default() -> Self {
        Self {
            currency: "XXX".to_owned(),
            instance: 0,
            vault_gb: BTreeMap::new(),
            snapshot_gb: 0,
        }
    }
}

impl RateCard {
    /// The rates of a vault of this class.
    #[must_use]
    pub fn of(&self, class: StorageClass) -> Rates {
        Rates {
            instance: self.instance,
            vault_gb: self.vault_gb.get(&class).copied().unwrap_or(0),
            snapshot_gb: self.snapshot_gb,
        }
    }
}

/// A protected instance that is charged, at a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeteredItem {
    /// The item's id.
    pub id: String,
    /// Its machine's name.
    pub name: String,
    /// The data on its disks at its last good backup (PRICE-4, 7).
    pub size: u64,
    /// Whether it is backed up without an agent by its policy (PRICE-12).
    pub agentless: bool,
}

/// A vault at a reading.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MeteredVault {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What its GB are charged by.
    pub class: StorageClass,
    /// Bytes of points in it.
    pub vault_bytes: u64,
    /// Bytes of its snapshots.
    pub snapshot_bytes: u64,
    /// Its instances that are charged.
    pub items: Vec<MeteredItem>,
}

/// A reading of the meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The day of which it is the first reading, in UTC.
    pub day: Date,
    /// The vaults that there were.
    pub vaults: Vec<MeteredVault>,
}

/// What an instance costs in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemCharge {
    /// The item's id.
    pub id: String,
    /// Its machine's name.
    pub name: String,
    /// Days that are charged.
    pub days: u32,
    /// Its size at the last of them.
    pub size: u64,
    /// Half rates at the last of them.
    pub half_instances: u64,
    /// Its fee.
    pub cost: u64,
}

/// What a vault costs in a period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaultCharge {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What its GB were charged by at the last day.
    pub class: StorageClass,
    /// GB in the vault times months, in millionths.
    pub vault_gb_months: u64,
    /// GB of snapshots times months, in millionths.
    pub snapshot_gb_months: u64,
    /// The fees of its instances.
    pub instances_cost: u64,
    /// The cost of what was in it.
    pub vault_cost: u64,
    /// The cost of its snapshots.
    pub snapshots_cost: u64,
    /// Its instances, by id.
    pub items: Vec<ItemCharge>,
}

impl VaultCharge {
    /// All of it.
    #[must_use]
    pub fn total(&self) -> u64 {
        let two = self.instances_cost.saturating_add(self.vault_cost);
        two.saturating_add(self.snapshots_cost)
    }
}

/// The first day of a month.
type Month = Date;

/// What was metered of an item.
#[derive(Default)]
struct ItemSum<'a> {
    last: Option<&'a MeteredItem>,
    days: u32,
    /// Half rates times days.
    half_days: BTreeMap<Month, u64>,
}

/// What was metered of a vault.
#[derive(Default)]
struct VaultSum<'a> {
    last: Option<&'a MeteredVault>,
    /// Bytes times days.
    vault: BTreeMap<(Month, StorageClass), u128>,
    snapshots: BTreeMap<Month, u128>,
    items: BTreeMap<&'a str, ItemSum<'a>>,
}

/// What vaults cost from one day to another, both counted, by their ids. `readings` come in order
/// of their days: those of the period, and the last before it.
#[must_use]
pub fn charge(readings: &[Reading], from: Date, to: Date, card: &RateCard) -> Vec<VaultCharge> {
    let mut sums: BTreeMap<&str, VaultSum<'_>> = BTreeMap::new();
    let mut day = from;
    while day <= to {
        let until = readings.partition_point(|r| r.day <= day);
        if let Some(reading) = until.checked_sub(1).map(|i| &readings[i]) {
            add_day(&mut sums, day, reading);
        }
        match day.tomorrow() {
            Ok(next) => day = next,
            Err(_) => break,
        }
    }
    sums.into_values()
        .filter_map(|sum| charge_vault(sum, card))
        .collect()
}

fn add_day<'a>(sums: &mut BTreeMap<&'a str, VaultSum<'a>>, day: Date, reading: &'a Reading) {
    let month = day.first_of_month();
    for vault in &reading.vaults {
        let sum = sums.entry(&vault.id).or_default();
        sum.last = Some(vault);
        let stored = sum.vault.entry((month, vault.class)).or_default();
        *stored += u128::from(vault.vault_bytes);
        let snapshots = sum.snapshots.entry(month).or_default();
        *snapshots += u128::from(vault.snapshot_bytes);
        for item in &vault.items {
            let halves = half_instances(ByteSize(item.size), item.agentless);
            let sum = sum.items.entry(&item.id).or_default();
            sum.last = Some(item);
            sum.days += 1;
            let so_far = sum.half_days.entry(month).or_default();
            *so_far = so_far.saturating_add(halves);
        }
    }
}

fn charge_vault(sum: VaultSum<'_>, card: &RateCard) -> Option<VaultCharge> {
    let last = sum.last?;
    let items: Vec<ItemCharge> = sum
        .items
        .into_values()
        .filter_map(|item| charge_item(&item, card))
        .collect();
    let (mut vault, mut snapshots) = ((0u64, 0u64), (0u64, 0u64));
    for ((month, class), bytes) in sum.vault {
        add_storage(&mut vault, bytes, month, card.of(class).vault_gb);
    }
    for (month, bytes) in sum.snapshots {
        add_storage(&mut snapshots, bytes, month, card.snapshot_gb);
    }
    Some(VaultCharge {
        id: last.id.clone(),
        name: last.name.clone(),
        class: last.class,
        vault_gb_months: vault.0,
        snapshot_gb_months: snapshots.0,
        instances_cost: items.iter().fold(0, |sum, i| sum.saturating_add(i.cost)),
        vault_cost: vault.1,
        snapshots_cost: snapshots.1,
        items,
    })
}

fn charge_item(sum: &ItemSum<'_>, card: &RateCard) -> Option<ItemCharge> {
    let last = sum.last?;
    let rates = card.of(StorageClass::LocallyRedundant);
    let fees = sum.half_days.iter();
    let fees = fees.map(|(month, halves)| fee(*halves, &rates, 1, days_of(*month)));
    Some(ItemCharge {
        id: last.id.clone(),
        name: last.name.clone(),
        days: sum.days,
        size: last.size,
        half_instances: half_instances(ByteSize(last.size), last.agentless),
        cost: fees.fold(0, u64::saturating_add),
    })
}

/// Adds the GB-months, in millionths, and the cost of bytes times days of a month.
fn add_storage(to: &mut (u64, u64), byte_days: u128, month: Month, rate: u64) {
    let unit = u128::from(GB) * u128::from(days_of(month));
    let at = |rate: u64| to_u64(byte_days.saturating_mul(u128::from(rate)) / unit);
    to.0 = to.0.saturating_add(at(1_000_000));
    to.1 = to.1.saturating_add(at(rate));
}

fn days_of(month: Month) -> u32 {
    month.days_in_month().unsigned_abs().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    fn reading(day: Date, size: u64, vault_bytes: u64) -> Reading {
        let item = MeteredItem {
            id: "/i".to_owned(),
            name: "web".to_owned(),
            size,
            agentless: false,
        };
        let vault = MeteredVault {
            id: "/v".to_owned(),
            name: "v".to_owned(),
            class: StorageClass::LocallyRedundant,
            vault_bytes,
            snapshot_bytes: 2 * vault_bytes,
            items: vec![item],
        };
        Reading {
            day,
            vaults: vec![vault],
        }
    }

    fn card() -> RateCard {
        RateCard {
            currency: "EUR".to_owned(),
            instance: 30_000_000,
            vault_gb: [(StorageClass::LocallyRedundant, 60_000)].into(),
            snapshot_gb: 90_000,
        }
    }

    /// PRICE-2, 5, 8, 10.
    #[test]
    fn a_month_is_shared_out_by_days_and_a_reading_holds_until_the_next() {
        // Half a rate for ten days of April, two rates from the 11th on.
        let readings = [
            reading(date(2026, 3, 30), 47 * GB, 10 * GB),
            reading(date(2026, 4, 11), 501 * GB, 40 * GB),
        ];
        let (from, to) = (date(2026, 4, 1), date(2026, 4, 30));
        let all = charge(&readings, from, to, &card());
        let vault = &all[0];
        assert_eq!(vault.items[0].days, 30);
        assert_eq!(vault.items[0].half_instances, 4);
        // A day of a rate is a million here.
        assert_eq!(vault.instances_cost, 10 * 500_000 + 20 * 2_000_000);
        assert_eq!(vault.vault_gb_months, (10 * 10 + 20 * 40) * 1_000_000 / 30);
        assert_eq!(vault.vault_cost, 900 * 2_000);
        assert_eq!(vault.snapshots_cost, 2 * 900 * 3_000);
        assert_eq!(vault.total(), 45_000_000 + 1_800_000 + 5_400_000);
        assert_eq!(
            charge(&readings, date(2026, 3, 1), date(2026, 3, 29), &card()),
            []
        );
    }
}
