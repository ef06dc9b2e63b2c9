//! How many of a thing there may be (`Stillpoint.Fabric/limits`; LIMIT-1; POLICY-25; SNAP-10).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::SetLimit;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::body::{self, Body, Flexible};
use crate::caller::Caller;
use crate::error::{Answer, deleted};
use crate::scope::{InSubscription, Subscription};

const TYPE: &str = "Stillpoint.Fabric/limits";

#[derive(Debug, Deserialize)]
struct Asked {
    properties: Properties,
}

#[derive(Debug, Deserialize)]
struct Properties {
    most: Flexible<u64>,
}

/// `GET …/limits`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, &format!("{TYPE}/read")).await?;
    let all = app.control.limits().await?;
    let all: Vec<Value> = all.iter().map(|l| shape(&app, l)).collect();
    Ok(Json(json!({"value": all})))
}

/// `GET …/limits/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, TYPE, "read").await?;
    Ok(Json(shape(&app, &app.control.limit(&names.name).await?)))
}

/// `PUT …/limits/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, TYPE, "write").await?;
    let most = body::read::<Asked>(&bytes)?.properties.most.0;
    let set = app.control.set_limit(&names.name, Some(most)).await?;
    Ok(Json(shape(&app, &set)))
}

/// `DELETE …/limits/{name}`: back to the default.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, TYPE, "delete").await?;
    let was = app.control.limit(&names.name).await?.set;
    app.control.set_limit(&names.name, None).await?;
    Ok(deleted(was))
}

fn shape(app: &App, set: &SetLimit) -> Value {
    json!({
        "id": app.control.limit_id(set.limit.name()),
        "name": set.limit.name(),
        "type": TYPE,
        "properties": {
            "most": set.most,
            "default": set.limit.default_most(),
            "description": set.limit.what(),
        },
    })
}
