//! Settings of a policy that Azure's body has no word for, at
//! `{policy}/providers/Stillpoint.Fabric/policySettings/default`. They are there as long as the
//! policy is; who may change the policy may change them.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use state::policies::PolicySettings;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, deleted};
use crate::policies::Names;

/// The resource's type.
pub(crate) const TYPE: &str = "Stillpoint.Fabric/policySettings";

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    refusedowngrades: bool,
    refusestandarditems: bool,
}

/// `GET …/policySettings/default`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    let policy = names.allow(&app, &caller, "read").await?;
    let (group, vault, name) = names.all();
    let found = app.control.policy_settings(group, vault, name).await?;
    Ok(Json(shape(&policy, found)))
}

/// `PUT …/policySettings/default`: what is left out is off.
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<Json<Value>> {
    let policy = names.allow(&app, &caller, "write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let settings = PolicySettings {
        refuse_downgrades: asked.refusedowngrades,
        refuse_standard_items: asked.refusestandarditems,
    };
    set(&app, &names, settings).await?;
    Ok(Json(shape(&policy, settings)))
}

/// `DELETE …/policySettings/default`: all are off again; 204 if they were.
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, "write").await?;
    let was = set(&app, &names, PolicySettings::default()).await?;
    Ok(deleted(was))
}

async fn set(app: &App, names: &Names, settings: PolicySettings) -> Answer<bool> {
    let (group, vault, name) = names.all();
    let control = &app.control;
    Ok(control
        .set_policy_settings(group, vault, name, settings)
        .await?)
}

fn shape(policy: &str, settings: PolicySettings) -> Value {
    json!({
        "id": format!("{policy}/providers/{TYPE}/default"),
        "name": "default",
        "type": TYPE,
        "properties": {
            "refuseDowngrades": settings.refuse_downgrades,
            "refuseStandardItems": settings.refuse_standard_items,
        },
    })
}
