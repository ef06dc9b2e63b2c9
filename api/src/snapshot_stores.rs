//! Snapshot stores, at `Stillpoint.Fabric/hosts/{host}/snapshotStores/default`: a host has one.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::SnapshotStoreInput;
use serde::Deserialize;
use serde_json::{Value, json};
use state::Record;
use state::hosts::Host;

use crate::app::App;
use crate::body::{self, Body, Flexible};
use crate::caller::Caller;
use crate::error::{Answer, deleted};
use crate::hosts::Names;

/// The resource's type.
pub(crate) const TYPE: &str = "Stillpoint.Fabric/hosts/snapshotStores";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    folder: Option<String>,
    scratchlimit: Option<Flexible<u64>>,
    scratchkeepfree: Option<Flexible<u8>>,
}

/// `GET …/snapshotStores`
pub(crate) async fn list(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let host = names.allow_store(&app, &caller, "read").await?;
    let host = app.control.host(&host).await?;
    Ok(Json(json!({"value": [shape(&host)]})))
}

/// `GET …/snapshotStores/default`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let host = names.allow_store(&app, &caller, "read").await?;
    Ok(Json(shape(&app.control.host(&host).await?)))
}

/// `PUT …/snapshotStores/default`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    names.allow_store(&app, &caller, "write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let input = SnapshotStoreInput {
        folder: asked.folder,
        scratch_limit: asked.scratchlimit.map(|limit| limit.0),
        scratch_keep_free: asked.scratchkeepfree.map(|percent| percent.0),
    };
    let set = app.control.set_snapshot_store(names.host(), input).await?;
    Ok(Json(shape(&set)))
}

/// `DELETE …/snapshotStores/default`: as it is at a new host; 204 if it was.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow_store(&app, &caller, "delete").await?;
    let was = app.control.reset_snapshot_store(names.host()).await?;
    Ok(deleted(was))
}

fn shape(host: &Record<Host>) -> Value {
    json!({
        "id": format!("{}/snapshotStores/default", host.id),
        "name": "default",
        "type": TYPE,
        "properties": {
            "provisioningState": "Succeeded",
            "folder": host.body.snapshot_store,
            "scratchLimit": host.body.scratch_limit,
            "scratchKeepFree": host.body.scratch_keep_free,
        },
    })
}
