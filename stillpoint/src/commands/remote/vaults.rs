//! `stillpoint vault …` on a server.

use base::{Code, Error, Kind, Result};
use reqwest::Method;
use serde_json::{Value, json};
use vault::keys::EscrowIdentity;

use super::{find, group, text, usages};
use crate::cli::{RedundancyWord, VaultSet};
use crate::client::Client;
use crate::keys;
use crate::output;
use crate::settings::{Secret, Settings};

/// The group of vaults for which none is named.
const GROUP: &str = "default";

pub async fn list(settings: &Settings) -> Result<()> {
    let client = Client::open()?;
    let all = find::vaults(&client, settings.global.remote.group.as_deref()).await?;
    let rows = all.iter().map(|v| {
        vec![
            text(v, "/name"),
            group(&text(v, "/id")).to_owned(),
            text(v, "/location"),
            redundancy(v),
            soft_delete(v),
        ]
    });
    let rows = rows.collect();
    let headings = ["~VAULT", "~GROUP", "LOCATION", "REDUNDANCY", "SOFT DELETE"];
    settings.output.sheet(&json!(all), &headings, rows)
}

pub async fn show(settings: &Settings) -> Result<()> {
    let client = Client::open()?;
    let vault = find::vault(&client, settings).await?;
    let mut facts = facts(&vault);
    if !settings.output.is_json() {
        match client.get(&usages::path(&client, &vault)).await {
            Ok(usage) => facts.push(("Copies", copies(&usage))),
            // Not everybody may see it.
            Err(e) if e.kind() == Kind::Denied => {}
            Err(e) => return Err(e),
        }
    }
    settings.output.one(&vault, &facts)
}

/// The copies that there really are of a vault's data.
fn copies(usage: &Value) -> String {
    let pair = text(usage, "/properties/pairedPool");
    let pair = match pair.is_empty() {
        true => "no paired pool".to_owned(),
        false => format!("paired pool {pair}"),
    };
    format!("{}, {pair}", text(usage, "/properties/copies"))
}

/// Makes the vault that -v names.
pub async fn create(settings: &Settings, redundancy: Option<RedundancyWord>) -> Result<()> {
    let words = ["chunk_size", "host_key", "label"];
    settings.refuse(&words, "is for a vault in a store: name its STORE")?;
    let client = Client::open()?;
    let remote = &settings.global.remote;
    let name = remote.vault_name.as_deref().ok_or_else(|| {
        let detail = "which vault? Name its STORE, or by -v a vault of the server";
        Error::new(Code::BadArgument, detail)
    })?;
    let group = remote.group.as_deref().unwrap_or(GROUP);
    let group = format!("{}/resourceGroups/{group}", client.scope);
    let location = text(&client.get(&group).await?, "/location");
    let path = format!("{group}/providers/Microsoft.RecoveryServices/vaults/{name}");
    if client.get(&path).await.is_ok() {
        let detail = format!("the server has a vault `{name}`");
        return Err(Error::new(Code::ResourceExists, detail));
    }
    let mut body = json!({"location": location, "sku": {"name": "Standard"}, "properties": {}});
    if let Some(word) = redundancy {
        body["properties"]["redundancySettings"] =
            json!({"standardTierStorageRedundancy": word.name()});
    }
    let made = client.send(Method::PUT, &path, Some(&body)).await?;
    print(settings, &made.body)
}

/// Attaches the store at `place` as the vault that -v names.
pub async fn attach(settings: &Settings, place: &str) -> Result<()> {
    let client = Client::open()?;
    let remote = &settings.global.remote;
    let name = remote.vault_name.as_deref().ok_or_else(|| {
        let detail = "under which name? Give -v NAME";
        Error::new(Code::BadArgument, detail)
    })?;
    let mut properties = json!({"store": place});
    let read = |file: &std::path::Path| {
        std::fs::read_to_string(file).map_err(|e| Error::io(file.display(), e))
    };
    match &settings.secret {
        Secret::KeyFile(file) => properties["keyFile"] = read(file)?.into(),
        Secret::Export { file, .. } => {
            properties["exportedKey"] = read(file)?.into();
            match keys::opener(settings, "Passphrase of the key export").await? {
                EscrowIdentity::Age(text) => properties["identity"] = text.as_str().into(),
                EscrowIdentity::Passphrase(pass) => properties["passphrase"] = pass.text().into(),
            }
        }
        Secret::PassphraseFile(_) | Secret::HostKey(_) | Secret::Ask => {
            let detail = "give --exported-key FILE (see `stillpoint server export-key`), or \
                          --key-file FILE";
            return Err(Error::new(Code::BadArgument, detail));
        }
    }
    let group = remote.group.as_deref().unwrap_or(GROUP);
    let path = format!(
        "{}/resourceGroups/{group}/providers/Stillpoint.Fabric/vaultAttachments/{name}",
        client.scope
    );
    let body = json!({"properties": properties});
    let made = client.send(Method::PUT, &path, Some(&body)).await?;
    let count = |name: &str| text(&made.body, &format!("/properties/{name}"));
    let facts = [
        ("Vault", text(&made.body, "/name")),
        ("Group", group.to_owned()),
        ("Points", count("pointsAdopted")),
        ("Unreadable", count("pointsUnreadable")),
    ];
    settings.output.one(&made.body, &facts)
}

pub async fn set(settings: &Settings, words: &VaultSet) -> Result<()> {
    if words.redundancy.is_none() && words.soft_delete.is_none() && words.soft_delete_days.is_none()
    {
        let detail = "nothing to set: see `stillpoint vault set --help`";
        return Err(Error::new(Code::BadArgument, detail));
    }
    let client = Client::open()?;
    let path = text(&find::vault_named(&client, &words.name).await?, "/id");
    if let Some(word) = words.redundancy {
        let settings = json!({"standardTierStorageRedundancy": word.name()});
        let body = json!({"properties": {"redundancySettings": settings}});
        client.send(Method::PATCH, &path, Some(&body)).await?;
    }
    if words.soft_delete.is_some() || words.soft_delete_days.is_some() {
        let body = json!({"properties": {
            "softDeleteFeatureState": words.soft_delete.map(|w| w.name()),
            "softDeleteRetentionPeriodInDays": words.soft_delete_days,
        }});
        let config = format!("{path}/backupconfig/vaultconfig");
        client.send(Method::PATCH, &config, Some(&body)).await?;
    }
    print(settings, &client.get(&path).await?)
}

/// Moves a vault to the group `to`.
pub async fn relocate(settings: &Settings, name: &str, to: &str) -> Result<()> {
    let client = Client::open()?;
    let id = text(&find::vault_named(&client, name).await?, "/id");
    let groups = format!("{}/resourceGroups", client.scope);
    let body = json!({"resources": [id], "targetResourceGroup": format!("{groups}/{to}")});
    let path = format!("{groups}/{}/moveResources", group(&id));
    client.send(Method::POST, &path, Some(&body)).await?;
    print(settings, &find::vault_named(&client, name).await?)
}

pub async fn delete(settings: &Settings, name: &str) -> Result<()> {
    let client = Client::open()?;
    let vault = find::vault_named(&client, name).await?;
    client
        .send(Method::DELETE, &text(&vault, "/id"), None)
        .await?;
    match settings.output.is_for_people() {
        true => output::write(format!("Deleted {name}.\n").as_bytes()),
        false => Ok(()),
    }
}

fn print(settings: &Settings, vault: &Value) -> Result<()> {
    settings.output.one(vault, &facts(vault))
}

fn facts(vault: &Value) -> Vec<(&'static str, String)> {
    vec![
        ("Vault", text(vault, "/name")),
        ("Group", group(&text(vault, "/id")).to_owned()),
        ("Location", text(vault, "/location")),
        ("Redundancy", redundancy(vault)),
        ("Soft delete", soft_delete(vault)),
    ]
}

fn redundancy(vault: &Value) -> String {
    text(
        vault,
        "/properties/redundancySettings/standardTierStorageRedundancy",
    )
}

fn soft_delete(vault: &Value) -> String {
    let settings = "/properties/securitySettings/softDeleteSettings";
    let state = text(vault, &format!("{settings}/softDeleteState"));
    let days = text(
        vault,
        &format!("{settings}/softDeleteRetentionPeriodInDays"),
    );
    match state.as_str() {
        "Disabled" => state,
        _ => format!("{state}, {days} days"),
    }
}
