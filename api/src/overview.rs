//! `…/providers/Stillpoint.Fabric/overview/default`: what needs attention first, and how many there
//! are of all, in one answer.

use axum::Json;
use axum::extract::{Path, State};
use base::Code;
use control::{Attention, AttentionKind, Overview, OverviewOf, Sees, StoragePlace};
use policy::AlertLevel;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::body::word_for;
use crate::caller::Caller;
use crate::error::Answer;
use crate::scope::Subscription;
use crate::vaults;

const TYPE: &str = "Stillpoint.Fabric/overview";
/// What is needed to see a vault's items, and their jobs.
pub(crate) const ITEMS: &str = "Microsoft.RecoveryServices/vaults/backupProtectedItems/read";
/// What is needed to see machines.
pub(crate) const MACHINES: &str = "Microsoft.Compute/virtualMachines/read";
/// What is needed to see hosts and their snapshot stores.
pub(crate) const HOSTS: &str = "Stillpoint.Fabric/hosts/read";
const POOLS: &str = "Stillpoint.Fabric/vaultPools/read";
const ALERTS: &str = "Microsoft.AlertsManagement/alerts/read";

/// The words for what is to be looked at.
pub(crate) const KINDS: [(&str, AttentionKind); 9] = [
    ("StorageNearlyFull", AttentionKind::StorageNearlyFull),
    ("HostUnreachable", AttentionKind::HostUnreachable),
    ("LastBackupFailed", AttentionKind::LastBackupFailed),
    ("PointsMissed", AttentionKind::PointsMissed),
    ("MachineInConflict", AttentionKind::Conflict),
    ("InitialBackupPending", AttentionKind::InitialBackupPending),
    ("ConsistencyDowngraded", AttentionKind::Downgraded),
    ("MachineUnprotected", AttentionKind::Unprotected),
    ("KeyNotExported", AttentionKind::KeyNotExported),
];
/// The words for how grave that is.
pub(crate) const SEVERITIES: [(&str, AlertLevel); 3] = [
    ("Critical", AlertLevel::Critical),
    ("Warning", AlertLevel::Warning),
    ("Informational", AlertLevel::Informational),
];

/// `GET …/overview/default` of the subscription: of what the caller may see.
pub(crate) async fn show(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let some = async |action| scope.sees_some(&app, &caller, action).await;
    let all = async |action| -> Answer<bool> { Ok(some(action).await? == Some(Sees::All)) };
    let of = OverviewOf {
        vaults: some(ITEMS).await?,
        machines: some(MACHINES).await?,
        alerts: some(ALERTS).await?,
        pools: all(POOLS).await?,
        hosts: all(HOSTS).await?,
    };
    if of.vaults.is_none() && of.machines.is_none() {
        // That is refused.
        scope.sees(&app, &caller, ITEMS).await?;
    }
    let id = format!("/subscriptions/{}", app.control.subscription().id);
    Ok(Json(shape(&id, &app.control.overview(&of).await?)))
}

/// `GET …/overview/default` of a vault: its items, jobs and alerts.
pub(crate) async fn show_of_vault(
    State(app): State<App>,
    Path(names): Path<vaults::Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names
        .allow(&app, &caller, "backupProtectedItems/read")
        .await?;
    let vault = app.control.vault(&names.group, &names.vault).await?;
    let only = || Sees::Only(vec![vault.id.clone()]);
    let alerts = match caller.may(&app, ALERTS, &vault.id).await {
        Err(e) if e.code() == Code::AuthorizationFailed => None,
        allowed => Some(allowed.map(|()| only())?),
    };
    let of = OverviewOf {
        vaults: Some(only()),
        alerts,
        ..OverviewOf::default()
    };
    Ok(Json(shape(&vault.id, &app.control.overview(&of).await?)))
}

fn shape(scope: &str, found: &Overview) -> Value {
    let (items, jobs) = (&found.items, found.jobs);
    let mut properties = json!({
        "asOf": found.at.to_string(),
        "items": {
            "total": items.total,
            "byState": items.by_state,
            "initialBackupPending": items.initial_backup_pending,
            "lastBackupFailed": items.last_backup_failed,
            "lastBackupWithWarnings": items.last_backup_with_warnings,
            "downgraded": items.downgraded,
            "pointsMissed": items.points_missed,
            "stopped": items.stopped,
            "softDeleted": items.soft_deleted,
        },
        "jobs": {
            "inProgress": jobs.in_progress,
            "last24Hours": {
                "completed": jobs.completed,
                "completedWithWarnings": jobs.with_warnings,
                "failed": jobs.failed,
                "cancelled": jobs.cancelled,
            },
        },
        "vaults": found.vaults,
        "protectedInstances": items.protected_instances,
        "storage": {
            "nearlyFull": found.places.iter().filter(|p| p.is_nearly_full()).count(),
            "places": found.places.iter().map(place).collect::<Vec<_>>(),
        },
        "attention": found.attention.iter().map(attention).collect::<Vec<_>>(),
    });
    if let Some(machines) = found.machines {
        properties["machines"] = json!({
            "total": machines.total,
            "protected": machines.protected,
            "stopped": machines.stopped,
            "unprotected": machines.unprotected,
            "gone": machines.gone,
            "inConflict": machines.in_conflict,
        });
    }
    if let Some(alerts) = &found.alerts {
        let by_level = |(level, count): (&AlertLevel, &u64)| {
            let word = word_for(&SEVERITIES, level).unwrap_or_default();
            (word.to_ascii_lowercase(), json!(count))
        };
        properties["alerts"] = Value::Object(alerts.iter().map(by_level).collect::<Map<_, _>>());
    }
    json!({
        "id": format!("{scope}/providers/{TYPE}/default"),
        "name": "default",
        "type": TYPE,
        "properties": properties,
    })
}

fn place(place: &StoragePlace) -> Value {
    json!({
        "kind": if place.is_pool { "VaultPool" } else { "SnapshotStore" },
        "id": place.id,
        "name": place.name,
        "folder": place.folder.display().to_string(),
        "totalBytes": place.space.total,
        "freeBytes": place.space.free,
        "usedPercent": place.used_percent(),
        "nearlyFull": place.is_nearly_full(),
    })
}

fn attention(one: &Attention) -> Value {
    let code = Code::ALL
        .iter()
        .find(|code| one.code.as_deref() == Some(code.name()));
    json!({
        "kind": word_for(&KINDS, &one.kind),
        "severity": word_for(&SEVERITIES, &one.severity),
        "resourceId": one.resource,
        "name": one.name,
        "vaultName": one.vault,
        "since": one.since.map(|at| at.to_string()),
        "code": one.code,
        "detail": one.detail,
        "recommendation": code.map(|code| code.remedy()),
    })
}
