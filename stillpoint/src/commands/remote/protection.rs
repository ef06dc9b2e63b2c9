//! `stillpoint protection …`

use base::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::{find, group, text, vault_of, watch};
use crate::cli::ProtectionCommand;
use crate::client::Client;
use crate::keys::blocking;
use crate::output::write;
use crate::settings::Settings;
use crate::terminal::{confirm, line};
use crate::units::minute;

pub async fn run(settings: &Settings, command: ProtectionCommand) -> Result<u8> {
    let client = Client::open()?;
    if let ProtectionCommand::List { all: true } = command {
        settings.refuse(&["vault_name"], "names one vault, and --all asks for all")?;
        let path = format!(
            "{}/providers/Stillpoint.Fabric/protectedItems",
            client.scope
        );
        return list(settings, &client.list(&path).await?).map(|()| 0);
    }
    let vault = find::vault_id(&client, settings).await?;
    let stopped = json!({"policyId": "", "protectionState": "ProtectionStopped"});
    let (machine, change) = match &command {
        ProtectionCommand::List { .. } => {
            let all = find::items(&client, &vault).await?;
            return list(settings, &all).map(|()| 0);
        }
        ProtectionCommand::Show { machine } => {
            let item = find::item(&client, settings, &vault, machine).await?;
            // With what the list leaves out.
            let item = client.get(&text(&item, "/id")).await?;
            return show(settings, &item).map(|()| 0);
        }
        ProtectionCommand::Enable { machine, policy } => {
            let found = find::machine_anew(&client, settings, &vault, machine).await?;
            let id = text(&found, "/id");
            let change = json!({"policyId": policy_id(&vault, policy), "sourceResourceId": id});
            let item = new_item(&vault, &id, &text(&found, "/name"));
            let job = client
                .start(Method::PUT, &item, Some(&body(change)))
                .await?;
            let code = watch::job(&client, settings, &vault, &job).await?;
            if code == 0 && settings.output.is_for_people() {
                advise(&client, &vault, &item, machine).await?;
            }
            return Ok(code);
        }
        ProtectionCommand::Disable {
            machine,
            delete_data: true,
            yes,
            reason,
            ..
        } => {
            let item = find::item(&client, settings, &vault, machine).await?;
            let mut reason = reason.clone();
            if !yes {
                let name = text(&item, "/properties/friendlyName");
                let question = format!("All recovery points of {name} are deleted");
                let said = reason.take();
                // VAULT-20
                let why = "The reason, for the activity log (may be empty)";
                let ask = move || {
                    confirm(&question, &name)?;
                    said.map_or_else(|| line(why, "--reason"), Ok)
                };
                reason = Some(blocking(ask).await?);
            }
            let mut path = text(&item, "/id");
            if let Some(reason) = reason.filter(|r| !r.is_empty()) {
                let said = serde_urlencoded::to_string([("reason", reason)]);
                path = format!("{path}?{}", said.unwrap_or_default());
            }
            let job = client.start(Method::DELETE, &path, None).await?;
            return watch::job(&client, settings, &vault, &job).await;
        }
        ProtectionCommand::Disable {
            machine,
            as_per_policy: true,
            ..
        } => {
            let change = json!({"policyId": "", "protectionState": "BackupsSuspended"});
            (machine, change)
        }
        ProtectionCommand::Disable { machine, .. } => (machine, stopped),
        ProtectionCommand::Undelete { machine } => {
            let mut change = stopped;
            change["isRehydrate"] = true.into();
            (machine, change)
        }
        ProtectionCommand::Resume { machine, policy }
        | ProtectionCommand::SetPolicy { machine, policy } => {
            (machine, json!({"policyId": policy_id(&vault, policy)}))
        }
    };
    let item = find::item(&client, settings, &vault, machine).await?;
    let mut change = change;
    change["sourceResourceId"] = text(&item, "/properties/sourceResourceId").into();
    let path = text(&item, "/id");
    let job = client
        .start(Method::PUT, &path, Some(&body(change)))
        .await?;
    watch::job(&client, settings, &vault, &job).await
}

/// Tells when the first backup is due, and how not to wait for it (PROT-5).
async fn advise(client: &Client, vault: &str, item: &str, machine: &str) -> Result<()> {
    let item = client.get(item).await?;
    if text(&item, "/properties/protectionState") != "IRPending" {
        return Ok(());
    }
    let vault = vault.rsplit('/').next().unwrap_or_default();
    let due = minute(&text(&item, "/properties/extendedInfo/stillpointNextRun"));
    let advice = format!(
        "The first backup is due {due} UTC. Not to wait for it: stillpoint backup now {machine} \
         -v {vault}\n"
    );
    write(advice.as_bytes())
}

fn body(mut properties: Value) -> Value {
    properties["protectedItemType"] = "Microsoft.Compute/virtualMachines".into();
    json!({"properties": properties})
}

fn policy_id(vault: &str, name: &str) -> String {
    format!("{vault}/backupPolicies/{name}")
}

/// Where the item of a machine will be.
fn new_item(vault: &str, machine: &str, name: &str) -> String {
    let name = format!("iaasvmcontainerv2;{};{name}", group(machine));
    format!(
        "{vault}/backupFabrics/Azure/protectionContainers/IaasVMContainer;{name}\
         /protectedItems/VM;{name}"
    )
}

fn list(settings: &Settings, all: &[Value]) -> Result<()> {
    let rows = all.iter().map(|item| {
        let mut row = vec![
            text(item, "/properties/friendlyName"),
            text(item, "/properties/protectionState"),
            text(item, "/properties/policyName"),
            last_backup(item),
            point_time(item),
        ];
        row.extend(vault_of(item));
        row
    });
    let mut headings = vec![
        "~MACHINE",
        "STATE",
        "~POLICY",
        "LAST BACKUP",
        "LAST POINT (UTC)",
    ];
    headings.extend(all.first().and_then(vault_of).map(|_| "~VAULT"));
    settings
        .output
        .sheet(&json!(all), &headings, rows.collect())
}

fn show(settings: &Settings, item: &Value) -> Result<()> {
    let mut facts = vec![
        ("Machine", text(item, "/properties/friendlyName")),
        ("State", text(item, "/properties/protectionState")),
        ("Policy", text(item, "/properties/policyName")),
        ("Last backup", last_backup(item)),
        ("Last point", point_time(item)),
        (
            "Points",
            text(item, "/properties/extendedInfo/recoveryPointCount"),
        ),
        (
            "Next run",
            minute(&text(item, "/properties/extendedInfo/stillpointNextRun")),
        ),
        (
            "Extension",
            text(item, "/properties/extendedInfo/stillpointExtension"),
        ),
        ("Health", text(item, "/properties/healthStatus")),
    ];
    let details = item["properties"]["healthDetails"].as_array();
    for detail in details.into_iter().flatten() {
        facts.push((
            "",
            format!("{}: {}", text(detail, "/title"), text(detail, "/message")),
        ));
    }
    if item["properties"]["isScheduledForDeferredDelete"] == true {
        let until = text(item, "/properties/deferredDeleteTimeRemaining");
        facts.push((
            "Deleted",
            format!("for good in {until} (days.hours:minutes:seconds)"),
        ));
    }
    settings.output.one(item, &facts)
}

/// How the last backup ended; until the first has, that it is missing (PROT-4).
fn last_backup(item: &Value) -> String {
    let status = text(item, "/properties/lastBackupStatus");
    match (
        status.is_empty(),
        text(item, "/properties/protectionState").as_str(),
    ) {
        (true, "IRPending") => "Warning (Initial backup pending)".to_owned(),
        _ => status,
    }
}

fn point_time(item: &Value) -> String {
    minute(&text(item, "/properties/lastRecoveryPoint"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prot_4_until_the_first_backup_the_initial_one_is_pending() {
        let item = |state: &str, last: &str| {
            last_backup(
                &json!({"properties": {"protectionState": state, "lastBackupStatus": last}}),
            )
        };
        assert_eq!(item("IRPending", ""), "Warning (Initial backup pending)");
        assert_eq!(item("IRPending", "Failed"), "Failed");
        assert_eq!(item("Protected", "Completed"), "Completed");
    }
}
