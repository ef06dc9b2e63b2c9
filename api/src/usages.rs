//! How much of a vault is used, counted; and lists that are always empty here.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::vaults::Names;

/// What clients take for "never".
const NEVER: &str = "0001-01-01T00:00:00Z";

/// `GET …/usages`: of a vault, what there is a limit of.
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "usages/read").await?;
    let counts = app.control.vault_counts(&names.group, &names.vault).await?;
    let all = [
        (
            "ProtectedItems",
            "Protected items",
            counts.items,
            counts.most_items,
        ),
        (
            "BackupPolicies",
            "Backup policies",
            counts.policies,
            counts.most_policies,
        ),
        (
            "SoftDeletedItems",
            "Soft-deleted items",
            counts.deleted,
            None,
        ),
    ];
    let all = all.map(|(name, text, value, most)| usage(name, text, value, most));
    Ok(Json(json!({"value": all})))
}

/// `GET …/backupUsageSummaries`: items, or containers, by kind.
pub(crate) async fn summaries(
    State(app): State<App>,
    Path(names): Path<Names>,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    names
        .allow(&app, &caller, "backupUsageSummaries/read")
        .await?;
    let counts = app.control.vault_counts(&names.group, &names.vault).await?;
    // A container is around each live item.
    let containers = filter
        .get("type")
        .is_some_and(|kind| kind.eq_ignore_ascii_case("BackupProtectionContainerCountSummary"));
    let count = match containers {
        true => counts.items,
        false => counts.items + counts.deleted,
    };
    let one = usage("AzureIaasVM", "Azure Virtual Machine", count, None);
    Ok(Json(json!({"value": [one]})))
}

/// `GET …/replicationUsages`: there is no Site Recovery.
pub(crate) async fn replication(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "replicationUsages/read").await?;
    app.control.vault(&names.group, &names.vault).await?;
    Ok(Json(json!({"value": []})))
}

/// `GET …/locations/{location}/deletedVaults`: a vault that is deleted is gone, so there are none.
pub(crate) async fn deleted_vaults(
    State(app): State<App>,
    Path((subscription, location)): Path<(String, String)>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let scope = app.control.check_subscription(&subscription)?.id;
    let action = "Microsoft.RecoveryServices/locations/deletedVaults/read";
    let id = format!("/subscriptions/{scope}");
    caller.may(&app, action, &id).await?;
    app.control.check_location(&location).await?;
    Ok(Json(json!({"value": []})))
}

fn usage(name: &str, text: &str, value: u64, most: Option<u64>) -> Value {
    json!({
        "unit": "Count",
        "quotaPeriod": "P0D",
        "nextResetTime": NEVER,
        "currentValue": value,
        "limit": most.map_or(json!(-1), |most| json!(most)),
        "name": {"value": name, "localizedValue": text},
    })
}
