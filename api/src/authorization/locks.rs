//! `…/providers/Microsoft.Authorization/locks`

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{Code, Error};
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::locks::{Lock, LockLevel};

use super::Scope;
use crate::app::App;
use crate::body::{self, Body, choose};
use crate::caller::Caller;
use crate::error::{Answer, deleted, put_answer};

pub(crate) const LEVELS: [(&str, LockLevel); 2] = [
    ("CanNotDelete", LockLevel::CanNotDelete),
    ("ReadOnly", LockLevel::ReadOnly),
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    level: Option<String>,
    notes: Option<String>,
}

/// `GET …/locks`: those at the scope, above it and below it.
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.allow(&app, &caller, "locks/read").await?;
    let found = app.control.locks(&id).await?;
    let all: Vec<Value> = found.iter().map(shape).collect();
    Ok(Json(json!({"value": all})))
}

/// `GET …/locks/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let id = scope.allow(&app, &caller, "locks/read").await?;
    Ok(Json(shape(&app.control.lock(&id, &scope.name).await?)))
}

/// `PUT …/locks/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    let id = scope.allow(&app, &caller, "locks/write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let missing = || {
        let detail = "properties.level is missing";
        Error::new(Code::InvalidRequestContent, detail)
    };
    let level = asked.level.ok_or_else(missing)?;
    let lock = Lock {
        level: choose("properties.level", &level, &LEVELS)?,
        notes: asked.notes,
    };
    let (lock, made) = app.control.put_lock(&id, &scope.name, lock).await?;
    Ok(put_answer(made, shape(&lock)))
}

/// `DELETE …/locks/{name}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(scope): Path<Scope>,
    caller: Caller,
) -> Answer<StatusCode> {
    let id = scope.allow(&app, &caller, "locks/delete").await?;
    let was = app.control.delete_lock(&id, &scope.name).await?;
    Ok(deleted(was))
}

fn shape(lock: &Record<Lock>) -> Value {
    let level = LEVELS.iter().find(|l| l.1 == lock.body.level);
    json!({
        "id": lock.id,
        "name": lock.name,
        "type": "Microsoft.Authorization/locks",
        "properties": {"level": level.map(|l| l.0), "notes": lock.body.notes},
    })
}
