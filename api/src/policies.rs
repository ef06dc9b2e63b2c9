//! Backup policies of a vault.

mod body;
#[cfg(test)]
mod round_trip;
pub(crate) mod shape;

pub(crate) use body::read;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::PolicyInput;
use serde::Deserialize;
use serde_json::Value;

use crate::app::App;
use crate::body::Body;
use crate::caller::Caller;
use crate::error::{Answer, deleted};
use crate::filter::Filter;
use crate::page::{Page, Paged};
use crate::vaults;

/// Names in a policy's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    group: String,
    vault: String,
    policy: String,
}

/// `GET …/backupPolicies`: there are only policies for machines.
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<vaults::Names>,
    page: Page,
    filter: Filter,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "backupPolicies/read").await?;
    let mut found = app
        .control
        .policies(&names.group, &names.vault, page.after(), Paged::ASKED)
        .await?;
    if !(filter.lets("backupManagementType", "AzureIaasVM") && filter.lets("workloadType", "VM")) {
        found.clear();
    }
    Ok(Json(page.answer(
        &app,
        found,
        |p| p.record.id.clone(),
        shape::shape,
    )))
}

/// `GET …/backupPolicies/{policy}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "read").await?;
    let found = app
        .control
        .policy(&names.group, &names.vault, &names.policy)
        .await?;
    Ok(Json(shape::shape(&found)))
}

/// `PUT …/backupPolicies/{policy}`: 200 also for a new one, since clients expect that.
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "write").await?;
    let (policy, properties) = body::read(&bytes, app.control.now())?;
    let input = PolicyInput { policy, properties };
    let saved = app
        .control
        .put_policy(&names.group, &names.vault, &names.policy, input)
        .await?;
    Ok(Json(shape::shape(&saved)))
}

/// `DELETE …/backupPolicies/{policy}`: 204 if there is none.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, "delete").await?;
    let was = app
        .control
        .delete_policy(&names.group, &names.vault, &names.policy)
        .await?;
    Ok(deleted(was))
}

impl Names {
    /// The names of the group, the vault and the policy.
    pub(crate) fn all(&self) -> (&str, &str, &str) {
        (&self.group, &self.vault, &self.policy)
    }

    /// Refuses who may not do this to the policy; its id.
    pub(crate) async fn allow(&self, app: &App, caller: &Caller, verb: &str) -> Answer<String> {
        app.control.check_subscription(&self.subscription)?;
        let action = format!("Microsoft.RecoveryServices/vaults/backupPolicies/{verb}");
        let id = app
            .control
            .policy_id(&self.group, &self.vault, &self.policy);
        caller.may(app, &action, &id).await?;
        Ok(id)
    }
}
