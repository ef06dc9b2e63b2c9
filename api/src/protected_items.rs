//! Protected items, and the containers that clients see around them.

pub(crate) mod all;
mod body;
mod shape;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::Response;
use base::{Code, Error};
use control::actions::MACHINE_WRITE;
use control::{ItemChange, ItemName, Which};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use state::protected_items::ProtectedItem;

use crate::app::App;
use crate::body::{self as bodies, Body};
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::operations::accepted;
use crate::page::{Page, Paged};
use crate::{time, vaults};

/// Names in an item's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    pub(crate) subscription: String,
    pub(crate) group: String,
    pub(crate) vault: String,
    pub(crate) container: String,
    pub(crate) item: String,
}

/// What the POST of a backup may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BackupAsked {
    properties: BackupProperties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct BackupProperties {
    recoverypointexpirytimeinutc: Option<String>,
}

/// Whether a list is asked for something that there is none of here.
fn is_foreign(filter: &Filter) -> bool {
    !(filter.lets("backupManagementType", "AzureIaasVM")
        && filter.lets("itemType", "VM")
        && filter.lets("workloadType", "VM"))
}

/// A page of the items that a list is about; none if it asks for what there is none of here.
async fn found(
    app: &App,
    names: &vaults::Names,
    which: Which<'_>,
    filter: &Filter,
    page: &Page,
) -> Answer<Vec<ProtectedItem>> {
    if is_foreign(filter) {
        return Ok(Vec::new());
    }
    let (group, vault) = (&names.group, &names.vault);
    let found = app
        .control
        .items(group, vault, which, page.after(), Paged::ASKED);
    Ok(found.await?)
}

/// `GET …/backupProtectedItems`
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<vaults::Names>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    names
        .allow(&app, &caller, "backupProtectedItems/read")
        .await?;
    let which = Which {
        policy: filter.get("policyName"),
        deleted: None,
    };
    let found = found(&app, &names, which, &filter, &page).await?;
    let now = app.control.now();
    Ok(Json(page.answer(
        &app,
        found,
        |i| i.id.clone(),
        |item| shape::item(item, now),
    )))
}

/// `GET …/backupProtectionContainers`: one for each live item.
pub(crate) async fn containers(
    State(app): State<App>,
    Path(names): Path<vaults::Names>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let verb = "backupProtectionContainers/read";
    names.allow(&app, &caller, verb).await?;
    let which = Which {
        policy: None,
        deleted: Some(false),
    };
    let mut found = found(&app, &names, which, &filter, &page).await?;
    if !filter.lets("status", "Registered") {
        found.clear();
    }
    let mut value = page.answer(&app, found, |i| i.id.clone(), shape::container);
    if let (Some(name), Some(all)) = (filter.get("friendlyName"), value["value"].as_array_mut()) {
        all.retain(|c| c["properties"]["friendlyName"] == name);
    }
    Ok(Json(value))
}

/// `GET …/backupDeletedProtectionContainers`
pub(crate) async fn deleted_containers(
    State(app): State<App>,
    Path(names): Path<vaults::Names>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let verb = "backupDeletedProtectionContainers/read";
    names.allow(&app, &caller, verb).await?;
    let which = Which {
        policy: None,
        deleted: Some(true),
    };
    let found = found(&app, &names, which, &filter, &page).await?;
    Ok(Json(page.answer(
        &app,
        found,
        |i| i.id.clone(),
        shape::container,
    )))
}

/// `GET …/protectedItems/{item}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let item = names.find(&app, &caller, "read").await?;
    let summary = app.control.recovery_point_summary(&item).await?;
    let mut value = shape::item(&item, app.control.now());
    value["properties"]["extendedInfo"] = shape::extended(&item, &summary);
    Ok(Json(value))
}

/// `PUT …/protectedItems/{item}`: what it means stands in its body.
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Response> {
    let id = names.allow(&app, &caller, "write").await?;
    let change = body::change(&bytes)?;
    if matches!(change, ItemChange::Stop | ItemChange::Suspend) {
        names.allow(&app, &caller, "stop/action").await?;
    }
    let (group, vault, name) = (&names.group, &names.vault, names.name()?);
    if matches!(change, ItemChange::Protect(_)) {
        match app.control.item(group, vault, &name).await {
            // It is new: whoever enables protection needs rights on the machine, too (RBAC-5).
            Err(e) if e.code() == Code::ObjectNotFound => {
                let machine = app.control.machine_id(&name.group, &name.machine);
                caller.may(&app, MACHINE_WRITE, &machine).await?;
            }
            found => drop(found?),
        }
    }
    let done = app.control.change_item(group, vault, &name, change).await?;
    Ok(accepted(&app, &id, done.operation))
}

/// `DELETE …/protectedItems/{item}`: stops protection and deletes the points.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Response> {
    let id = names.allow(&app, &caller, "delete").await?;
    let (group, vault, name) = (&names.group, &names.vault, names.name()?);
    let done = app.control.delete_item(group, vault, &name).await?;
    Ok(accepted(&app, &id, done.operation))
}

/// `POST …/protectedItems/{item}/backup`
pub(crate) async fn backup(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Response> {
    let id = names.allow(&app, &caller, "backup/action").await?;
    let asked: BackupAsked = bodies::read(&bytes)?;
    let text = asked.properties.recoverypointexpirytimeinutc;
    let until = text.map(|text| instant(&text)).transpose()?;
    let (group, vault, name) = (&names.group, &names.vault, names.name()?);
    let done = app.control.backup_now(group, vault, &name, until).await?;
    Ok(accepted(&app, &id, done.operation))
}

/// A time with its offset, or in UTC without one.
fn instant(text: &str) -> Answer<Timestamp> {
    let time = time::read(text);
    time.ok_or_else(|| {
        let detail =
            format!("properties.recoveryPointExpiryTimeInUTC is `{text}`, which is no time");
        Error::new(Code::InvalidRequestContent, detail).into()
    })
}

/// What `POST …/backupStatus` asks.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct StatusAsked {
    resourceid: Option<String>,
}

/// `POST …/locations/{location}/backupStatus`: whether and where a machine is protected.
pub(crate) async fn status(
    State(app): State<App>,
    Path((subscription, _)): Path<(String, String)>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    let scope = app.control.check_subscription(&subscription)?.id;
    let action = "Microsoft.RecoveryServices/locations/backupStatus/action";
    caller
        .may(&app, action, &format!("/subscriptions/{scope}"))
        .await?;
    let asked: StatusAsked = bodies::read(&bytes)?;
    let missing = || {
        let detail = "resourceId is missing";
        Error::new(Code::InvalidRequestContent, detail)
    };
    let machine = asked.resourceid.ok_or_else(missing)?;
    let found = app.control.item_of_machine(&machine).await?;
    Ok(Json(match found {
        None => json!({
            "protectionStatus": "NotProtected",
            "vaultId": "",
            "fabricName": "",
            "containerName": "",
            "protectedItemName": "",
            "errorCode": "Success",
            "errorMessage": "",
            "policyName": "",
            "registrationStatus": "NotRegistered",
        }),
        Some(item) => shape::status(&item),
    }))
}

impl Names {
    pub(crate) fn name(&self) -> Answer<ItemName> {
        Ok(ItemName::parse(&self.container, &self.item)?)
    }

    /// Gives the item's id.
    pub(crate) async fn allow(&self, app: &App, caller: &Caller, verb: &str) -> Answer<String> {
        app.control.check_subscription(&self.subscription)?;
        let vault = app.control.vault_id(&self.group, &self.vault);
        let action = format!(
            "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/{verb}"
        );
        caller.may(app, &action, &vault).await?;
        let name = self.name()?;
        Ok(app.control.item_id(&self.group, &self.vault, &name))
    }

    pub(crate) async fn find(
        &self,
        app: &App,
        caller: &Caller,
        verb: &str,
    ) -> Answer<ProtectedItem> {
        self.allow(app, caller, verb).await?;
        let name = self.name()?;
        Ok(app.control.item(&self.group, &self.vault, &name).await?)
    }
}
