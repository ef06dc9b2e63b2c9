//! Rules that protect machines by themselves (`Stillpoint.Fabric/protectionRules`; DISC-12).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::Code;
use control::actions::{ITEM_WRITE, MACHINE_WRITE, VAULT_WRITE};
use control::{RuledMachine, RuledState};
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::protection_rules::{ProtectionRule, Rule, RuleEffect, RuleFailure, RuleMachines};

use crate::app::App;
use crate::body::{self, Body, choose, word_for};
use crate::caller::Caller;
use crate::error::{Answer, deleted, put_answer};
use crate::filter::Filter;
use crate::page::{Page, Paged};
use crate::scope::{InSubscription, Subscription};

const TYPE: &str = "Stillpoint.Fabric/protectionRules";
/// The words for which machines a rule is for.
pub(crate) const MACHINES: [(&str, RuleMachines); 3] = [
    ("All", RuleMachines::All),
    ("WithTag", RuleMachines::WithTag),
    ("WithoutTag", RuleMachines::WithoutTag),
];

/// The words for what a rule does.
pub(crate) const EFFECTS: [(&str, RuleEffect); 2] = [
    ("Protect", RuleEffect::Protect),
    ("AuditOnly", RuleEffect::AuditOnly),
];

/// The words for how a machine stands.
pub(crate) const STATES: [(&str, RuledState); 5] = [
    ("Protected", RuledState::Protected),
    ("Stopped", RuledState::Stopped),
    ("Unprotected", RuledState::Unprotected),
    ("Pending", RuledState::Pending),
    ("Refused", RuledState::Refused),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    machines: Option<String>,
    tagname: Option<String>,
    tagvalues: Vec<String>,
    location: Option<String>,
    resourcegroup: Option<String>,
    effect: Option<String>,
    vaultid: Option<String>,
    newvaultgroup: Option<String>,
    policyname: Option<String>,
    remediate: bool,
}

/// `GET …/protectionRules`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, &format!("{TYPE}/read")).await?;
    let found = app.control.protection_rules().await?;
    let all: Vec<Value> = found.iter().map(shape).collect();
    Ok(Json(json!({"value": all})))
}

/// `GET …/protectionRules/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, TYPE, "read").await?;
    Ok(Json(shape(
        &app.control.protection_rule(&names.name).await?,
    )))
}

/// `GET …/protectionRules/{name}/machines`
pub(crate) async fn machines(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, TYPE, "read").await?;
    let state = filter.get("state");
    let state = state.map(|s| choose("state in $filter", s, &STATES));
    let found = app
        .control
        .ruled_machines(&names.name, state.transpose()?, page.after(), Paged::ASKED)
        .await?;
    Ok(Json(page.answer(
        &app,
        found,
        |m| m.machine.id.clone(),
        machine_shape,
    )))
}

/// `PUT …/protectionRules/{name}`: who makes a rule needs what enabling protection needs, for all
/// that the rule may be for (RBAC-5).
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, TYPE, "write").await?;
    let rule = body::properties::<Properties>(&bytes)?.rule()?;
    if rule.effect == RuleEffect::Protect {
        let subscription = format!("/subscriptions/{}", app.control.subscription().id);
        let group = rule.resource_group.as_deref();
        let machines = group.map_or(subscription, |name| app.control.group_id(name));
        caller.may(&app, MACHINE_WRITE, &machines).await?;
    }
    if let Some(vault) = &rule.vault_id {
        caller.may(&app, ITEM_WRITE, vault).await?;
    }
    if let Some(group) = &rule.new_vault_group {
        let group = app.control.group_id(group);
        names
            .allow(&app, &caller, TYPE, "makeVaults/action")
            .await?;
        caller.may(&app, VAULT_WRITE, &group).await?;
        caller.may(&app, ITEM_WRITE, &group).await?;
    }
    let (rule, made) = app.control.put_protection_rule(&names.name, rule).await?;
    Ok(put_answer(made, shape(&rule)))
}

/// `DELETE …/protectionRules/{name}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, TYPE, "delete").await?;
    let was = app.control.delete_protection_rule(&names.name).await?;
    Ok(deleted(was))
}

impl Properties {
    fn rule(self) -> Answer<Rule> {
        let some = |text: Option<String>| text.filter(|text| !text.is_empty());
        let machines = self.machines.unwrap_or_else(|| "All".to_owned());
        let effect = self.effect.unwrap_or_else(|| "Protect".to_owned());
        Ok(Rule {
            machines: choose("properties.machines", &machines, &MACHINES)?,
            tag_name: some(self.tagname),
            tag_values: self.tagvalues,
            location: some(self.location),
            resource_group: some(self.resourcegroup),
            effect: choose("properties.effect", &effect, &EFFECTS)?,
            vault_id: some(self.vaultid),
            new_vault_group: some(self.newvaultgroup),
            policy_name: some(self.policyname).unwrap_or_else(|| "DefaultPolicy".to_owned()),
            remediate: self.remediate,
        })
    }
}

fn shape(record: &Record<ProtectionRule>) -> Value {
    let rule = &record.body.rule;
    let policy = Some(&rule.policy_name).filter(|_| rule.effect == RuleEffect::Protect);
    let failures: Vec<Value> = record.body.failures.iter().map(failure).collect();
    json!({
        "id": record.id,
        "name": record.name,
        "type": TYPE,
        "properties": {
            "machines": word_for(&MACHINES, &rule.machines),
            "tagName": rule.tag_name,
            "tagValues": rule.tag_values,
            "location": rule.location,
            "resourceGroup": rule.resource_group,
            "effect": word_for(&EFFECTS, &rule.effect),
            "vaultId": rule.vault_id,
            "newVaultGroup": rule.new_vault_group,
            "policyName": policy,
            "remediate": rule.remediate,
            "since": record.body.since.to_string(),
            "failures": failures,
        },
    })
}

fn failure(failure: &RuleFailure) -> Value {
    let code = Code::ALL.iter().find(|c| c.name() == failure.code);
    json!({
        "location": failure.location,
        "code": failure.code,
        "message": failure.detail,
        "recommendation": code.map_or("", |c| c.remedy()),
    })
}

fn machine_shape(found: &RuledMachine) -> Value {
    let refusal = found.refusal.as_ref();
    json!({
        "name": found.machine.name,
        "machineId": found.machine.id,
        "state": word_for(&STATES, &found.state),
        "protectedItemId": found.item,
        "code": refusal.map(|e| e.code().name()),
        "message": refusal.map(|e| e.detail()),
        "recommendation": refusal.map(|e| e.code().remedy()),
    })
}
