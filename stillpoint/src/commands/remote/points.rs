//! `stillpoint point list|show` on a server.

use base::{Code, Error, Result};
use serde_json::{Value, json};

use super::{find, text};
use crate::client::Client;
use crate::settings::Settings;
use crate::units::minute;

/// Lists the points of a machine, or of all.
pub async fn list(settings: &Settings, machine: Option<&str>) -> Result<()> {
    let client = Client::open()?;
    let vault = find::vault_id(&client, settings).await?;
    let items = match machine {
        Some(machine) => vec![find::item(&client, settings, &vault, machine).await?],
        None => find::items(&client, &vault).await?,
    };
    let (mut all, mut rows) = (Vec::new(), Vec::new());
    for item in items {
        for point in of_item(&client, &item).await? {
            rows.push(vec![
                text(&point, "/name"),
                text(&item, "/properties/friendlyName"),
                minute(&text(&point, "/properties/recoveryPointTime")),
                tiers(&point).to_owned(),
                text(&point, "/properties/recoveryPointType"),
                minute(&expires(&point)),
            ]);
            all.push(point);
        }
    }
    let headings = [
        "POINT",
        "~MACHINE",
        "TIME (UTC)",
        "TIER",
        "CONSISTENCY",
        "KEPT UNTIL (UTC)",
    ];
    settings.output.sheet(&json!(all), &headings, rows)
}

/// Shows a point.
pub async fn show(settings: &Settings, point: &str) -> Result<()> {
    let client = Client::open()?;
    let vault = find::vault_id(&client, settings).await?;
    let (item, point) = named(&client, settings, &vault, point).await?;
    let disks = point.pointer("/properties/recoveryPointDiskConfiguration/includedDiskList");
    let disks = disks.and_then(Value::as_array).into_iter().flatten();
    let disks: Vec<String> = disks.map(|d| text(d, "/name")).collect();
    let facts = [
        ("Point", text(&point, "/name")),
        ("Machine", text(&item, "/properties/friendlyName")),
        ("Time (UTC)", text(&point, "/properties/recoveryPointTime")),
        ("Tier", tiers(&point).to_owned()),
        ("Consistency", text(&point, "/properties/recoveryPointType")),
        ("Kept until", expires(&point)),
        ("Disks", disks.join(", ")),
    ];
    settings.output.one(&point, &facts)
}

/// The point that is meant, with its item: a number, `latest:MACHINE`, or `latest` where only one
/// machine is protected.
pub async fn named(
    client: &Client,
    settings: &Settings,
    vault: &str,
    words: &str,
) -> Result<(Value, Value)> {
    let missing = || Error::new(Code::RecoveryPointNotFound, format!("no point `{words}`"));
    let machine = match (words, words.strip_prefix("latest:")) {
        ("latest", _) => None,
        (_, Some(machine)) => Some(machine),
        _ => {
            for item in find::items(client, vault).await? {
                let all = of_item(client, &item).await?;
                if let Some(point) = all.into_iter().find(|p| text(p, "/name") == words) {
                    return Ok((item, point));
                }
            }
            return Err(missing());
        }
    };
    let item = match machine {
        Some(machine) => find::item(client, settings, vault, machine).await?,
        None => {
            let mut items = find::items(client, vault).await?;
            match (items.len(), items.pop()) {
                (1, Some(only)) => only,
                _ => {
                    let detail = "of which machine? Write latest:MACHINE";
                    return Err(Error::new(Code::BadArgument, detail));
                }
            }
        }
    };
    // The newest comes first.
    let newest = of_item(client, &item).await?.into_iter().next();
    Ok((item, newest.ok_or_else(missing)?))
}

async fn of_item(client: &Client, item: &Value) -> Result<Vec<Value>> {
    let path = format!("{}/recoveryPoints", text(item, "/id"));
    client.list(&path).await
}

fn expires(point: &Value) -> String {
    text(point, "/properties/recoveryPointProperties/expiryTime")
}

/// In which tiers a point is (SNAP-2).
fn tiers(point: &Value) -> &'static str {
    let all = point.pointer("/properties/recoveryPointTierDetails");
    let has = |kind: &str| {
        let mut all = all.and_then(Value::as_array).into_iter().flatten();
        all.any(|t| t["type"] == kind && t["status"] != "Deleted")
    };
    match (has("InstantRP"), has("HardenedRP")) {
        (true, true) => "Snapshot and vault",
        (true, false) => "Snapshot",
        (false, true) => "Vault",
        (false, false) => "-",
    }
}
