//! Virtual machines.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use state::Record;
use state::machines::{Machine, MachineDisk};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::page::{Page, Paged};
use crate::scope::{InGroup, Names, Subscription};

const READ: &str = "Microsoft.Compute/virtualMachines/read";
/// The type, in the only case that clients take (G9).
pub(crate) const TYPE: &str = "Microsoft.Compute/virtualMachines";

/// `GET …/virtualMachines` of a subscription
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let found = app.control.machines(None, page.after(), Paged::ASKED);
    Ok(Json(page.answer(
        &app,
        found.await?,
        |m| m.id.clone(),
        shape,
    )))
}

/// `GET …/virtualMachines` of a group
pub(crate) async fn list_in_group(
    State(app): State<App>,
    Path(scope): Path<InGroup>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let group = Some(scope.group.as_str());
    let found = app.control.machines(group, page.after(), Paged::ASKED);
    Ok(Json(page.answer(
        &app,
        found.await?,
        |m| m.id.clone(),
        shape,
    )))
}

/// `GET …/virtualMachines/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = app.control.machine_id(&names.group, &names.name);
    names.allow(&app, &caller, READ, &id).await?;
    let found = app.control.machine(&names.group, &names.name).await?;
    Ok(Json(shape(&found)))
}

fn shape(machine: &Record<Machine>) -> Value {
    let kept = &machine.body;
    let mut data: Vec<&MachineDisk> = kept.disks.iter().filter(|d| d.lun.is_some()).collect();
    data.sort_by_key(|d| d.lun);
    let data: Vec<Value> = data.into_iter().map(|d| disk(machine, d)).collect();
    let mut storage = json!({"dataDisks": data});
    if let Some(system) = kept.disks.iter().find(|d| d.lun.is_none()) {
        storage["osDisk"] = disk(machine, system);
        storage["osDisk"]["osType"] = kept.os.clone().into();
    }
    json!({
        "id": machine.id,
        "name": machine.name,
        "type": TYPE,
        "location": kept.location,
        "tags": {},
        "properties": {
            "vmId": kept.uuid,
            "provisioningState": "Succeeded",
            "hardwareProfile": {"vmSize": "Custom"},
            "storageProfile": storage,
            "networkProfile": {"networkInterfaces": []},
        },
    })
}

fn disk(machine: &Record<Machine>, disk: &MachineDisk) -> Value {
    let name = format!("{}-{}", machine.name, disk.name);
    let group = machine.id.split("/providers/").next().unwrap_or_default();
    let mut shape = json!({
        "name": name,
        "createOption": "Attach",
        "diskSizeGB": disk.bytes.div_ceil(1 << 30),
        "managedDisk": {"id": format!("{group}/providers/Microsoft.Compute/disks/{name}")},
    });
    if let Some(lun) = disk.lun {
        shape["lun"] = lun.into();
    }
    shape
}
