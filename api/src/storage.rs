//! Folders that disks are restored into, as storage accounts.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use state::Record;
use state::storage_accounts::StorageAccount;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::page::{Page, Paged};
use crate::scope::{InGroup, Names, Subscription};

const READ: &str = "Microsoft.Storage/storageAccounts/read";

/// `GET …/storageAccounts` of a subscription
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let found = app
        .control
        .storage_accounts(None, page.after(), Paged::ASKED);
    Ok(Json(page.answer(
        &app,
        found.await?,
        |a| a.id.clone(),
        shape,
    )))
}

/// `GET …/storageAccounts` of a group
pub(crate) async fn list_in_group(
    State(app): State<App>,
    Path(scope): Path<InGroup>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let group = Some(scope.group.as_str());
    let found = app
        .control
        .storage_accounts(group, page.after(), Paged::ASKED);
    Ok(Json(page.answer(
        &app,
        found.await?,
        |a| a.id.clone(),
        shape,
    )))
}

/// `GET …/storageAccounts/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = app.control.storage_account_id(&names.group, &names.name);
    names.allow(&app, &caller, READ, &id).await?;
    let found = app
        .control
        .storage_account(&names.group, &names.name)
        .await?;
    Ok(Json(shape(&found)))
}

fn shape(account: &Record<StorageAccount>) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": account.body.location,
        "tags": {},
        "kind": "StorageV2",
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "properties": {"provisioningState": "Succeeded"},
    })
}
