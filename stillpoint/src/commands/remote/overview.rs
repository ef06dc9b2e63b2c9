//! `stillpoint overview`

use base::Result;
use serde_json::Value;

use super::{find, text};
use crate::client::Client;
use crate::output::{self, table};
use crate::settings::Settings;
use crate::units::minute;

/// The counts that are shown, by their places in the answer.
const COUNTS: [(&str, &str); 16] = [
    ("Machines", "/machines/total"),
    ("Protected machines", "/machines/protected"),
    ("Unprotected machines", "/machines/unprotected"),
    ("Vaults", "/vaults"),
    ("Items", "/items/total"),
    ("Initial backup pending", "/items/initialBackupPending"),
    ("Last backup failed", "/items/lastBackupFailed"),
    ("Consistency downgraded", "/items/downgraded"),
    ("Points missed", "/items/pointsMissed"),
    ("Stopped", "/items/stopped"),
    ("Soft-deleted", "/items/softDeleted"),
    ("Protected instances", "/protectedInstances"),
    ("Jobs in progress", "/jobs/inProgress"),
    ("Jobs failed (24 h)", "/jobs/last24Hours/failed"),
    ("Critical alerts", "/alerts/critical"),
    ("Storage nearly full", "/storage/nearlyFull"),
];

/// Shows how everything stands, or the vault that is named.
pub async fn run(settings: &Settings) -> Result<()> {
    let client = Client::open()?;
    let scope = match settings.global.remote.vault_name {
        Some(_) => find::vault_id(&client, settings).await?,
        None => client.scope.clone(),
    };
    let path = format!("{scope}/providers/Stillpoint.Fabric/overview/default");
    let found = client.get(&path).await?;
    let properties = &found["properties"];
    let known = COUNTS
        .iter()
        .filter(|(_, at)| properties.pointer(at).is_some());
    let facts: Vec<(&str, String)> = known
        .map(|(name, at)| (*name, text(properties, at)))
        .collect();
    settings.output.one(&found, &facts)?;
    let attention = properties["attention"].as_array();
    let attention = attention.map_or(&[][..], |all| all);
    if attention.is_empty() || !settings.output.is_for_people() {
        return Ok(());
    }
    let rows = attention.iter().map(row);
    let headings = [
        "SEVERITY",
        "~WHAT",
        "~NAME",
        "~VAULT",
        "SINCE (UTC)",
        "CODE",
        "~DETAIL",
    ];
    output::write(format!("\n{}", table(&headings, rows)).as_bytes())
}

fn row(one: &Value) -> Vec<String> {
    vec![
        text(one, "/severity"),
        text(one, "/kind"),
        text(one, "/name"),
        text(one, "/vaultName"),
        minute(&text(one, "/since")),
        text(one, "/code"),
        text(one, "/detail"),
    ]
}
