//! What items take, kept up as points come and go, against what the stores have.

use std::collections::BTreeMap;

use base::SeededRandom;
use control::ItemChange;
use control::VaultBytes;
use control::plane::Tier;
use control::scripted::{Act, Ends, Phase};
use jiff::SignedDuration;
use state::operations::OperationStatus;
use state::protected_items::ProtectedItem;
use state::usages::VAULT;
use state::vaults::SoftDeleteState;
use uuid::Uuid;

use crate::tally::Tally;
use crate::world::{DB, WEB, World};

/// Bytes of data that the played machines have on their disks: three quarters of each.
const DATA: [(&str, Uuid, u64); 2] = [("web", WEB, (1 << 30) / 4 * 3), ("db", DB, 3 + 3)];

/// How long to wait before an operation is looked at again.
const MOMENT: std::time::Duration = std::time::Duration::from_millis(1);

impl World {
    async fn bytes(&self) -> VaultBytes {
        self.control.vault_bytes("default", "v1").await.unwrap()
    }

    /// Counts all stores, and waits for it.
    async fn count(&self) {
        let id = self.control.start_count("default", "v1").await.unwrap();
        for _ in 0..10_000 {
            match self.control.operation(id).await.unwrap().status {
                OperationStatus::InProgress => tokio::time::sleep(MOMENT).await,
                ended => return assert_eq!(ended, OperationStatus::Succeeded),
            }
        }
        panic!("the count does not end");
    }

    /// What a tier has of a machine: its points, and bytes that these were written in.
    async fn stored(&self, machine: Uuid, tier: Tier) -> (BTreeMap<base::PointId, ()>, u64) {
        let all = self.plane.points(self.vault_id().await, tier);
        let of = all.iter().filter(|p| p.machine == machine);
        let most = of.clone().map(|p| p.written).max().unwrap_or(0);
        (of.map(|p| (p.facts.point, ())).collect(), most)
    }

    /// The records say what the stores have; the bytes at least that, and just that if they were
    /// counted now.
    async fn check_bytes(&self, counted: bool) {
        let found = self.bytes().await;
        let all: Vec<&ProtectedItem> = found.items.iter().map(|i| &i.item).collect();
        for (name, machine, data) in DATA {
            let (mut points, in_vault) = self.stored(machine, Tier::Vault).await;
            let (more, in_snapshots) = self.stored(machine, Tier::Snapshot).await;
            points.extend(more);
            let of = found.items.iter().find(|i| i.item.machine == machine);
            let Some(of) = of else {
                assert!(points.is_empty(), "{name}: {all:?}");
                continue;
            };
            assert_eq!(of.usage.sum.points, points.len() as u64, "{name}");
            assert_eq!(of.usage.sum.logical, data * points.len() as u64, "{name}");
            if !points.is_empty() {
                assert_eq!(of.item.body.data, Some(data));
            }
            let bytes = of.usage.stores.get(VAULT).copied().unwrap_or_default();
            assert!(bytes.unique + bytes.added >= in_vault, "{name}: {bytes:?}");
            if counted {
                assert_eq!((bytes.unique, bytes.added), (in_vault, 0), "{name}");
                let host = of.usage.stores.iter().find(|(store, _)| *store != VAULT);
                let unique = host.map_or(0, |(_, u)| u.unique);
                assert_eq!(unique, in_snapshots, "{name}");
            }
        }
        if counted {
            let of = |m| async move { self.stored(m, Tier::Vault).await.1 };
            let store = found.stores.iter().find(|s| s.store == VAULT).unwrap();
            assert_eq!(store.usage.used, of(WEB).await + of(DB).await);
            assert_eq!(store.usage.wrong_sums, 0);
            assert_eq!(store.usage.points, found.sum().points);
        }
    }

    async fn random_step(&self, random: &SeededRandom, done: &mut Tally) {
        let random: &dyn base::Random = random;
        let [what, which, how] = random.bytes();
        let (machine, uuid, _) = DATA[usize::from(which) % 2];
        let there = !self.no_item(machine).await;
        match what % 10 {
            0..=3 => {
                self.plane.write(uuid, 1000 + u64::from(how));
                let until = self.control.now() + SignedDuration::from_hours(20 * 24);
                let asked = self.backup_now(machine, Some(&until.to_string())).await;
                done.note("backup", asked);
                self.settle().await;
            }
            4 | 5 => self.days(1 + i64::from(how) % 9).await,
            6 => {
                let ends = [Ends::Fails(base::Code::StoreUnavailable)];
                self.ends(Phase::Transfer, &ends);
                self.play(Phase::Snapshot, &[Act::well(1)]);
            }
            7 if there && how < 100 => {
                done.note("suspend", self.change(machine, ItemChange::Suspend).await);
            }
            7 => done.note("protect", self.protect(machine, "DefaultPolicy").await),
            8 if how < 100 => done.note("delete", self.delete(machine).await),
            8 => {
                let asked = self.change(machine, ItemChange::Undelete).await;
                done.note("undelete", asked);
            }
            _ => {
                self.count().await;
                self.check_bytes(true).await;
            }
        }
        self.check_bytes(false).await;
    }
}

#[tokio::test]
async fn what_items_take_follows_their_points_through_random_histories() {
    let mut done = Tally::default();
    for seed in 0..3 {
        let world = World::protecting().await;
        world.protect("db", "DefaultPolicy").await.unwrap();
        world.soft_delete(SoftDeleteState::Enabled, 14).await;
        world.settle().await;
        let random = SeededRandom::new(seed);
        for _ in 0..30 {
            world.random_step(&random, &mut done).await;
        }
        world.count().await;
        world.check_bytes(true).await;
    }
    done.has(&["backup", "suspend", "protect", "delete", "undelete"]);
}

#[tokio::test]
async fn stores_are_counted_by_themselves_once_a_day_where_points_came_or_went() {
    let world = World::protecting().await;
    world.plane.write(WEB, 5000);
    world.days(2).await;
    let counted_at = async || {
        let found = world.bytes().await;
        let store = found.stores.iter().find(|s| s.store == VAULT);
        store.unwrap().counted_at
    };
    let first = counted_at().await;
    world.days(2).await;
    let second = counted_at().await;
    assert!(
        second.duration_since(first).as_hours() >= 24,
        "{first} {second}"
    );
    world.change("web", ItemChange::Stop).await.unwrap();
    world.days(3).await;
    let last = counted_at().await;
    world.days(3).await;
    assert_eq!(counted_at().await, last, "nothing came and nothing went");
    // Once a week all the same: snapshots go without their points.
    world.days(2).await;
    assert!(counted_at().await > last);
    world.check_bytes(false).await;
    let found = world.bytes().await;
    let names: Vec<&str> = found.stores.iter().map(|s| &*s.store).collect();
    assert_eq!(names.len(), 2, "the vault's, and the host's: {names:?}");
    let web = |i: &&control::ItemBytes| i.item.body.friendly_name == "web";
    let of = found.items.iter().find(web).unwrap();
    assert_eq!(of.usage.stores[VAULT].unique, 5000);
}
