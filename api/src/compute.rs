//! Virtual machines.

use base::Result;
use control::Control;
use serde_json::{Value, json};
use state::Record;
use state::machines::{Machine, MachineDisk};

use crate::found::Found;

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
