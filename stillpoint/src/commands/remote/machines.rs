//! `stillpoint vm list|show|tag` on a server.

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{find, group, text};
use crate::cli::{ProtectionWord, VmCommand, VmTag};
use crate::client::Client;
use crate::output::table;
use crate::settings::Settings;
use crate::units::minute;

pub async fn run(settings: &Settings, command: VmCommand) -> Result<()> {
    let client = Client::open()?;
    match command {
        VmCommand::List {
            protection: Some(word),
        } => list_protection(settings, &client, word).await,
        VmCommand::List { protection: None } => {
            let within = settings.global.remote.group.as_deref();
            let all = find::machines(&client, within).await?;
            let rows = all.iter().map(|m| {
                let disks = disks(m);
                let sizes = disks.iter().filter_map(|d| d["diskSizeGB"].as_u64());
                vec![
                    text(m, "/name"),
                    group(&text(m, "/id")).to_owned(),
                    text(m, "/location"),
                    disks.len().to_string(),
                    format!("{} GiB", sizes.sum::<u64>()),
                ]
            });
            let rows = rows.collect();
            let headings = ["~NAME", "~GROUP", "LOCATION", ">DISKS", ">SIZE"];
            settings.output.sheet(&json!(all), &headings, rows)
        }
        VmCommand::Show { machine } => {
            print(settings, &find::machine(&client, settings, &machine).await?)
        }
        VmCommand::Tag(words) => {
            let found = find::machine(&client, settings, &words.machine).await?;
            let body = json!({"tags": tags(&found, &words)?});
            let path = text(&found, "/id");
            let tagged = client.send(Method::PATCH, &path, Some(&body)).await?;
            print(settings, &tagged.body)
        }
    }
}

/// Lists machines with how they are protected.
async fn list_protection(settings: &Settings, client: &Client, word: ProtectionWord) -> Result<()> {
    let filter = match word {
        ProtectionWord::Any => "",
        ProtectionWord::Unprotected => "?$filter=protection eq 'Unprotected'",
        ProtectionWord::Active => "?$filter=protection eq 'Active'",
        ProtectionWord::Stopped => "?$filter=protection eq 'Stopped'",
    };
    let path = format!("{}/providers/Stillpoint.Fabric/machines", client.scope);
    let mut all = client.list(&format!("{path}{filter}")).await?;
    if let Some(name) = settings.global.remote.group.as_deref() {
        all.retain(|m| text(m, "/properties/resourceGroup").eq_ignore_ascii_case(name));
    }
    let rows = all.iter().map(|m| {
        let of = |name: &str| text(m, &format!("/properties/{name}"));
        vec![
            text(m, "/name"),
            of("resourceGroup"),
            of("host"),
            of("powerState"),
            of("protection/state"),
            of("protection/vaultName"),
            of("protection/policyName"),
            of("protection/lastBackupStatus"),
            minute(&of("protection/newestPoint")),
            of("refusal/code"),
        ]
    });
    let headings = [
        "~NAME",
        "~GROUP",
        "~HOST",
        "POWER",
        "PROTECTION",
        "~VAULT",
        "~POLICY",
        "LAST BACKUP",
        "NEWEST POINT (UTC)",
        "CODE",
    ];
    let rows = rows.collect();
    settings.output.sheet(&json!(all), &headings, rows)
}

/// The tags that a machine is to have. Names are the same in any case.
fn tags(machine: &Value, words: &VmTag) -> Result<Map<String, Value>> {
    let mut tags = machine["tags"].as_object().cloned().unwrap_or_default();
    for name in &words.remove {
        tags.retain(|tag, _| !tag.eq_ignore_ascii_case(name));
    }
    for word in &words.tags {
        let Some((name, value)) = word.split_once('=').filter(|(name, _)| !name.is_empty()) else {
            let detail = format!("`{word}` is no tag: give NAME=VALUE");
            return Err(Error::new(Code::BadArgument, detail));
        };
        tags.retain(|tag, _| !tag.eq_ignore_ascii_case(name));
        tags.insert(name.to_owned(), value.into());
    }
    Ok(tags)
}

fn print(settings: &Settings, machine: &Value) -> Result<()> {
    let tags = machine["tags"].as_object().into_iter().flatten();
    let tags = tags.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
    let facts = [
        ("Name", text(machine, "/name")),
        ("Group", group(&text(machine, "/id")).to_owned()),
        ("UUID", text(machine, "/properties/vmId")),
        ("Location", text(machine, "/location")),
        ("Tags", tags.collect::<Vec<_>>().join(" ")),
    ];
    settings.output.one(machine, &facts)?;
    if !settings.output.is_for_people() {
        return Ok(());
    }
    let disks = disks(machine);
    let rows = disks.iter().map(|d| {
        let number = d["lun"].as_u64().map_or("OS".to_owned(), |n| n.to_string());
        vec![
            number,
            text(d, "/name"),
            format!("{} GiB", text(d, "/diskSizeGB")),
        ]
    });
    let disks = table(&["LUN", "~DISK", ">SIZE"], rows);
    crate::output::write(format!("\n{disks}").as_bytes())
}

/// The disk of the operating system and the others.
fn disks(machine: &Value) -> Vec<&Value> {
    let storage = &machine["properties"]["storageProfile"];
    let data = storage["dataDisks"].as_array().into_iter().flatten();
    let first = Some(&storage["osDisk"]).filter(|d| d.is_object());
    first.into_iter().chain(data).collect()
}
