//! `stillpoint vm list|show` on a server.

use base::Result;
use serde_json::{Value, json};

use super::{find, group, text};
use crate::cli::VmCommand;
use crate::client::Client;
use crate::output::table;
use crate::settings::Settings;

pub async fn run(settings: &Settings, command: VmCommand) -> Result<()> {
    let client = Client::open()?;
    match command {
        VmCommand::List => {
            let within = settings.global.remote.group.as_deref();
            let all = find::machines(&client, within).await?;
            let rows = all.iter().map(|m| {
                let disks = disks(m);
                let sizes = disks.iter().filter_map(|d| d["diskSizeGB"].as_u64());
                vec![
                    text(m, "/name"),
                    group(&text(m, "/id")).to_owned(),
                    text(m, "/location"),
                    disks.len().to_string(),
                    format!("{} GiB", sizes.sum::<u64>()),
                ]
            });
            let rows = rows.collect();
            let headings = ["~NAME", "~GROUP", "LOCATION", ">DISKS", ">SIZE"];
            settings.output.sheet(&json!(all), &headings, rows)
        }
        VmCommand::Show { machine } => {
            let found = find::machine(&client, settings, &machine).await?;
            let facts = [
                ("Name", text(&found, "/name")),
                ("Group", group(&text(&found, "/id")).to_owned()),
                ("UUID", text(&found, "/properties/vmId")),
                ("Location", text(&found, "/location")),
            ];
            settings.output.one(&found, &facts)?;
            if !settings.output.is_for_people() {
                return Ok(());
            }
            let disks = disks(&found);
            let rows = disks.iter().map(|d| {
                let number = d["lun"].as_u64().map_or("OS".to_owned(), |n| n.to_string());
                vec![
                    number,
                    text(d, "/name"),
                    format!("{} GiB", text(d, "/diskSizeGB")),
                ]
            });
            let disks = table(&["LUN", "~DISK", ">SIZE"], rows);
            crate::output::write(format!("\n{disks}").as_bytes())
        }
    }
}

/// The disk of the operating system and the others.
fn disks(machine: &Value) -> Vec<&Value> {
    let storage = &machine["properties"]["storageProfile"];
    let data = storage["dataDisks"].as_array().into_iter().flatten();
    let first = Some(&storage["osDisk"]).filter(|d| d.is_object());
    first.into_iter().chain(data).collect()
}
