//! `stillpoint vault usage`

use base::{ByteSize, Code, Result};
use reqwest::Method;
use serde_json::Value;

use super::{find, group, text};
use crate::client::Client;
use crate::output;
use crate::settings::Settings;
use crate::units::minute;

/// Shows what a vault takes, after a count if `check` says so; code 8 if the records were wrong.
pub async fn run(settings: &Settings, name: Option<&str>, check: bool) -> Result<u8> {
    let client = Client::open()?;
    let vault = match name {
        Some(name) => find::vault_named(&client, name).await?,
        None => find::vault(&client, settings).await?,
    };
    let path = path(&client, &vault);
    if check {
        client
            .finish_well(Method::POST, &format!("{path}/count"))
            .await?;
    }
    let found = client.get(&path).await?;
    print(settings, &found)?;
    let stores = found
        .pointer("/properties/stores")
        .and_then(Value::as_array);
    let wrong = |s: &Value| s["wrongSums"].as_u64().unwrap_or(0) > 0;
    match check && stores.into_iter().flatten().any(wrong) {
        true => Ok(Code::VaultDamaged.kind().exit_code()),
        false => Ok(0),
    }
}

/// Where it is told what a vault takes.
pub fn path(client: &Client, vault: &Value) -> String {
    format!(
        "{}/resourceGroups/{}/providers/Stillpoint.Fabric/vaultUsages/{}",
        client.scope,
        group(&text(vault, "/id")),
        text(vault, "/name"),
    )
}

fn print(settings: &Settings, found: &Value) -> Result<()> {
    let list = |pointer: &str| {
        let all = found.pointer(pointer).and_then(Value::as_array);
        all.cloned().unwrap_or_default()
    };
    let size = |value: &Value| ByteSize(value.as_u64().unwrap_or(0)).to_string();
    let mut rows = Vec::new();
    for item in list("/properties/items") {
        let stores = item["stores"].as_array().cloned().unwrap_or_default();
        let none = stores.is_empty().then_some(Value::Null);
        for store in stores.into_iter().chain(none) {
            rows.push(vec![
                text(&item, "/friendlyName"),
                text(&store, "/name"),
                text(&item, "/points"),
                size(&item["logicalBytes"]),
                size(&store["uniqueBytes"]),
                size(&store["sharedBytes"]),
                size(&store["addedBytes"]),
                String::new(),
                String::new(),
            ]);
        }
    }
    for store in list("/properties/stores") {
        rows.push(vec![
            "(all)".to_owned(),
            text(&store, "/name"),
            text(found, "/properties/points"),
            size(&found["properties"]["logicalBytes"]),
            size(&store["uniqueBytes"]),
            size(&store["sharedBytes"]),
            size(&store["addedBytes"]),
            size(&store["storedBytes"]),
            minute(&text(&store, "/countedAt")),
        ]);
    }
    let headings = [
        "~MACHINE",
        "~STORE",
        ">POINTS",
        ">LOGICAL",
        ">UNIQUE",
        ">SHARED",
        ">ADDED",
        ">STORED",
        "COUNTED (UTC)",
    ];
    let counted = list("/properties/stores");
    settings.output.sheet(found, &headings, rows)?;
    if counted.is_empty() && settings.output.is_for_people() {
        return output::write(b"Nothing was counted so far: --check counts.\n");
    }
    Ok(())
}
