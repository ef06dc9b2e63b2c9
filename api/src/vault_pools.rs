//! Vault pools, at `Stillpoint.Fabric/vaultPools`.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::{PoolInput, ShownPool};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, deleted, put_answer};
use crate::if_match::IfMatch;
use crate::scope::{InSubscription, Subscription};

/// The resource's type.
pub(crate) const TYPE: &str = "Stillpoint.Fabric/vaultPools";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    location: Option<String>,
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    folder: Option<String>,
    takesvaults: Option<bool>,
}

/// `GET …/vaultPools`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, &format!("{TYPE}/read")).await?;
    let found = app.control.vault_pools().await?;
    let all: Vec<Value> = found.iter().map(shape).collect();
    Ok(Json(json!({"value": all})))
}

/// `GET …/vaultPools/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, TYPE, "read").await?;
    Ok(Json(shape(&app.control.vault_pool(&names.name).await?)))
}

/// `PUT …/vaultPools/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
    if_match: IfMatch,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, TYPE, "write").await?;
    let body: Asked = body::read(&bytes)?;
    let input = PoolInput {
        location: body.location,
        folder: body.properties.folder,
        takes_vaults: body.properties.takesvaults,
        if_match: if_match.0,
    };
    let (pool, made) = app.control.put_vault_pool(&names.name, input).await?;
    Ok(put_answer(made, shape(&pool)))
}

/// `DELETE …/vaultPools/{name}`: 204 if there is none.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
    if_match: IfMatch,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, TYPE, "delete").await?;
    let asked = if_match.0.as_deref();
    let was = app.control.delete_vault_pool(&names.name, asked).await?;
    Ok(deleted(was))
}

fn shape(pool: &ShownPool) -> Value {
    let record = &pool.record;
    json!({
        "id": record.id,
        "name": record.name,
        "type": TYPE,
        "location": record.body.location,
        "etag": format!("W/\"{}\"", record.etag()),
        "properties": {
            "provisioningState": "Succeeded",
            "folder": pool.folder.display().to_string(),
            "takesVaults": record.body.takes_vaults,
            "vaults": pool.vaults,
            "totalBytes": pool.space.map(|s| s.total),
            "freeBytes": pool.space.map(|s| s.free),
        },
    })
}
