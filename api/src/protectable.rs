//! What a vault can protect, and looking anew for it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::machines::Machine;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::found::Found;
use crate::page::{Page, Paged};
use crate::vaults::Names;

const READ: &str = "Microsoft.RecoveryServices/vaults/backupProtectableItems/read";
const REFRESH: &str = "Microsoft.RecoveryServices/vaults/backupFabrics/refreshContainers/action";

/// Names in the path of a refresh.
#[derive(Debug, Deserialize)]
pub(crate) struct Refresh {
    subscription: String,
    group: String,
    vault: String,
    operation: String,
}

/// `GET …/backupProtectableItems`: the machines that can be protected (DISC-4, 5, 9 to 11).
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<Names>,
    filter: Filter,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allowed(&app, &caller, READ).await?;
    let asked =
        filter.lets("backupManagementType", "AzureIaasVM") && filter.lets("workloadType", "VM");
    let (group, name) = (&names.group, &names.vault);
    let vault = app.control.vault(group, name).await?;
    let found = match asked {
        true => {
            let control = &app.control;
            control
                .protectable(&vault, page.after(), Paged::ASKED)
                .await?
        }
        false => Vec::new(),
    };
    let shape = |m: &Record<Machine>| shape(&vault.id, m);
    Ok(Json(page.answer(&app, found, |m| m.id.clone(), shape)))
}

/// `POST …/backupFabrics/Azure/refreshContainers`: discovery at once (DISC-8). It has ended when
/// this is answered, so the first look at the operation tells so.
pub(crate) async fn refresh(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Response> {
    let vault = names.allowed(&app, &caller, REFRESH).await?;
    let operation = app.control.refresh(&names.group, &names.vault).await?;
    let results = format!(
        "{}{vault}/backupFabrics/Azure/operationResults/{operation}?api-version=2026-07-01",
        app.url
    );
    let headers = [
        (header::LOCATION, results),
        (header::RETRY_AFTER, "1".to_owned()),
    ];
    Ok((StatusCode::ACCEPTED, headers).into_response())
}

/// `GET …/backupFabrics/Azure/operationResults/{operation}`: 204 and never 200, which clients
/// take for a failure.
pub(crate) async fn refreshed(
    State(app): State<App>,
    Path(path): Path<Refresh>,
    caller: Caller,
) -> Answer<StatusCode> {
    let names = Names {
        subscription: path.subscription,
        group: path.group,
        vault: path.vault,
    };
    names.allowed(&app, &caller, REFRESH).await?;
    let (group, vault) = (&names.group, &names.vault);
    app.control.refreshed(group, vault, &path.operation).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shape(vault: &str, machine: &Record<Machine>) -> Value {
    let group = machine.id.split('/').nth(4).unwrap_or_default();
    let name = format!("iaasvmcontainerv2;{group};{}", machine.name);
    let container = format!("protectionContainers/IaasVMContainer;{name}");
    json!({
        "id": format!("{vault}/backupFabrics/Azure/{container}/protectableItems/vm;{name}"),
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems",
        "properties": {
            "protectableItemType": Machine::TYPE,
            "backupManagementType": "AzureIaasVM",
            "workloadType": "VM",
            "friendlyName": machine.name,
            "protectionState": "NotProtected",
            "virtualMachineId": machine.id,
            "virtualMachineVersion": "Compute",
            "resourceGroup": group,
        },
    })
}
