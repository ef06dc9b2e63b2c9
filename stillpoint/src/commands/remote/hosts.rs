//! `stillpoint host …`

use base::Result;
use reqwest::Method;
use serde_json::{Value, json};

use super::text;
use crate::cli::HostCommand;
use crate::client::Client;
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: HostCommand) -> Result<u8> {
    let client = Client::open()?;
    let hosts = format!("{}/providers/Stillpoint.Fabric/hosts", client.scope);
    match command {
        HostCommand::List => {
            let all = client.list(&hosts).await?;
            let rows = all.iter().map(row).collect();
            let headings = ["~HOST", "~CONNECTION", "~GROUP", "LOCATION"];
            settings.output.sheet(&json!(all), &headings, rows)?;
        }
        HostCommand::Show { name } => {
            print(settings, &client.get(&format!("{hosts}/{name}")).await?)?;
        }
        HostCommand::Add { name, connection } => {
            let group = settings.global.remote.group.as_deref().unwrap_or("default");
            let path = format!("{}/resourceGroups/{group}", client.scope);
            let location = text(&client.get(&path).await?, "/location");
            let properties = json!({"connection": connection, "group": group});
            let body = json!({"location": location, "properties": properties});
            let path = format!("{hosts}/{name}");
            let made = client.send(Method::PUT, &path, Some(&body)).await?;
            print(settings, &made.body)?;
        }
        HostCommand::Remove { name } => client.remove(&format!("{hosts}/{name}")).await?,
    }
    Ok(0)
}

fn row(host: &Value) -> Vec<String> {
    let of = |name: &str| text(host, &format!("/properties/{name}"));
    vec![
        text(host, "/name"),
        of("connection"),
        of("group"),
        text(host, "/location"),
    ]
}

fn print(settings: &Settings, host: &Value) -> Result<()> {
    let names = ["Host", "Connection", "Group", "Location"];
    let mut facts: Vec<(&str, String)> = names.into_iter().zip(row(host)).collect();
    facts.push(("Snapshots", text(host, "/properties/snapshotStore")));
    settings.output.one(host, &facts)
}
