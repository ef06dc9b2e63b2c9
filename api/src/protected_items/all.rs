//! `…/providers/Stillpoint.Fabric/protectedItems`: items of all vaults in one list.

use axum::Json;
use axum::extract::{Path, State};
use control::AllItems;
use serde_json::{Value, json};
use state::protected_items::ProtectedItem;

use super::shape;
use crate::app::App;
use crate::body::choose;
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::jobs::STATUSES;
use crate::machines::STATES;
use crate::overview::ITEMS;
use crate::page::{Page, Paged};
use crate::scope::Subscription;

/// What `$filter` may name.
pub(crate) const FILTERS: [&str; 6] = [
    "vaultName",
    "protectionState",
    "lastBackupStatus",
    "needs",
    "isScheduledForDeferredDelete",
    "nameContains",
];
/// What an item may need, as an overview counts it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needs {
    PointsMissed,
    Downgraded,
}

const NEEDS: [(&str, Needs); 2] = [
    ("PointsMissed", Needs::PointsMissed),
    ("Downgraded", Needs::Downgraded),
];
const FLAGS: [(&str, bool); 2] = [("true", true), ("false", false)];

/// `GET …/protectedItems`: by id.
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, ITEMS).await?;
    let needs = filter
        .get("needs")
        .map(|word| choose("$filter: needs", word, &NEEDS))
        .transpose()?;
    let which = AllItems {
        vault: filter.get("vaultName").map(str::to_owned),
        deleted: filter
            .get("isScheduledForDeferredDelete")
            .map(|word| choose("$filter: isScheduledForDeferredDelete", word, &FLAGS))
            .transpose()?,
        state: filter
            .get("protectionState")
            .map(|word| choose("$filter: protectionState", word, &STATES))
            .transpose()?,
        last: filter
            .get("lastBackupStatus")
            .map(|word| choose("$filter: lastBackupStatus", word, &STATUSES))
            .transpose()?,
        missed: needs == Some(Needs::PointsMissed),
        downgraded: needs == Some(Needs::Downgraded),
        name: filter.get("nameContains").map(str::to_owned),
    };
    let found = app
        .control
        .all_items(which, &sees, page.after(), Paged::ASKED)
        .await?;
    let now = app.control.now();
    let shape = |item: &ProtectedItem| {
        let mut value = shape::item(item, now);
        value["stillpoint"] = more(item);
        value
    };
    Ok(Json(page.answer(&app, found, |i| i.id.clone(), shape)))
}

/// What Azure's shape has no word for.
fn more(item: &ProtectedItem) -> Value {
    let vault = item.id.split("/backupFabrics/").next().unwrap_or_default();
    let last = item.body.last_backup.as_ref();
    json!({
        "vaultId": vault,
        "vaultName": vault.rsplit('/').next(),
        "nextRun": item.next_run.map(|at| at.to_string()),
        "lastBackupCode": last.and_then(|last| last.code.clone()),
        "downgrade": last.and_then(|last| last.downgrade.clone()),
    })
}
