//! Rules that protect machines by themselves, or tell which are not protected (DISC-12).
//!
//! A rule protects what nobody has decided about. A machine that has an item in any state, be it
//! stopped or soft-deleted, or whose backups somebody has deleted, is left alone.

mod matched;
mod place;

use std::collections::{BTreeMap, BTreeSet};

use base::{Code, Error, Result};

use state::protection_rules::{ProtectionRule, Rule, RuleEffect, RuleMachines};
use state::resources::{self, Record};
use state::vaults::Vault;
use state::{Tx, WriteTx, fold};

use crate::policies::first_policies;
use crate::protected_items::group_of;
use crate::vaults::{no_vault, refused};
use crate::{Control, Location};

pub use matched::{RuledMachine, RuledState};
pub(crate) use matched::{is_for, stands};
pub(crate) use place::{Place, failure, refuse};

impl Control {
    /// All rules, by name.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn protection_rules(&self) -> Result<Vec<Record<ProtectionRule>>> {
        resources::all(&mut self.state.read().await?).await
    }

    /// The rule of this name.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn protection_rule(&self, name: &str) -> Result<Record<ProtectionRule>> {
        let what = format!("protection rule `{name}`");
        self.one(&self.protection_rule_id(name), &what).await
    }

    /// Makes a rule or changes one; and whether it was made. It is followed with the next round.
    /// Durable when this returns.
    ///
    /// # Errors
    /// `NameInvalid`, also for the names of the vaults that it would make; `BadArgument` for parts
    /// that don't go together; `LocationUnknown`; `GroupNotFound`; `ResourceNotFound` (vault),
    /// `PolicyNotFound`, `WrongRegion`; those of the records.
    pub async fn put_protection_rule(
        &self,
        name: &str,
        rule: Rule,
    ) -> Result<(Record<ProtectionRule>, bool)> {
        policy::check_fabric_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
        check_parts(&rule)?;
        let locations = match &rule.location {
            Some(location) => vec![self.check_location(location).await?],
            None => self.locations().await?,
        };
        let id = self.protection_rule_id(name);
        let mut tx = self.state.write().await?;
        let rule = self.checked(&mut tx, name, rule, &locations).await?;
        let now = tx.now();
        let new = |since, made| ProtectionRule {
            rule: rule.clone(),
            since,
            made,
            failures: Vec::new(),
        };
        let done = match resources::get::<ProtectionRule>(&mut tx, &id).await? {
            Some(mut there) => {
                let same = is_for_the_same(&there.body.rule, &rule);
                let since = if same { there.body.since } else { now };
                let is_same_group = there.body.rule.new_vault_group == rule.new_vault_group;
                let made = match is_same_group {
                    true => std::mem::take(&mut there.body.made),
                    false => BTreeMap::new(),
                };
                there.body = new(since, made);
                (resources::update(&mut tx, there).await?, false)
            }
            None => {
                let parent = self.subscription_id();
                let made =
                    resources::create(&mut tx, &id, &parent, new(now, BTreeMap::new())).await?;
                (made, true)
            }
        };
        tx.commit().await?;
        Ok(done)
    }

    /// Removes a rule; and whether there was one. What it has protected stays protected, and the
    /// vaults that it has made stay. Durable when this returns.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn delete_protection_rule(&self, name: &str) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let id = self.protection_rule_id(name);
        let Some(rule) = resources::get::<ProtectionRule>(&mut tx, &id).await? else {
            return Ok(false);
        };
        resources::delete(&mut tx, &rule).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The id of a rule.
    #[must_use]
    pub fn protection_rule_id(&self, name: &str) -> String {
        let subscription = self.subscription_id();
        format!("{subscription}/providers/Stillpoint.Fabric/protectionRules/{name}")
    }

    /// The rule with names as they were first written, if all that it names is there.
    async fn checked(
        &self,
        tx: &mut Tx,
        name: &str,
        mut rule: Rule,
        locations: &[Location],
    ) -> Result<Rule> {
        if rule.location.is_some() {
            rule.location = locations.first().map(|l| l.name.clone());
        }
        if let Some(group) = &rule.resource_group {
            rule.resource_group = Some(self.group_in(tx, group).await?.name);
        }
        if let Some(group) = &rule.new_vault_group {
            rule.new_vault_group = Some(self.group_in(tx, group).await?.name);
            rule.policy_name = first_policy(&rule.policy_name)?.to_owned();
            for location in locations {
                policy::check_vault_name(&vault_name(name, &location.name))
                    .map_err(|r| refused(Code::NameInvalid, &r))?;
            }
        }
        if let Some(id) = &rule.vault_id {
            let vault = vault(tx, id).await?;
            let (group, there) = (group_of(&vault.id), &vault.body.location);
            if let Some(location) = rule.location.filter(|l| l != there) {
                let detail = format!(
                    "the vault {} is in {there}, and protects no machines in {location}",
                    vault.name
                );
                return Err(Error::new(Code::WrongRegion, detail));
            }
            let policy = &rule.policy_name;
            rule.policy_name = self.policy_in(tx, group, &vault.name, policy).await?.name;
            rule.location = Some(there.clone());
            rule.vault_id = Some(vault.id);
        }
        Ok(rule)
    }
}

/// Refuses parts that don't go together.
fn check_parts(rule: &Rule) -> Result<()> {
    let by_tag = rule.machines != RuleMachines::All;
    let protects = rule.effect == RuleEffect::Protect;
    let vaults = usize::from(rule.vault_id.is_some()) + usize::from(rule.new_vault_group.is_some());
    let detail = if by_tag && rule.tag_name.is_none() {
        "a rule for machines with or without a tag needs its tagName"
    } else if !by_tag && (rule.tag_name.is_some() || !rule.tag_values.is_empty()) {
        "a rule for all machines goes by no tag: machines is WithTag or WithoutTag"
    } else if protects && vaults != 1 {
        "a rule that protects needs a vaultId, or a newVaultGroup to make vaults in, not both"
    } else if !protects && vaults != 0 {
        "a rule that is AuditOnly has neither a vaultId nor a newVaultGroup"
    } else {
        return Ok(());
    };
    Err(Error::new(Code::BadArgument, detail))
}

/// Whether two rules do the same, for the same machines.
fn is_for_the_same(a: &Rule, b: &Rule) -> bool {
    let of = |rule: &Rule| {
        (
            rule.machines,
            rule.tag_name.as_deref().map(str::to_ascii_lowercase),
            rule.tag_values.iter().cloned().collect::<BTreeSet<_>>(),
            rule.location.clone(),
            rule.resource_group.as_deref().map(fold),
            rule.effect,
        )
    };
    of(a) == of(b)
}

/// Brings the rules that protect in the vault `from` to its new id.
pub(crate) async fn follow_vault(tx: &mut WriteTx, from: &str, to: &str) -> Result<()> {
    for mut rule in resources::all::<ProtectionRule>(tx).await? {
        let body = &mut rule.body;
        let ids = body.made.values_mut().chain(&mut body.rule.vault_id);
        let mut ids: Vec<_> = ids.filter(|id| fold(id) == fold(from)).collect();
        if ids.is_empty() {
            continue;
        }
        for id in &mut ids {
            to.clone_into(id);
        }
        resources::update(tx, rule).await?;
    }
    Ok(())
}

/// The policy of this name, in any case, of those that a new vault has.
fn first_policy(name: &str) -> Result<&'static str> {
    let all = first_policies().map(|(name, _)| name);
    let found = all.into_iter().find(|p| p.eq_ignore_ascii_case(name));
    found.ok_or_else(|| {
        let detail = format!(
            "a new vault has no policy `{name}`, only {}",
            all.join(", ")
        );
        Error::new(Code::PolicyNotFound, detail)
    })
}

/// The name of the vault that a rule makes in a location.
fn vault_name(rule: &str, location: &str) -> String {
    format!("{rule}-{location}")
}

/// The vault of this id.
async fn vault(tx: &mut Tx, id: &str) -> Result<Record<Vault>> {
    let found = resources::get::<Vault>(tx, id).await?;
    found.ok_or_else(|| no_vault(group_of(id), id.rsplit('/').next().unwrap_or(id)))
}
