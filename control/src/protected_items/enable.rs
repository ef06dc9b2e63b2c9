//! Enabling protection, changing its policy or disks, and resuming it (PROT-1, 13, 17, 19).

use base::{Code, Error, Result};
use policy::{Limit, refuse_lowering};
use state::alerts::AlertRule;
use state::jobs::JobOperation;
use state::machines::Machine;
use state::policies::Policy;
use state::protected_items::{
    self as items, DiskSelection, Filter, ItemBody, NewItem, ProtectedItem, ProtectionState,
};
use state::resources::{self, Record};
use state::vaults::Vault;
use state::{Tx, WriteTx};

use super::ItemName;
use crate::Control;
use crate::alerts::about;
use crate::jobs::NewJob;
use crate::limits::{check_configurations, limits, within};
use crate::operations::Accepted;
use crate::policy_settings::check_change;
use crate::reconcile::apply_policy;
use crate::vaults::no_vault;

/// What protection is enabled with, or changed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Protect {
    /// The id of the policy.
    pub policy: String,
    /// The id of the machine; `None`: by the item's name.
    pub source: Option<String>,
    /// Which disks are backed up, if that is to change.
    pub disks: Option<Option<DiskSelection>>,
}

/// The machine of this id.
pub(crate) async fn machine(tx: &mut Tx, id: &str) -> Result<Record<Machine>> {
    let found = resources::get::<Machine>(tx, id).await?;
    found.ok_or_else(|| {
        let detail = format!("there is no virtual machine {id}");
        Error::new(Code::ResourceNotFound, detail)
    })
}

impl Control {
    /// Enables protection, or changes or resumes that of an item. Durable when this returns; it
    /// makes no recovery point (POLICY-18).
    ///
    /// # Errors
    /// `ResourceNotFound` (vault, machine), `PolicyNotFound`; `AlreadyProtected` elsewhere;
    /// `WrongRegion`; `MachineInConflict`; `ItemSoftDeleted`; `LimitReached`; those of the
    /// records.
    pub(super) async fn protect(
        &self,
        group: &str,
        vault: &str,
        name: &ItemName,
        change: Protect,
    ) -> Result<Accepted> {
        let id = self.item_id(group, vault, name);
        let mut tx = self.state.write().await?;
        let there = resources::get::<Vault>(&mut tx, &self.vault_id(group, vault)).await?;
        let there = there.ok_or_else(|| no_vault(group, vault))?;
        let now = tx.now();
        check_configurations(&mut tx, &there.id, now).await?;
        let policy = policy(&mut tx, &there, &change.policy).await?;
        let own = self.machine_id(&name.group, &name.machine);
        let source = change.source.as_deref().unwrap_or(&own);
        if state::fold(source) != state::fold(&own) {
            let detail = format!("the item is of {own}, not of {source}");
            return Err(Error::new(Code::InvalidRequestContent, detail));
        }
        let item = match items::get(&mut tx, &id).await? {
            Some(item) => self.changed(&mut tx, item, &policy, change.disks).await?,
            None => {
                let source = machine(&mut tx, source).await?;
                let disks = change.disks.flatten();
                self.enabled(&mut tx, there, source, &policy, disks).await?
            }
        };
        let accepted = self.configured(&mut tx, &item, &policy, true).await?;
        tx.commit().await?;
        self.engine.wake.notify_one();
        Ok(accepted)
    }

    /// Enables protection of a machine that has none, as a rule asks for it. Who asks commits, and
    /// wakes the engine.
    ///
    /// # Errors
    /// Those of [`check_enabling`]; `ResourceExists` if the item is there.
    pub(crate) async fn enable_by_rule(
        &self,
        tx: &mut WriteTx,
        vault: Record<Vault>,
        policy: &Record<Policy>,
        source: Record<Machine>,
    ) -> Result<ProtectedItem> {
        let item = self.enabled(tx, vault, source, policy, None).await?;
        self.configured(tx, &item, policy, false).await?;
        Ok(item)
    }

    /// Writes the job that tells that an item was configured.
    async fn configured(
        &self,
        tx: &mut WriteTx,
        item: &ProtectedItem,
        policy: &Record<Policy>,
        by_user: bool,
    ) -> Result<Accepted> {
        let new = NewJob {
            item,
            operation: JobOperation::ConfigureBackup,
            by_user,
            properties: &[("Policy Name", policy.name.clone())],
        };
        let job = self.done_job(tx, new).await?;
        self.accept(tx, &item.id, job).await
    }

    async fn enabled(
        &self,
        tx: &mut WriteTx,
        vault: Record<Vault>,
        source: Record<Machine>,
        policy: &Record<Policy>,
        disks: Option<DiskSelection>,
    ) -> Result<ProtectedItem> {
        check_enabling(tx, Some(&vault), &source).await?;
        let name = ItemName {
            group: group_of(&source.id).to_owned(),
            machine: source.name.clone(),
        };
        let id = name.id(&vault.id);
        let now = tx.now();
        let mut item = items::create(
            tx,
            NewItem {
                id,
                vault: vault.id.clone(),
                machine: source.body.uuid,
                machine_group: source.parent.clone(),
                policy: Some(policy.id.clone()),
                state: ProtectionState::InitialBackupPending,
                next_run: None,
                body: ItemBody {
                    friendly_name: source.name.clone(),
                    source: source.id.clone(),
                    policy_name: policy.name.clone(),
                    disks,
                    scheduled_from: Some(now),
                    owed_from: Some(now),
                    vaulted_from: Some(now),
                    ..ItemBody::default()
                },
            },
        )
        .await?;
        apply_policy(
            tx,
            &mut item,
            &policy.body.policy,
            self.options.start_spread,
        )
        .await?;
        let item = items::update(tx, item).await?;
        if !vault.body.ever_protected {
            let mut vault = vault;
            vault.body.ever_protected = true;
            resources::update(tx, vault).await?;
        }
        Ok(item)
    }

    async fn changed(
        &self,
        tx: &mut WriteTx,
        mut item: ProtectedItem,
        policy: &Record<Policy>,
        disks: Option<Option<DiskSelection>>,
    ) -> Result<ProtectedItem> {
        if item.purge_at.is_some() {
            let detail = format!(
                "the backups of {} are soft-deleted",
                item.body.friendly_name
            );
            return Err(Error::new(Code::ItemSoftDeleted, detail));
        }
        check_change(
            &item.body.friendly_name,
            item.body.policy_seen.as_ref(),
            policy,
        )?;
        self.catch_up(tx, &mut item).await?;
        use ProtectionState::{
            BackupsSuspended, InitialBackupPending, Protected, ProtectionPaused, ProtectionStopped,
        };
        if matches!(
            item.state,
            ProtectionStopped | BackupsSuspended | ProtectionPaused
        ) {
            // Resumed: nothing of before is owed (PROT-13).
            item.state = match item.body.last_point {
                Some(_) => Protected,
                None => InitialBackupPending,
            };
            item.body.scheduled_from = Some(tx.now());
            item.body.owed_from = Some(tx.now());
            item.body.vaulted_from = Some(tx.now());
        }
        let before = item.body.policy_seen.as_ref().map(|p| &p.retention);
        let after = &policy.body.policy.retention;
        if before.is_some_and(|before| refuse_lowering(before, after).is_err()) {
            let detail = format!("its points are kept for a shorter time by {}", policy.name);
            let body = about(&item, detail, tx.now());
            self.raise(tx, AlertRule::RetentionReduced, body).await?;
        }
        item.policy = Some(policy.id.clone());
        item.body.policy_name.clone_from(&policy.name);
        if let Some(disks) = disks {
            item.body.disks = disks;
        }
        apply_policy(
            tx,
            &mut item,
            &policy.body.policy,
            self.options.start_spread,
        )
        .await?;
        items::update(tx, item).await
    }
}

/// Refuses a machine that can't be protected now, in this vault if one is named.
///
/// # Errors
/// `WrongRegion`, `MachineNotFound`, `MachineInConflict`, `AlreadyProtected`, `ItemSoftDeleted`,
/// `LimitReached`; those of the records.
pub(crate) async fn check_enabling(
    tx: &mut Tx,
    vault: Option<&Record<Vault>>,
    source: &Record<Machine>,
) -> Result<()> {
    check_machine(vault, source)?;
    let all = items::of_machine(tx, source.body.uuid, &source.parent).await?;
    if let Some(other) = all.iter().find(|item| item.purge_at.is_none()) {
        let detail = format!("machine {} is protected as {}", source.name, other.id);
        return Err(Error::new(Code::AlreadyProtected, detail));
    }
    let Some(vault) = vault else { return Ok(()) };
    let here = state::fold(&vault.id);
    if all.iter().any(|item| item.vault == here) {
        let detail = format!("the backups of {} are soft-deleted", source.name);
        return Err(Error::new(Code::ItemSoftDeleted, detail));
    }
    let filter = Filter {
        vault: Some(vault.id.clone()),
        ..Filter::default()
    };
    let count = items::count(tx, &filter).await?;
    let limits = limits(tx).await?;
    within(&limits, Limit::Machines, count)?;
    within(&limits, Limit::DataSources, count)
}

/// The group's name in an id, as it was first written.
pub(crate) fn group_of(id: &str) -> &str {
    id.split('/').nth(4).unwrap_or_default()
}

/// Refuses a machine that can't be protected in the vault now.
pub(crate) fn check_machine(vault: Option<&Record<Vault>>, source: &Record<Machine>) -> Result<()> {
    if let Some(vault) = vault
        && source.body.location != vault.body.location
    {
        let detail = format!(
            "machine {} is in {}, the vault in {}",
            source.name, source.body.location, vault.body.location
        );
        return Err(Error::new(Code::WrongRegion, detail));
    }
    if source.body.vanished.is_some() {
        let detail = format!("machine {} is no longer on its host", source.name);
        return Err(Error::new(Code::MachineNotFound, detail));
    }
    if let Some(other) = source.body.also_on.first() {
        let detail = format!(
            "machine {} is on two hosts at once: {} and {other}",
            source.name, source.body.host
        );
        return Err(Error::new(Code::MachineInConflict, detail));
    }
    Ok(())
}

async fn policy(tx: &mut Tx, vault: &Record<Vault>, id: &str) -> Result<Record<Policy>> {
    let found = resources::get::<Policy>(tx, id).await?;
    let here = found.filter(|p| p.parent == state::fold(&vault.id));
    here.ok_or_else(|| {
        let detail = format!("the vault {} has no policy {id}", vault.name);
        Error::new(Code::PolicyNotFound, detail)
    })
}
