//! Long-running operations: the 202 and what is polled after it (`docs/wire.md`, G14).
//!
//! Clients take only the last segment of the URL that they are told, or follow it as it is; so one
//! operation answers at every path that names it.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Code, Error};
use serde::Deserialize;
use serde_json::json;
use state::operations::{Operation, OperationStatus};
use uuid::Uuid;

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::path;

const ASYNC: HeaderName = HeaderName::from_static("azure-asyncoperation");
/// What links name: any is taken.
const VERSION: &str = "2026-08-01";

/// Names in the paths of operations, whichever they are.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    group: String,
    vault: String,
    operation: String,
}

/// Work on the resource `id` was accepted: 202, and where to ask for it.
pub(crate) fn accepted(app: &App, id: &str, operation: Uuid) -> Response {
    let link = |what: &str| {
        let url = format!(
            "{}{}/{what}/{operation}?api-version={VERSION}",
            app.url,
            path::encode(id)
        );
        HeaderValue::try_from(url).expect("an encoded path is plain")
    };
    let headers = [
        (ASYNC, link("operationsStatus")),
        (header::LOCATION, link("operationResults")),
        (header::RETRY_AFTER, HeaderValue::from_static("1")),
    ];
    (StatusCode::ACCEPTED, headers).into_response()
}

/// `GET …/backupOperations/{operation}`, `…/operationsStatus/{operation}`
pub(crate) async fn status(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Response> {
    let found = names.read(&app, &caller).await?;
    let ended = found
        .ended_at
        .map_or("0001-01-01T00:00:00".to_owned(), |t| t.to_string());
    let mut shape = json!({
        "id": found.id,
        "name": found.id,
        "status": format!("{:?}", found.status),
        "startTime": found.started_at.to_string(),
        "endTime": ended,
    });
    let job = &found.result["jobId"];
    match found.status {
        OperationStatus::Failed => shape["error"] = found.result["error"].clone(),
        OperationStatus::InProgress if job.is_null() => {}
        OperationStatus::Succeeded | OperationStatus::InProgress => {
            shape["properties"] = json!({
                "objectType": "OperationStatusJobExtendedInfo",
                "jobId": job,
            });
        }
        OperationStatus::Canceled => {}
    }
    let again = [(header::RETRY_AFTER, HeaderValue::from_static("1"))];
    Ok((again, Json(shape)).into_response())
}

/// `GET …/backupOperationResults/{operation}`, `…/operationResults/{operation}`: 204 once it has
/// ended.
pub(crate) async fn result(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Response> {
    let found = names.read(&app, &caller).await?;
    if found.status == OperationStatus::InProgress {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    Ok(StatusCode::NO_CONTENT.into_response())
}

impl Names {
    async fn read(&self, app: &App, caller: &Caller) -> Answer<Operation> {
        app.control.check_subscription(&self.subscription)?;
        let vault = app.control.vault_id(&self.group, &self.vault);
        let action = "Microsoft.RecoveryServices/vaults/backupOperations/read";
        caller.may(app, action, &vault).await?;
        let wrong = || {
            let detail = format!("there is no operation `{}`", self.operation);
            Error::new(Code::ResourceNotFound, detail)
        };
        let id = self.operation.parse().map_err(|_| wrong())?;
        let found = app.control.operation(id).await?;
        let here = control::roles::covers(&vault, &found.scope);
        if here { Ok(found) } else { Err(wrong().into()) }
    }
}
