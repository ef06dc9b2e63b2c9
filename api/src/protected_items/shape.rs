//! Items and containers as clients see them (API-7; PROT-4, 10).

use jiff::Timestamp;
use policy::PolicyType;
use serde_json::{Value, json};
use state::protected_items::{HealthFinding, ProtectedItem};
use state::recovery_points::Summary;

/// What clients take for "never".
const NEVER: &str = "2001-01-01T00:00:00Z";

/// The part of an item's id before `from`, and the name that comes after it.
fn cut<'a>(item: &'a ProtectedItem, from: &str) -> (&'a str, &'a str) {
    let (before, after) = item.id.split_once(from).unwrap_or((&item.id, ""));
    (before, after.split('/').next().unwrap_or(""))
}

/// The name that both the container and the item have without their first part.
fn plain(item: &ProtectedItem) -> &str {
    let (_, container) = cut(item, "/protectionContainers/");
    container
        .split_once(';')
        .map_or(container, |(_, rest)| rest)
}

pub(super) fn item(item: &ProtectedItem, now: Timestamp) -> Value {
    let body = &item.body;
    let (vault, _) = cut(item, "/backupFabrics/");
    let name = &body.policy_name;
    let policy_id = match name.is_empty() {
        false => format!("{vault}/backupPolicies/{name}"),
        true => String::new(),
    };
    let kind = body.policy_seen.as_ref().map(|p| match p.kind {
        PolicyType::Standard => "V1",
        PolicyType::Enhanced => "V2",
    });
    let last_backup = body.last_backup.as_ref();
    let critical = body.health.iter().any(|f| f.critical);
    let mut value = json!({
        "id": item.id,
        "name": cut(item, "/protectedItems/").1,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers/protectedItems",
        "properties": {
            "protectedItemType": "Microsoft.Compute/virtualMachines",
            "backupManagementType": "AzureIaasVM",
            "workloadType": "VM",
            "friendlyName": body.friendly_name,
            "containerName": plain(item),
            "sourceResourceId": body.source,
            "virtualMachineId": body.source,
            "policyId": policy_id,
            "policyName": name,
            "policyType": kind,
            "protectionState": protection_state(item),
            "protectionStatus": if critical { "Unhealthy" } else { "Healthy" },
            "healthStatus": match (critical, body.health.is_empty()) {
                (true, _) => "ActionRequired",
                (false, false) => "ActionSuggested",
                (false, true) => "Passed",
            },
            "healthDetails": body.health.iter().map(finding).collect::<Vec<_>>(),
            "kpisHealths": {},
            "lastBackupStatus": last_backup.map_or(String::new(), |b| format!("{:?}", b.status)),
            "lastBackupTime": last_backup.map_or(NEVER.to_owned(), |b| b.at.to_string()),
            "lastRecoveryPoint": body.last_point.map(|t| t.to_string()),
            "protectedItemDataId": item.data_id.to_string(),
            "isArchiveEnabled": false,
            "isScheduledForDeferredDelete": item.purge_at.is_some(),
            "extendedInfo": {},
        },
    });
    if let Some(selection) = &body.disks {
        value["properties"]["extendedProperties"] = json!({
            "diskExclusionProperties": {
                "diskLunList": selection.luns,
                "isInclusionList": selection.include,
            },
        });
    }
    if let Some(purge) = item.purge_at {
        let left = purge.duration_since(now).as_secs().max(0);
        let properties = &mut value["properties"];
        properties["deferredDeleteTimeInUTC"] = json!(body.deleted_at.map(|t| t.to_string()));
        properties["deferredDeleteTimeRemaining"] = format!(
            "{}.{:02}:{:02}:{:02}",
            left / 86_400,
            left / 3600 % 24,
            left / 60 % 60,
            left % 60
        )
        .into();
    }
    value
}

pub(super) fn extended(item: &ProtectedItem, summary: &Summary) -> Value {
    json!({
        "oldestRecoveryPoint": summary.oldest.map(|t| t.to_string()),
        "newestRecoveryPoint": summary.newest.map(|t| t.to_string()),
        "recoveryPointCount": summary.count,
        "policyInconsistent": false,
        "stillpointNextRun": item.next_run.map(|t| t.to_string()),
        // There is none so far that could be installed in a guest (EXT-1).
        "stillpointExtension": "Pending",
    })
}

fn protection_state(item: &ProtectedItem) -> Value {
    serde_json::to_value(item.state).unwrap_or_default()
}

fn finding(finding: &HealthFinding) -> Value {
    let code = base::Code::ALL.iter().find(|c| c.name() == finding.code);
    json!({
        "code": 0,
        "title": finding.code,
        "message": finding.message,
        "recommendations": code.map(|c| c.remedy()).into_iter().collect::<Vec<_>>(),
    })
}

/// The container around an item.
pub(super) fn container(item: &ProtectedItem) -> Value {
    let (before, name) = cut(item, "/protectionContainers/");
    let group = item.body.source.split('/').nth(4);
    json!({
        "id": format!("{before}/protectionContainers/{name}"),
        "name": name,
        "type": "Microsoft.RecoveryServices/vaults/backupFabrics/protectionContainers",
        "properties": {
            "containerType": "Microsoft.Compute/virtualMachines",
            "friendlyName": item.body.friendly_name,
            "backupManagementType": "AzureIaasVM",
            "registrationStatus": "Registered",
            "healthStatus": "Healthy",
            "protectableObjectType": "Microsoft.Compute/virtualMachines",
            "virtualMachineId": item.body.source,
            "virtualMachineVersion": "Compute",
            "resourceGroup": group,
        },
    })
}

/// What `backupStatus` tells of a protected machine.
pub(super) fn status(item: &ProtectedItem) -> Value {
    let (vault, _) = cut(item, "/backupFabrics/");
    json!({
        "protectionStatus": "Protected",
        "vaultId": vault,
        "fabricName": "Azure",
        "containerName": cut(item, "/protectionContainers/").1,
        "protectedItemName": cut(item, "/protectedItems/").1,
        "errorCode": "Success",
        "errorMessage": "",
        "policyName": item.body.policy_name,
        "registrationStatus": "Registered",
    })
}
