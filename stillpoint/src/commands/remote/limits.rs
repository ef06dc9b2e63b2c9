//! `stillpoint limit …`

use base::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::text;
use crate::cli::LimitCommand;
use crate::client::Client;
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: LimitCommand) -> Result<u8> {
    let client = Client::open()?;
    let limits = format!("{}/providers/Stillpoint.Fabric/limits", client.scope);
    let of = |name: &str| format!("{limits}/{name}");
    let shown = match command {
        LimitCommand::List => {
            let all = client.list(&limits).await?;
            let rows = all.iter().map(row).collect();
            let headings = ["~LIMIT", ">MOST", ">DEFAULT", "~OF"];
            settings.output.sheet(&json!(all), &headings, rows)?;
            return Ok(0);
        }
        LimitCommand::Set { name, most } => {
            let body = json!({"properties": {"most": most}});
            client
                .send(Method::PUT, &of(&name), Some(&body))
                .await?
                .body
        }
        LimitCommand::Reset { name } => {
            client.send(Method::DELETE, &of(&name), None).await?;
            client.get(&of(&name)).await?
        }
    };
    let facts: Vec<(&str, String)> = ["Limit", "Most", "Default", "Of"]
        .into_iter()
        .zip(row(&shown))
        .collect();
    settings.output.one(&shown, &facts)?;
    Ok(0)
}

fn row(limit: &Value) -> Vec<String> {
    let number = |pointer: &str| match limit.pointer(pointer) {
        Some(Value::Number(most)) => most.to_string(),
        _ => "none".to_owned(),
    };
    vec![
        text(limit, "/name"),
        number("/properties/most"),
        number("/properties/default"),
        text(limit, "/properties/description"),
    ]
}
