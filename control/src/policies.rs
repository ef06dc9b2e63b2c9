//! Backup policies of a vault.

use base::{Code, Error, Result};
use policy::{Refusal, refuse_lowering};
use serde_json::{Value, json};
use state::alerts::{AlertBody, AlertRule};
use state::policies::{Policy, PolicySettings};
use state::protected_items::{self as items, Filter};
use state::resources::{self, Record, Scope};
use state::{Tx, WriteTx};

use crate::Control;
use crate::limits::check_policies;
use crate::reconcile::note_edit;
use crate::vaults::refused;

/// What a policy is saved with.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyInput {
    /// Its rules.
    pub policy: policy::Policy,
    /// What else is given back as it came; an object.
    pub properties: Value,
}

/// A policy, and how many items have it.
#[derive(Clone, Debug, PartialEq)]
pub struct CountedPolicy {
    /// The policy.
    pub record: Record<Policy>,
    /// The items that have it, soft-deleted ones too.
    pub items: u64,
}

impl Control {
    /// The id of a policy.
    #[must_use]
    pub fn policy_id(&self, group: &str, vault: &str, name: &str) -> String {
        policy_id(&self.vault_id(group, vault), name)
    }

    /// At most `limit` policies of a vault by id, beginning after the id `after`.
    ///
    /// # Errors
    /// `ResourceNotFound` without the vault; those of the records.
    pub async fn policies(
        &self,
        group: &str,
        vault: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<CountedPolicy>> {
        let mut tx = self.state.read().await?;
        let vault = self.vault_in(&mut tx, group, vault).await?;
        let found = resources::page(&mut tx, Scope::In(&vault.id), after, limit).await?;
        let mut counted = Vec::with_capacity(found.len());
        for record in found {
            counted.push(with_count(&mut tx, record).await?);
        }
        Ok(counted)
    }

    /// The policy of this name.
    ///
    /// # Errors
    /// `ResourceNotFound` without the vault, `PolicyNotFound`; those of the records.
    pub async fn policy(&self, group: &str, vault: &str, name: &str) -> Result<CountedPolicy> {
        let mut tx = self.state.read().await?;
        let record = self.policy_in(&mut tx, group, vault, name).await?;
        with_count(&mut tx, record).await
    }

    /// The policy of this name, as the transaction sees it.
    pub(crate) async fn policy_in(
        &self,
        tx: &mut Tx,
        group: &str,
        vault: &str,
        name: &str,
    ) -> Result<Record<Policy>> {
        let vault = self.vault_in(tx, group, vault).await?;
        let found = resources::get(tx, &policy_id(&vault.id, name)).await?;
        found.ok_or_else(|| {
            let detail = format!("the vault `{}` has no policy `{name}`", vault.name);
            Error::new(Code::PolicyNotFound, detail)
        })
    }

    /// Makes a policy, or puts another in its place (POLICY-1, 17, 26). Durable when this returns.
    ///
    /// # Errors
    /// `PolicyInvalid` or `SnapshotsOutliveVault` naming every broken rule; `ResourceNotFound`
    /// without the vault; `NameInvalid`; `LimitReached`; `PolicyInUse` if its sub-type would
    /// change while items have it; those of the records.
    pub async fn put_policy(
        &self,
        group: &str,
        vault: &str,
        name: &str,
        input: PolicyInput,
    ) -> Result<CountedPolicy> {
        let faults = input.policy.faults();
        if !faults.is_empty() {
            return Err(broken(&faults));
        }
        let mut tx = self.state.write().await?;
        let vault = self.vault_in(&mut tx, group, vault).await?;
        let id = policy_id(&vault.id, name);
        let old = resources::get::<Policy>(&mut tx, &id).await?;
        let now = tx.now();
        check_policies(&mut tx, &vault.id, now, old.is_none()).await?;
        let saved = match old {
            Some(old) => {
                let before = old.body.policy.retention.clone();
                let saved = change(&mut tx, old, input).await?;
                let shorter = refuse_lowering(&before, &saved.body.policy.retention).is_err();
                if shorter && count(&mut tx, &saved).await? > 0 {
                    let detail = "points of its items are kept for a shorter time".to_owned();
                    let body = AlertBody {
                        vault: vault.id.clone(),
                        target: saved.id.clone(),
                        entity: saved.name.clone(),
                        detail,
                        since: tx.now(),
                        ..AlertBody::default()
                    };
                    self.raise(&mut tx, AlertRule::RetentionReduced, body)
                        .await?;
                }
                saved
            }
            None => {
                policy::check_policy_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
                make(&mut tx, &vault.id, name, input).await?
            }
        };
        let counted = with_count(&mut tx, saved).await?;
        tx.commit().await?;
        Ok(counted)
    }

    /// Deletes a policy that no item has; and whether there was one. One of the first policies
    /// is there again at once, as it was in the beginning (VAULT-14). Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound` without the vault; `PolicyInUse`; those of the records.
    pub async fn delete_policy(&self, group: &str, vault: &str, name: &str) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let vault = self.vault_in(&mut tx, group, vault).await?;
        let found = resources::get::<Policy>(&mut tx, &policy_id(&vault.id, name)).await?;
        let Some(old) = found else {
            return Ok(false);
        };
        unused(&mut tx, &old, "be deleted").await?;
        resources::delete(&mut tx, &old).await?;
        for (name, policy) in first_policies() {
            if old.name.eq_ignore_ascii_case(name) {
                make_first(&mut tx, &vault.id, name, policy).await?;
            }
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// Puts a policy in the place of `old`. Its items and their points follow within moments
/// (POLICY-17, 21 to 23).
async fn change(tx: &mut WriteTx, old: Record<Policy>, new: PolicyInput) -> Result<Record<Policy>> {
    if old.body.policy.kind != new.policy.kind {
        unused(tx, &old, "become another sub-type").await?;
    }
    let body = Policy {
        policy: new.policy,
        properties: new.properties,
        extension: old.body.extension,
    };
    note_edit(tx, &old.id).await?;
    resources::update(tx, Record { body, ..old }).await
}

async fn make(
    tx: &mut WriteTx,
    vault: &str,
    name: &str,
    new: PolicyInput,
) -> Result<Record<Policy>> {
    let body = Policy {
        policy: new.policy,
        properties: new.properties,
        extension: PolicySettings::default(),
    };
    resources::create(tx, &policy_id(vault, name), vault, body).await
}

/// The policies that every vault has from its beginning (POLICY-2, 27, 28).
pub(crate) fn first_policies() -> [(&'static str, policy::Policy); 2] {
    [
        ("DefaultPolicy", policy::Policy::standard_default()),
        ("EnhancedPolicy", policy::Policy::enhanced_default()),
    ]
}

/// Makes the first policies of a vault.
pub(crate) async fn make_first_policies(tx: &mut WriteTx, vault: &str) -> Result<()> {
    for (name, policy) in first_policies() {
        make_first(tx, vault, name, policy).await?;
    }
    Ok(())
}

async fn make_first(
    tx: &mut WriteTx,
    vault: &str,
    name: &str,
    policy: policy::Policy,
) -> Result<()> {
    let properties = json!({});
    let first = PolicyInput { policy, properties };
    make(tx, vault, name, first).await.map(drop)
}

/// Deletes all policies of a vault, which go with it.
pub(crate) async fn delete_policies(tx: &mut WriteTx, vault: &str) -> Result<()> {
    for policy in all(tx, vault).await? {
        resources::delete(tx, &policy).await?;
    }
    Ok(())
}

/// The error of broken rules, at least one: the first one's code, and what all of them say.
#[must_use]
pub fn broken(rules: &[Refusal]) -> Error {
    let named = |code: &&Code| rules.first().is_some_and(|r| code.name() == r.code);
    let code = Code::ALL.iter().find(named).copied();
    let say = |r: &Refusal| format!("`{}`: {}. {}.", r.field, r.message, r.remedy);
    let all: Vec<String> = rules.iter().map(say).collect();
    let detail = all.join(" ").trim_end_matches('.').to_owned();
    Error::new(code.unwrap_or(Code::BadArgument), detail)
}

/// Refuses to let `old` do something while items have it.
async fn unused(tx: &mut Tx, old: &Record<Policy>, what: &str) -> Result<()> {
    let items = count(tx, old).await?;
    if items == 0 {
        return Ok(());
    }
    let detail = format!(
        "items that have the policy `{}`: {items}; it can't {what}",
        old.name
    );
    Err(Error::new(Code::PolicyInUse, detail))
}

async fn with_count(tx: &mut Tx, record: Record<Policy>) -> Result<CountedPolicy> {
    let items = count(tx, &record).await?;
    Ok(CountedPolicy { record, items })
}

async fn count(tx: &mut Tx, policy: &Record<Policy>) -> Result<u64> {
    let filter = Filter {
        vault: Some(policy.parent.clone()),
        policy: Some(policy.id.clone()),
        ..Filter::default()
    };
    items::count(tx, &filter).await
}

async fn all(tx: &mut Tx, vault: &str) -> Result<Vec<Record<Policy>>> {
    resources::page(tx, Scope::In(vault), None, u32::MAX).await
}

fn policy_id(vault: &str, name: &str) -> String {
    format!("{vault}/backupPolicies/{name}")
}

#[cfg(test)]
mod tests;
