//! Vault pools: folders that new vaults are put in, each for a location.
//!
//! A new vault goes to the pool of its location that takes vaults and has the most free space, by
//! name if that is the same. The pool `default`, the server's own, is there from the first start,
//! and also takes the vaults of locations that have no pool.

use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use state::resources::{self, Record};
use state::vault_pools::VaultPool;
use state::vaults::Vault;
use state::{Tx, WriteTx};

use crate::Control;
use crate::groups::fixed;
use crate::places::Purpose;
use crate::vaults::{check_match, refuse_match, refused};

/// The name of the server's own pool.
const DEFAULT: &str = "default";

/// What a pool is made or changed with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PoolInput {
    /// Its location; needed to make one, and never changed.
    pub location: Option<String>,
    /// Its folder; needed to make one, and changed only while it holds no vault.
    pub folder: Option<String>,
    /// Whether new vaults are put in it; a new pool takes them.
    pub takes_vaults: Option<bool>,
    /// The eTag that it must have; `None`: any.
    pub if_match: Option<String>,
}

/// A pool, and what is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownPool {
    /// The pool.
    pub record: Record<VaultPool>,
    /// Its folder.
    pub folder: PathBuf,
    /// The vaults in it.
    pub vaults: u64,
    /// The space of what it lies on; `None` if it can't be reached.
    pub space: Option<mover::Space>,
}

impl Control {
    /// The id of a pool.
    #[must_use]
    pub fn vault_pool_id(&self, name: &str) -> String {
        pool_id(&self.subscription_id(), name)
    }

    /// All pools, by id.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn vault_pools(&self) -> Result<Vec<ShownPool>> {
        let mut tx = self.state.read().await?;
        let pools: Vec<Record<VaultPool>> = resources::all(&mut tx).await?;
        let vaults: Vec<Record<Vault>> = resources::all(&mut tx).await?;
        drop(tx);
        let shown = pools.into_iter().map(|pool| self.shown(pool, &vaults));
        Ok(futures::future::join_all(shown).await)
    }

    /// The pool of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn vault_pool(&self, name: &str) -> Result<ShownPool> {
        let what = format!("vault pool `{name}`");
        let record = self.one(&self.vault_pool_id(name), &what).await?;
        let vaults: Vec<Record<Vault>> = resources::all(&mut self.state.read().await?).await?;
        Ok(self.shown(record, &vaults).await)
    }

    /// Makes a pool, or changes one; and whether it was made. Its folder is made if it is not
    /// there. Durable when this returns; if it fails, nothing of the pool stays.
    ///
    /// # Errors
    /// `NameInvalid`; `LocationUnknown`, `LocationFixed`; `FolderUnusable`; `BadArgument` without
    /// a location or a folder, and for a folder of the server's own pool; `ResourceInUse` for
    /// another folder while there are vaults in it; `PreconditionFailed`; those of the records.
    pub async fn put_vault_pool(&self, name: &str, input: PoolInput) -> Result<(ShownPool, bool)> {
        policy::check_fabric_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
        let id = self.vault_pool_id(name);
        let location = match input.location.as_deref() {
            Some(location) => Some(self.check_location(location).await?.name),
            None => None,
        };
        let known: Option<Record<VaultPool>> =
            resources::get(&mut self.state.read().await?, &id).await?;
        let is_same = |f: &String| {
            known
                .as_ref()
                .is_some_and(|k| k.body.folder.as_ref() == Some(f))
        };
        let place = match input.folder.filter(|f| !is_same(f)) {
            Some(_) if known.as_ref().is_some_and(|k| k.body.folder.is_none()) => {
                let detail = "the folder of the server's own pool is its setting `pool`";
                return Err(Error::new(Code::BadArgument, detail));
            }
            Some(folder) => Some(self.new_place(&folder, Purpose::Pool, &id).await?),
            None => None,
        };
        let mut tx = self.state.write().await?;
        if let Some(place) = &place {
            self.check_place(&mut tx, place.path(), Purpose::Pool, &id)
                .await?;
        }
        let folder = place.as_ref().map(|p| p.text());
        let (record, made) = match resources::get::<VaultPool>(&mut tx, &id).await? {
            Some(mut there) => {
                check_match(&there, input.if_match.as_deref())?;
                if let Some(wanted) = location.filter(|l| *l != there.body.location) {
                    return Err(fixed(&there.name, &there.body.location, &wanted));
                }
                if folder.is_some() && folder != there.body.folder {
                    refuse_vaults(&mut tx, &there).await?;
                    there.body.folder = folder;
                }
                there.body.takes_vaults = input.takes_vaults.unwrap_or(there.body.takes_vaults);
                (resources::update(&mut tx, there).await?, false)
            }
            None => {
                refuse_match(name, input.if_match.as_deref())?;
                let needs = |what| Error::new(Code::BadArgument, format!("a pool needs a {what}"));
                let body = VaultPool {
                    location: location.ok_or_else(|| needs("location"))?,
                    folder: Some(folder.ok_or_else(|| needs("folder"))?),
                    takes_vaults: input.takes_vaults.unwrap_or(true),
                };
                take_in(&mut tx, body.folder.as_deref().unwrap_or_default()).await?;
                let parent = self.subscription_id();
                (resources::create(&mut tx, &id, &parent, body).await?, true)
            }
        };
        // From here on it may be recorded, whatever is answered.
        if let Some(place) = place {
            place.keep();
        }
        tx.commit().await?;
        let vaults: Vec<Record<Vault>> = resources::all(&mut self.state.read().await?).await?;
        Ok((self.shown(record, &vaults).await, made))
    }

    /// Takes away a pool without vaults; and whether there was one. Its folder stays, and what is
    /// in it. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceInUse` for the server's own, and while there are vaults in it, or stores of vaults
    /// that were deleted just now; `PreconditionFailed`; those of the records.
    pub async fn delete_vault_pool(&self, name: &str, if_match: Option<&str>) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let id = self.vault_pool_id(name);
        let Some(pool) = resources::get::<VaultPool>(&mut tx, &id).await? else {
            return Ok(false);
        };
        check_match(&pool, if_match)?;
        let Some(folder) = &pool.body.folder else {
            let detail = "the server's own pool takes its backups, and can't be deleted; let it take no vaults";
            return Err(Error::new(Code::ResourceInUse, detail));
        };
        refuse_vaults(&mut tx, &pool).await?;
        crate::reconcile::refuse_leaving(&mut tx, Path::new(folder)).await?;
        resources::delete(&mut tx, &pool).await?;
        crate::locks::forget_scope(&mut tx, &pool.id).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The folder of the pool that a new vault of a location goes to; `None`: the server's own.
    ///
    /// # Errors
    /// `NoPoolForVault`; those of the records.
    pub(crate) async fn pool_for(&self, location: &str) -> Result<Option<String>> {
        let pools = self.vault_pools().await?;
        let here = |p: &&ShownPool| p.record.body.location == location;
        let own = |p: &&ShownPool| p.record.body.folder.is_none();
        let mut open: Vec<&ShownPool> = match pools.iter().any(|p| here(&p)) {
            true => pools.iter().filter(here).collect(),
            false => pools.iter().filter(own).collect(),
        };
        if open.is_empty() {
            // Records from before there were pools.
            return Ok(None);
        }
        open.retain(|p| p.record.body.takes_vaults && p.space.is_some());
        let most = |p: &&ShownPool| std::cmp::Reverse(p.space.map(|s| s.free));
        let Some(best) = open.iter().copied().min_by_key(most) else {
            let detail = format!("no vault pool takes vaults of {location} now");
            return Err(Error::new(Code::NoPoolForVault, detail));
        };
        Ok(best.record.body.folder.clone())
    }

    /// The folder of a vault's store.
    pub(crate) fn vault_folder(&self, vault: &Vault) -> PathBuf {
        vault_folder(&self.pool, vault)
    }

    async fn shown(&self, record: Record<VaultPool>, vaults: &[Record<Vault>]) -> ShownPool {
        let (folder, marked) = match &record.body.folder {
            Some(folder) => (PathBuf::from(folder), Purpose::Pool.mark()),
            None => (self.pool.clone(), None),
        };
        let space = self.spaces.of(folder.clone(), marked).await;
        let inside = vaults.iter().filter(|v| is_in(&v.body, &record.body));
        ShownPool {
            vaults: inside.count() as u64,
            space,
            folder,
            record,
        }
    }
}

/// The folder of a vault's store, where this is the server's own pool.
pub(crate) fn vault_folder(own: &Path, vault: &Vault) -> PathBuf {
    let pool = vault.pool_folder.as_deref().map_or(own, Path::new);
    pool.join(&vault.pool)
}

/// Makes the server's own pool, at the first start.
pub(crate) async fn create_first(
    tx: &mut WriteTx,
    subscription: &str,
    location: &str,
) -> Result<()> {
    let body = VaultPool {
        location: location.to_owned(),
        folder: None,
        takes_vaults: true,
    };
    let id = pool_id(subscription, DEFAULT);
    resources::create(tx, &id, subscription, body)
        .await
        .map(drop)
}

/// Refuses a new vault in a pool that has gone meanwhile.
///
/// # Errors
/// `NoPoolForVault`; those of the records.
pub(crate) async fn check_pool(tx: &mut Tx, vault: &Vault) -> Result<()> {
    let Some(folder) = &vault.pool_folder else {
        return Ok(());
    };
    let pools = resources::all::<VaultPool>(tx).await?;
    if pools.iter().any(|p| p.body.folder.as_ref() == Some(folder)) {
        return Ok(());
    }
    let detail = format!("the vault pool in {folder} was taken away meanwhile");
    Err(Error::new(Code::NoPoolForVault, detail))
}

/// Whether a vault lies in a pool. One that was attached elsewhere is in none.
fn is_in(vault: &Vault, pool: &VaultPool) -> bool {
    vault.pool_folder == pool.folder && !Path::new(&vault.pool).is_absolute()
}

/// Makes vaults of a new pool that were attached where they lie in its folder.
async fn take_in(tx: &mut WriteTx, folder: &str) -> Result<()> {
    for mut vault in resources::all::<Vault>(tx).await? {
        let place = Path::new(&vault.body.pool);
        let name = place.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.filter(|_| place.parent() == Some(Path::new(folder))) {
            vault.body.pool = name.to_owned();
            vault.body.pool_folder = Some(folder.to_owned());
            resources::update(tx, vault).await?;
        }
    }
    Ok(())
}

async fn refuse_vaults(tx: &mut Tx, pool: &Record<VaultPool>) -> Result<()> {
    let all = resources::all::<Vault>(tx).await?;
    let Some(vault) = all.iter().find(|v| is_in(&v.body, &pool.body)) else {
        return Ok(());
    };
    let detail = format!(
        "the vault pool {} holds the vault {}",
        pool.name, vault.name
    );
    Err(Error::new(Code::ResourceInUse, detail))
}

fn pool_id(subscription: &str, name: &str) -> String {
    format!("{subscription}/providers/Stillpoint.Fabric/vaultPools/{name}")
}
