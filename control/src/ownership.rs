//! Which stores this server owns: those whose points its records were compared with.
//!
//! Every store says who owns it (`vault::Owner`). The records keep the generation in which this
//! server took each store. A store that says something else was written to by a command that
//! took it over, or is new to the records: its points are adopted, and it is taken anew. Until
//! then nothing is removed from it. If another server took it after this one, this one has been
//! replaced, and leaves the vault alone.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use base::{Code, Error, Random, Result, VaultId};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use state::hosts::Host;
use state::protected_items::ProtectedItem;
use state::vaults::Vault;
use state::{State, Tx, WriteTx, resources, settings};
use tokio::sync::Mutex as AsyncMutex;
use uuid::Uuid;
use vault::Owner;

use crate::plane::{Ownership, Tier};
use crate::{Control, new_id};

/// The setting that says which server this is.
const SERVER: &str = "server";
/// The setting that says when the records were restored.
const RESTORED: &str = "restored";
/// For how long nothing expires after the records were restored: time to bring what was changed
/// since the backup, such as a policy that keeps points longer, back into them.
const RESPITE: SignedDuration = SignedDuration::from_hours(24);

/// The generations in which the stores of a vault were taken: of the vault itself under
/// [`VAULT_PLACE`], of each snapshot store under its folder.
pub(crate) type Owned = BTreeMap<String, u64>;

/// The vault's own store among [`Owned`].
pub(crate) const VAULT_PLACE: &str = "vault";

/// The snapshot store in this folder among [`Owned`].
pub(crate) fn snapshot_place(folder: &Path) -> String {
    folder.display().to_string()
}

/// Vaults whose owner was asked for since this process began, and whether that is another server.
/// The others may have been taken while it did not run.
#[derive(Debug, Default)]
pub(crate) struct Taken(Mutex<HashMap<VaultId, bool>>);

/// What this process compares its records with: a vault is compared once at a time. The lease of
/// it keeps away other servers only.
#[derive(Debug, Default)]
pub(crate) struct Adopting(Mutex<HashMap<VaultId, Arc<AsyncMutex<()>>>>);

impl Adopting {
    /// Held by whoever compares a vault.
    pub(crate) fn of(&self, vault: VaultId) -> Arc<AsyncMutex<()>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(vault).or_default())
    }
}

/// Which server this is: several on one database are one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServerName {
    /// Its id: another one after each restore of the records.
    pub(crate) id: Uuid,
    /// Its name, for people.
    pub(crate) name: String,
}

impl ServerName {
    /// The one among the records, which is made if there is none.
    ///
    /// # Errors
    /// Those of the records.
    pub(crate) async fn of(state: &State, name: &str, random: &dyn Random) -> Result<Self> {
        let found: Option<Self> = settings::get(&mut state.read().await?, SERVER).await?;
        if let Some(found) = found {
            return Ok(found);
        }
        let mut tx = state.write().await?;
        if let Some(found) = settings::get(&mut tx, SERVER).await? {
            return Ok(found);
        }
        let new = Self {
            id: new_id(random),
            name: name.to_owned(),
        };
        settings::set(&mut tx, SERVER, &new).await?;
        tx.commit().await?;
        Ok(new)
    }

    /// As the owner of a store.
    pub(crate) fn owner(&self, generation: u64, now: Timestamp) -> Owner {
        Owner {
            generation,
            server: Some(self.id),
            last_server: None,
            name: format!("the server {}", self.name),
            since: now.to_string(),
        }
    }
}

fn setting(vault: VaultId) -> String {
    format!("owned {vault}")
}

/// The generations in which the stores of a vault were taken.
///
/// # Errors
/// Those of the records.
pub(crate) async fn owned(tx: &mut Tx, vault: VaultId) -> Result<Owned> {
    let found = settings::get(tx, &setting(vault)).await?;
    Ok(found.unwrap_or_default())
}

/// Notes them.
///
/// # Errors
/// Those of the records.
pub(crate) async fn set_owned(tx: &mut WriteTx, vault: VaultId, owned: &Owned) -> Result<()> {
    settings::set(tx, &setting(vault), owned).await
}

/// Makes of restored records those of a new server that owns no store so far.
///
/// # Errors
/// Those of the records.
pub(crate) async fn renew(
    tx: &mut WriteTx,
    vaults: impl Iterator<Item = VaultId>,
    random: &dyn Random,
) -> Result<()> {
    let before: Option<ServerName> = settings::get(tx, SERVER).await?;
    let new = ServerName {
        id: new_id(random),
        name: before.map_or_else(|| "restored".to_owned(), |b| b.name),
    };
    settings::set(tx, SERVER, &new).await?;
    let now = tx.now();
    settings::set(tx, RESTORED, &now).await?;
    for vault in vaults {
        settings::remove(tx, &setting(vault)).await?;
    }
    Ok(())
}

impl Control {
    /// Whether the records know what a vault holds.
    ///
    /// # Errors
    /// Those of the records.
    pub(crate) async fn is_adopted(&self, tx: &mut Tx, vault: VaultId) -> Result<bool> {
        Ok(owned(tx, vault).await?.contains_key(VAULT_PLACE))
    }

    /// Whether points of an item may be removed because their time is over: the records know what
    /// the vault holds, and were not restored a short while ago.
    ///
    /// # Errors
    /// Those of the records.
    pub(crate) async fn may_remove(&self, tx: &mut Tx, item: &ProtectedItem) -> Result<bool> {
        let restored: Option<Timestamp> = settings::get(tx, RESTORED).await?;
        if restored.is_some_and(|at| tx.now().duration_since(at) < RESPITE) {
            return Ok(false);
        }
        match resources::get::<Vault>(tx, &item.vault).await? {
            Some(vault) => self.is_adopted(tx, vault.body.store_vault).await,
            None => Ok(false),
        }
    }

    /// Refuses a vault that another server has taken, or may have: nobody has asked so far.
    ///
    /// # Errors
    /// `StoreTakenOver`; `AdoptionPending`.
    pub(crate) fn check_not_taken(&self, vault: VaultId) -> Result<()> {
        let taken = self.taken.0.lock().unwrap_or_else(PoisonError::into_inner);
        match taken.get(&vault) {
            Some(false) => Ok(()),
            Some(true) => {
                let detail = format!("another server has taken vault {vault}");
                Err(Error::new(Code::StoreTakenOver, detail))
            }
            None => {
                let detail = format!("vault {vault} was not asked yet who owns it");
                Err(Error::new(Code::AdoptionPending, detail))
            }
        }
    }

    /// Notes whether another server has taken a vault.
    pub(crate) fn note_taken(&self, vault: VaultId, is: bool) {
        let mut taken = self.taken.0.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(vault, is);
    }

    /// Asks a vault's store who owns it, once in the life of this process: adoption does with
    /// each round, but jobs begin beside its first.
    ///
    /// # Errors
    /// Those of the store and of the records.
    pub(crate) async fn ask_owner(&self, vault: &str) -> Result<()> {
        let mut tx = self.state.read().await?;
        let Some(vault) = resources::get::<Vault>(&mut tx, vault).await? else {
            return Ok(());
        };
        let id = vault.body.store_vault;
        let asked = self.check_not_taken(id);
        if !asked.is_err_and(|e| e.code() == Code::AdoptionPending) {
            return Ok(());
        }
        let known = owned(&mut tx, id).await?;
        let hosts = resources::all::<Host>(&mut tx).await?;
        drop(tx);
        let Some(host) = hosts.first() else {
            return Ok(());
        };
        let stores = self.stores_even_if_taken(&vault.body, &host.body, &known)?;
        let owner = self.plane.owner(&stores, Tier::Vault).await?;
        let is_taken = match owner {
            Ownership::Owner(owner) => self.is_taken(&owner, known.get(VAULT_PLACE)),
            Ownership::NoStore | Ownership::Nobody => false,
        };
        self.note_taken(id, is_taken);
        Ok(())
    }

    /// Whether a store that this server took in a generation, if it did, is another server's now.
    pub(crate) fn is_taken(&self, owner: &Owner, generation: Option<&u64>) -> bool {
        // A command has taken it from its server, and gives it back to no other.
        let server = owner.server.or(owner.last_server);
        let others = server.is_some_and(|server| server != self.server.id);
        others && generation.is_some()
    }
}
