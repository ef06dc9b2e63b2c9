//! Moving vaults to another group (VAULT-16).

use std::collections::BTreeSet;

use base::{Code, Error, Result};
use state::jobs::{self, Filter};
use state::resources::Record;
use state::vaults::Vault;
use state::{Tx, fold, moves};

use crate::Control;
use crate::actions::{VAULT_DELETE, VAULT_WRITE};
use crate::locks::refuse_locked;
use crate::protection_rules::follow_vault;

impl Control {
    /// Moves vaults of one group to another, all or none: with their policies, locks and roles,
    /// their items, points, jobs and alerts; rules protect in them as before. Their stores stay
    /// where they are. Ids under the old group name nothing any more. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; `GroupNotFound`; `BadArgument` if it is the same group; `ScopeLocked`
    /// for a vault that a lock keeps, or a group that takes nothing; `ResourceInUse` while a job
    /// of the vault runs; those of the records.
    pub async fn move_vaults(&self, group: &str, names: &BTreeSet<String>, to: &str) -> Result<()> {
        let mut tx = self.state.write().await?;
        let target = self.group_in(&mut tx, to).await?;
        for name in names {
            let vault = self.vault_in(&mut tx, group, name).await?;
            if vault.parent == fold(&target.id) {
                let detail = format!("{} is in the group {} already", vault.name, target.name);
                return Err(Error::new(Code::BadArgument, detail));
            }
            let id = self.vault_id(&target.name, &vault.name);
            refuse_locked(&mut tx, VAULT_DELETE, &vault.id).await?;
            refuse_locked(&mut tx, VAULT_WRITE, &id).await?;
            refuse_jobs(&mut tx, &vault).await?;
            moves::move_vault(&mut tx, &vault.id, &id, &target.id).await?;
            follow_vault(&mut tx, &vault.id, &id).await?;
        }
        tx.commit().await
    }
}

async fn refuse_jobs(tx: &mut Tx, vault: &Record<Vault>) -> Result<()> {
    let filter = Filter {
        vault: Some(vault.id.clone()),
        unfinished: true,
        ..Filter::default()
    };
    let running = jobs::page(tx, &filter, None, 1).await?;
    let Some(job) = running.first() else {
        return Ok(());
    };
    let detail = format!(
        "the vault {} can't be moved while its job {} runs",
        vault.name, job.id
    );
    Err(Error::new(Code::ResourceInUse, detail))
}
