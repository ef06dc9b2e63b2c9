//! `stillpoint restore disks` by a server.

use std::path::Path;

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::{Value, json};

use super::{backups, find, group, points, text};
use crate::cli::{RestoreDisks, RestoreVm};
use crate::client::Client;
use crate::settings::Settings;

/// The words of a restore that this command does by itself.
const DIRECT: [&str; 4] = ["onto", "format", "overwrite", "rate"];
const DIRECT_VM: [&str; 6] = [
    "new_identity",
    "define",
    "start",
    "overwrite",
    "format",
    "rate",
];
const OF_STORE: &str = "is for restores from a store: give --vault STORE";

/// A point, and what every restore of it says.
struct Asked {
    client: Client,
    vault: String,
    point: Value,
    properties: Value,
}

/// `stillpoint restore disks`
pub async fn disks(settings: &Settings, words: &RestoreDisks) -> Result<u8> {
    settings.refuse(&DIRECT, OF_STORE)?;
    let mut asked = Asked::of(settings, &words.point).await?;
    if words.in_place {
        asked.set(&[("recoveryType", "OriginalLocation")]);
    } else {
        let account = asked.account(words.to.as_deref()).await?;
        let target = asked.group_id(group(&account));
        asked.set(&[
            ("recoveryType", "RestoreDisks"),
            ("storageAccountId", &account),
            ("targetResourceGroupId", &target),
        ]);
    }
    if !words.disk.is_empty() {
        let numbers = numbers(&asked.point, &words.disk)?;
        asked.properties["restoreDiskLunList"] = numbers.into();
    }
    asked.start(settings, words.no_wait).await
}

/// `stillpoint restore vm`
pub async fn machine(settings: &Settings, words: &RestoreVm) -> Result<u8> {
    settings.refuse(&DIRECT_VM, OF_STORE)?;
    let name = words.name.as_deref().ok_or_else(|| {
        let detail = "a server makes a new machine: --name says how it is called";
        Error::new(Code::BadArgument, detail)
    })?;
    let mut asked = Asked::of(settings, &words.point).await?;
    let account = asked.account(words.to.as_deref()).await?;
    let networks = "Microsoft.Network/virtualNetworks";
    let network = words.network.as_deref();
    let network = asked.one(networks, network, "network", "--network").await?;
    let in_group = words.target_group.as_deref().unwrap_or(group(&account));
    let target = asked.group_id(in_group);
    let machine = format!("{target}/providers/Microsoft.Compute/virtualMachines/{name}");
    asked.set(&[
        ("recoveryType", "AlternateLocation"),
        ("storageAccountId", &account),
        ("targetResourceGroupId", &target),
        ("targetVirtualMachineId", &machine),
        ("virtualNetworkId", &network),
        ("subnetId", &format!("{network}/subnets/default")),
    ]);
    asked.start(settings, words.no_wait).await
}

impl Asked {
    async fn of(settings: &Settings, point: &str) -> Result<Self> {
        let client = Client::open()?;
        let vault = find::vault(&client, settings).await?;
        let (vault, region) = (text(&vault, "/id"), text(&vault, "/location"));
        let (item, point) = points::named(&client, settings, &vault, point).await?;
        let properties = json!({
            "objectType": "IaasVMRestoreRequest",
            "recoveryPointId": text(&point, "/name"),
            "sourceResourceId": text(&item, "/properties/sourceResourceId"),
            "region": region,
            "createNewCloudService": false,
            "originalStorageAccountOption": false,
        });
        Ok(Self {
            client,
            vault,
            point,
            properties,
        })
    }

    fn set(&mut self, properties: &[(&str, &str)]) {
        for (name, value) in properties {
            self.properties[*name] = (*value).into();
        }
    }

    fn group_id(&self, name: &str) -> String {
        format!("{}/resourceGroups/{name}", self.client.scope)
    }

    async fn start(&self, settings: &Settings, no_wait: bool) -> Result<u8> {
        let path = format!("{}/restore", text(&self.point, "/id"));
        let body = json!({"properties": self.properties});
        let job = self.client.start(Method::POST, &path, Some(&body)).await?;
        backups::finish(&self.client, settings, &self.vault, &job, no_wait).await
    }

    /// The folder of this name, or the only one: its id.
    async fn account(&self, name: Option<&Path>) -> Result<String> {
        let name = name.map(Path::to_string_lossy);
        let accounts = "Microsoft.Storage/storageAccounts";
        self.one(accounts, name.as_deref(), "folder", "--to").await
    }

    /// The resource of a type that has this name, or the only one: its id.
    async fn one(&self, kind: &str, name: Option<&str>, what: &str, word: &str) -> Result<String> {
        let path = format!("{}/providers/{kind}", self.client.scope);
        let mut all = self.client.list(&path).await?;
        let names: Vec<String> = all.iter().map(|a| text(a, "/name")).collect();
        let names = names.join(", ");
        if let Some(name) = name {
            all.retain(|a| text(a, "/name").eq_ignore_ascii_case(name));
        }
        match (all.len(), all.pop(), name) {
            (1, Some(only), _) => Ok(text(&only, "/id")),
            (0, _, Some(name)) => {
                let detail =
                    format!("the server has no {what} `{name}`: {word} names one of {names}");
                Err(Error::new(Code::ResourceNotFound, detail))
            }
            _ => {
                let detail = format!("which {what}? {word} names one of {names}");
                Err(Error::new(Code::BadArgument, detail))
            }
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
