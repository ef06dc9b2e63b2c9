//! Recovery Services vaults.

mod delete;
mod moves;

use std::collections::BTreeMap;
use std::sync::Arc;

use base::{Code, Error, Result, VaultId};
use serde_json::Value;
use state::resources::{self, Record};
use state::vaults::{Redundancy, SoftDelete, SoftDeleteState, Vault};
use state::{Tx, WriteTx, fold};
use vault::keys::{KeyFile, Unlock};
use vault::{DEFAULT_CHUNK_SIZE, Store, Surroundings};

use crate::Control;
use crate::groups::fixed;
use crate::limits::check_vaults;
use crate::ownership::{Owned, VAULT_PLACE, set_owned};
use crate::policies::make_first_policies;
use crate::vault_pools::check_pool;

/// Days that deleted backup data is kept unless another number is asked for (SOFT-1).
const SOFT_DELETE_DAYS: u16 = 14;

/// What a vault is made with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VaultInput {
    /// Its location; needed to make one.
    pub location: Option<String>,
    /// What may be changed later too.
    pub change: VaultChange,
}

/// What is changed of a vault; the rest stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VaultChange {
    /// Its tags.
    pub tags: Option<BTreeMap<String, String>>,
    /// The redundancy asked for.
    pub redundancy: Option<Redundancy>,
    /// Whether restoring in the paired region is allowed.
    pub cross_region_restore: Option<bool>,
    /// Whether deleted backup data is kept.
    pub soft_delete: Option<SoftDeleteState>,
    /// Whether `AlwaysOn` is meant as it is said; clients ask for it at each creation, where it
    /// is taken as on (SOFT-6).
    pub always_on_is_meant: bool,
    /// For how many days.
    pub soft_delete_days: Option<u16>,
    /// Settings that are given back as they came, by name.
    pub settings: BTreeMap<String, Value>,
    /// The eTag that it must have; `None`: any.
    pub if_match: Option<String>,
}

impl Control {
    /// The id of a vault.
    #[must_use]
    pub fn vault_id(&self, group: &str, name: &str) -> String {
        let group = self.group_id(group);
        format!("{group}/providers/Microsoft.RecoveryServices/vaults/{name}")
    }

    /// At most `limit` vaults of a group, or of all, by id, beginning after the id `after`.
    ///
    /// # Errors
    /// `GroupNotFound`; those of the records.
    pub async fn vaults(
        &self,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Vault>>> {
        self.list(group, after, limit).await
    }

    /// The vault of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn vault(&self, group: &str, name: &str) -> Result<Record<Vault>> {
        self.vault_in(&mut self.state.read().await?, group, name)
            .await
    }

    /// The vault of this name, as the transaction sees it.
    pub(crate) async fn vault_in(
        &self,
        tx: &mut Tx,
        group: &str,
        name: &str,
    ) -> Result<Record<Vault>> {
        let found = resources::get(tx, &self.vault_id(group, name)).await?;
        found.ok_or_else(|| no_vault(group, name))
    }

    /// Makes a vault, or changes one; and whether it was made (VAULT-2 to 7, 15).
    ///
    /// The store is made first, then the record. One without a record, left by a server that was
    /// killed in between, holds nothing and is in nobody's way. Durable when this returns.
    ///
    /// # Errors
    /// `NameInvalid`, `NameTaken`; `GroupNotFound`; `LocationUnknown`, `LocationFixed`;
    /// `LimitReached`; `NoPoolForVault`; as [`Control::change_vault`]; those of the records and of
    /// the pool.
    pub async fn put_vault(
        &self,
        group: &str,
        name: &str,
        mut input: VaultInput,
    ) -> Result<(Record<Vault>, bool)> {
        input.change.always_on_is_meant |= self.options.honour_always_on;
        let wanted = input.location.as_deref();
        let location = match wanted {
            Some(name) => Some(self.check_location(name).await?),
            None => None,
        };
        let there = self.group(group).await?;
        match self.vault(group, name).await {
            Err(e) if e.code() == Code::ResourceNotFound => {}
            found => {
                let found = found?;
                if let Some(location) = location.filter(|l| l.name != found.body.location) {
                    return Err(fixed(&found.name, &found.body.location, &location.name));
                }
                let changed = self.change_vault(group, name, input.change).await?;
                return Ok((changed, false));
            }
        }
        refuse_match(name, input.change.if_match.as_deref())?;
        policy::check_vault_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
        let missing = || Error::new(Code::LocationUnknown, "a vault needs a location");
        let location = location.ok_or_else(missing)?.name.clone();
        let mut new = new_vault(location);
        input.change.clone().apply(&mut new)?;
        self.check_new(&self.vault_id(&there.name, name), &new.location)
            .await?;
        if let Err(e) = self.make_store(&mut new).await {
            self.remove_store(&new);
            return Err(e);
        }
        let mut tx = self.state.write().await?;
        let recorded = async {
            let made = self.record(&mut tx, &there.name, name, new.clone());
            let made = made.await?;
            let owned = Owned::from([(VAULT_PLACE.to_owned(), 1)]);
            set_owned(&mut tx, made.body.store_vault, &owned).await?;
            Ok::<_, Error>(made)
        };
        match recorded.await {
            // From here on it may be recorded, whatever is answered. It is empty, and this
            // server's.
            Ok(made) => {
                self.note_taken(new.store_vault, false);
                tx.commit().await.map(|()| (made, true))
            }
            Err(e) => {
                drop(tx);
                self.remove_store(&new);
                if e.code() != Code::ResourceExists {
                    return Err(e);
                }
                // Somebody made the same one meanwhile.
                let changed = self.change_vault(group, name, input.change).await?;
                Ok((changed, false))
            }
        }
    }

    /// Records a new vault and its first policies. Its group may have gone since it was seen, and
    /// its name may be taken by now.
    ///
    /// # Errors
    /// `GroupNotFound`; `NoPoolForVault`; `LimitReached`; `ResourceExists`, `NameTaken`; those of
    /// the records.
    pub(crate) async fn record(
        &self,
        tx: &mut WriteTx,
        group: &str,
        name: &str,
        new: Vault,
    ) -> Result<Record<Vault>> {
        let there = self.group_in(tx, group).await?;
        check_pool(tx, &new).await?;
        let id = self.vault_id(&there.name, name);
        let others = resources::all::<Vault>(tx).await?;
        check_vaults(tx, &others, &new.location).await?;
        let made = resources::create(tx, &id, &there.id, new).await?;
        taken(&others, &made.id)?;
        make_first_policies(tx, &made.id).await?;
        Ok(made)
    }

    /// Changes a vault. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; `PreconditionFailed`; `RedundancyLocked` once an item was protected; `BadArgument` for days
    /// out of bounds; `SoftDeleteAlwaysOn`; those of the records.
    pub async fn change_vault(
        &self,
        group: &str,
        name: &str,
        mut change: VaultChange,
    ) -> Result<Record<Vault>> {
        change.always_on_is_meant |= self.options.honour_always_on;
        let mut tx = self.state.write().await?;
        let mut vault = self.vault_in(&mut tx, group, name).await?;
        check_match(&vault, change.if_match.as_deref())?;
        let before = vault.body.soft_delete.state;
        change.apply(&mut vault.body)?;
        let vault = resources::update(&mut tx, vault).await?;
        let after = vault.body.soft_delete.state;
        if before != after && after == SoftDeleteState::Disabled {
            self.alert_of_vault(&mut tx, &vault).await?;
        }
        tx.commit().await?;
        Ok(vault)
    }

    /// Refuses a vault that can't be recorded, before its store is made.
    async fn check_new(&self, id: &str, location: &str) -> Result<()> {
        let mut tx = self.state.read().await?;
        let others = resources::all::<Vault>(&mut tx).await?;
        check_vaults(&mut tx, &others, location).await?;
        taken(&others, id)
    }

    /// Makes the vault's store in a pool of its location, with a key that only this server's key opens.
    async fn make_store(&self, new: &mut Vault) -> Result<()> {
        let name = self.new_id().to_string();
        new.pool_folder = self.pool_for(&new.location).await?;
        new.pool = name;
        let folder = self.vault_folder(new);
        let key = KeyFile::new(&*self.random);
        let around = Surroundings {
            clock: Arc::clone(&self.clock),
            random: Arc::clone(&self.random),
        };
        let text = key.to_text();
        let store = Store::local(&folder)?;
        let unlock = Unlock::KeyFile(key);
        let (made, _) = vault::create(store, DEFAULT_CHUNK_SIZE, &unlock, around).await?;
        made.store().own(&self.server.owner(1, self.now())).await?;
        let wrapped = format!("vault {}", made.id());
        new.wrapped_key = self.key.wrap(&wrapped, text.as_bytes(), &*self.random);
        new.store_vault = made.id();
        Ok(())
    }

    /// Removes a store that no record has named.
    fn remove_store(&self, vault: &Vault) {
        // Without a name it was not begun, and its folder would be the pool's.
        if vault.pool.is_empty() {
            return;
        }
        let folder = self.vault_folder(vault);
        let removed = std::fs::remove_dir_all(&folder);
        if let Err(e) = removed
            && e.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!("an empty store stays in {}: {e}", folder.display());
        }
    }
}

/// A vault as it is by itself, without a store.
pub(crate) fn new_vault(location: String) -> Vault {
    Vault {
        store_vault: VaultId::from_bytes([0; 16]),
        pool: String::new(),
        pool_folder: None,
        wrapped_key: String::new(),
        key_exported: None,
        location,
        tags: BTreeMap::new(),
        redundancy: Redundancy::GeoRedundant,
        cross_region_restore: false,
        ever_protected: false,
        soft_delete: SoftDelete {
            state: SoftDeleteState::Enabled,
            retention_days: SOFT_DELETE_DAYS,
        },
        settings: Value::Object(serde_json::Map::new()),
    }
}

impl VaultChange {
    fn apply(self, vault: &mut Vault) -> Result<()> {
        if let Some(redundancy) = self.redundancy
            && redundancy != vault.redundancy
        {
            if vault.ever_protected {
                let detail = "the vault has protected items, or had some";
                return Err(Error::new(Code::RedundancyLocked, detail));
            }
            vault.redundancy = redundancy;
        }
        if let Some(days) = self.soft_delete_days {
            policy::check_soft_delete_days(days.into())
                .map_err(|r| refused(Code::BadArgument, &r))?;
            vault.soft_delete.retention_days = days;
        }
        if let Some(state) = self.soft_delete {
            use SoftDeleteState::{AlwaysOn, Disabled, Enabled};
            vault.soft_delete.state = match (vault.soft_delete.state, state) {
                (AlwaysOn, Disabled) => {
                    let detail = "the vault's soft delete is always on";
                    return Err(Error::new(Code::SoftDeleteAlwaysOn, detail));
                }
                (AlwaysOn, _) => AlwaysOn,
                (_, AlwaysOn) if self.always_on_is_meant => AlwaysOn,
                (_, AlwaysOn) => Enabled,
                (_, state) => state,
            };
        }
        vault.cross_region_restore = self
            .cross_region_restore
            .unwrap_or(vault.cross_region_restore);
        if let Some(tags) = self.tags {
            vault.tags = tags;
        }
        if let Value::Object(settings) = &mut vault.settings {
            settings.extend(self.settings);
        }
        Ok(())
    }
}

/// Refuses to make what is named by an eTag, and so should be there.
pub(crate) fn refuse_match(name: &str, if_match: Option<&str>) -> Result<()> {
    if if_match.is_none() {
        return Ok(());
    }
    let detail = format!("there is no {name} yet, and so no eTag of it");
    Err(Error::new(Code::PreconditionFailed, detail))
}

/// Refuses what was asked of another revision than there is.
pub(crate) fn check_match<T>(there: &Record<T>, if_match: Option<&str>) -> Result<()> {
    let Some(asked) = if_match.filter(|asked| *asked != "*") else {
        return Ok(());
    };
    let is = |tag: &str| tag.trim().trim_start_matches("W/").trim_matches('"') == there.etag();
    if asked.split(',').any(is) {
        return Ok(());
    }
    let detail = format!(
        "{} is not as {asked} named it; it was changed since",
        there.id
    );
    Err(Error::new(Code::PreconditionFailed, detail))
}

/// Refuses a vault's name that another one of the subscription has (VAULT-2).
fn taken(others: &[Record<Vault>], id: &str) -> Result<()> {
    let name = id.rsplit('/').next().unwrap_or(id);
    let is_own = |v: &Record<Vault>| fold(&v.id) == fold(id);
    let same = |v: &&Record<Vault>| !is_own(v) && v.name.eq_ignore_ascii_case(name);
    let Some(other) = others.iter().find(same) else {
        return Ok(());
    };
    let detail = format!("the name `{name}` is that of {}", other.id);
    Err(Error::new(Code::NameTaken, detail))
}

pub(crate) fn no_vault(group: &str, name: &str) -> Error {
    let detail = format!("there is no vault `{name}` in the resource group `{group}`");
    Error::new(Code::ResourceNotFound, detail)
}

/// A rule's refusal as an error.
pub(crate) fn refused(code: Code, refusal: &policy::Refusal) -> Error {
    Error::new(code, refusal.to_string().trim_end_matches('.').to_owned())
}

#[cfg(test)]
mod tests {
    use base::SeededRandom;
    use vault::Locked;

    use super::*;
    use crate::fixture::server;

    #[tokio::test]
    async fn a_vaults_store_opens_by_the_key_that_the_servers_key_wrapped() {
        let (_folder, control) = server().await;
        let vault = control.vault("default", "v1").await.unwrap();
        let name = format!("vault {}", vault.body.store_vault);
        let key = control.key.open(&name, &vault.body.wrapped_key).unwrap();
        let key = KeyFile::from_text(std::str::from_utf8(&key).unwrap()).unwrap();
        let store = Store::local(&control.pool.join(&vault.body.pool)).unwrap();
        let locked = Locked::open(store).await.unwrap();
        assert_eq!(locked.descriptor().vault_id, vault.body.store_vault);
        locked.unlock(&Unlock::KeyFile(key)).unwrap();
        let other = KeyFile::new(&SeededRandom::new(2));
        assert!(locked.unlock(&Unlock::KeyFile(other)).is_err());
    }
}
