//! What protection is metered at (PRICE-2 to 8, 10 to 12). A GB is 2^30 bytes. Money is in
//! millionths of the currency that the rates are in.

use std::collections::BTreeMap;

use base::ByteSize;
use serde::{Deserialize, Serialize};

use crate::Range;

pub(crate) const GB: u64 = 1 << 30;

/// A disk, for its instance's size.
#[derive(Clone, Copy, Debug)]
pub struct Disk {
    /// The data on it, not its capacity.
    pub used: ByteSize,
    /// Whether it is temporary, and so never captured.
    pub temporary: bool,
}

/// The size of an instance: the data over all disks but temporary ones (PRICE-4).
#[must_use]
pub fn instance_size(disks: &[Disk]) -> ByteSize {
    let kept = disks.iter().filter(|d| !d.temporary);
    ByteSize(kept.fold(0, |sum, d| sum.saturating_add(d.used.0)))
}

/// How many half rates an instance of this size costs (PRICE-5): one up to 50 GB, two up to
/// 500 GB, above that two for every 500 GB begun. One if it is `agentless`, that is, backed up
/// without an agent by its policy (PRICE-12). It counts as one instance in any case.
#[must_use]
pub fn half_instances(size: ByteSize, agentless: bool) -> u64 {
    if agentless || size.0 <= 50 * GB {
        1
    } else {
        2 * size.0.div_ceil(500 * GB)
    }
}

/// Whether an instance is charged (PRICE-3, 6): from its first successful backup on, until
/// protection is stopped and all its data is deleted. Stopped with its data kept, it is charged
/// by the size of its last successful backup (PRICE-7).
#[must_use]
pub fn is_billed(ever_backed_up: bool, protected: bool, has_data: bool) -> bool {
    ever_backed_up && (protected || has_data)
}

/// The rates of a month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    /// For a protected instance.
    pub instance: u64,
    /// For a GB in the vault, at its redundancy.
    pub vault_gb: u64,
    /// For a GB of snapshots.
    pub snapshot_gb: u64,
}

/// The instances' fee for `days` of a month that has `month_days` (PRICE-8), rounded down.
#[must_use]
pub fn fee(half_instances: u64, rates: &Rates, days: u32, month_days: u32) -> u64 {
    let month = u128::from(half_instances) * u128::from(rates.instance);
    to_u64(month * u128::from(days) / (2 * u128::from(month_days.max(1))))
}

/// What to estimate: machines alike (PRICE-11).
#[derive(Clone, Debug)]
pub struct EstimateInput {
    /// Data on the disks of one machine.
    pub size: ByteSize,
    /// How many machines.
    pub machines: u32,
    /// What changes in a day, in millionths of the data.
    pub churn_ppm: u32,
    /// The share of the data on disks that are left out, in millionths.
    pub excluded_ppm: u32,
    /// How many days, weeks, months, years points are kept, by the range that has it.
    pub kept: BTreeMap<Range, u32>,
    /// Days that snapshots are kept.
    pub snapshot_days: u32,
    /// The rates, those of the vault at its redundancy.
    pub rates: Rates,
}

/// A month of all machines, once retention has filled up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Estimate {
    /// Half rates of instances.
    pub half_instances: u64,
    /// Bytes in the vault.
    pub vault_bytes: u64,
    /// Bytes of snapshots.
    pub snapshot_bytes: u64,
    /// The fee of the instances.
    pub instances_cost: u64,
    /// The cost of what is in the vault.
    pub vault_cost: u64,
    /// The cost of the snapshots.
    pub snapshots_cost: u64,
}

/// Estimates cost and space (PRICE-10, 11). Snapshots take a day's churn for each day they are
/// kept. The vault has the data once, and for each day, week, month or year that a range
/// reaches further back than the ones before it, what changes in that time, at most all data:
/// each block once, and nothing for compression or what machines have in common.
#[must_use]
pub fn estimate(input: &EstimateInput) -> Estimate {
    let machines = u128::from(input.machines);
    let included = 1_000_000 - input.excluded_ppm.min(1_000_000);
    let size = u128::from(input.size.0) * u128::from(included) / 1_000_000;
    let churn = size * u128::from(input.churn_ppm) / 1_000_000;
    let mut vault = size;
    let mut covered = 0;
    for range in Range::ALL {
        let Some(count) = input.kept.get(&range) else {
            continue;
        };
        let days = u128::from(range.days());
        let reach = u128::from(*count) * days;
        let more = reach.saturating_sub(covered) / days;
        vault = vault.saturating_add(more.saturating_mul(size.min(churn * days)));
        covered = covered.max(reach);
    }
    let vault = vault.saturating_mul(machines);
    let snapshots = churn * u128::from(input.snapshot_days);
    let snapshots = snapshots.saturating_mul(machines);
    let one = half_instances(ByteSize(to_u64(size)), false);
    let halves = one.saturating_mul(u64::from(input.machines));
    let cost =
        |bytes: u128, rate: u64| to_u64(bytes.saturating_mul(u128::from(rate)) / u128::from(GB));
    Estimate {
        half_instances: halves,
        vault_bytes: to_u64(vault),
        snapshot_bytes: to_u64(snapshots),
        instances_cost: fee(halves, &input.rates, 1, 1),
        vault_cost: cost(vault, input.rates.vault_gb),
        snapshots_cost: cost(snapshots, input.rates.snapshot_gb),
    }
}

pub(crate) fn to_u64(n: u128) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gb(n: u64) -> ByteSize {
        ByteSize(n * GB)
    }

    /// PRICE-4.
    #[test]
    fn an_os_disk_of_17_gb_and_30_gb_of_data_are_47_without_the_temporary_disk() {
        let disk = |used, temporary| Disk {
            used: gb(used),
            temporary,
        };
        let disks = [
            disk(17, false),
            disk(30, false),
            disk(0, false),
            disk(5, true),
        ];
        assert_eq!(instance_size(&disks), gb(47));
    }

    /// PRICE-5, 12.
    #[test]
    fn half_a_rate_up_to_50_gb_then_one_for_every_500_gb_begun() {
        let halves = |size| half_instances(size, false);
        for (size, half_rates) in [
            (gb(0), 1),
            (gb(47), 1),
            (gb(50), 1),
            (ByteSize(50 * GB + 1), 2),
            (gb(51), 2),
            (gb(500), 2),
            (gb(501), 4),
            (gb(1331), 6), // 1.3 TB
            (gb(2000), 8),
            (gb(2001), 10),
        ] {
            assert_eq!(halves(size), half_rates, "{size}");
        }
        assert_eq!(half_instances(gb(2000), true), 1);
    }

    /// PRICE-3, 6.
    #[test]
    fn billing_lasts_from_the_first_backup_until_stopped_and_deleted() {
        for (ever, protected, data, billed) in [
            (false, true, false, false),
            (true, true, true, true),
            (true, true, false, true),
            (true, false, true, true),
            (true, false, false, false),
        ] {
            assert_eq!(is_billed(ever, protected, data), billed);
        }
    }

    /// PRICE-8.
    #[test]
    fn a_fee_is_prorated_by_the_days_of_the_month() {
        let rates = Rates {
            instance: 10_000_000,
            ..Rates::default()
        };
        assert_eq!(fee(2, &rates, 30, 30), 10_000_000);
        assert_eq!(fee(1, &rates, 7, 28), 1_250_000);
        assert_eq!(fee(4, &rates, 1, 31), 645_161);
        assert_eq!(fee(u64::MAX, &rates, 31, 31), u64::MAX);
    }

    /// PRICE-10, 11.
    #[test]
    fn an_estimate_adds_churn_by_range_to_the_data_once() {
        let input = EstimateInput {
            size: gb(200),
            machines: 3,
            churn_ppm: 50_000,
            excluded_ppm: 500_000,
            kept: [(Range::Daily, 30), (Range::Weekly, 12)].into(),
            snapshot_days: 2,
            rates: Rates {
                instance: 10_000_000,
                vault_gb: 20_000,
                snapshot_gb: 50_000,
            },
        };
        let month = estimate(&input);
        // A machine: 100 GB; 30 days of 5 GB; 7 more weeks (84 days less 30) of 35 GB.
        assert_eq!(month.vault_bytes, 3 * (100 + 30 * 5 + 7 * 35) * GB);
        assert_eq!(month.snapshot_bytes, 3 * 2 * 5 * GB);
        assert_eq!(month.half_instances, 6);
        assert_eq!(month.instances_cost, 30_000_000);
        assert_eq!(month.vault_cost, 3 * 495 * 20_000);
        assert_eq!(month.snapshots_cost, 30 * 50_000);
        // With much churn a weekly point holds at most all data.
        let much = EstimateInput {
            churn_ppm: 400_000,
            ..input
        };
        assert_eq!(
            estimate(&much).vault_bytes,
            3 * (100 + 30 * 40 + 7 * 100) * GB
        );
    }
}
