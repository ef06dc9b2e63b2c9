//! A server whose hosts, stores and time are played.

use std::path::Path;
use std::sync::Arc;

use base::{Clock, Code, ManualClock, Result, SeededRandom, VaultId};
use control::plane::{Discovered, Tier};
use control::scripted::{Scripted, machine};
use control::{
    Accepted, Control, ItemChange, ItemName, Options, PolicyInput, Protect, Start, VaultChange,
    VaultInput,
};
use jiff::Timestamp;
use policy::Policy;
use state::State;
use state::jobs::{Filter, Job, JobOperation};
use state::protected_items::ProtectedItem;
use state::recovery_points::{Range, RecoveryPoint, Tiers};
use state::vaults::SoftDeleteState;
use uuid::Uuid;

pub const HOST: &str = "test:///a";
/// The first machine, and the second.
pub const WEB: Uuid = Uuid::from_u128(1 << 96);
pub const DB: Uuid = Uuid::from_u128(2 << 96);

pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub struct World {
    pub folder: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub plane: Arc<Scripted>,
    pub control: Arc<Control>,
    /// The same records.
    pub state: State,
}

/// A server in a folder.
pub async fn server(
    folder: &Path,
    clock: Arc<dyn Clock>,
    plane: Arc<Scripted>,
    seed: u64,
) -> Arc<Control> {
    server_with(folder, clock, plane, seed, Options::default()).await
}

/// The same, with these settings.
pub async fn server_with(
    folder: &Path,
    clock: Arc<dyn Clock>,
    plane: Arc<Scripted>,
    seed: u64,
    options: Options,
) -> Arc<Control> {
    let start = Start {
        data: folder.to_owned(),
        state: None,
        pool: None,
        names: vec!["here".to_owned()],
        host: "a".to_owned(),
        connection: HOST.to_owned(),
        clock,
        random: Arc::new(SeededRandom::new(seed)),
        plane,
        options,
    };
    let (control, ..) = Control::open(start, async |_, _| Ok(())).await.unwrap();
    Arc::new(control)
}

/// The host with its two machines.
pub fn host(plane: &Scripted) {
    let machines = vec![machine(WEB, "web", &[1 << 30]), machine(DB, "db", &[5, 6])];
    let networks = None;
    plane.set(HOST, Discovered { machines, networks });
}

pub async fn records(folder: &Path, clock: Arc<ManualClock>) -> State {
    let place = folder.join("state.db").display().to_string();
    State::open(&place, clock).await.unwrap()
}

pub fn name(machine: &str) -> ItemName {
    ItemName {
        group: "default".to_owned(),
        machine: machine.to_owned(),
    }
}

impl World {
    /// Noon on the first of March 2026, a Sunday; the vault `v1`; the machines `web` and `db`,
    /// not protected.
    pub async fn new() -> Self {
        Self::with(Options::default()).await
    }

    /// The same, with these settings.
    pub async fn with(options: Options) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::new(at("2026-03-01T12:00:00Z")));
        let plane = Arc::new(Scripted::new(clock.clone()));
        host(&plane);
        let control = server_with(folder.path(), clock.clone(), plane.clone(), 1, options).await;
        let input = VaultInput {
            location: Some("onprem".to_owned()),
            ..VaultInput::default()
        };
        control.put_vault("default", "v1", input).await.unwrap();
        control.discover().await.unwrap();
        let state = records(folder.path(), clock.clone()).await;
        Self {
            folder,
            clock,
            plane,
            control,
            state,
        }
    }

    /// With `web` protected by the first policy.
    pub async fn protecting() -> Self {
        let world = Self::new().await;
        world.protect("web", "DefaultPolicy").await.unwrap();
        world
    }

    pub fn policy_id(&self, policy: &str) -> String {
        self.control.policy_id("default", "v1", policy)
    }

    pub async fn protect(&self, machine: &str, policy: &str) -> Result<Accepted> {
        let with = Protect {
            policy: self.policy_id(policy),
            source: None,
            disks: None,
        };
        self.change(machine, ItemChange::Protect(with)).await
    }

    pub async fn change(&self, machine: &str, change: ItemChange) -> Result<Accepted> {
        let name = name(machine);
        let changed = self.control.change_item("default", "v1", &name, change);
        changed.await
    }

    pub async fn delete(&self, machine: &str) -> Result<Accepted> {
        let name = name(machine);
        self.control.delete_item("default", "v1", &name).await
    }

    pub async fn soft_delete(&self, state: SoftDeleteState, days: u16) {
        let change = VaultChange {
            soft_delete: Some(state),
            soft_delete_days: Some(days),
            ..VaultChange::default()
        };
        let input = VaultInput {
            location: None,
            change,
        };
        let changed = self.control.put_vault("default", "v1", input).await;
        changed.unwrap();
    }

    pub async fn put_policy(&self, name: &str, policy: Policy) {
        let input = PolicyInput {
            policy,
            properties: serde_json::json!({}),
        };
        let put = self.control.put_policy("default", "v1", name, input).await;
        put.unwrap();
    }

    pub async fn backup_now(&self, machine: &str, until: Option<&str>) -> Result<Uuid> {
        let (name, until) = (name(machine), until.map(at));
        let accepted = self.control.backup_now("default", "v1", &name, until).await;
        Ok(accepted?.job)
    }

    pub async fn cancel(&self, job: Uuid) -> Result<Uuid> {
        self.control.cancel_job("default", "v1", job).await
    }

    pub async fn item(&self, machine: &str) -> ProtectedItem {
        let found = self.control.item("default", "v1", &name(machine)).await;
        found.unwrap()
    }

    pub async fn no_item(&self, machine: &str) -> bool {
        let found = self.control.item("default", "v1", &name(machine)).await;
        found.is_err_and(|e| e.code() == Code::ObjectNotFound)
    }

    pub async fn points(&self, machine: &str) -> Vec<RecoveryPoint> {
        let item = self.item(machine).await;
        let all = Range::default();
        let mut points = self
            .control
            .recovery_points(&item, all, None, 10_000)
            .await
            .unwrap();
        points.reverse();
        points
    }

    /// The days on which points were taken, with `S`, `V` or `SV`.
    pub async fn dates(&self, machine: &str) -> Vec<String> {
        let tier = |tiers| match tiers {
            Tiers::Snapshot => "S",
            Tiers::SnapshotAndVault => "SV",
            Tiers::Vault => "V",
        };
        let all = self.points(machine).await;
        all.iter()
            .map(|p| format!("{} {}", p.taken_at.strftime("%m-%d"), tier(p.tiers)))
            .collect()
    }

    /// All jobs of an operation, oldest first.
    pub async fn jobs(&self, operation: JobOperation) -> Vec<Job> {
        let filter = Filter {
            operation: Some(operation),
            ..Filter::default()
        };
        let jobs = self.control.jobs("default", "v1", filter, None, 10_000);
        let mut jobs = jobs.await.unwrap();
        jobs.reverse();
        jobs
    }

    pub async fn backups(&self) -> Vec<Job> {
        self.jobs(JobOperation::Backup).await
    }

    pub async fn job(&self, id: Uuid) -> Job {
        self.control.job("default", "v1", id).await.unwrap().job
    }

    pub async fn vault_id(&self) -> VaultId {
        let vault = self.control.vault("default", "v1").await.unwrap();
        vault.body.store_vault
    }

    /// Records and stores have the same points, and no rule was broken.
    pub async fn check(&self, machines: &[&str]) {
        assert_eq!(self.plane.broken(), Vec::<String>::new());
        let vault = self.vault_id().await;
        let mut recorded = [Vec::new(), Vec::new()];
        for machine in machines {
            for point in self.points(machine).await {
                if point.tiers != Tiers::Vault {
                    recorded[0].push(point.point);
                }
                if point.tiers != Tiers::Snapshot {
                    recorded[1].push(point.point);
                }
            }
        }
        for (tier, recorded) in [Tier::Snapshot, Tier::Vault].into_iter().zip(&mut recorded) {
            let stored = self.plane.points(vault, tier);
            let stored: Vec<_> = stored.iter().map(|p| p.facts.point).collect();
            recorded.sort_unstable();
            assert_eq!(*recorded, stored, "{tier:?}: records, stores");
        }
    }
}
