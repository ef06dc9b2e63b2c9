//! Resource guards of a vault: there are none, and clients ask before they change policies.

use axum::Json;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use crate::app::App;
use crate::caller::Caller;
use crate::error::Answer;
use crate::vaults::Names;

/// `GET …/backupResourceGuardProxies`
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let verb = "backupResourceGuardProxies/read";
    names.allow(&app, &caller, verb).await?;
    app.control.vault(&names.group, &names.vault).await?;
    Ok(Json(json!({"value": []})))
}
