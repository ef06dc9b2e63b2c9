//! `stillpoint restore disks` by a server.

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::{backups, find, group, points, text};
use crate::cli::RestoreDisks;
use crate::client::Client;
use crate::settings::Settings;

/// The words of a restore that this command does by itself.
const DIRECT: [&str; 4] = ["onto", "format", "overwrite", "rate"];

pub async fn disks(settings: &Settings, words: &RestoreDisks) -> Result<u8> {
    settings.refuse(&DIRECT, "is for restores from a store: give --vault STORE")?;
    let client = Client::open()?;
    let vault = find::vault(&client, settings).await?;
    let (vault, region) = (text(&vault, "/id"), text(&vault, "/location"));
    let (item, point) = points::named(&client, settings, &vault, &words.point).await?;
    let to = words.to.as_deref().map(|to| to.to_string_lossy());
    let account = account(&client, to.as_deref()).await?;
    let target = format!("{}/resourceGroups/{}", client.scope, group(&account));
    let mut properties = json!({
        "objectType": "IaasVMRestoreRequest",
        "recoveryPointId": text(&point, "/name"),
        "recoveryType": "RestoreDisks",
        "sourceResourceId": text(&item, "/properties/sourceResourceId"),
        "region": region,
        "storageAccountId": account,
        "targetResourceGroupId": target,
        "createNewCloudService": false,
        "originalStorageAccountOption": false,
    });
    if !words.disk.is_empty() {
        properties["restoreDiskLunList"] = numbers(&point, &words.disk)?.into();
    }
    let path = format!("{}/restore", text(&point, "/id"));
    let body = json!({"properties": properties});
    let job = client.start(Method::POST, &path, Some(&body)).await?;
    backups::finish(&client, settings, &vault, &job, words.no_wait).await
}

/// The folder of this name, or the only one: its id.
async fn account(client: &Client, name: Option<&str>) -> Result<String> {
    let path = format!(
        "{}/providers/Microsoft.Storage/storageAccounts",
        client.scope
    );
    let mut all = client.list(&path).await?;
    let names: Vec<String> = all.iter().map(|a| text(a, "/name")).collect();
    if let Some(name) = name {
        all.retain(|a| text(a, "/name").eq_ignore_ascii_case(name));
    }
    match (all.len(), all.pop(), name) {
        (1, Some(only), _) => Ok(text(&only, "/id")),
        (0, _, Some(name)) => {
            let detail = format!("the server has no folder `{name}`: --to names one of {names:?}");
            Err(Error::new(Code::ResourceNotFound, detail))
        }
        _ => {
            let detail = format!("where to? --to names one of {names:?}");
            Err(Error::new(Code::BadArgument, detail))
        }
    }
}

/// The numbers of these disks. The disk of the operating system has none: it always comes.
fn numbers(point: &Value, wanted: &[String]) -> Result<Vec<String>> {
    let disks = point.pointer("/properties/recoveryPointDiskConfiguration/includedDiskList");
    let disks: Vec<&Value> = disks
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .collect();
    let mut numbers = Vec::new();
    for name in wanted {
        let disk = disks.iter().find(|d| d["name"] == name.as_str());
        let disk = disk.ok_or_else(|| {
            let all: Vec<String> = disks.iter().map(|d| text(d, "/name")).collect();
            let detail = format!("the point has no disk `{name}`, but {}", all.join(", "));
            Error::new(Code::DiskNotFound, detail)
        })?;
        let number = disk["lun"].as_u64();
        numbers.extend(number.map(|n| n.to_string()));
    }
    Ok(numbers)
}
