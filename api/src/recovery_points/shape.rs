//! A recovery point as clients see it (API-6; SNAP-2; DISK-3).

use serde_json::{Value, json};
use state::protected_items::ProtectedItem;
use state::recovery_points::{PointDisk, RecoveryPoint, Tiers};

pub(super) fn point(item: &ProtectedItem, point: &RecoveryPoint) -> Value {
    let body = &point.body;
    let tier = |kind: &str, valid: bool| json!({"type": kind, "status": if valid { "Valid" } else { "Deleted" }});
    let tiers = match point.tiers {
        Tiers::Snapshot => vec![tier("InstantRP", true)],
        Tiers::SnapshotAndVault => vec![tier("InstantRP", true), tier("HardenedRP", true)],
        Tiers::Vault => vec![tier("InstantRP", false), tier("HardenedRP", true)],
    };
    let disk = |d: &PointDisk| json!({"lun": d.lun.map_or(-1, i32::from), "name": d.name});
    let disks = |all: &[PointDisk]| all.iter().map(disk).collect::<Vec<Value>>();
    json!({
        "id": format!("{}/recoveryPoints/{}", item.id, point.number),
        "name": point.number.to_string(),
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems/recoveryPoints",
        "properties": {
            "objectType": "IaasVMRecoveryPoint",
            "recoveryPointType": format!("{:?}", body.consistency),
            "recoveryPointTime": point.taken_at.to_string(),
            "recoveryPointAdditionalInfo": body.downgrade.clone().unwrap_or_default(),
            "sourceVMStorageType": "NormalStorage",
            "isSourceVMEncrypted": false,
            "isInstantIlrSessionActive": false,
            "isManagedVirtualMachine": true,
            "originalStorageAccountOption": false,
            "isPrivateAccessEnabledOnAnyDisk": false,
            "virtualMachineSize": "Custom",
            "osType": body.os.as_deref().unwrap_or("Linux"),
            "securityType": "None",
            "recoveryPointTierDetails": tiers,
            "recoveryPointDiskConfiguration": {
                "numberOfDisksIncludedInBackup": body.disks.len(),
                "numberOfDisksAttachedToVm": body.disks.len() + body.excluded.len(),
                "includedDiskList": disks(&body.disks),
                "excludedDiskList": disks(&body.excluded),
            },
            "recoveryPointMoveReadinessInfo": {
                "ArchivedRP": {"isReadyForMove": false, "additionalInfo": "there is no archive tier"},
            },
            "recoveryPointProperties": {
                "expiryTime": point.expires_at.or(point.snapshot_expires_at).map(|t| t.to_string()),
                "ruleName": control::points::rules(&body.keep).join(", "),
                "isSoftDeleted": item.purge_at.is_some(),
            },
        },
    })
}
