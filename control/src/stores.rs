//! Where a vault's data lies, for the data plane.

use base::{Code, Error, Result};
use state::Record;
use state::hosts::Host;
use state::machines::Machine;
use state::protected_items::ProtectedItem;
use state::resources::Scope;
use state::vaults::Vault;
use state::{Tx, resources};
use zeroize::Zeroizing;

use crate::Control;
use crate::plane::Stores;

impl Control {
    /// The stores of a vault, with its snapshot store on a host.
    ///
    /// # Errors
    /// `ServerKeyInvalid`.
    pub(crate) fn stores(&self, vault: &Vault, host: &Host) -> Result<Stores> {
        let name = format!("vault {}", vault.store_vault);
        let key = self.key.open(&name, &vault.wrapped_key)?;
        let key = String::from_utf8(key.to_vec()).map_err(|e| {
            let detail = format!("the key of vault {} is no text", vault.store_vault);
            Error::new(Code::ServerKeyInvalid, detail).because(e)
        })?;
        Ok(Stores {
            id: vault.store_vault,
            vault: self.pool.join(&vault.pool),
            snapshots: std::path::Path::new(&host.snapshot_store).join(&vault.pool),
            key: Zeroizing::new(key),
        })
    }

    /// The stores of an item's vault, with the snapshot store of each host that may have points
    /// of it: those of a machine that moved stay where they were taken.
    ///
    /// # Errors
    /// `ServerKeyInvalid`, `ResourceNotFound`; those of the records.
    pub(crate) async fn stores_of_item(
        &self,
        tx: &mut Tx,
        item: &ProtectedItem,
    ) -> Result<Vec<Stores>> {
        let hosts = resources::page::<Host>(tx, Scope::All, None, u32::MAX).await?;
        let mut all = Vec::new();
        for host in hosts {
            all.push(self.stores_of(tx, item, &host.body).await?);
        }
        Ok(all)
    }

    /// The stores of an item's vault, with its snapshot store on a host.
    ///
    /// # Errors
    /// `ServerKeyInvalid`, `ResourceNotFound`; those of the records.
    pub(crate) async fn stores_of(
        &self,
        tx: &mut Tx,
        item: &ProtectedItem,
        host: &Host,
    ) -> Result<Stores> {
        let vault = resources::get::<Vault>(tx, &item.vault).await?;
        let vault = vault.ok_or_else(|| {
            let detail = format!("there is no vault {}", item.vault);
            Error::new(Code::ResourceNotFound, detail)
        })?;
        self.stores(&vault.body, host)
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
