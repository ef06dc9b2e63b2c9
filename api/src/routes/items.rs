//! Protected items, the containers around them, and what can be protected.

use serde_json::Value;

use super::{SUBSCRIPTION, item, vault};
use crate::openapi::schema::{
    about, and, any_object, flag, input, list, maybe, model, number, object, one_of, only,
    resource, text, text_about, time, whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::{protectable, protected_items};

const ITEMS: &str =
    "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems";

pub(super) fn routes() -> Routes {
    lists(models(Routes::new()))
        .get(
            &item(""),
            protected_items::show,
            op("ProtectedItems_Get", "A protected item.").is("ProtectedItem"),
        )
        .put(
            &item(""),
            protected_items::put,
            op(
                "ProtectedItems_CreateOrUpdate",
                "Protects a machine, changes, stops, resumes or undeletes: by the body (API-3).",
            )
            .takes("ProtectedItemInput")
            .accepted(),
        )
        .delete(
            &item(""),
            protected_items::delete,
            op(
                "ProtectedItems_Delete",
                "Stops protection and deletes the points. The activity log keeps the reason.",
            )
            .query("reason", text())
            .accepted(),
        )
        .post(
            &item("/backup"),
            protected_items::backup,
            op("Backups_Trigger", "Backs up now.").takes("BackupInput").accepted(),
        )
        .post(
            &format!(
                "{SUBSCRIPTION}/providers/Microsoft.RecoveryServices/locations/{{location}}/backupStatus"
            ),
            protected_items::status,
            op("BackupStatus_Get", "Whether and where a machine is protected.")
                .takes("BackupStatusInput")
                .is("BackupStatus"),
        )
}

fn lists(routes: Routes) -> Routes {
    let machines = ["backupManagementType", "workloadType", "itemType"];
    let containers = ["backupManagementType", "friendlyName", "status"];
    let refreshed = "/backupFabrics/{fabric}/operationResults/{operation}";
    routes
        .get(
            &format!("{SUBSCRIPTION}/providers/Stillpoint.Fabric/protectedItems"),
            protected_items::all::list,
            op("AllProtectedItems_List", "The items of all vaults, by id.")
                .pages_of("AnyProtectedItem")
                .filters(&protected_items::all::FILTERS),
        )
        .get(
            &vault("/backupProtectedItems"),
            protected_items::list,
            op(
                "BackupProtectedItems_List",
                "The protected items of a vault.",
            )
            .pages_of("ProtectedItem")
            .filters(&[&machines[..], &["policyName"]].concat()),
        )
        .get(
            &vault("/backupProtectionContainers"),
            protected_items::containers,
            op(
                "BackupProtectionContainers_List",
                "A container for each live item.",
            )
            .pages_of("ProtectionContainer")
            .filters(&containers),
        )
        .get(
            &vault("/backupDeletedProtectionContainers"),
            protected_items::deleted_containers,
            op(
                "DeletedProtectionContainers_List",
                "A container for each item that is soft-deleted.",
            )
            .pages_of("ProtectionContainer")
            .filters(&machines),
        )
        .get(
            &vault("/backupProtectableItems"),
            protectable::list,
            op(
                "BackupProtectableItems_List",
                "The machines that can be protected.",
            )
            .pages_of("ProtectableItem")
            .filters(&machines[..2]),
        )
        .post(
            &vault("/backupFabrics/{fabric}/refreshContainers"),
            protectable::refresh,
            op("ProtectionContainers_Refresh", "Looks at the hosts.")
                .accepted_with(&[("Location", "Location"), ("Retry-After", "RetryAfter")]),
        )
        .get(
            &vault(refreshed),
            protectable::refreshed,
            op(
                "ProtectionContainerRefreshOperationResults_Get",
                "Whether that has ended.",
            )
            .nothing(204),
        )
}

fn models(routes: Routes) -> Routes {
    let luns = |number| input([("diskLunList", list(number)), ("isInclusionList", flag())]);
    let asked = input([
        (
            "policyId",
            text_about("The policy to protect by; empty or absent to stop."),
        ),
        ("sourceResourceId", text_about("The machine.")),
        (
            "protectionState",
            one_of(["ProtectionStopped", "BackupsSuspended"]),
        ),
        ("isRehydrate", about(flag(), "Undeletes.")),
        (
            "extendedProperties",
            input([("diskExclusionProperties", luns(whole_or_text()))]),
        ),
    ]);
    let until = about(time(), "Until when the point is kept; else 30 days.");
    let until = input([("recoveryPointExpiryTimeInUTC", until)]);
    routes
        .model("ProtectedItem", resource(ITEMS, properties(luns(whole()))))
        .model("AnyProtectedItem", {
            let more = object([
                ("vaultId", text()),
                ("vaultName", text()),
                ("nextRun", maybe(time())),
                ("lastBackupCode", maybe(text())),
                (
                    "downgrade",
                    maybe(text_about(
                        "Why the last point is less consistent than was asked.",
                    )),
                ),
            ]);
            let item = resource(ITEMS, properties(luns(whole())));
            and(item, object([("stillpoint", more)]))
        })
        .model("HealthDetail", finding())
        .model("ProtectedItemInput", input([("!properties", asked)]))
        .model("BackupInput", input([("properties", until)]))
        .model("ProtectionContainer", container())
        .model("ProtectableItem", protectable())
        .model("BackupStatusInput", input([("!resourceId", text())]))
        .model(
            "BackupStatus",
            object([
                ("protectionStatus", one_of(["Protected", "NotProtected"])),
                ("vaultId", text()),
                ("fabricName", text()),
                ("containerName", text()),
                ("protectedItemName", text()),
                ("errorCode", text()),
                ("errorMessage", text()),
                ("policyName", text()),
                (
                    "registrationStatus",
                    one_of(["Registered", "NotRegistered"]),
                ),
            ]),
        )
}

fn properties(luns: Value) -> Value {
    let states = [
        "IRPending",
        "Protected",
        "ProtectionError",
        "ProtectionStopped",
        "ProtectionPaused",
        "BackupsSuspended",
    ];
    object([
        (
            "protectedItemType",
            only("Microsoft.Compute/virtualMachines"),
        ),
        ("backupManagementType", only("AzureIaasVM")),
        ("workloadType", only("VM")),
        ("friendlyName", text()),
        ("containerName", text()),
        ("sourceResourceId", text()),
        ("virtualMachineId", text()),
        ("policyId", text()),
        ("policyName", text()),
        ("policyType", maybe(one_of(["V1", "V2"]))),
        ("protectionState", one_of(states)),
        ("protectionStatus", one_of(["Healthy", "Unhealthy"])),
        (
            "healthStatus",
            one_of(["Passed", "ActionSuggested", "ActionRequired"]),
        ),
        ("healthDetails", list(model("HealthDetail"))),
        ("kpisHealths", any_object()),
        ("lastBackupStatus", text()),
        ("lastBackupTime", time()),
        ("lastRecoveryPoint", maybe(time())),
        ("protectedItemDataId", text()),
        ("isArchiveEnabled", flag()),
        ("isScheduledForDeferredDelete", flag()),
        ("?deferredDeleteTimeInUTC", maybe(time())),
        ("?deferredDeleteTimeRemaining", text()),
        (
            "?extendedProperties",
            object([("diskExclusionProperties", luns)]),
        ),
        (
            "extendedInfo",
            object([
                ("?oldestRecoveryPoint", maybe(time())),
                ("?newestRecoveryPoint", maybe(time())),
                ("?recoveryPointCount", whole()),
                ("?policyInconsistent", flag()),
                ("?stillpointNextRun", maybe(time())),
                ("?stillpointExtension", only("Pending")),
            ]),
        ),
    ])
}

fn finding() -> Value {
    object([
        ("code", number()),
        ("title", text()),
        ("message", text()),
        ("recommendations", list(text())),
    ])
}

fn container() -> Value {
    let properties = object([
        ("containerType", only("Microsoft.Compute/virtualMachines")),
        ("friendlyName", text()),
        ("backupManagementType", only("AzureIaasVM")),
        ("registrationStatus", only("Registered")),
        ("healthStatus", only("Healthy")),
        (
            "protectableObjectType",
            only("Microsoft.Compute/virtualMachines"),
        ),
        ("virtualMachineId", text()),
        ("virtualMachineVersion", only("Compute")),
        ("resourceGroup", maybe(text())),
    ]);
    resource(
        "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers",
        properties,
    )
}

fn protectable() -> Value {
    let properties = object([
        (
            "protectableItemType",
            only("Microsoft.Compute/virtualMachines"),
        ),
        ("backupManagementType", only("AzureIaasVM")),
        ("workloadType", only("VM")),
        ("friendlyName", text()),
        ("protectionState", only("NotProtected")),
        ("virtualMachineId", text()),
        ("virtualMachineVersion", only("Compute")),
        ("resourceGroup", text()),
    ]);
    resource(
        "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectableItems",
        properties,
    )
}
