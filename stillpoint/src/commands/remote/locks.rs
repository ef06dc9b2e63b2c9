//! `stillpoint lock …`

use base::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::roles::scope;
use super::text;
use crate::cli::LockCommand;
use crate::client::Client;
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: LockCommand) -> Result<u8> {
    let client = Client::open()?;
    let locks = format!(
        "{}/providers/Microsoft.Authorization/locks",
        scope(settings, &client)
    );
    match command {
        LockCommand::List => {
            let all = client.list(&locks).await?;
            let rows = all.iter().map(row).collect();
            let headings = ["~LOCK", "LEVEL", "~NOTES", "~WHERE"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        LockCommand::Create { name, level, notes } => {
            let properties = json!({"level": level.name(), "notes": notes});
            let body = json!({"properties": properties});
            let path = format!("{locks}/{name}");
            let made = client.send(Method::PUT, &path, Some(&body)).await?.body;
            let facts: Vec<(&str, String)> = ["Lock", "Level", "Notes", "Where"]
                .into_iter()
                .zip(row(&made))
                .collect();
            settings.output.one(&made, &facts)?;
        }
        LockCommand::Delete { name } => {
            client.remove(&format!("{locks}/{name}")).await?;
        }
    }
    Ok(0)
}

fn row(lock: &Value) -> Vec<String> {
    let id = text(lock, "/id");
    let place = id.split("/providers/Microsoft.Authorization/").next();
    vec![
        text(lock, "/name"),
        text(lock, "/properties/level"),
        text(lock, "/properties/notes"),
        place.unwrap_or_default().to_owned(),
    ]
}
