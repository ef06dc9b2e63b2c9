//! What a rule makes of each machine.

use base::{Error, Kind, Result};
use state::Tx;
use state::machines::Machine;
use state::protected_items::{self as items, ProtectedItem};
use state::protection_rules::{ProtectionRule, Rule, RuleEffect, RuleMachines};
use state::resources::{self, Record, Scope};

use crate::Control;
use crate::discovery::machines::found_at;
use crate::protected_items::is_active;

/// A machine that a rule is for.
#[derive(Debug)]
pub struct RuledMachine {
    /// The machine.
    pub machine: Record<Machine>,
    /// How it stands.
    pub state: RuledState,
    /// The id of its live item, in whichever vault.
    pub item: Option<String>,
    /// What keeps the rule from protecting it.
    pub refusal: Option<Error>,
}

/// How a machine stands that a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuledState {
    /// It is protected, by whomever.
    Protected,
    /// Somebody has stopped its protection or deleted its backups: no rule protects it.
    Stopped,
    /// It is not protected, and the rule doesn't do it: it is for audit only, or the machine was
    /// there before it.
    Unprotected,
    /// It is protected with one of the next rounds.
    Pending,
    /// It would be, but something keeps the rule from it.
    Refused,
}

impl Control {
    /// At most `limit` machines that a rule is for, of those in one state or of all, by id,
    /// beginning after the id `after`.
    ///
    /// # Errors
    /// `ResourceNotFound` without the rule; those of the records.
    pub async fn ruled_machines(
        &self,
        name: &str,
        state: Option<RuledState>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<RuledMachine>> {
        let rule = self.protection_rule(name).await?;
        let group = self.group_of_rule(&rule.body.rule);
        let subscription = self.subscription_id();
        let mut tx = self.state.read().await?;
        let mut all = Vec::new();
        let mut after = after.map(str::to_owned);
        loop {
            let scope = Scope::Below(group.as_deref().unwrap_or(&subscription));
            let page: Vec<Record<Machine>> =
                resources::page(&mut tx, scope, after.as_deref(), limit).await?;
            let Some(last) = page.last() else {
                return Ok(all);
            };
            after = Some(last.id.clone());
            for machine in page {
                if !is_for(&rule.body.rule, &machine) {
                    continue;
                }
                let found = self.ruled(&mut tx, &rule, machine).await?;
                if state.is_none_or(|state| state == found.state) {
                    all.push(found);
                }
                if all.len() >= limit as usize {
                    return Ok(all);
                }
            }
        }
    }

    /// The id of the group whose machines alone a rule is for, if it names one.
    pub(crate) fn group_of_rule(&self, rule: &Rule) -> Option<String> {
        rule.resource_group.as_deref().map(|g| self.group_id(g))
    }

    async fn ruled(
        &self,
        tx: &mut Tx,
        rule: &Record<ProtectionRule>,
        machine: Record<Machine>,
    ) -> Result<RuledMachine> {
        let (mut state, item) = stands(tx, rule, &machine).await?;
        let mut refusal = None;
        if state == RuledState::Pending
            && let Err(e) = self.may_protect(tx, rule, &machine).await
        {
            if e.kind() == Kind::Unavailable {
                return Err(e);
            }
            state = RuledState::Refused;
            refusal = Some(e);
        }
        Ok(RuledMachine {
            machine,
            state,
            item: item.map(|item| item.id),
            refusal,
        })
    }
}

/// Whether a rule is for a machine, of those in its group.
pub(crate) fn is_for(rule: &Rule, machine: &Record<Machine>) -> bool {
    let body = &machine.body;
    let is_tagged = || {
        let name = rule.tag_name.as_deref().unwrap_or_default();
        let values = &rule.tag_values;
        let counts = |value: &String| values.is_empty() || values.contains(value);
        let mut tags = body.said.tags.iter();
        tags.any(|(tag, value)| tag.eq_ignore_ascii_case(name) && counts(value))
    };
    body.vanished.is_none()
        && rule.location.as_ref().is_none_or(|l| *l == body.location)
        && match rule.machines {
            RuleMachines::All => true,
            RuleMachines::WithTag => is_tagged(),
            RuleMachines::WithoutTag => !is_tagged(),
        }
}

/// How a machine stands that a rule is for, as long as nothing keeps the rule from protecting it;
/// and its live item.
pub(crate) async fn stands(
    tx: &mut Tx,
    rule: &Record<ProtectionRule>,
    machine: &Record<Machine>,
) -> Result<(RuledState, Option<ProtectedItem>)> {
    let all = items::of_machine(tx, machine.body.uuid, &machine.parent).await?;
    let any = !all.is_empty();
    let live = all.into_iter().find(|item| item.purge_at.is_none());
    let state = if live.as_ref().is_some_and(is_active) {
        RuledState::Protected
    } else if any || machine.body.said.backups_deleted.is_some() {
        RuledState::Stopped
    } else if is_due(&rule.body, machine) {
        RuledState::Pending
    } else {
        RuledState::Unprotected
    };
    Ok((state, live))
}

/// Whether a rule protects machines like this one, if nobody has decided about it: all that it is
/// for, or those that were found, or got or lost its tag, since then.
fn is_due(rule: &ProtectionRule, machine: &Record<Machine>) -> bool {
    let name = rule.rule.tag_name.as_deref().map(str::to_lowercase);
    let tagged = name.and_then(|name| machine.body.said.tagged.get(&name).copied());
    let asked = tagged.max(Some(found_at(machine)));
    rule.rule.effect == RuleEffect::Protect && (rule.rule.remediate || asked > Some(rule.since))
}
