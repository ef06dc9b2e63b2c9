//! Finding by name what is meant.

use base::{Code, Error, Result};
use reqwest::Method;
use serde_json::Value;

use super::{group, text};
use crate::client::Client;
use crate::settings::Settings;

const MACHINES: &str = "providers/Microsoft.Compute/virtualMachines";
const VAULTS: &str = "providers/Microsoft.RecoveryServices/vaults";

/// The vault of this name: names are unique on a server.
pub async fn vault_named(client: &Client, name: &str) -> Result<Value> {
    let all = vaults(client, None).await?;
    let found = all.into_iter().find(|v| is_named(v, "/name", name));
    found.ok_or_else(|| {
        let detail = format!("the server has no vault `{name}`");
        Error::new(Code::ResourceNotFound, detail)
    })
}

/// The vault that is meant: by name, or the only one.
pub async fn vault(client: &Client, settings: &Settings) -> Result<Value> {
    if let Some(name) = &settings.global.remote.vault_name {
        return vault_named(client, name).await;
    }
    let mut all = vaults(client, settings.global.remote.group.as_deref()).await?;
    match (all.len(), all.pop()) {
        (1, Some(only)) => Ok(only),
        (0, _) => {
            let detail = "the server has no vault: make one by `stillpoint vault create -v NAME`";
            Err(Error::new(Code::ResourceNotFound, detail))
        }
        (_, last) => {
            all.extend(last);
            let names: Vec<String> = all.iter().map(|v| text(v, "/name")).collect();
            let detail = format!("which vault? -v names one of {}", names.join(", "));
            Err(Error::new(Code::BadArgument, detail))
        }
    }
}

/// The id of the vault that is meant.
pub async fn vault_id(client: &Client, settings: &Settings) -> Result<String> {
    Ok(text(&vault(client, settings).await?, "/id"))
}

/// All vaults, or those of a group.
pub async fn vaults(client: &Client, group: Option<&str>) -> Result<Vec<Value>> {
    client
        .list(&format!("{}/{VAULTS}", within(client, group)))
        .await
}

/// All machines, or those of a group.
pub async fn machines(client: &Client, group: Option<&str>) -> Result<Vec<Value>> {
    client
        .list(&format!("{}/{MACHINES}", within(client, group)))
        .await
}

/// The machine of this name or UUID.
pub async fn machine(client: &Client, settings: &Settings, name: &str) -> Result<Value> {
    let within = settings.global.remote.group.as_deref();
    let all = machines(client, within).await?;
    let meant = |m: &Value| is_named(m, "/name", name) || is_named(m, "/properties/vmId", name);
    only(all.into_iter().filter(meant).collect(), || {
        let detail = format!("the server knows no machine `{name}`");
        Error::new(Code::MachineNotFound, detail)
    })
}

/// The machine, after the hosts were looked at anew if it was not known.
pub async fn machine_anew(
    client: &Client,
    settings: &Settings,
    vault: &str,
    name: &str,
) -> Result<Value> {
    match machine(client, settings, name).await {
        Err(e) if e.code() == Code::MachineNotFound => {}
        found => return found,
    }
    let refresh = format!("{vault}/backupFabrics/Azure/refreshContainers");
    client.finish(Method::POST, &refresh).await?;
    machine(client, settings, name).await
}

/// What a vault protects.
pub async fn items(client: &Client, vault: &str) -> Result<Vec<Value>> {
    client.list(&format!("{vault}/backupProtectedItems")).await
}

/// The protected item of a machine.
pub async fn item(
    client: &Client,
    settings: &Settings,
    vault: &str,
    machine: &str,
) -> Result<Value> {
    let mut found = items(client, vault).await?;
    found.retain(|item| is_named(item, "/properties/friendlyName", machine));
    if let Some(wanted) = &settings.global.remote.group {
        let source = |item: &Value| text(item, "/properties/sourceResourceId");
        found.retain(|item| group(&source(item)).eq_ignore_ascii_case(wanted));
    }
    only(found, || {
        let detail = format!("the vault {} protects no `{machine}`", super::last(vault));
        Error::new(Code::ObjectNotFound, detail)
    })
}

fn within(client: &Client, group: Option<&str>) -> String {
    match group {
        Some(group) => format!("{}/resourceGroups/{group}", client.scope),
        None => client.scope.clone(),
    }
}

fn is_named(value: &Value, pointer: &str, name: &str) -> bool {
    text(value, pointer).eq_ignore_ascii_case(name)
}

fn only(mut found: Vec<Value>, none: impl FnOnce() -> Error) -> Result<Value> {
    match (found.len(), found.pop()) {
        (1, Some(one)) => Ok(one),
        (0, _) | (_, None) => Err(none()),
        _ => {
            let detail = "machines of several groups have that name: -g says which group";
            Err(Error::new(Code::BadArgument, detail))
        }
    }
}
