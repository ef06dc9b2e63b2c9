//! Where a vault's data lies, for the data plane.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use base::{Code, Error, PointId, Result};
use state::Record;
use state::hosts::Host;
use state::machines::Machine;
use state::protected_items::ProtectedItem;
use state::recovery_points::{self as points, Range, RecoveryPoint, Tiers};
use state::resources::Scope;
use state::vaults::Vault;
use state::{Tx, resources};

use crate::Control;
use crate::jobs::Ground;
use crate::ownership::{Owned, owned, snapshot_place};
use crate::plane::Stores;

impl Control {
    /// The stores of a vault, with its snapshot store on a host.
    ///
    /// # Errors
    /// `StoreTakenOver` if another server owns the vault now; `AdoptionPending` if nobody has
    /// asked so far; `ServerKeyInvalid`.
    pub(crate) fn stores(&self, vault: &Vault, host: &Host, known: &Owned) -> Result<Stores> {
        self.check_not_taken(vault.store_vault)?;
        self.stores_even_if_taken(vault, host, known)
    }

    /// The same, whoever owns the vault.
    ///
    /// # Errors
    /// `ServerKeyInvalid`.
    pub(crate) fn stores_even_if_taken(
        &self,
        vault: &Vault,
        host: &Host,
        known: &Owned,
    ) -> Result<Stores> {
        let snapshots = snapshot_folder(vault, host);
        Ok(Stores {
            id: vault.store_vault,
            vault: self.vault_folder(vault),
            snapshots_made: !self.is_own_folder(host)
                && known.contains_key(&snapshot_place(&snapshots)),
            snapshots,
            key: self.key.vault_key(vault)?,
        })
    }

    /// Whether a host's snapshot stores are in the server's own folder. If they are not there,
    /// while that is, they are gone: the folder was lost, and the server restored. What is mounted
    /// there leaves its folder behind when it is away.
    pub(crate) fn is_own_folder(&self, host: &Host) -> bool {
        Path::new(&host.snapshot_store).starts_with(&self.data)
    }

    /// The stores of an item's vault for what is done in the vault itself: with the snapshot store
    /// of the host that comes first. `None` without a host.
    ///
    /// # Errors
    /// `ResourceNotFound`; as [`Control::stores`]; those of the records.
    pub(crate) async fn vault_of_item(
        &self,
        tx: &mut Tx,
        item: &ProtectedItem,
    ) -> Result<Option<Stores>> {
        let hosts = resources::page::<Host>(tx, Scope::All, None, 1).await?;
        match hosts.first() {
            Some(host) => self.stores_of(tx, item, &host.body).await.map(Some),
            None => Ok(None),
        }
    }

    /// The stores of an item's vault, with the snapshot store of each host that may have points
    /// of it: those of a machine that moved stay where they were taken.
    ///
    /// # Errors
    /// `ResourceNotFound`; as [`Control::stores`]; those of the records.
    pub(crate) async fn stores_of_item(
        &self,
        tx: &mut Tx,
        item: &ProtectedItem,
    ) -> Result<Vec<Stores>> {
        let hosts = resources::all::<Host>(tx).await?;
        let named = hosts_with_snapshots(tx, item.data_id).await?;
        let (vault, known) = vault_of(tx, item).await?;
        let mut all = Vec::new();
        for host in hosts {
            let mut stores = self.stores(&vault, &host.body, &known)?;
            stores.snapshots_made |=
                !self.is_own_folder(&host.body) && named.contains(&state::fold(&host.id));
            all.push(stores);
        }
        Ok(all)
    }

    /// The stores of an item's vault on each host that has snapshots of these points, with the ids
    /// of those: of a point whose host is not known, on every host.
    ///
    /// # Errors
    /// `ResourceNotFound`; as [`Control::stores`]; those of the records.
    pub(crate) async fn stores_of_points(
        &self,
        tx: &mut Tx,
        item: &ProtectedItem,
        points: &[&RecoveryPoint],
    ) -> Result<Vec<(Stores, Vec<PointId>)>> {
        if points.is_empty() {
            return Ok(Vec::new());
        }
        let hosts = resources::all::<Host>(tx).await?;
        let (vault, known) = vault_of(tx, item).await?;
        let mut all = Vec::new();
        for host in hosts {
            let id = state::fold(&host.id);
            let may_be = |p: &&&RecoveryPoint| p.body.host.as_ref().is_none_or(|h| *h == id);
            let ids: Vec<PointId> = points.iter().filter(may_be).map(|p| p.point).collect();
            if !ids.is_empty() {
                let mut stores = self.stores(&vault, &host.body, &known)?;
                stores.snapshots_made |= !self.is_own_folder(&host.body)
                    && points.iter().any(|p| has_snapshot_on(p, &id));
                all.push((stores, ids));
            }
        }
        Ok(all)
    }

    /// The stores of an item's vault, with the snapshot store of the host that took a point; that
    /// of the machine's host if it is not known, or gone.
    ///
    /// # Errors
    /// `ResourceNotFound`; as [`Control::stores`]; those of the records.
    pub(crate) async fn stores_of_point(
        &self,
        tx: &mut Tx,
        ground: &Ground,
        point: Option<&RecoveryPoint>,
    ) -> Result<Stores> {
        let host = point.and_then(|p| p.body.host.as_ref());
        let Some(host) = host.filter(|host| **host != ground.host) else {
            return Ok(ground.stores.clone());
        };
        match resources::get::<Host>(tx, host).await? {
            Some(host) => self.stores_of(tx, &ground.item, &host.body).await,
            None => Ok(ground.stores.clone()),
        }
    }

    /// The stores of an item's vault, with its snapshot store on a host.
    ///
    /// # Errors
    /// `ResourceNotFound`; as [`Control::stores`]; those of the records.
    pub(crate) async fn stores_of(
        &self,
        tx: &mut Tx,
        item: &ProtectedItem,
        host: &Host,
    ) -> Result<Stores> {
        let (vault, known) = vault_of(tx, item).await?;
        self.stores(&vault, host, &known)
    }

    /// The host that a machine is on.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub(crate) async fn host_of(&self, tx: &mut Tx, machine: &Machine) -> Result<Record<Host>> {
        let found = resources::get::<Host>(tx, &machine.host).await?;
        found.ok_or_else(|| {
            let detail = format!("there is no host {}", machine.host);
            Error::new(Code::ResourceNotFound, detail)
        })
    }
}

/// The folder of a vault's snapshot store on a host.
pub(crate) fn snapshot_folder(vault: &Vault, host: &Host) -> PathBuf {
    let all = Path::new(&host.snapshot_store);
    match Path::new(&vault.pool).is_absolute() {
        // Attached in its place: a path is no name of a folder.
        true => all.join(vault.store_vault.to_string()),
        false => all.join(&vault.pool),
    }
}

/// The vault of an item, and which of its stores this server has taken.
async fn vault_of(tx: &mut Tx, item: &ProtectedItem) -> Result<(Vault, Owned)> {
    let vault = resources::get::<Vault>(tx, &item.vault).await?;
    let vault = vault.ok_or_else(|| {
        let detail = format!("there is no vault {}", item.vault);
        Error::new(Code::ResourceNotFound, detail)
    })?;
    let known = owned(tx, vault.body.store_vault).await?;
    Ok((vault.body, known))
}

/// Points that are looked at in one page.
const PAGE: u32 = 500;

/// Whether the records say that a point has a snapshot on this host.
fn has_snapshot_on(point: &RecoveryPoint, host: &str) -> bool {
    point.tiers != Tiers::Vault && point.body.host.as_deref() == Some(host)
}

/// Whether there may be a snapshot of an item on this host: one that was adopted may be on any.
pub(crate) async fn may_have_snapshots_on(tx: &mut Tx, item: i64, host: &str) -> Result<bool> {
    let mut after = None;
    loop {
        let page = points::page(tx, item, Range::default(), after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(false);
        };
        after = Some((last.taken_at, last.number));
        let mut of_snapshots = page.iter().filter(|p| p.tiers != Tiers::Vault);
        if of_snapshots.any(|p| p.body.host.as_deref().is_none_or(|h| h == host)) {
            return Ok(true);
        }
    }
}

/// The folded ids of the hosts that have snapshots of an item, as its points say.
pub(crate) async fn hosts_with_snapshots(tx: &mut Tx, item: i64) -> Result<BTreeSet<String>> {
    let (mut hosts, mut after) = (BTreeSet::new(), None);
    loop {
        let page = points::page(tx, item, Range::default(), after, PAGE).await?;
        let Some(last) = page.last() else {
            return Ok(hosts);
        };
        after = Some((last.taken_at, last.number));
        let with_snapshot = page.into_iter().filter(|p| p.tiers != Tiers::Vault);
        hosts.extend(with_snapshot.filter_map(|p| p.body.host));
    }
}
