//! `stillpoint job …`

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::watch::{self, phase, spent};
use super::{find, text, vault_of};
use crate::cli::JobCommand;
use crate::client::Client;
use crate::settings::Settings;
use crate::units::instant;

pub async fn run(settings: &Settings, command: JobCommand) -> Result<u8> {
    let client = Client::open()?;
    let vault = match &command {
        // Of all vaults there is a list of the same name.
        JobCommand::List { all: true, .. } => {
            settings.refuse(&["vault_name"], "names one vault, and --all asks for all")?;
            format!("{}/providers/Stillpoint.Fabric", client.scope)
        }
        _ => find::vault_id(&client, settings).await?,
    };
    match command {
        JobCommand::List {
            status, operation, ..
        } => {
            let wanted = [("status", status), ("operation", operation)];
            let wanted = wanted.into_iter().filter_map(|(name, value)| {
                let value = value?.replace('\'', "''");
                Some(format!("{name} eq '{value}'"))
            });
            let wanted: Vec<String> = wanted.collect();
            let mut path = format!("{vault}/backupJobs");
            if !wanted.is_empty() {
                let words = wanted.join(" and ");
                let words = url::form_urlencoded::byte_serialize(words.as_bytes());
                path += &format!("?$filter={}", words.collect::<String>());
            }
            list(settings, &client.list(&path).await?).map(|()| 0)
        }
        JobCommand::Show { job } => {
            let id = named(&client, &vault, &job).await?;
            let job = client.get(&format!("{vault}/backupJobs/{id}")).await?;
            print(settings, &job).map(|()| 0)
        }
        JobCommand::Watch { job } => {
            let id = named(&client, &vault, &job).await?;
            watch::job(&client, settings, &vault, &id).await
        }
        JobCommand::Cancel { job } => {
            let id = named(&client, &vault, &job).await?;
            let path = format!("{vault}/backupJobs/{id}");
            client
                .send(Method::POST, &format!("{path}/cancel"), None)
                .await?;
            print(settings, &client.get(&path).await?).map(|()| 0)
        }
    }
}

/// The id of a job: the whole, the beginning, or the latest.
async fn named(client: &Client, vault: &str, words: &str) -> Result<String> {
    if words.len() == 36 {
        return Ok(words.to_owned());
    }
    let all = client.list(&format!("{vault}/backupJobs")).await?;
    let names: Vec<String> = all.iter().map(|j| text(j, "/name")).collect();
    let mut found = names
        .iter()
        .filter(|name| words == "latest" || name.starts_with(&words.to_lowercase()));
    match (found.next(), found.next()) {
        (Some(first), second) if second.is_none() || words == "latest" => Ok(first.clone()),
        (None, _) => {
            let detail = format!("there is no job `{words}`");
            Err(Error::new(Code::ObjectNotFound, detail))
        }
        _ => {
            let detail = format!("several jobs begin with `{words}`");
            Err(Error::new(Code::BadArgument, detail))
        }
    }
}

fn list(settings: &Settings, all: &[Value]) -> Result<()> {
    let rows = all.iter().map(|job| {
        let mut row = vec![
            text(job, "/name").chars().take(8).collect(),
            text(job, "/properties/operation"),
            text(job, "/properties/entityFriendlyName"),
            text(job, "/properties/status"),
            instant(&text(job, "/properties/startTime")),
            spent(job, "/properties/duration"),
        ];
        row.extend(vault_of(job));
        row
    });
    let mut headings = vec![
        "JOB",
        "OPERATION",
        "~MACHINE",
        "STATUS",
        "STARTED (UTC)",
        ">TOOK",
    ];
    headings.extend(all.first().and_then(vault_of).map(|_| "~VAULT"));
    settings
        .output
        .sheet(&json!(all), &headings, rows.collect())
}

/// Prints a job.
pub fn print(settings: &Settings, job: &Value) -> Result<()> {
    let properties = &job["properties"];
    let of = |name: &str| text(properties, &format!("/{name}"));
    let mut facts = vec![
        ("Job", text(job, "/name")),
        (
            "Does",
            format!("{} of {}", of("operation"), of("entityFriendlyName")),
        ),
        ("Status", of("status")),
        ("Started", format!("{} UTC", instant(&of("startTime")))),
        ("Took", spent(properties, "/duration")),
    ];
    let info = &properties["extendedInfo"];
    let tasks = info["tasksList"].as_array().into_iter().flatten();
    let tasks: Vec<(String, String)> = tasks.map(|t| (text(t, "/taskId"), phase(t))).collect();
    facts.extend(
        tasks
            .iter()
            .map(|(name, what)| (name.as_str(), what.clone())),
    );
    // What the first lines say is not said again.
    let bag = info["propertyBag"].as_object().into_iter().flatten();
    let bag = bag.filter(|(name, _)| *name != "VM Name");
    let plain = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    facts.extend(bag.map(|(name, value)| (name.trim(), plain(value))));
    for error in properties["errorDetails"].as_array().into_iter().flatten() {
        let what = format!(
            "{}: {}",
            text(error, "/errorTitle"),
            text(error, "/errorString")
        );
        facts.push(("Error", what));
        for remedy in error["recommendations"].as_array().into_iter().flatten() {
            facts.push(("Remedy", plain(remedy)));
        }
    }
    settings.output.one(job, &facts)
}
