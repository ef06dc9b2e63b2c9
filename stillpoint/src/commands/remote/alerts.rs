//! `stillpoint alert …`

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::text;
use crate::cli::AlertCommand;
use crate::client::Client;
use crate::settings::Settings;
use crate::units::instant;

const STATE: &str = "/properties/essentials/alertState";
const CONDITION: &str = "/properties/essentials/monitorCondition";

pub async fn run(settings: &Settings, command: AlertCommand) -> Result<()> {
    let client = Client::open()?;
    let path = format!(
        "{}/providers/Microsoft.AlertsManagement/alerts",
        client.scope
    );
    let mut found = client.list(&path).await?;
    match command {
        AlertCommand::List { all } => {
            let open = |a: &Value| text(a, STATE) != "Closed" && text(a, CONDITION) == "Fired";
            found.retain(|a| all || open(a));
            list(settings, &found)
        }
        AlertCommand::Close { alert } => {
            let id = named(&found, &alert)?;
            let change = format!("{id}/changestate?newState=Closed");
            let closed = client.send(Method::POST, &change, None).await?;
            list(settings, &[closed.body])
        }
    }
}

/// The last part of an alert's path.
fn name(alert: &Value) -> String {
    let id = text(alert, "/id");
    id.rsplit('/').next().unwrap_or_default().to_owned()
}

/// The path of the one alert whose id begins so.
fn named(all: &[Value], words: &str) -> Result<String> {
    let words = words.to_lowercase();
    let mut found = all.iter().filter(|a| name(a).starts_with(&words));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(text(one, "/id")),
        (None, _) => {
            let detail = format!("there is no alert `{words}`");
            Err(Error::new(Code::ResourceNotFound, detail))
        }
        _ => {
            let detail = format!("several alerts begin with `{words}`");
            Err(Error::new(Code::BadArgument, detail))
        }
    }
}

fn list(settings: &Settings, all: &[Value]) -> Result<()> {
    let rows = all.iter().map(|alert| {
        let of = |what: &str| text(alert, &format!("/properties/essentials/{what}"));
        vec![
            name(alert).chars().take(8).collect(),
            text(alert, "/properties/context/level"),
            of("targetResourceName"),
            text(alert, "/name"),
            match of("monitorCondition").as_str() {
                "Fired" => of("alertState"),
                resolved => resolved.to_owned(),
            },
            instant(&of("startDateTime")),
            text(alert, "/properties/context/occurrences"),
        ]
    });
    let headings = [
        "ALERT",
        "LEVEL",
        "~ABOUT",
        "WHAT",
        "STATE",
        "SINCE (UTC)",
        ">TIMES",
    ];
    settings
        .output
        .sheet(&json!(all), &headings, rows.collect())
}
