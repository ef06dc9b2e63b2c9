//! What a period costs, against a model that goes by single days and knows no sums (PRICE-1 to 10).

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::{Date, date};
use policy::{MeteredItem, MeteredVault, RateCard, Reading, StorageClass, charge};
use proptest::prelude::*;

/// Sizes about the steps of the tiers.
fn sizes() -> impl Strategy<Value = u64> {
    let gb = 1u64 << 30;
    let at = prop::sample::select(vec![0, 1, 47, 50, 500, 501, 1000, 1331, 2000, 40_000]);
    (at, -1..=1i64).prop_map(move |(n, off)| (n * gb).saturating_add_signed(off))
}

fn vaults() -> impl Strategy<Value = MeteredVault> {
    let items = prop::collection::btree_map(0..4u8, (sizes(), any::<bool>()), 0..4);
    let class = prop::sample::select(StorageClass::ALL.to_vec());
    (0..3u8, class, 0..1u64 << 44, 0..1u64 << 40, items).prop_map(|(n, class, a, b, items)| {
        let item = |(i, (size, agentless)): (u8, (u64, bool))| MeteredItem {
            id: format!("/v{n}/i{i}"),
            name: format!("machine{i}"),
            size,
            agentless,
        };
        MeteredVault {
            id: format!("/v{n}"),
            name: format!("v{n}"),
            class,
            vault_bytes: a,
            snapshot_bytes: b,
            items: items.into_iter().map(item).collect(),
        }
    })
}

/// Readings of some days of three months, each with every vault at most once.
fn readings() -> impl Strategy<Value = Vec<Reading>> {
    let vaults = prop::collection::vec(vaults(), 0..4);
    prop::collection::btree_map(0..90i32, vaults, 0..40).prop_map(|days| {
        let reading = |(day, mut vaults): (i32, Vec<MeteredVault>)| {
            vaults.sort_by(|a, b| a.id.cmp(&b.id));
            vaults.dedup_by(|a, b| a.id == b.id);
            let day = date(2028, 1, 15) + day.days();
            Reading { day, vaults }
        };
        days.into_iter().map(reading).collect()
    })
}

/// Rates of an instance, as PRICE-5 tells them.
fn rates_of(item: &MeteredItem) -> f64 {
    let gb = item.size as f64 / (1u64 << 30) as f64;
    match gb {
        _ if item.agentless => 0.5,
        gb if gb <= 50.0 => 0.5,
        gb if gb <= 500.0 => 1.0,
        gb => (gb / 500.0).ceil(),
    }
}

/// By vault: fees, the vault's storage, snapshots.
type Costs = BTreeMap<String, [f64; 3]>;

fn by_single_days(readings: &[Reading], from: Date, to: Date, card: &RateCard) -> Costs {
    let mut costs = Costs::new();
    let mut day = from;
    while day <= to {
        let newest = readings.iter().rev().find(|r| r.day <= day);
        let share = 1.0 / f64::from(day.days_in_month());
        for vault in newest.iter().flat_map(|r| &r.vaults) {
            let of = costs.entry(vault.id.clone()).or_default();
            let gb = |bytes: u64| bytes as f64 / 1_073_741_824.0;
            let rate = card.vault_gb.get(&vault.class).copied().unwrap_or(0);
            let fees: f64 = vault.items.iter().map(rates_of).sum();
            of[0] += fees * card.instance as f64 * share;
            of[1] += gb(vault.vault_bytes) * rate as f64 * share;
            of[2] += gb(vault.snapshot_bytes) * card.snapshot_gb as f64 * share;
        }
        day = day.tomorrow().unwrap();
    }
    costs
}

proptest! {
    #[test]
    fn a_period_costs_what_its_single_days_cost(
        readings in readings(),
        first in 0..100i32,
        days in 0..100i32,
        rates in (0..50_000_000u64, prop::collection::vec(0..100_000u64, 4), 0..200_000u64),
    ) {
        let card = RateCard {
            currency: "EUR".to_owned(),
            instance: rates.0,
            vault_gb: StorageClass::ALL.into_iter().zip(rates.1).collect(),
            snapshot_gb: rates.2,
        };
        let from = date(2028, 1, 1) + first.days();
        let to = from + days.days();
        let charged = charge(&readings, from, to, &card);
        let model = by_single_days(&readings, from, to, &card);
        prop_assert_eq!(charged.len(), model.len());
        for vault in &charged {
            let ours = [vault.instances_cost, vault.vault_cost, vault.snapshots_cost];
            for (ours, theirs) in ours.into_iter().zip(model[&vault.id]) {
                // Rounded down once for each month, instance and class: never more.
                let (ours, off) = (ours as f64, 1e-9 * theirs);
                prop_assert!(ours <= theirs + off + 0.5 && ours + 40.0 + off >= theirs,
                    "{}: {} for {}", vault.id, ours, theirs);
            }
            let fees: u64 = vault.items.iter().map(|i| i.cost).sum();
            prop_assert_eq!(vault.instances_cost, fees);
        }
        // Two halves of a period cost what the whole does, but for what rounding takes.
        let middle = from + (days / 2).days();
        let total = |from, to| -> u64 {
            charge(&readings, from, to, &card).iter().map(policy::VaultCharge::total).sum()
        };
        let halves = total(from, middle) + total(middle.tomorrow().unwrap(), to);
        let whole = total(from, to);
        prop_assert!(halves <= whole && whole - halves < 400, "{} and {}", halves, whole);
    }
}
