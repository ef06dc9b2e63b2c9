//! `…/providers/Stillpoint.Fabric/backupJobs`: jobs of all vaults in one list.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};
use state::jobs::{self, Job};
use uuid::Uuid;

use super::{shape, wanted};
use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::filter::Filter;
use crate::page::{Page, Paged};
use crate::scope::Subscription;

const READ: &str = "Microsoft.RecoveryServices/vaults/backupJobs/read";
/// What `$filter` may name.
pub(crate) const FILTERS: [&str; 6] = [
    "vaultName",
    "itemId",
    "operation",
    "status",
    "startTime",
    "endTime",
];

/// `GET …/backupJobs`: newest first.
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    let sees = scope.sees(&app, &caller, READ).await?;
    let vault = filter.get("vaultName");
    let wanted = jobs::Filter {
        item: filter.get("itemId").map(str::to_owned),
        ..wanted(&filter)?
    };
    let after = page.after_time::<Uuid>()?;
    let found = app
        .control
        .all_jobs(vault, wanted, &sees, after, Paged::ASKED);
    let found = found.await?;
    let key = |(_, job): &(String, Job)| Page::time_key(job.started_at, job.id);
    let shape = |(vault, job): &(String, Job)| {
        let mut value = shape::listed(vault, job);
        value["stillpoint"] = json!({
            "vaultId": vault,
            "vaultName": vault.rsplit('/').next(),
            "itemId": job.item,
        });
        value
    };
    Ok(Json(page.answer(&app, found, key, shape)))
}
