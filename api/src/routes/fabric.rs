//! Hosts, and what was found on them.

use state::machines::Machine;
use state::networks::Network;
use state::storage_accounts::StorageAccount;

use super::{GROUP, SUBSCRIPTION};
use crate::found::{self, Found};
use crate::openapi::schema::{
    about, and, any_object, guid, input, list, map, maybe, object, only, resource, succeeded, text,
    text_about, time, tracked, whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::{compute, hosts};

pub(super) fn routes() -> Routes {
    machines()
        .merge(networks())
        .merge(storage_accounts())
        .merge(hosts())
}

/// The three reads of a type of what was found on hosts.
pub(super) fn found_type<T: Found + 'static>(
    model: &'static str,
    reads: [&'static str; 3],
) -> Routes {
    let group = format!("{GROUP}/providers/{}", T::TYPE);
    let [all, in_group, one] = reads;
    Routes::new()
        .get(
            &format!("{SUBSCRIPTION}/providers/{}", T::TYPE),
            found::list::<T>,
            op(all, "Those of a subscription.").pages_of(model),
        )
        .get(
            &group,
            found::list_in_group::<T>,
            op(in_group, "Those of a resource group.").pages_of(model),
        )
        .get(
            &format!("{group}/{{name}}"),
            found::show::<T>,
            op(one, "The one of this name.").is(model),
        )
}

fn machines() -> Routes {
    let reads = [
        "VirtualMachines_ListAll",
        "VirtualMachines_List",
        "VirtualMachines_Get",
    ];
    let disk = || {
        object([
            ("name", text()),
            ("createOption", only("Attach")),
            ("diskSizeGB", whole()),
            ("managedDisk", object([("id", text())])),
        ])
    };
    let storage = object([
        ("?osDisk", and(disk(), object([("osType", maybe(text()))]))),
        ("dataDisks", list(and(disk(), object([("lun", whole())])))),
    ]);
    let status = || {
        object([
            ("code", text()),
            ("level", text()),
            ("displayStatus", text()),
            ("?message", text()),
            ("?time", time()),
        ])
    };
    let view = object([
        ("statuses", list(status())),
        ("?vmAgent", object([("statuses", list(status()))])),
    ]);
    let properties = object([
        ("vmId", guid()),
        ("provisioningState", succeeded()),
        ("hardwareProfile", object([("vmSize", text())])),
        ("storageProfile", storage),
        ("instanceView", view),
        (
            "networkProfile",
            object([("networkInterfaces", list(any_object()))]),
        ),
    ]);
    let one = format!("{GROUP}/providers/{}/{{name}}", Machine::TYPE);
    found_type::<Machine>("VirtualMachine", reads)
        .model("VirtualMachine", tracked(Machine::TYPE, properties))
        .model("VirtualMachinePatch", input([("tags", map(text()))]))
        .patch(
            &one,
            compute::patch,
            op("VirtualMachines_Update", "Changes a machine's tags.")
                .takes("VirtualMachinePatch")
                .is("VirtualMachine"),
        )
}

fn networks() -> Routes {
    let reads = [
        "VirtualNetworks_ListAll",
        "VirtualNetworks_List",
        "VirtualNetworks_Get",
    ];
    let subnet = object([
        ("id", text()),
        ("name", text()),
        (
            "properties",
            object([
                ("provisioningState", succeeded()),
                ("?addressPrefix", text()),
            ]),
        ),
    ]);
    let properties = object([
        ("provisioningState", succeeded()),
        ("addressSpace", object([("addressPrefixes", list(text()))])),
        ("subnets", list(subnet)),
    ]);
    found_type::<Network>("VirtualNetwork", reads)
        .model("VirtualNetwork", tracked(Network::TYPE, properties))
}

fn storage_accounts() -> Routes {
    let reads = [
        "StorageAccounts_List",
        "StorageAccounts_ListByResourceGroup",
        "StorageAccounts_GetProperties",
    ];
    let properties = object([("provisioningState", succeeded())]);
    let more = object([
        ("kind", only("StorageV2")),
        ("sku", object([("name", text()), ("tier", text())])),
    ]);
    let account = and(tracked(StorageAccount::TYPE, properties), more);
    found_type::<StorageAccount>("StorageAccount", reads).model("StorageAccount", account)
}

fn hosts() -> Routes {
    let all = format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/hosts");
    let one = format!("{all}/{{host}}");
    let connection = "Of libvirt, such as `qemu:///system`, or `qmp:///FOLDER`.";
    let groups = "The groups of machines that have another, by their UUIDs.";
    let limit = "As of the snapshot store.";
    let properties = object([
        ("provisioningState", succeeded()),
        ("connection", text_about(connection)),
        (
            "group",
            text_about("Of its machines, if nothing else is said."),
        ),
        ("machineGroups", about(map(text()), groups)),
        ("snapshotStore", maybe(text())),
        ("scratchLimit", maybe(about(whole(), limit))),
        ("seen", maybe(time())),
    ]);
    let host = resource("Stillpoint.Fabric/hosts", properties);
    let asked = input([
        ("connection", text_about(connection)),
        ("group", text()),
        ("machineGroups", about(map(text()), groups)),
        ("snapshotStore", text()),
        ("scratchLimit", about(whole_or_text(), limit)),
    ]);
    Routes::new()
        .get(
            &all,
            hosts::list,
            op("Hosts_List", "The hosts.").pages_of("Host"),
        )
        .get(
            &one,
            hosts::show,
            op("Hosts_Get", "A host with a hypervisor.").is("Host"),
        )
        .put(
            &one,
            hosts::put,
            op("Hosts_CreateOrUpdate", "Adds or changes a host.").puts("HostInput", "Host"),
        )
        .delete(
            &one,
            hosts::delete,
            op(
                "Hosts_Delete",
                "Takes away a host of which nothing is protected.",
            )
            .nothing(200)
            .nothing(204),
        )
        .model("Host", and(host, object([("location", text())])))
        .model(
            "HostInput",
            input([("location", text()), ("properties", asked)]),
        )
}
