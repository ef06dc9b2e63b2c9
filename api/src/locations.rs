//! Locations (`Stillpoint.Fabric/locations`): adding one, and pairing two (VAULT-8; REPL-1).

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use control::Location;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, put_answer};
use crate::scope::InSubscription;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    displayname: Option<String>,
    pairedlocation: Option<String>,
}

/// `GET …/Stillpoint.Fabric/locations/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
) -> Answer<Json<Value>> {
    allow(&app, &caller, &names, "read").await?;
    let found = app.control.check_location(&names.name).await?;
    Ok(Json(shape(&app, &found)))
}

/// `PUT …/Stillpoint.Fabric/locations/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<InSubscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    allow(&app, &caller, &names, "write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let (saved, made) = app
        .control
        .put_location(&names.name, asked.displayname, asked.pairedlocation)
        .await?;
    Ok(put_answer(made, shape(&app, &saved)))
}

/// Lets the request go on if the caller may do this.
async fn allow(app: &App, caller: &Caller, names: &InSubscription, verb: &str) -> Answer<()> {
    let id = app.control.location_id(&names.name);
    names
        .allow(
            app,
            caller,
            &format!("Stillpoint.Fabric/locations/{verb}"),
            &id,
        )
        .await
}

fn shape(app: &App, location: &Location) -> Value {
    json!({
        "id": app.control.location_id(&location.name),
        "name": location.name,
        "type": "Stillpoint.Fabric/locations",
        "properties": {
            "displayName": location.display_name,
            "pairedLocation": location.paired,
        },
    })
}
