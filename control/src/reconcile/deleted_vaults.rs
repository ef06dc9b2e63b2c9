//! Stores of deleted vaults leave the pool and the hosts: they hold no points, only keys.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use state::hosts::Host;
use state::resources::{self, Record};
use state::vault_pools::VaultPool;
use state::vaults::Vault;
use state::{Tx, WriteTx, settings};

use super::rests::Round;
use crate::Control;
use crate::places::Purpose;

/// The setting with the stores of vaults that were deleted.
const DELETED: &str = "stores of deleted vaults";

/// The store of a vault that was deleted.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Deleted {
    /// The folder of its pool; `None`: the server's own.
    pool: Option<String>,
    /// Its folder's name.
    folder: String,
}

/// Notes that a vault's store is to go, in the transaction that deletes the vault.
pub(crate) async fn note_deleted(tx: &mut WriteTx, vault: &Vault) -> Result<()> {
    let mut all: Vec<Deleted> = settings::get(tx, DELETED).await?.unwrap_or_default();
    all.push(Deleted {
        pool: vault.pool_folder.clone(),
        folder: vault.pool.clone(),
    });
    settings::set(tx, DELETED, &all).await
}

/// Refuses to give up a pool's folder in which there are stores that are yet to be removed.
///
/// # Errors
/// `ResourceInUse`; those of the records.
pub(crate) async fn refuse_leaving(tx: &mut Tx, pool: &Path) -> Result<()> {
    let all: Option<Vec<Deleted>> = settings::get(tx, DELETED).await?;
    let is_here = |d: &Deleted| d.pool.as_deref().is_some_and(|p| Path::new(p) == pool);
    if !all.iter().flatten().any(is_here) {
        return Ok(());
    }
    let detail = format!(
        "the stores of deleted vaults are just being removed from {}",
        pool.display()
    );
    Err(Error::new(Code::ResourceInUse, detail))
}

impl Control {
    /// Removes the stores of vaults that were deleted. One that does not go is tried again.
    pub(super) async fn remove_deleted(&self) -> Result<()> {
        if !self.rests.is_due(Round::DeletedVaults, self.now()) {
            return Ok(());
        }
        let mut tx = self.state.read().await?;
        let all: Option<Vec<Deleted>> = settings::get(&mut tx, DELETED).await?;
        let all = all.unwrap_or_default();
        if all.is_empty() {
            return Ok(());
        }
        let hosts: Vec<Record<Host>> = resources::all(&mut tx).await?;
        let vaults: Vec<Record<Vault>> = resources::all(&mut tx).await?;
        let pools = resources::all::<VaultPool>(&mut tx).await?;
        drop(tx);
        let mut gone = Vec::new();
        for deleted in all {
            let folder = &deleted.folder;
            // It was attached again since, or never was this server's to remove.
            let used = vaults.iter().any(|v| v.body.pool == *folder);
            if used || Path::new(folder).is_absolute() {
                gone.push(deleted);
                continue;
            }
            if deleted
                .pool
                .as_deref()
                .is_some_and(|pool| !is_mounted(pool))
            {
                continue;
            }
            let on_hosts = hosts.iter().map(|h| Path::new(&h.body.snapshot_store));
            let of_pools = pools.iter().filter_map(|p| p.body.folder.as_deref());
            let places = on_hosts.chain(of_pools.map(Path::new));
            let places = places.chain([self.pool.as_path()]);
            let places: Vec<PathBuf> = places.map(|place| place.join(folder)).collect();
            match remove_all(places).await {
                Ok(()) => gone.push(deleted),
                Err(e) => tracing::warn!("the store of a deleted vault stays for now: {e}"),
            }
        }
        if gone.is_empty() {
            return Ok(());
        }
        let mut tx = self.state.write().await?;
        let mut all: Vec<Deleted> = settings::get(&mut tx, DELETED).await?.unwrap_or_default();
        all.retain(|deleted| !gone.contains(deleted));
        settings::set(&mut tx, DELETED, &all).await?;
        tx.commit().await
    }
}

/// Whether what a pool lies on is there.
fn is_mounted(pool: &str) -> bool {
    let mark = Purpose::Pool.mark().unwrap_or_default();
    Path::new(pool).join(mark).exists()
}

async fn remove_all(places: Vec<PathBuf>) -> Result<()> {
    for place in places {
        match tokio::fs::remove_dir_all(&place).await {
            Err(e) if e.kind() != ErrorKind::NotFound => {
                return Err(Error::io(place.display(), e));
            }
            _ => {}
        }
    }
    Ok(())
}
