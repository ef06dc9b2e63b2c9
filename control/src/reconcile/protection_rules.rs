//! Rules that protect machines (DISC-12): those that nobody has decided about, at most 200 a round
//! over all rules.
//!
//! What keeps a rule from protecting any machine of a location stands at the rule, and is tried
//! again with the next round; what keeps it from a single machine is told by the list of its
//! machines, and keeps no other waiting.

use std::collections::{BTreeMap, BTreeSet};

use base::{Error, Kind, Result};
use serde_json::json;
use state::activity::{self, Entry};
use state::machines::Machine;
use state::protected_items;
use state::protection_rules::{ProtectionRule, RuleEffect, RuleFailure};
use state::resources::{self, Record, Scope};
use state::{Tx, WriteTx, fold};
use uuid::Uuid;

use super::rests::Round;
use crate::Control;
use crate::actions::VAULT_WRITE;
use crate::locks::refuse_locked;
use crate::protection_rules::{Place, RuledState, failure, is_for, refuse, stands};
use crate::vaults::VaultInput;

/// How many machines are protected in a round.
const MOST: usize = 200;
/// Machines that are looked at in one page.
const PAGE: u32 = 1000;
/// What a rule does, as the activity log tells it.
const PROTECT: &str = "Stillpoint.Fabric/protectionRules/protect/action";
const MAKE_VAULT: &str = "Stillpoint.Fabric/protectionRules/makeVaults/action";

/// What a round has found of a rule's locations: that machines are protected there, or why not.
type Locations = BTreeMap<String, Option<RuleFailure>>;

impl Control {
    /// Protects what the rules ask for, every five minutes.
    pub(super) async fn follow_rules(&self) -> Result<()> {
        if !self.rests.is_due(Round::ProtectionRules, self.now()) {
            return Ok(());
        }
        let rules = self.protection_rules().await?;
        let known = protected_items::machines(&mut self.state.read().await?).await?;
        let mut left = MOST;
        for rule in rules {
            if rule.body.rule.effect == RuleEffect::AuditOnly {
                continue;
            }
            let mut locations = Locations::new();
            if let (Some(_), Some(location)) = (&rule.body.rule.vault_id, &rule.body.rule.location)
            {
                self.look_at(&rule, location, &mut locations).await?;
            }
            let whole = self
                .follow_rule(&rule, &known, &mut left, &mut locations)
                .await?;
            self.note_failures(&rule, locations, whole).await?;
        }
        Ok(())
    }

    /// Protects machines of a rule, of those that no item was known to refer to; and whether all
    /// were looked at.
    async fn follow_rule(
        &self,
        rule: &Record<ProtectionRule>,
        known: &BTreeSet<(Uuid, String)>,
        left: &mut usize,
        locations: &mut Locations,
    ) -> Result<bool> {
        let scope = self.group_of_rule(&rule.body.rule);
        let scope = scope.unwrap_or_else(|| self.subscription_id());
        let mut after: Option<String> = None;
        loop {
            let mut tx = self.state.read().await?;
            let below = Scope::Below(&scope);
            let page: Vec<Record<Machine>> =
                resources::page(&mut tx, below, after.as_deref(), PAGE).await?;
            drop(tx);
            let Some(last) = page.last() else {
                return Ok(true);
            };
            after = Some(last.id.clone());
            let is_new = |m: &Record<Machine>| !known.contains(&(m.body.uuid, m.parent.clone()));
            for machine in page
                .iter()
                .filter(|m| is_for(&rule.body.rule, m) && is_new(m))
            {
                if *left == 0 {
                    return Ok(false);
                }
                match self.follow_for(rule, machine, locations).await {
                    Ok(protected) => *left -= usize::from(protected),
                    Err(e) if e.kind() == Kind::Unavailable => return Err(e),
                    Err(e) => tracing::error!("the rule {} for {}: {e:?}", rule.name, machine.id),
                }
            }
        }
    }

    /// Protects a machine, if that is due and nothing keeps the rule from it; and whether it did.
    async fn follow_for(
        &self,
        rule: &Record<ProtectionRule>,
        machine: &Record<Machine>,
        locations: &mut Locations,
    ) -> Result<bool> {
        let mut tx = self.state.read().await?;
        if stands(&mut tx, rule, machine).await?.0 != RuledState::Pending {
            return Ok(false);
        }
        drop(tx);
        let location = &machine.body.location;
        if !locations.contains_key(location) {
            self.look_at(rule, location, locations).await?;
        }
        if locations.get(location).is_some_and(Option::is_some) {
            return Ok(false);
        }
        // Who only reads keeps no writer waiting.
        let mut tx = self.state.read().await?;
        if self.ready(&mut tx, rule, machine).await?.is_none() {
            return Ok(false);
        }
        drop(tx);
        let mut tx = self.state.write().await?;
        let Some((place, machine)) = self.ready(&mut tx, rule, machine).await? else {
            return Ok(false);
        };
        let Place { vault, policy } = place;
        let item = self.enable_by_rule(&mut tx, vault, &policy, machine);
        let Some(item) = refused(item.await)? else {
            return Ok(false);
        };
        self.log_rule(&mut tx, rule, PROTECT, &item.id).await?;
        tx.commit().await?;
        self.engine.wake.notify_one();
        Ok(true)
    }

    /// Where a machine is to be protected by a rule, and the machine, both as they are now; `None`
    /// if it is not to be, or can't be.
    async fn ready(
        &self,
        tx: &mut Tx,
        rule: &Record<ProtectionRule>,
        machine: &Record<Machine>,
    ) -> Result<Option<(Place, Record<Machine>)>> {
        let found = resources::get::<ProtectionRule>(tx, &rule.id).await?;
        let Some(rule) = found.filter(|now| now.body.rule == rule.body.rule) else {
            return Ok(None);
        };
        let found = resources::get::<Machine>(tx, &machine.id).await?;
        let Some(machine) = found.filter(|m| is_for(&rule.body.rule, m)) else {
            return Ok(None);
        };
        if stands(tx, &rule, &machine).await?.0 != RuledState::Pending {
            return Ok(None);
        }
        let Some(place) = refused(self.place(tx, &rule, &machine.body.location).await)?.flatten()
        else {
            return Ok(None);
        };
        let allowed = refused(refuse(tx, &place.vault, &machine).await)?;
        Ok(allowed.map(|()| (place, machine)))
    }

    /// Finds whether a rule can protect machines of a location; makes the vault if it is to.
    async fn look_at(
        &self,
        rule: &Record<ProtectionRule>,
        location: &str,
        locations: &mut Locations,
    ) -> Result<()> {
        let found = match self.make_vault(rule, location).await {
            Ok(()) => {
                let mut tx = self.state.read().await?;
                self.place(&mut tx, rule, location).await.map(drop)
            }
            Err(e) => Err(e),
        };
        let found = match found {
            Err(e) if e.kind() == Kind::Unavailable && rule.body.rule.vault_id.is_some() => {
                return Err(e);
            }
            found => found.err().map(|e| failure(location, &e)),
        };
        locations.insert(location.to_owned(), found);
        Ok(())
    }

    /// Makes a rule's own vault of a location, if it has one and that is not there.
    async fn make_vault(&self, rule: &Record<ProtectionRule>, location: &str) -> Result<()> {
        let mut tx = self.state.read().await?;
        let Some((group, name)) = self.own_vault(rule, location) else {
            return Ok(());
        };
        let found = resources::get::<ProtectionRule>(&mut tx, &rule.id).await?;
        let Some(rule) = &found.filter(|now| now.body.rule == rule.body.rule) else {
            return Ok(());
        };
        if self.place(&mut tx, rule, location).await?.is_some() {
            return Ok(());
        }
        let id = self.vault_id(&group, &name);
        refuse_locked(&mut tx, VAULT_WRITE, &id).await?;
        drop(tx);
        let input = VaultInput {
            location: Some(location.to_owned()),
            ..VaultInput::default()
        };
        let (vault, made) = self.put_vault(&group, &name, input).await?;
        let mut tx = self.state.write().await?;
        if made {
            self.log_rule(&mut tx, rule, MAKE_VAULT, &vault.id).await?;
        }
        let found = resources::get::<ProtectionRule>(&mut tx, &rule.id).await?;
        if let Some(mut there) = found.filter(|now| now.body.rule == rule.body.rule) {
            there.body.made.insert(location.to_owned(), vault.id);
            resources::update(&mut tx, there).await?;
        }
        tx.commit().await
    }

    /// Writes what keeps a rule from protecting machines, if that is other than before. Of
    /// locations that were not looked at it stays, unless all machines were.
    async fn note_failures(
        &self,
        rule: &Record<ProtectionRule>,
        mut locations: Locations,
        whole: bool,
    ) -> Result<()> {
        if !whole {
            for before in &rule.body.failures {
                let place = locations.entry(before.location.clone());
                place.or_insert_with(|| Some(before.clone()));
            }
        }
        let failures: Vec<RuleFailure> = locations.into_values().flatten().collect();
        if failures == rule.body.failures {
            return Ok(());
        }
        let is_told = |f: &&RuleFailure| {
            let mut before = rule.body.failures.iter();
            before.any(|b| (&b.location, &b.code) == (&f.location, &f.code))
        };
        for failure in failures.iter().filter(|f| !is_told(f)) {
            let RuleFailure {
                location, detail, ..
            } = failure;
            tracing::warn!(
                "the rule {} protects nothing in {location}: {detail}",
                rule.name
            );
        }
        let mut tx = self.state.write().await?;
        let found = resources::get::<ProtectionRule>(&mut tx, &rule.id).await?;
        let Some(mut there) = found.filter(|now| now.body.rule == rule.body.rule) else {
            return Ok(());
        };
        there.body.failures = failures;
        resources::update(&mut tx, there).await?;
        tx.commit().await
    }

    /// Tells in the activity log what a rule has done.
    async fn log_rule(
        &self,
        tx: &mut WriteTx,
        rule: &Record<ProtectionRule>,
        action: &str,
        id: &str,
    ) -> Result<()> {
        let text = |text: &str| json!({"value": text, "localizedValue": text});
        let done = format!("by the protection rule {}", rule.name);
        let body = json!({
            "caller": rule.id,
            "operationName": text(action),
            "status": text("Succeeded"),
            "subStatus": text(&done),
            "level": "Informational",
            "authorization": {"action": action, "scope": id},
            "resourceId": fold(id),
            "correlationId": self.new_id(),
        });
        let entry = Entry {
            id: self.new_id(),
            at: tx.now(),
            scope: fold(id),
            body,
        };
        activity::append(tx, &entry).await
    }
}

/// What is there unless it was refused; the refusal is shown where it is looked for.
fn refused<T>(found: Result<T>) -> Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(e) if is_refusal(&e) => Ok(None),
        Err(e) => Err(e),
    }
}

fn is_refusal(error: &Error) -> bool {
    use Kind::{Conflict, Denied, Invalid, NotFound};
    matches!(error.kind(), Conflict | Denied | Invalid | NotFound)
}
