//! `stillpoint policy …`

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::{find, text};
use crate::cli::PolicyCommand;
use crate::client::Client;
use crate::output;
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: PolicyCommand) -> Result<u8> {
    let client = Client::open()?;
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
            let bytes = std::fs::read(&file).map_err(|e| Error::io(file.display(), e))?;
            let policy: Value = serde_json::from_slice(&bytes).map_err(|e| {
                let detail = format!("{} is no JSON", file.display());
                Error::new(Code::BadArgument, detail).because(e)
            })?;
            let saved = client
                .send(Method::PUT, &path(&name), Some(&policy))
                .await?;
            print(settings, &saved.body)?;
        }
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
