//! Resource groups.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::Code;
use control::GroupInput;
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::groups::Group;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, put_answer};
use crate::page::{Page, Paged, seen};

const READ: &str = "Microsoft.Resources/subscriptions/resourceGroups/read";
const WRITE: &str = "Microsoft.Resources/subscriptions/resourceGroups/write";
const DELETE: &str = "Microsoft.Resources/subscriptions/resourceGroups/delete";

/// Names in a group's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    group: String,
}

/// What a PUT may say.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    location: Option<String>,
    tags: Option<BTreeMap<String, String>>,
}

/// `GET …/resourcegroups`
pub(crate) async fn list(
    State(app): State<App>,
    Path(subscription): Path<String>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = format!(
        "/subscriptions/{}",
        app.control.check_subscription(&subscription)?.id
    );
    let sees = caller.sees(&app, READ, &id).await?;
    let found = app.control.groups(page.after(), Paged::ASKED).await?;
    let page = page.answer(&app, found, |g| g.name.clone(), shape);
    Ok(Json(seen(page, &sees)))
}

/// `GET …/resourcegroups/{group}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, READ).await?;
    let found = app.control.group(&names.group).await?;
    Ok(Json(shape(&found)))
}

/// `HEAD …/resourcegroups/{group}`: 204 if it is there, 404 if it is not; no body.
pub(crate) async fn exists(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, READ).await?;
    match app.control.group(&names.group).await {
        Ok(_) => Ok(StatusCode::NO_CONTENT),
        Err(e) if e.code() == Code::GroupNotFound => Ok(StatusCode::NOT_FOUND),
        Err(e) => Err(e.into()),
    }
}

/// `PUT …/resourcegroups/{group}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, WRITE).await?;
    let body: Asked = body::read(&bytes)?;
    let input = GroupInput {
        location: body.location,
        tags: body.tags,
    };
    let (group, made) = app.control.put_group(&names.group, input).await?;
    Ok(put_answer(made, shape(&group)))
}

/// `DELETE …/resourcegroups/{group}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, DELETE).await?;
    app.control.delete_group(&names.group).await?;
    Ok(StatusCode::OK)
}

impl Names {
    async fn allow(&self, app: &App, caller: &Caller, action: &str) -> Answer<()> {
        app.control.check_subscription(&self.subscription)?;
        caller
            .may(app, action, &app.control.group_id(&self.group))
            .await
    }
}

fn shape(group: &Record<Group>) -> Value {
    json!({
        "id": group.id,
        "name": group.name,
        "type": "Microsoft.Resources/resourceGroups",
        "location": group.body.location,
        "tags": group.body.tags,
        "managedBy": group.body.managed_by,
        "properties": {"provisioningState": "Succeeded"},
    })
}
