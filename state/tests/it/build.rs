//! Records to test with.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

use base::{ManualClock, PointId, VaultId};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use state::groups::Group;
use state::jobs::{Job, JobBody, JobOperation, JobStatus};
use state::policies::{Policy, PolicySettings};
use state::protected_items::{self as items, ItemBody, NewItem, ProtectedItem, ProtectionState};
use state::recovery_points::{Consistency, Keep, PointBody, RecoveryPoint, Tiers, number_of};
use state::vaults::{Redundancy, SoftDelete, SoftDeleteState, Vault};
use state::{State, WriteTx, resources};
use uuid::Uuid;

/// A database of a test's own, and its time.
pub struct Home {
    pub place: String,
    pub clock: Arc<ManualClock>,
    /// What must live as long.
    _keep: Box<dyn Any + Send + Sync>,
}

impl Home {
    pub fn new(place: String, keep: impl Any + Send + Sync) -> Self {
        Self {
            place,
            clock: Arc::new(ManualClock::new(START)),
            _keep: Box::new(keep),
        }
    }

    /// A SQLite file in a folder that goes with the test.
    pub fn sqlite() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("state.db").to_str().unwrap().to_owned();
        Self::new(place, dir)
    }

    pub async fn open(&self) -> State {
        State::open(&self.place, self.clock.clone()).await.unwrap()
    }

    pub fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }
}

/// 2026-01-01.
pub const START: Timestamp = Timestamp::constant(1_767_225_600, 0);

pub fn at(seconds: i64) -> Timestamp {
    START
        .checked_add(SignedDuration::from_secs(seconds))
        .unwrap()
}

pub fn uuid(number: u64) -> Uuid {
    Uuid::from_u128(u128::from(number))
}

pub const SUBSCRIPTION: &str = "/subscriptions/S1";
pub const GROUP: &str = "/subscriptions/S1/resourceGroups/RG";
pub const VAULT: &str =
    "/subscriptions/S1/resourceGroups/RG/providers/Microsoft.RecoveryServices/vaults/V1";

pub fn group() -> Group {
    Group {
        location: "onprem".to_owned(),
        tags: BTreeMap::new(),
        managed_by: None,
    }
}

pub fn vault() -> Vault {
    Vault {
        store_vault: VaultId::from_bytes([7; 16]),
        pool: "/pools/p".to_owned(),
        pool_folder: None,
        wrapped_key: "sealed".to_owned(),
        key_exported: None,
        location: "onprem".to_owned(),
        tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]),
        redundancy: Redundancy::GeoRedundant,
        cross_region_restore: false,
        ever_protected: false,
        soft_delete: SoftDelete {
            state: SoftDeleteState::Enabled,
            retention_days: 14,
        },
        settings: json!({"publicNetworkAccess": "Enabled", "x": [1, null]}),
    }
}

pub fn policy_id(name: &str) -> String {
    format!("{VAULT}/backupPolicies/{name}")
}

/// Makes group, vault, and the policies `P1` and `P2`.
pub async fn furnish(tx: &mut WriteTx) {
    resources::create(tx, GROUP, SUBSCRIPTION, group())
        .await
        .unwrap();
    resources::create(tx, VAULT, GROUP, vault()).await.unwrap();
    for name in ["P1", "P2"] {
        let policy = Policy {
            policy: policy::Policy::standard_default(),
            properties: json!({"retentionPolicy": {"dailySchedule": {}}}),
            extension: PolicySettings::default(),
        };
        resources::create(tx, &policy_id(name), VAULT, policy)
            .await
            .unwrap();
    }
}

pub fn new_item(name: &str, machine: u64) -> NewItem {
    NewItem {
        id: format!("{VAULT}/protectedItems/{name}"),
        vault: VAULT.to_owned(),
        machine: uuid(machine),
        machine_group: GROUP.to_owned(),
        policy: Some(policy_id("P1")),
        state: ProtectionState::InitialBackupPending,
        next_run: None,
        body: ItemBody {
            friendly_name: name.to_owned(),
            ..ItemBody::default()
        },
    }
}

pub async fn item(tx: &mut WriteTx, name: &str, machine: u64) -> ProtectedItem {
    items::create(tx, new_item(name, machine)).await.unwrap()
}

pub fn point(item: i64, seed: u64, taken_at: Timestamp) -> RecoveryPoint {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&(seed << 16 | 0x1234).to_be_bytes());
    let point = PointId::from_bytes(id);
    RecoveryPoint {
        item,
        number: number_of(point),
        point,
        taken_at,
        expires_at: None,
        snapshot_expires_at: None,
        tiers: Tiers::Snapshot,
        revision: 1,
        body: PointBody {
            consistency: Consistency::FileSystemConsistent,
            downgrade: None,
            disks: Vec::new(),
            excluded: Vec::new(),
            keep: Keep::Marks(policy::Marks::default()),
            os: Some("Linux".to_owned()),
            host: None,
            collection: None,
            data: Some(1000 + seed),
        },
    }
}

pub fn job(number: u64, started_at: Timestamp) -> Job {
    Job {
        id: uuid(number),
        vault: VAULT.to_lowercase(),
        item: None,
        operation: JobOperation::Backup,
        status: JobStatus::InProgress,
        started_at,
        ended_at: None,
        revision: 1,
        body: JobBody::default(),
    }
}
