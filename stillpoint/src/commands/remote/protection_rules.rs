//! `stillpoint protection-rule …`

use base::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::{find, group, last, text};
use crate::cli::{ProtectionRuleCommand, ProtectionRuleCreate};
use crate::client::Client;
use crate::output::{self, table};
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: ProtectionRuleCommand) -> Result<u8> {
    let client = Client::open()?;
    let rules = format!(
        "{}/providers/Stillpoint.Fabric/protectionRules",
        client.scope
    );
    let path = |name: &str| format!("{rules}/{name}");
    match command {
        ProtectionRuleCommand::List => {
            let all = client.list(&rules).await?;
            let rows = all.iter().map(row).collect();
            let headings = [
                "~RULE",
                "~MACHINES",
                "EFFECT",
                "~INTO",
                "POLICY",
                "REMEDIATES",
                ">FAILURES",
            ];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        ProtectionRuleCommand::Show { name } => {
            print(settings, &client.get(&path(&name)).await?)?;
        }
        ProtectionRuleCommand::Machines { name, state } => {
            let mut path = format!("{}/machines", path(&name));
            if let Some(state) = state {
                path += &format!("?$filter=state eq '{}'", state.replace('\'', "''"));
            }
            let all = client.list(&path).await?;
            let rows = all.iter().map(machine).collect();
            let headings = ["~MACHINE", "~GROUP", "STATE", "~VAULT", "CODE", "~WHY"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        ProtectionRuleCommand::Create(words) => {
            let vault = match words.audit_only || words.new_vault_group.is_some() {
                true => None,
                false => Some(find::vault_id(&client, settings).await?),
            };
            let body = body(&words, vault.as_deref());
            let path = path(&words.name);
            let saved = client.send(Method::PUT, &path, Some(&body)).await?;
            print(settings, &saved.body)?;
        }
        ProtectionRuleCommand::Delete { name } => {
            client.remove(&path(&name)).await?;
        }
    }
    Ok(0)
}

fn body(words: &ProtectionRuleCreate, vault: Option<&str>) -> Value {
    let (machines, tag) = match (&words.with_tag, &words.without_tag) {
        (Some(tag), _) => ("WithTag", Some(tag)),
        (None, Some(tag)) => ("WithoutTag", Some(tag)),
        (None, None) => ("All", None),
    };
    json!({"properties": {
        "machines": machines,
        "tagName": tag,
        "tagValues": words.tag_value,
        "location": words.location,
        "resourceGroup": words.resource_group,
        "effect": if words.audit_only { "AuditOnly" } else { "Protect" },
        "vaultId": vault,
        "newVaultGroup": words.new_vault_group,
        "policyName": words.policy,
        "remediate": words.remediate,
    }})
}

fn row(rule: &Value) -> Vec<String> {
    let of = |name: &str| text(rule, &format!("/properties/{name}"));
    let list = |name: &str| rule["properties"][name].as_array().map_or(&[][..], |l| l);
    let values: Vec<&str> = list("tagValues").iter().filter_map(Value::as_str).collect();
    let mut machines = of("machines");
    if !of("tagName").is_empty() {
        machines += &format!(" {}", of("tagName"));
    }
    if !values.is_empty() {
        machines += &format!("={}", values.join(","));
    }
    for place in [of("resourceGroup"), of("location")] {
        if !place.is_empty() {
            machines += &format!(" in {place}");
        }
    }
    let into = match (of("vaultId"), of("newVaultGroup")) {
        (vault, _) if !vault.is_empty() => last(&vault).to_owned(),
        (_, group) if !group.is_empty() => format!("new vaults in {group}"),
        _ => String::new(),
    };
    vec![
        text(rule, "/name"),
        machines,
        of("effect"),
        into,
        of("policyName"),
        of("remediate"),
        list("failures").len().to_string(),
    ]
}

fn machine(found: &Value) -> Vec<String> {
    let item = text(found, "/protectedItemId");
    let vault = item.split("/backupFabrics/").next().unwrap_or_default();
    let why = [text(found, "/message"), text(found, "/recommendation")];
    let why: Vec<&str> = why
        .iter()
        .map(String::as_str)
        .filter(|w| !w.is_empty())
        .collect();
    vec![
        text(found, "/name"),
        group(&text(found, "/machineId")).to_owned(),
        text(found, "/state"),
        last(vault).to_owned(),
        text(found, "/code"),
        why.join(". "),
    ]
}

fn print(settings: &Settings, rule: &Value) -> Result<()> {
    let names = [
        "Rule",
        "Machines",
        "Effect",
        "Into",
        "Policy",
        "Remediates",
        "Failures",
    ];
    let facts: Vec<(&str, String)> = names.into_iter().zip(row(rule)).collect();
    settings.output.one(rule, &facts)?;
    let failures = rule["properties"]["failures"].as_array();
    let failures: Vec<&Value> = failures.into_iter().flatten().collect();
    if failures.is_empty() || !settings.output.is_for_people() {
        return Ok(());
    }
    let rows = failures.into_iter().map(|f| {
        let of = |name: &str| text(f, &format!("/{name}"));
        let why = format!("{}. {}", of("message"), of("recommendation"));
        vec![of("location"), of("code"), why]
    });
    let failures = table(&["~LOCATION", "CODE", "~WHY"], rows);
    output::write(format!("\n{failures}").as_bytes())
}
