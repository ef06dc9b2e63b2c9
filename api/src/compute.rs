//! Virtual machines.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use base::Result;
use control::Control;
use control::actions::MACHINE_WRITE;
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::machines::{Machine, MachineDisk};

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::Answer;
use crate::found::Found;
use crate::scope::Names;

/// What a PATCH may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    tags: Option<BTreeMap<String, String>>,
}

/// `PATCH …/virtualMachines/{name}`: other tags, which rules go by (DISC-12); all else is as the
/// host says.
pub(crate) async fn patch(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    let (group, name) = (&names.group, &names.name);
    let id = app.control.machine_id(group, name);
    names.allow(&app, &caller, MACHINE_WRITE, &id).await?;
    let found = match body::read::<Asked>(&bytes)?.tags {
        Some(tags) => app.control.tag_machine(group, name, tags).await?,
        None => app.control.machine(group, name).await?,
    };
    Ok(Json(Machine::shape(&found)))
}

impl Found for Machine {
    const TYPE: &'static str = "Microsoft.Compute/virtualMachines";

    fn id(control: &Control, group: &str, name: &str) -> String {
        control.machine_id(group, name)
    }

    async fn page(
        control: &Control,
        group: Option<&str>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Record<Self>>> {
        control.machines(group, after, limit).await
    }

    async fn one(control: &Control, group: &str, name: &str) -> Result<Record<Self>> {
        control.machine(group, name).await
    }

    fn shape(machine: &Record<Self>) -> Value {
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
            "type": Self::TYPE,
            "location": kept.location,
            "tags": kept.said.tags,
            "properties": {
                "vmId": kept.uuid,
                "provisioningState": "Succeeded",
                "hardwareProfile": {"vmSize": "Custom"},
                "storageProfile": storage,
                "instanceView": view(kept),
                "networkProfile": {"networkInterfaces": []},
            },
        })
    }
}

/// Whether it runs, and if so, whether its agent answers (DISC-2).
fn view(machine: &Machine) -> Value {
    let (power, shown) = match machine.running {
        true => ("PowerState/running", "VM running"),
        false => ("PowerState/stopped", "VM stopped"),
    };
    let mut view = json!({
        "statuses": [{"code": power, "level": "Info", "displayStatus": shown}],
    });
    let agent = match &machine.agent_lost {
        _ if !machine.running => return view,
        None => json!({
            "code": "ProvisioningState/succeeded",
            "level": "Info",
            "displayStatus": "Ready",
        }),
        Some(lost) => json!({
            "code": "ProvisioningState/Unavailable",
            "level": "Warning",
            "displayStatus": "Not Ready",
            "message": match lost.absent {
                true => "the machine has no channel for a guest agent",
                false => "the guest agent does not answer",
            },
            "time": lost.since.to_string(),
        }),
    };
    view["vmAgent"] = json!({"statuses": [agent]});
    view
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
