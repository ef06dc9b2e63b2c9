//! `stillpoint policy …`

use std::path::Path;

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::{find, text};
use crate::cli::PolicyCommand;
use crate::client::Client;
use crate::output;
use crate::settings::Settings;
use crate::units::instant;

pub async fn run(settings: &Settings, command: PolicyCommand) -> Result<u8> {
    let client = Client::open()?;
    if let PolicyCommand::Preview { file, days } = &command {
        return preview(settings, &client, file, *days).await.map(|()| 0);
    }
    let vault = find::vault_id(&client, settings).await?;
    let path = |name: &str| format!("{vault}/backupPolicies/{name}");
    match command {
        PolicyCommand::List => {
            let all = client.list(&format!("{vault}/backupPolicies")).await?;
            let rows = all.iter().map(row).collect();
            let headings = [
                "~POLICY",
                "TYPE",
                "RUNS",
                ">INSTANT DAYS",
                "ZONE",
                ">USED BY",
            ];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        PolicyCommand::Show { name } => print(settings, &client.get(&path(&name)).await?)?,
        PolicyCommand::Set { name, file } => {
            let policy = read(&file)?;
            let saved = client
                .send(Method::PUT, &path(&name), Some(&policy))
                .await?;
            print(settings, &saved.body)?;
        }
        PolicyCommand::Preview { .. } => {}
        PolicyCommand::Settings {
            name,
            refuse_downgrades,
            refuse_standard_items,
            reset,
        } => {
            let path = format!(
                "{}/providers/Stillpoint.Fabric/policySettings/default",
                path(&name)
            );
            if reset {
                client.send(Method::DELETE, &path, None).await?;
            }
            let mut shown = client.get(&path).await?;
            let changes = [
                ("refuseDowngrades", refuse_downgrades),
                ("refuseStandardItems", refuse_standard_items),
            ];
            if changes.iter().any(|(_, value)| value.is_some()) {
                for (setting, value) in changes {
                    if let Some(value) = value {
                        shown["properties"][setting] = json!(value);
                    }
                }
                let saved = client.send(Method::PUT, &path, Some(&shown)).await?;
                shown = saved.body;
            }
            let of = |setting: &str| text(&shown, &format!("/properties/{setting}"));
            let facts = [
                ("Refuse downgrades", of("refuseDowngrades")),
                ("Refuse standard items", of("refuseStandardItems")),
            ];
            settings.output.one(&shown, &facts)?;
        }
        PolicyCommand::Delete { name } => {
            let path = path(&name);
            client.remove(&path).await?;
            if settings.output.is_for_people() {
                output::write(format!("Deleted {name}.\n").as_bytes())?;
            }
        }
    }
    Ok(0)
}

/// A policy's JSON.
fn read(file: &Path) -> Result<Value> {
    let bytes = std::fs::read(file).map_err(|e| Error::io(file.display(), e))?;
    serde_json::from_slice(&bytes).map_err(|e| {
        let detail = format!("{} is no JSON", file.display());
        Error::new(Code::BadArgument, detail).because(e)
    })
}

/// Shows which points a policy will have kept.
async fn preview(settings: &Settings, client: &Client, file: &Path, days: u32) -> Result<()> {
    let mut policy = read(file)?;
    policy["days"] = json!(days);
    let path = format!("{}/providers/Stillpoint.Fabric/previewPolicy", client.scope);
    let found = client.send(Method::POST, &path, Some(&policy)).await?.body;
    let rows = found["timeline"].as_array().into_iter().flatten();
    let rows = rows.map(|point| {
        let rules = point["rules"].as_array().into_iter().flatten();
        let rules: Vec<&str> = rules.filter_map(Value::as_str).collect();
        vec![
            instant(&text(point, "/time")),
            rules.join(", "),
            instant(&text(point, "/expiry")),
            instant(&text(point, "/snapshotUntil")),
        ]
    });
    let headings = [
        "POINT (UTC)",
        "~KEPT BY",
        "IN THE VAULT UNTIL",
        "SNAPSHOT UNTIL",
    ];
    let rows = rows.collect();
    settings.output.sheet(&found, &headings, rows)?;
    if !settings.output.is_for_people() {
        return Ok(());
    }
    let of = |pointer: &str| text(&found, pointer);
    let line = format!(
        "\nOf {} runs {} points are left: {} in the vault, {} with a snapshot.\n",
        of("/runs"),
        of("/points"),
        of("/pointsInVault"),
        of("/snapshots"),
    );
    output::write(line.as_bytes())
}

fn row(policy: &Value) -> Vec<String> {
    let of = |name: &str| text(policy, &format!("/properties/{name}"));
    vec![
        text(policy, "/name"),
        of("policyType"),
        of("schedulePolicy/scheduleRunFrequency"),
        of("instantRpRetentionRangeInDays"),
        of("timeZone"),
        of("protectedItemsCount"),
    ]
}

fn print(settings: &Settings, policy: &Value) -> Result<()> {
    let names = ["Policy", "Type", "Runs", "Instant days", "Zone", "Used by"];
    let mut facts: Vec<(&str, String)> = names.into_iter().zip(row(policy)).collect();
    let kept = [
        ("Daily kept", "dailySchedule"),
        ("Weekly kept", "weeklySchedule"),
        ("Monthly kept", "monthlySchedule"),
        ("Yearly kept", "yearlySchedule"),
    ];
    for (name, schedule) in kept {
        let of = format!("/properties/retentionPolicy/{schedule}/retentionDuration");
        let count = text(policy, &format!("{of}/count"));
        if !count.is_empty() {
            let unit = text(policy, &format!("{of}/durationType"));
            facts.push((name, format!("{count} {}", unit.to_lowercase())));
        }
    }
    settings.output.one(policy, &facts)
}
