//! Deleting a vault: only one that holds nothing, by the records and by its store (VAULT-18).

use std::path::Path;

use base::{Code, Error, Result};
use state::Tx;
use state::hosts::Host;
use state::protected_items::{self as items, Filter, ProtectedItem};
use state::resources::{self, Record};
use state::usages;
use state::vaults::Vault;

use super::check_match;
use crate::Control;
use crate::locks::forget_scope;
use crate::ownership::owned;
use crate::plane::Tier;
use crate::policies::delete_policies;
use crate::reconcile::note_deleted;

impl Control {
    /// Deletes a vault without backup data, if it has this eTag. Its record and its policies go; the
    /// store, empty but for its key, leaves the pool soon after. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; `PreconditionFailed`; `VaultNotEmpty`, also for points that the store has
    /// and the records don't list; `AdoptionPending`, `StoreTakenOver`; those of the records and of
    /// the store.
    pub async fn delete_vault(
        &self,
        group: &str,
        name: &str,
        if_match: Option<&str>,
    ) -> Result<()> {
        let mut tx = self.state.read().await?;
        let vault = self.vault_in(&mut tx, group, name).await?;
        check_match(&vault, if_match)?;
        refuse_items(&mut tx, &vault).await?;
        drop(tx);
        self.refuse_stored(&vault).await?;
        let mut tx = self.state.write().await?;
        let vault = self.vault_in(&mut tx, group, name).await?;
        check_match(&vault, if_match)?;
        refuse_items(&mut tx, &vault).await?;
        resources::delete(&mut tx, &vault).await?;
        delete_policies(&mut tx, &vault.id).await?;
        // A store that was attached where it lies is its owner's.
        if !Path::new(&vault.body.pool).is_absolute() {
            note_deleted(&mut tx, &vault.body).await?;
        }
        forget_scope(&mut tx, &vault.id).await?;
        usages::forget_vault(&mut tx, &vault.id).await?;
        tx.commit().await
    }

    /// Refuses a vault whose store holds points, whatever the records say: with it they would go.
    async fn refuse_stored(&self, vault: &Record<Vault>) -> Result<()> {
        let mut tx = self.state.read().await?;
        if !self.is_adopted(&mut tx, vault.body.store_vault).await? {
            let detail = format!("what the store of {} holds is not known yet", vault.name);
            return Err(Error::new(Code::AdoptionPending, detail));
        }
        let hosts = resources::all::<Host>(&mut tx).await?;
        let known = owned(&mut tx, vault.body.store_vault).await?;
        drop(tx);
        let Some(host) = hosts.first() else {
            return Ok(());
        };
        let stores = self.stores(&vault.body, &host.body, &known)?;
        let left = match self.plane.points(&stores, Tier::Vault).await {
            // Nothing is lost with what is not there.
            Err(e) if e.code() == Code::NotAVault => Vec::new(),
            found => found?,
        };
        if left.is_empty() {
            return Ok(());
        }
        let detail = format!(
            "Vault {} has existing resources within the vault: its store holds {} recovery \
             points that are not listed yet",
            vault.name,
            left.len()
        );
        Err(Error::new(Code::VaultNotEmpty, detail))
    }
}

/// Refuses the deletion of a vault that has items, live ones or soft-deleted ones (VAULT-18;
/// SOFT-5). Clients look for the words of the first refusal.
async fn refuse_items(tx: &mut Tx, vault: &Record<Vault>) -> Result<()> {
    let filter = |deleted| Filter {
        vault: Some(vault.id.clone()),
        deleted: Some(deleted),
        ..Filter::default()
    };
    let names = |items: Vec<ProtectedItem>| {
        let each = items.into_iter().map(|item| {
            let name = item.body.friendly_name;
            match item.purge_at {
                Some(at) => format!("{name} (purged on {})", at.strftime("%Y-%m-%d %H:%M UTC")),
                None => name,
            }
        });
        each.collect::<Vec<_>>().join(", ")
    };
    let live = items::page(tx, &filter(false), None, 10).await?;
    if !live.is_empty() {
        let detail = format!(
            "the vault {} can't be deleted as there are existing resources within the vault: \
             protected items of {}",
            vault.name,
            names(live)
        );
        return Err(Error::new(Code::VaultNotEmpty, detail));
    }
    let deleted = items::page(tx, &filter(true), None, 10).await?;
    if deleted.is_empty() {
        return Ok(());
    }
    let detail = format!(
        "the vault {} holds soft-deleted backups of {}",
        vault.name,
        names(deleted)
    );
    Err(Error::new(Code::VaultNotEmpty, detail))
}
