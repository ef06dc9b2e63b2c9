//! `…/providers/Microsoft.Authorization/permissions`: what the caller may do at a scope.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::Scope;
use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;

/// `GET …/permissions`: of each role that the caller has there. Everybody may ask that of
/// themselves.
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.id(&app)?;
    let roles = caller.permissions(&app, &id).await?;
    let all = roles.iter().map(|role| {
        json!({
            "actions": role.actions,
            "notActions": role.not_actions,
            "dataActions": [],
            "notDataActions": [],
        })
    });
    Ok(Json(json!({"value": all.collect::<Vec<_>>()})))
}
