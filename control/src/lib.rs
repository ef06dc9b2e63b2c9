//! The control plane: operations by noun over the records of `state`, with the rules of `policy`.
//!
//! It knows nothing of HTTP, and asks neither the system's clock nor its randomness: both are
//! handed in. A file for each noun; the order of what is made durable stands at each operation.

pub mod actions;
mod activity;
mod admission_rules;
mod adopt;
mod alerts;
mod applications;
mod attach;
mod authorize;
mod blocking;
mod certificate;
mod collections;
mod costs;
mod credentials;
mod discovery;
mod first_start;
#[cfg(test)]
mod fixture;
mod groups;
mod heat_map;
mod hosts;
mod inventory;
pub mod jobs;
mod limits;
mod listing;
mod locations;
mod locks;
mod log_ins;
mod machines;
mod networks;
mod operations;
mod options;
mod overview;
mod ownership;
mod passwords;
mod places;
pub mod plane;
pub mod points;
mod policies;
mod policy_settings;
mod principals;
mod protected_items;
mod protection_rules;
mod reconcile;
mod recovery_points;
mod refreshes;
mod reset_admin;
mod restore_folders;
mod restores;
mod role_assignments;
pub mod roles;
pub mod scripted;
mod search;
mod secrets;
mod server_backup;
mod snapshot_stores;
mod spaces;
mod storage_accounts;
mod stores;
mod usage_counts;
mod usages;
mod users;
mod vault_pools;
mod vaults;

use std::sync::Arc;

use base::{Clock, Code, Error, Random, Result};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use state::State;
use uuid::Uuid;
use zeroize::Zeroizing;

pub use adopt::Adopted;
pub use applications::NewApplication;
pub use attach::{AttachInput, AttachKey};
pub use authorize::Sees;
pub use certificate::{Certified, Served, fingerprint};
pub use costs::{Costs, Period};
pub use credentials::{CertificateFacts, CertificateKey, certificate_facts};
pub use first_start::{FirstStart, Start, keep};
pub use groups::GroupInput;
pub use heat_map::{HeatDay, HeatRow, HeatStatus};
pub use hosts::HostInput;
pub use inventory::Listed;
pub use jobs::{JobWatch, LiveWork, ShownJob};
pub use limits::SetLimit;
pub use log_ins::{CodeKind, DEVICE_SECONDS, DeviceCode, LoggedIn};
pub use machines::{MachineFilter, Protected, ShownMachine};
pub use operations::Accepted;
pub use options::{KeySource, Options};
pub use overview::{
    Attention, AttentionKind, ItemCounts, JobCounts, MachineCounts, Overview, OverviewOf,
    StoragePlace,
};
pub use plane::{DataPlane, HostPlane};
pub use policies::{CountedPolicy, PolicyInput, broken};
pub use principals::Principal;
pub use protected_items::{AllItems, ItemChange, ItemName, Protect, Validated, Which};
pub use protection_rules::{RuledMachine, RuledState};
pub use reset_admin::reset_admin;
pub use restore_folders::RestoreFolderInput;
pub use restores::{Restore, RestoreTo, RestoredMachine};
pub use search::{Found, SearchIn};
pub use secrets::ServerKey;
pub use server_backup::{Offline, Restored, restore_server};
pub use snapshot_stores::SnapshotStoreInput;
pub use usage_counts::{ItemBytes, VaultBytes};
pub use usages::VaultCounts;
pub use users::NewUser;
pub use vault_pools::{PoolInput, ShownPool};
pub use vaults::{VaultChange, VaultInput};

/// The control plane of one server.
#[derive(Debug)]
pub struct Control {
    state: State,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    key: ServerKey,
    options: Options,
    identity: Identity,
    signing_key: Signing,
    /// Where vaults are made.
    pool: std::path::PathBuf,
    /// The server's folder.
    data: std::path::PathBuf,
    /// Who compares secrets.
    comparing: Arc<tokio::sync::Semaphore>,
    /// What jobs work with.
    plane: Arc<dyn DataPlane>,
    /// Who works on jobs.
    engine: jobs::Engine,
    /// What the reconcilers keep between rounds.
    rests: reconcile::Rests,
    silent: discovery::Silent,
    /// Who is asked how full it is.
    spaces: spaces::Spaces,
    /// Which server this is.
    server: ownership::ServerName,
    /// Whether vaults were taken by another server.
    taken: ownership::Taken,
    /// Vaults that the records are compared with just now.
    adopting: ownership::Adopting,
}

/// Who the server is: made at the first start, and never changed by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The tenant.
    pub tenant: Uuid,
    /// Its subscription.
    pub subscription: Subscription,
    /// Its locations.
    pub locations: Vec<Location>,
}

/// A subscription.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// Its id.
    pub id: Uuid,
    /// Its name, as people see it.
    pub name: String,
}

/// A location: where hosts and vaults are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// Its name in ids and bodies.
    pub name: String,
    /// Its name, as people see it.
    pub display_name: String,
    /// The name of the location that it is paired with.
    #[serde(default)]
    pub paired: Option<String>,
}

/// What tokens are signed with.
struct Signing(Zeroizing<Vec<u8>>);

impl std::fmt::Debug for Signing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Signing")
    }
}

impl Control {
    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> Uuid {
        self.identity.tenant
    }

    /// The subscription.
    #[must_use]
    pub fn subscription(&self) -> &Subscription {
        &self.identity.subscription
    }

    /// What tokens are signed with.
    #[must_use]
    pub fn signing_key(&self) -> &[u8] {
        &self.signing_key.0
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// A new random id.
    #[must_use]
    pub fn new_id(&self) -> Uuid {
        new_id(&*self.random)
    }

    /// The subscription of this id.
    ///
    /// # Errors
    /// `SubscriptionNotFound`.
    pub fn check_subscription(&self, id: &str) -> Result<&Subscription> {
        let found = &self.identity.subscription;
        match id.parse::<Uuid>() {
            Ok(id) if id == found.id => Ok(found),
            _ => Err(Error::new(
                Code::SubscriptionNotFound,
                format!("there is no subscription `{id}`"),
            )),
        }
    }

    fn subscription_id(&self) -> String {
        format!("/subscriptions/{}", self.identity.subscription.id)
    }
}

fn new_id(random: &dyn Random) -> Uuid {
    uuid::Builder::from_random_bytes(random.bytes()).into_uuid()
}
