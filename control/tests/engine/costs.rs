//! What protection costs: readings of the meter, day by day, against a model (PRICE-1 to 10).

use std::collections::BTreeMap;

use base::{Code, SeededRandom};
use control::plane::{Discovered, Tier};
use control::scripted::{Act, Phase, machine};
use control::{ItemChange, Period, Restore, RestoreTo};
use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use policy::{Consistency, Policy, RateCard, StorageClass, TaskStatus as T, VaultCharge};
use state::jobs::JobStatus;
use state::vaults::SoftDeleteState;
use uuid::Uuid;

use crate::tally::Tally;
use crate::time::stands;
use crate::world::{DB, HOST, WEB, World, name, server};

const GB: u64 = 1 << 30;

/// A rate of an instance is a million millionths for each day of March.
const INSTANCE: u64 = 31_000_000;
const DAY: u64 = 1_000_000;

impl World {
    /// The disks of the two machines have so many GB: data is on three quarters of them.
    async fn disks(&self, web: u64, db: u64) {
        let machines = vec![
            machine(WEB, "web", &[web * GB]),
            machine(DB, "db", &[db * GB]),
        ];
        let networks = None;
        self.plane.set(HOST, Discovered { machines, networks });
        self.control.discover().await.unwrap();
    }

    async fn set_rates(&self) {
        let rates = RateCard {
            currency: "EUR".to_owned(),
            instance: INSTANCE,
            vault_gb: StorageClass::ALL
                .into_iter()
                .zip([31_000, 32_000, 33_000, 34_000])
                .collect(),
            snapshot_gb: 0,
        };
        self.control.put_rates(rates).await.unwrap();
    }

    fn today(&self) -> Date {
        let now = self.control.now();
        now.to_zoned(TimeZone::UTC).date()
    }

    async fn costs_of(&self, from: Date, to: Date) -> Vec<VaultCharge> {
        let period = Period {
            from: Some(from),
            to: Some(to),
        };
        self.control.costs(period).await.unwrap().vaults
    }

    /// The fee of the instances of these days.
    async fn fees(&self, from: Date, to: Date) -> u64 {
        let all = self.costs_of(from, to).await;
        all.iter().map(|v| v.instances_cost).sum()
    }

    /// The cost of what is stored on these days.
    async fn storage(&self, from: Date, to: Date) -> u64 {
        let all = self.costs_of(from, to).await;
        all.iter().map(|v| v.vault_cost + v.snapshots_cost).sum()
    }

    async fn back_up(&self, machine: &str) {
        self.backup_now(machine, Some("2026-05-01T00:00:00Z"))
            .await
            .unwrap();
        self.settle().await;
    }

    /// To the next midnight, and what happens then.
    async fn until_midnight(&self) {
        let day = self.today().tomorrow().unwrap();
        let next = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
        let now = self.control.now();
        self.pass(next.duration_since(now)).await;
    }
}

#[tokio::test]
async fn price_3_5_6_7_an_instance_is_charged_from_its_first_backup_by_its_last_until_all_is_gone()
{
    let world = World::new().await;
    world.set_rates().await;
    world.disks(60, 4000).await;
    world.protect("web", "DefaultPolicy").await.unwrap();
    let march = |n| date(2026, 3, n);
    // The 1st: nothing is backed up when the meter is read first.
    world.settle().await;
    world.plane.write(WEB, 40 * GB);
    world.back_up("web").await;
    assert_eq!(world.fees(march(1), march(1)).await, 0);
    world.until_midnight().await;
    // The 2nd: 45 GB are half a rate.
    assert_eq!(world.fees(march(1), march(2)).await, DAY / 2);
    world.disks(80, 4000).await;
    world.until_midnight().await;
    // The 3rd: what a backup has seen counts, and 60 GB are one.
    assert_eq!(world.fees(march(3), march(3)).await, DAY);
    world.change("web", ItemChange::Stop).await.unwrap();
    world.disks(4000, 4000).await;
    for _ in 4..=10 {
        world.until_midnight().await;
    }
    // PRICE-7: by the last good backup, for as long as its points are there.
    assert_eq!(world.fees(march(4), march(10)).await, 7 * DAY);
    let found = world.costs_of(march(10), march(10)).await;
    assert_eq!(found[0].items[0].size, 60 * GB);
    // PRICE-6: not stopped and deleted is still charged; deleted for good is not. SOFT-7: of 16
    // days of soft delete two are charged.
    world.soft_delete(SoftDeleteState::Enabled, 16).await;
    world.delete("web").await.unwrap();
    for _ in 11..=30 {
        world.until_midnight().await;
    }
    assert!(world.no_item("web").await);
    assert_eq!(world.fees(march(11), march(30)).await, DAY);
    assert!(world.storage(march(4), march(11)).await > 0);
    assert_eq!(world.storage(march(12), march(30)).await, 0);
    let all = DAY / 2 + DAY + 7 * DAY + DAY;
    assert_eq!(world.fees(march(1), march(31)).await, all);
    // Days to come cost nothing so far.
    assert_eq!(world.fees(march(31), date(2026, 4, 30)).await, 0);
    let backwards = Period {
        from: Some(march(3)),
        to: Some(march(2)),
    };
    let refused = world.control.costs(backwards).await.unwrap_err();
    assert_eq!(refused.code(), Code::BadArgument);
}

/// PRICE-12
#[tokio::test]
async fn price_12_what_is_backed_up_without_an_agent_by_its_policy_is_half_a_rate() {
    let world = World::new().await;
    world.set_rates().await;
    world.disks(4000, 4000).await;
    let crash = Policy {
        consistency: Consistency::OnlyCrash,
        ..Policy::enhanced_default()
    };
    world.put_policy("crash", crash).await;
    world.protect("web", "crash").await.unwrap();
    world.protect("db", "DefaultPolicy").await.unwrap();
    for machine in ["web", "db"] {
        world.back_up(machine).await;
    }
    world.until_midnight().await;
    let found = world.costs_of(world.today(), world.today()).await;
    let each = found[0].items.iter().map(|i| (&*i.name, i.cost));
    let each: BTreeMap<&str, u64> = each.collect();
    // 3000 GB.
    assert_eq!(each, [("web", DAY / 2), ("db", 6 * DAY)].into());
}

/// PRICE-9
#[tokio::test]
async fn price_9_restores_cost_nothing() {
    let mut costs = Vec::new();
    for restores in [0, 3] {
        let world = World::new().await;
        world.set_rates().await;
        world.protect("web", "DefaultPolicy").await.unwrap();
        world.plane.write(WEB, 40 * GB);
        world.back_up("web").await;
        for _ in 0..restores {
            let to = RestoreTo::Disks {
                account: world.control.storage_account_id("default", "restores"),
                group: None,
            };
            let point = world.points("web").await[0].number;
            let disks = None;
            let asked = Restore { point, disks, to };
            let web = name("web");
            let job = world.control.restore("default", "v1", &web, asked).await;
            let job = job.unwrap().job;
            world.settle().await;
            assert_eq!(world.job(job).await.status, JobStatus::Completed);
        }
        for _ in 0..3 {
            world.until_midnight().await;
        }
        let of = world.costs_of(date(2026, 3, 1), date(2026, 3, 4)).await;
        costs.push((of[0].total(), of[0].vault_cost));
    }
    assert_eq!(costs[0], costs[1]);
    assert!(costs[0].1 > 0, "{costs:?}");
}

/// JOB-9, PRICE-9.
#[tokio::test]
async fn job_9_price_9_a_skipped_transfer_costs_nothing() {
    let mut costs = Vec::new();
    for skips in [false, true] {
        let world = World::new().await;
        world.set_rates().await;
        world.protect("web", "DefaultPolicy").await.unwrap();
        world.plane.write(WEB, 40 * GB);
        let minutes = if skips { 5 * 24 * 60 } else { 1 };
        world.play(Phase::Transfer, &[Act::well(minutes)]);
        world.back_up("web").await;
        for _ in 0..4 {
            world.until_midnight().await;
        }
        let jobs = world.backups().await;
        let skipped = jobs.iter().filter(|j| stands(j).1 == T::Skipped).count();
        assert_eq!(skipped > 0, skips, "{jobs:?}");
        let of = world.costs_of(date(2026, 3, 1), date(2026, 3, 5)).await;
        costs.push((of[0].instances_cost, of[0].vault_cost));
    }
    assert_eq!(costs[0].0, costs[1].0);
    assert!(costs[0].1 > 0 && costs[1].1 == 0, "{costs:?}");
}

#[tokio::test]
async fn two_servers_and_a_restart_read_the_meter_once_a_day() {
    let world = World::protecting().await;
    world.set_rates().await;
    world.back_up("web").await;
    let march = |n| date(2026, 3, n);
    world.until_midnight().await;
    let other = server(
        world.folder.path(),
        world.clock.clone(),
        world.plane.clone(),
        9,
    )
    .await;
    other.maintain().await;
    world.control.maintain().await;
    assert_eq!(world.fees(march(2), march(2)).await, DAY / 2);
    // Nobody is there for three days: they are as the one before.
    world.clock.advance(jiff::SignedDuration::from_hours(80));
    other.maintain().await;
    world.control.maintain().await;
    assert_eq!(world.today(), march(5));
    assert_eq!(world.fees(march(2), march(5)).await, 4 * (DAY / 2));
    let days: Vec<u32> = world
        .costs_of(march(2), march(5))
        .await
        .iter()
        .flat_map(|v| v.items.iter().map(|i| i.days))
        .collect();
    assert_eq!(days, [4]);
}

#[tokio::test]
async fn price_every_day_of_random_histories_costs_what_a_model_says() {
    let mut done = Tally::default();
    for seed in 0..2 {
        let world = World::new().await;
        world.set_rates().await;
        let random = SeededRandom::new(100 + seed);
        let mut sizes = [60, 80];
        let mut total = 0;
        for _ in 0..28 {
            for (i, name) in ["web", "db"].into_iter().enumerate() {
                random_change(&world, &random, name, &mut sizes[i], &mut done).await;
                world.disks(sizes[0], sizes[1]).await;
                let asked = world.backup_now(name, Some("2026-05-01T00:00:00Z")).await;
                done.note("backup", asked);
                world.settle().await;
            }
            world.until_midnight().await;
            let expected = rates_of(&world, "web", WEB).await + rates_of(&world, "db", DB).await;
            let today = world.today();
            assert_eq!(world.fees(today, today).await, expected, "{seed}, {today}");
            total += expected;
        }
        assert_eq!(world.fees(date(2026, 3, 1), date(2026, 3, 29)).await, total);
        assert!(total > 0);
    }
    done.has(&["backup", "protect", "stop", "suspend", "delete", "undelete"]);
}

async fn random_change(
    world: &World,
    random: &SeededRandom,
    name: &str,
    size: &mut u64,
    done: &mut Tally,
) {
    let random: &dyn base::Random = random;
    let [what, how] = random.bytes();
    match what % 12 {
        0..=2 => {
            let asked = world.protect(name, "DefaultPolicy").await;
            done.note("protect", asked);
        }
        3 => {
            let asked = world.change(name, ItemChange::Stop).await;
            done.note("stop", asked);
        }
        4 => {
            let asked = world.change(name, ItemChange::Suspend).await;
            done.note("suspend", asked);
        }
        5 => done.note("delete", world.delete(name).await),
        6 => {
            let asked = world.change(name, ItemChange::Undelete).await;
            done.note("undelete", asked);
        }
        7 => {
            world
                .soft_delete(SoftDeleteState::Enabled, 14 + u16::from(how) % 10)
                .await;
        }
        8 => world.soft_delete(SoftDeleteState::Disabled, 14).await,
        9 | 10 => *size = [4, 60, 64, 68, 600, 700, 4000][usize::from(how) % 7],
        _ => {}
    }
    world.settle().await;
}

/// What a machine costs that day, by what is seen of its item and of its points in the stores.
async fn rates_of(world: &World, name: &str, uuid: Uuid) -> u64 {
    if world.no_item(name).await {
        return 0;
    }
    let item = world.item(name).await;
    let vault = world.vault_id().await;
    let tiers = [Tier::Snapshot, Tier::Vault];
    let all = tiers
        .iter()
        .flat_map(|tier| world.plane.points(vault, *tier));
    let newest = all.filter(|p| p.machine == uuid);
    let Some(newest) = newest.max_by_key(|p| p.facts.taken_at) else {
        return 0;
    };
    let charged = match item.purge_at {
        Some(purge) => purge.duration_since(world.control.now()).as_hours() > 14 * 24,
        None => true,
    };
    // Three quarters of the disk hold data.
    match newest.facts.disks[0].bytes / GB / 4 * 3 {
        _ if !charged => 0,
        ..=50 => DAY / 2,
        51..=500 => DAY,
        more => more.div_ceil(500) * DAY,
    }
}
