//! Taking away a host that was added, with what was found on it.

use base::{Code, Error, Result};
use state::hosts::Host;
use state::machines::Machine;
use state::networks::Network;
use state::resources::{self, Record};
use state::storage_accounts::StorageAccount;
use state::{Resource, WriteTx, fold};

use super::{is_first, protected};
use crate::Control;
use crate::locks::forget_scope;
use crate::restore_folders::refuse_restores;

impl Control {
    /// Takes away a host with the records of its machines, networks and restore folders; and
    /// whether there was one. Nothing goes from the host or from a folder. Durable when this
    /// returns.
    ///
    /// # Errors
    /// `ResourceInUse` for the server's own host, while a machine of it is protected or has
    /// recovery points, while there are snapshots in its store, and while a restore goes to one
    /// of its folders; those of the records.
    pub async fn delete_host(&self, name: &str) -> Result<bool> {
        let id = self.host_id(name);
        let known = resources::get::<Host>(&mut self.state.read().await?, &id).await?;
        let Some(known) = known else {
            return Ok(false);
        };
        self.refuse_snapshots(&known).await?;
        let mut tx = self.state.write().await?;
        let Some(host) = resources::get::<Host>(&mut tx, &id).await? else {
            return Ok(false);
        };
        if is_first(&mut tx, &host).await? {
            let detail = format!("{} is the server's own host, and stays", host.name);
            return Err(Error::new(Code::ResourceInUse, detail));
        }
        let folded = fold(&host.id);
        if let Some(machine) = protected(&mut tx, &folded).await? {
            let detail = format!("{machine} on {} is protected or has points", host.name);
            return Err(Error::new(Code::ResourceInUse, detail));
        }
        let folders = found(&mut tx, |f: &StorageAccount| f.host == folded).await?;
        for folder in &folders {
            refuse_restores(&mut tx, folder).await?;
        }
        delete(&mut tx, &folders).await?;
        let machines = found(&mut tx, |m: &Machine| m.host == folded).await?;
        delete(&mut tx, &machines).await?;
        let networks = found(&mut tx, |n: &Network| n.host == folded).await?;
        delete(&mut tx, &networks).await?;
        delete(&mut tx, &[host]).await?;
        tx.commit().await?;
        Ok(true)
    }
}

async fn found<T: Resource>(
    tx: &mut WriteTx,
    is_its: impl Fn(&T) -> bool,
) -> Result<Vec<Record<T>>> {
    let mut all: Vec<Record<T>> = resources::all(tx).await?;
    all.retain(|record| is_its(&record.body));
    Ok(all)
}

async fn delete<T: Resource>(tx: &mut WriteTx, all: &[Record<T>]) -> Result<()> {
    for record in all {
        resources::delete(tx, record).await?;
        forget_scope(tx, &record.id).await?;
    }
    Ok(())
}
