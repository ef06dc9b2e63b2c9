//! An item, as it is kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A protected item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProtectedItem {
    /// Its id, in the case in which it was created.
    pub id: String,
    /// Its number, by which its recovery points refer to it; it does not come again.
    pub data_id: i64,
    /// The folded id of its vault.
    pub vault: String,
    /// The hypervisor's UUID of its machine.
    pub machine: Uuid,
    /// The folded id of the machine's group: moved to another group it is another machine.
    pub machine_group: String,
    /// The folded id of its policy; `None` while it has none.
    pub policy: Option<String>,
    /// Whether and how it is protected.
    pub state: ProtectionState,
    /// When the next scheduled backup is due.
    pub next_run: Option<Timestamp>,
    /// When its data is purged. It is soft-deleted while this is set, and live otherwise.
    pub purge_at: Option<Timestamp>,
    /// 1 when created, one more with each change.
    pub revision: i64,
    /// When it was created.
    pub created: Timestamp,
    /// When it was changed last.
    pub changed: Timestamp,
    /// The rest.
    pub body: ItemBody,
}

impl ProtectedItem {
    /// The moment that the marks of its points count from, each of a period since: when the last
    /// scheduled run was due that reached the vault, or else when protection began or went on.
    #[must_use]
    pub fn vaulted_since(&self) -> Timestamp {
        self.body.vaulted_from.unwrap_or(self.created)
    }

    /// Notes that the scheduled run that was due then has reached the vault.
    pub fn reach_vault(&mut self, due: Timestamp) {
        self.body.vaulted_from = self.body.vaulted_from.max(Some(due));
    }
}

/// What an item is created from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewItem {
    /// Its id.
    pub id: String,
    /// The id of its vault.
    pub vault: String,
    /// The hypervisor's UUID of its machine.
    pub machine: Uuid,
    /// The id of the machine's group.
    pub machine_group: String,
    /// The id of its policy.
    pub policy: Option<String>,
    /// Whether and how it is protected.
    pub state: ProtectionState,
    /// When the first scheduled backup is due.
    pub next_run: Option<Timestamp>,
    /// The rest.
    pub body: ItemBody,
}

/// Whether and how an item is protected (PROT-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProtectionState {
    /// Enabled, without a backup so far.
    #[serde(rename = "IRPending")]
    InitialBackupPending,
    /// Enabled, with a backup.
    Protected,
    /// Enabled, and the last backup failed.
    ProtectionError,
    /// Stopped; its points are kept for ever.
    ProtectionStopped,
    /// Held by the service.
    ProtectionPaused,
    /// Stopped; its points expire by the policy.
    BackupsSuspended,
}

impl ProtectionState {
    /// Those in which backups are made.
    pub const ACTIVE: [Self; 3] = [
        Self::InitialBackupPending,
        Self::Protected,
        Self::ProtectionError,
    ];
    /// Those in which they aren't.
    pub const STOPPED: [Self; 3] = [
        Self::ProtectionStopped,
        Self::ProtectionPaused,
        Self::BackupsSuspended,
    ];
}

/// What is kept of an item beside what it is searched by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ItemBody {
    /// The machine's name.
    pub friendly_name: String,
    /// The machine's id as a resource.
    pub source: String,
    /// The name of its policy, as it was first written; empty while it has none.
    pub policy_name: String,
    /// Which disks are backed up; `None`: all.
    pub disks: Option<DiskSelection>,
    /// How its last backup ended.
    pub last_backup: Option<LastBackup>,
    /// When its newest point was taken.
    pub last_point: Option<Timestamp>,
    /// The policy that its points' times were reckoned by; another one is applied before
    /// anything is removed.
    pub policy_seen: Option<policy::Policy>,
    /// The folded id of the collection that its newest snapshot is in.
    pub collection: Option<String>,
    /// Points that were begun and given up: its snapshot stores may have them all the same, and
    /// the next backup removes them.
    pub given_up: Vec<base::PointId>,
    /// How often the run that is due was tried.
    pub tries: u32,
    /// The due time of the last scheduled run, or when protection began or was resumed: what is
    /// due after it is owed.
    pub scheduled_from: Option<Timestamp>,
    /// Since when its runs are owed: when protection began or was resumed, or its schedule changed.
    pub owed_from: Option<Timestamp>,
    /// The due time of the last scheduled run whose point reached the vault, or when protection
    /// began or was resumed, if that is later.
    pub vaulted_from: Option<Timestamp>,
    /// Findings of the health checks; none: healthy.
    pub health: Vec<HealthFinding>,
    /// When it was soft-deleted.
    pub deleted_at: Option<Timestamp>,
    /// Bytes of data on its disks at its last good backup (PRICE-4, 7); `None`: not known.
    pub data: Option<u64>,
}

/// A choice of disks by their numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSelection {
    /// Numbers of data disks.
    pub luns: Vec<u16>,
    /// Whether these are backed up (with the disk of the operating system), or all but these.
    pub include: bool,
}

/// The end of a backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When it ended.
    pub at: Timestamp,
    /// How.
    pub status: crate::jobs::JobStatus,
    /// The name of the error's code, if it failed or something is to be looked at.
    pub code: Option<String>,
    /// The name of the code that says why its point is not as consistent as was asked.
    #[serde(default)]
    pub downgrade: Option<String>,
}

/// Something that keeps a backup from going well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthFinding {
    /// The name of the error's code.
    pub code: String,
    /// Whether the next backup will fail.
    pub critical: bool,
    /// What was found.
    pub message: String,
    /// Whether the check in the background found it, and takes it away; otherwise a backup did,
    /// and the next that goes well takes it away.
    #[serde(default)]
    pub background: bool,
}
