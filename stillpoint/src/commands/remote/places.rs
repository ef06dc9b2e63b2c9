//! `stillpoint pool …`, `stillpoint snapshot-store …`, `stillpoint restore-folder …`

use base::Result;
use reqwest::Method;
use serde_json::{Map, Value, json};

use super::{group, text};
use crate::cli::{PoolCommand, RestoreFolderCommand, SnapshotStoreCommand};
use crate::client::Client;
use crate::settings::Settings;

pub async fn pool(settings: &Settings, command: PoolCommand) -> Result<u8> {
    let client = Client::open()?;
    let pools = format!("{}/providers/Stillpoint.Fabric/vaultPools", client.scope);
    let names = [
        "Pool",
        "Location",
        "Takes vaults",
        "Vaults",
        "Free bytes",
        "Folder",
    ];
    let row = |pool: &Value| {
        let of = |name: &str| text(pool, &format!("/properties/{name}"));
        vec![
            text(pool, "/name"),
            text(pool, "/location"),
            of("takesVaults"),
            of("vaults"),
            of("freeBytes"),
            of("folder"),
        ]
    };
    match command {
        PoolCommand::List => {
            let all = client.list(&pools).await?;
            let rows = all.iter().map(row).collect();
            let headings = [
                "~POOL",
                "LOCATION",
                "TAKES VAULTS",
                ">VAULTS",
                ">FREE BYTES",
                "~FOLDER",
            ];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        PoolCommand::Show { name } => {
            let shown = client.get(&format!("{pools}/{name}")).await?;
            facts(settings, &names, &shown, row(&shown))?;
        }
        PoolCommand::Add {
            name,
            folder,
            location,
        } => {
            let location = match location {
                Some(location) => location,
                None => {
                    let path = of_group(settings, &client);
                    text(&client.get(&path).await?, "/location")
                }
            };
            let body = json!({"location": location, "properties": {"folder": folder}});
            let made = put_new(&client, &format!("{pools}/{name}"), &body).await?;
            facts(settings, &names, &made, row(&made))?;
        }
        PoolCommand::Set {
            name,
            folder,
            takes_vaults,
        } => {
            let changes = [
                ("folder", folder.map(Value::from)),
                ("takesVaults", takes_vaults.map(Value::from)),
            ];
            let saved = change(&client, &format!("{pools}/{name}"), changes).await?;
            facts(settings, &names, &saved, row(&saved))?;
        }
        PoolCommand::Remove { name } => client.remove(&format!("{pools}/{name}")).await?,
    }
    Ok(0)
}

pub async fn snapshot_store(settings: &Settings, command: SnapshotStoreCommand) -> Result<u8> {
    let client = Client::open()?;
    let hosts = format!("{}/providers/Stillpoint.Fabric/hosts", client.scope);
    let path = |host: &str| format!("{hosts}/{host}/snapshotStores/default");
    let names = ["Host", "Folder", "Scratch", "Keeps free %"];
    let row = |store: &Value| {
        let of = |name: &str| text(store, &format!("/properties/{name}"));
        let id = text(store, "/id");
        let host = id.split("/snapshotStores/").next().unwrap_or_default();
        vec![
            super::last(host).to_owned(),
            of("folder"),
            of("scratchLimit"),
            of("scratchKeepFree"),
        ]
    };
    match command {
        SnapshotStoreCommand::List => {
            let mut all = Vec::new();
            for host in client.list(&hosts).await? {
                all.push(client.get(&path(&text(&host, "/name"))).await?);
            }
            let rows = all.iter().map(row).collect();
            let headings = ["~HOST", "~FOLDER", ">SCRATCH", ">KEEPS FREE %"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        SnapshotStoreCommand::Show { host } => {
            let shown = client.get(&path(&host)).await?;
            facts(settings, &names, &shown, row(&shown))?;
        }
        SnapshotStoreCommand::Set {
            host,
            folder,
            limit,
            keep_free,
        } => {
            let changes = [
                ("folder", folder.map(Value::from)),
                ("scratchLimit", limit.map(|size| size.0.into())),
                ("scratchKeepFree", keep_free.map(Value::from)),
            ];
            let saved = change(&client, &path(&host), changes).await?;
            facts(settings, &names, &saved, row(&saved))?;
        }
        SnapshotStoreCommand::Reset { host } => {
            client.send(Method::DELETE, &path(&host), None).await?;
            let shown = client.get(&path(&host)).await?;
            facts(settings, &names, &shown, row(&shown))?;
        }
    }
    Ok(0)
}

pub async fn restore_folder(settings: &Settings, command: RestoreFolderCommand) -> Result<u8> {
    let client = Client::open()?;
    let kind = "providers/Stillpoint.Fabric/restoreFolders";
    let path = |name: &str| format!("{}/{kind}/{name}", of_group(settings, &client));
    let names = ["Restore folder", "Group", "Host", "Folder"];
    let row = |folder: &Value| {
        let of = |name: &str| text(folder, &format!("/properties/{name}"));
        vec![
            text(folder, "/name"),
            group(&text(folder, "/id")).to_owned(),
            of("host"),
            of("folder"),
        ]
    };
    match command {
        RestoreFolderCommand::List => {
            let all = client.list(&format!("{}/{kind}", client.scope)).await?;
            let rows = all.iter().map(row).collect();
            let headings = ["~NAME", "~GROUP", "~HOST", "~FOLDER"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        RestoreFolderCommand::Show { name } => {
            let shown = client.get(&path(&name)).await?;
            facts(settings, &names, &shown, row(&shown))?;
        }
        RestoreFolderCommand::Add { name, folder, host } => {
            let body = json!({"properties": {"folder": folder, "host": host}});
            let made = put_new(&client, &path(&name), &body).await?;
            facts(settings, &names, &made, row(&made))?;
        }
        RestoreFolderCommand::Set { name, folder } => {
            let changes = [("folder", Some(Value::from(folder)))];
            let saved = change(&client, &path(&name), changes).await?;
            facts(settings, &names, &saved, row(&saved))?;
        }
        RestoreFolderCommand::Remove { name } => client.remove(&path(&name)).await?,
    }
    Ok(0)
}

fn of_group(settings: &Settings, client: &Client) -> String {
    let group = settings.global.remote.group.as_deref().unwrap_or("default");
    format!("{}/resourceGroups/{group}", client.scope)
}

/// Makes what is not to be there yet: `add` changes nothing.
async fn put_new(client: &Client, path: &str, body: &Value) -> Result<Value> {
    match client.get(path).await {
        Err(e) if e.kind() == base::Kind::NotFound => {}
        Err(e) => return Err(e),
        Ok(_) => {
            let detail = format!("{} is there already", super::last(path));
            return Err(base::Error::new(base::Code::NameTaken, detail));
        }
    }
    Ok(client.send(Method::PUT, path, Some(body)).await?.body)
}

/// Changes some properties of what is there.
async fn change<const N: usize>(
    client: &Client,
    path: &str,
    changes: [(&str, Option<Value>); N],
) -> Result<Value> {
    client.get(path).await?;
    let changes = changes
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    let properties: Map<String, Value> = changes.collect();
    let body = json!({"properties": properties});
    Ok(client.send(Method::PUT, path, Some(&body)).await?.body)
}

fn facts(settings: &Settings, names: &[&str], shown: &Value, row: Vec<String>) -> Result<()> {
    let facts: Vec<(&str, String)> = names.iter().copied().zip(row).collect();
    settings.output.one(shown, &facts)
}
