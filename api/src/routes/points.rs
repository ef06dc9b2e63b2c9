//! Recovery points, and restoring from them.

use serde_json::Value;

use super::item;
use crate::openapi::schema::{
    about, any_object, flag, input, list, map, maybe, object, one_of, only, resource, text,
    text_about, time, whole, whole_or_text,
};
use crate::openapi::{Routes, op};
use crate::recovery_points;

const POINTS: &str = "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints";

pub(super) fn routes() -> Routes {
    let luns = "Absent: all. Empty: the disk of the operating system.";
    let asked = input([
        (
            "!recoveryType",
            one_of(["RestoreDisks", "OriginalLocation", "AlternateLocation"]),
        ),
        (
            "storageAccountId",
            text_about("Into which folder; all but OriginalLocation need it."),
        ),
        ("targetResourceGroupId", text()),
        (
            "targetVirtualMachineId",
            text_about("The machine to make; AlternateLocation needs it."),
        ),
        (
            "virtualNetworkId",
            text_about("The network of its cards; AlternateLocation needs it."),
        ),
        ("restoreDiskLunList", about(list(whole_or_text()), luns)),
    ]);
    Routes::new()
        .get(
            &item("/recoveryPoints"),
            recovery_points::list,
            op(
                "RecoveryPoints_List",
                "The points of an item, newest first.",
            )
            .pages_of("RecoveryPoint")
            .filters(&["startDate", "endDate"]),
        )
        .get(
            &item("/recoveryPoints/{point}"),
            recovery_points::show,
            op("RecoveryPoints_Get", "A recovery point.").is("RecoveryPoint"),
        )
        .post(
            &item("/recoveryPoints/{point}/restore"),
            recovery_points::restore,
            op("Restores_Trigger", "Restores disks of a point.")
                .takes("RestoreInput")
                .accepted(),
        )
        .model("RestoreInput", input([("!properties", asked)]))
        .model("RecoveryPoint", resource(POINTS, properties()))
}

fn properties() -> Value {
    let disk = || {
        let lun = serde_json::json!({"type": "integer", "minimum": -1});
        let lun = about(lun, "Of the disk of the operating system: -1.");
        object([("lun", lun), ("name", text())])
    };
    let consistency = ["AppConsistent", "FileSystemConsistent", "CrashConsistent"];
    object([
        ("objectType", only("IaasVMRecoveryPoint")),
        ("recoveryPointType", one_of(consistency)),
        ("recoveryPointTime", time()),
        (
            "recoveryPointAdditionalInfo",
            text_about("Why it is not as consistent as was asked: a code."),
        ),
        ("sourceVMStorageType", text()),
        ("isSourceVMEncrypted", flag()),
        ("isInstantIlrSessionActive", flag()),
        ("isManagedVirtualMachine", flag()),
        ("originalStorageAccountOption", flag()),
        ("isPrivateAccessEnabledOnAnyDisk", flag()),
        ("virtualMachineSize", text()),
        ("osType", text()),
        ("securityType", text()),
        (
            "recoveryPointTierDetails",
            list(object([
                ("type", one_of(["InstantRP", "HardenedRP"])),
                ("status", one_of(["Valid", "Deleted"])),
            ])),
        ),
        (
            "recoveryPointDiskConfiguration",
            object([
                ("numberOfDisksIncludedInBackup", whole()),
                ("numberOfDisksAttachedToVm", whole()),
                ("includedDiskList", list(disk())),
                ("excludedDiskList", list(disk())),
            ]),
        ),
        ("recoveryPointMoveReadinessInfo", map(any_object())),
        (
            "recoveryPointProperties",
            object([
                ("expiryTime", maybe(time())),
                ("ruleName", text()),
                ("isSoftDeleted", flag()),
            ]),
        ),
    ])
}
