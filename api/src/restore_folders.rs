//! Restore folders, at `Stillpoint.Fabric/restoreFolders`: the same as the storage accounts that
//! clients of Azure see, with their hosts and paths.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::{RestoreFolderInput, Sees};
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::storage_accounts::StorageAccount;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, deleted, put_answer};
use crate::if_match::IfMatch;
use crate::page::{Page, Paged};
use crate::scope::{InGroup, Names, Subscription, allow_in};

/// The resource's type.
pub(crate) const TYPE: &str = "Stillpoint.Fabric/restoreFolders";
const READ: &str = "Stillpoint.Fabric/restoreFolders/read";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    host: Option<String>,
    folder: Option<String>,
}

/// `GET …/restoreFolders` of a subscription
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, READ).await?;
    let after = page.after();
    let found = app.control.storage_accounts(None, after, Paged::ASKED);
    let page = page.answer(&app, found.await?, |r| r.id.clone(), shape);
    Ok(Json(seen_by_account(page, &sees)))
}

/// `GET …/restoreFolders` of a group
pub(crate) async fn list_in_group(
    State(app): State<App>,
    Path(scope): Path<InGroup>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, READ).await?;
    let (group, after) = (Some(scope.group.as_str()), page.after());
    let found = app.control.storage_accounts(group, after, Paged::ASKED);
    let page = page.answer(&app, found.await?, |r| r.id.clone(), shape);
    Ok(Json(seen_by_account(page, &sees)))
}

/// `GET …/restoreFolders/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    allow(&app, &caller, &names, "read").await?;
    let found = app.control.storage_account(&names.group, &names.name);
    Ok(Json(shape(&found.await?)))
}

/// `PUT …/restoreFolders/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    if_match: IfMatch,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    allow(&app, &caller, &names, "write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    if asked.folder.is_some() {
        // A folder of the host is the server's, and not a group's.
        allow_in(&app, &caller, &format!("{TYPE}/write"), &names.subscription).await?;
    }
    let host = asked.host.as_deref();
    let input = RestoreFolderInput {
        host: host.map(|h| h.rsplit('/').next().unwrap_or(h).to_owned()),
        folder: asked.folder,
        if_match: if_match.0,
    };
    let put = app
        .control
        .put_restore_folder(&names.group, &names.name, input);
    let (folder, made) = put.await?;
    Ok(put_answer(made, shape(&folder)))
}

/// `DELETE …/restoreFolders/{name}`: 204 if there is none.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    if_match: IfMatch,
) -> Answer<StatusCode> {
    allow(&app, &caller, &names, "delete").await?;
    let asked = if_match.0.as_deref();
    let was = app
        .control
        .delete_restore_folder(&names.group, &names.name, asked);
    Ok(deleted(was.await?))
}

/// Lets the request go on if the caller may do this. The record is the storage account's, so what
/// roles and locks say of that counts.
async fn allow(app: &App, caller: &Caller, names: &Names, verb: &str) -> Answer<()> {
    let id = app.control.storage_account_id(&names.group, &names.name);
    let action = format!("{TYPE}/{verb}");
    names.allow(app, caller, &action, &id).await
}

/// A list without what the caller may not see: what roles say of the storage account counts.
fn seen_by_account(mut page: Value, sees: &Sees) -> Value {
    if let Some(all) = page["value"].as_array_mut() {
        let account = |r: &Value| {
            r["properties"]["storageAccountId"]
                .as_str()
                .map(str::to_owned)
        };
        all.retain(|r| account(r).is_some_and(|id| sees.lets(&id)));
    }
    page
}

fn shape(folder: &Record<StorageAccount>) -> Value {
    let (group, _) = folder.id.split_once("/providers/").unwrap_or_default();
    let host = &folder.body.host;
    json!({
        "id": format!("{group}/providers/{TYPE}/{}", folder.name),
        "name": folder.name,
        "type": TYPE,
        "location": folder.body.location,
        "etag": format!("W/\"{}\"", folder.etag()),
        "properties": {
            "provisioningState": "Succeeded",
            "host": host.rsplit('/').next().unwrap_or(host),
            "folder": folder.body.folder,
            "storageAccountId": folder.id,
        },
    })
}
