//! Where a rule protects machines, and what keeps it from that.

use base::{Code, Error, Result};
use state::Tx;
use state::machines::Machine;
use state::policies::Policy;
use state::protection_rules::{ProtectionRule, RuleFailure};
use state::resources::{self, Record};
use state::vaults::Vault;

use super::{vault, vault_name};
use crate::Control;
use crate::actions::{ITEM_WRITE, MACHINE_WRITE};
use crate::limits::check_configurations;
use crate::locks::refuse_locked;
use crate::protected_items::{check_enabling, group_of};

/// Where a rule protects the machines of a location.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) vault: Record<Vault>,
    pub(crate) policy: Record<Policy>,
}

impl Control {
    /// Where a rule protects the machines of a location; `None`: in a vault that it has yet to
    /// make.
    ///
    /// # Errors
    /// `ResourceNotFound` (vault), `PolicyNotFound`; `WrongRegion`; `ScopeLocked`; `LimitReached`;
    /// those of the records.
    pub(crate) async fn place(
        &self,
        tx: &mut Tx,
        rule: &Record<ProtectionRule>,
        location: &str,
    ) -> Result<Option<Place>> {
        let there = match (&rule.body.rule.vault_id, self.own_vault(rule, location)) {
            (_, Some((group, name))) => {
                let id = self.vault_id(&group, &name);
                let id = rule.body.made.get(location).unwrap_or(&id);
                let found = resources::get::<Vault>(tx, id).await?;
                let Some(found) = found else { return Ok(None) };
                found
            }
            (Some(id), None) => vault(tx, id).await?,
            (None, None) => return Ok(None),
        };
        if there.body.location != location {
            let detail = format!(
                "the vault {} is in {}, not in {location}",
                there.id, there.body.location
            );
            return Err(Error::new(Code::WrongRegion, detail));
        }
        let (group, name) = (group_of(&there.id), &rule.body.rule.policy_name);
        let policy = self.policy_in(tx, group, &there.name, name).await?;
        refuse_locked(tx, ITEM_WRITE, &there.id).await?;
        let now = tx.now();
        check_configurations(tx, &there.id, now).await?;
        Ok(Some(Place {
            vault: there,
            policy,
        }))
    }

    /// Group and name of the vault that a rule makes in a location, if it makes any.
    pub(crate) fn own_vault(
        &self,
        rule: &Record<ProtectionRule>,
        location: &str,
    ) -> Option<(String, String)> {
        let group = rule.body.rule.new_vault_group.clone()?;
        Some((group, vault_name(&rule.name, location)))
    }

    /// Refuses a machine that a rule can't protect now.
    ///
    /// # Errors
    /// As [`Control::place`] and [`refuse`]; what kept the rule from making the vault.
    pub(super) async fn may_protect(
        &self,
        tx: &mut Tx,
        rule: &Record<ProtectionRule>,
        machine: &Record<Machine>,
    ) -> Result<()> {
        let location = &machine.body.location;
        if let Some(place) = self.place(tx, rule, location).await? {
            return refuse(tx, &place.vault, machine).await;
        }
        let mut failures = rule.body.failures.iter();
        match failures.find(|f| f.location == *location) {
            Some(failure) => Err(error(failure)),
            None => Ok(()),
        }
    }
}

/// Refuses a machine that can't be protected in the vault now.
///
/// # Errors
/// `ScopeLocked`; those of [`check_enabling`].
pub(crate) async fn refuse(
    tx: &mut Tx,
    vault: &Record<Vault>,
    machine: &Record<Machine>,
) -> Result<()> {
    refuse_locked(tx, MACHINE_WRITE, &machine.id).await?;
    check_enabling(tx, Some(vault), machine).await
}

/// What is kept of an error in a location.
pub(crate) fn failure(location: &str, error: &Error) -> RuleFailure {
    RuleFailure {
        location: location.to_owned(),
        code: error.code().name().to_owned(),
        detail: error.detail().to_owned(),
    }
}

fn error(failure: &RuleFailure) -> Error {
    let known = Code::ALL.iter().find(|c| c.name() == failure.code);
    let code = known.copied().unwrap_or(Code::Internal);
    Error::new(code, failure.detail.clone())
}
