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

const TYPE: &str = "Stillpoint.Fabric/locations";

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
    names.allow(&app, &caller, TYPE, "read").await?;
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
    names.allow(&app, &caller, TYPE, "write").await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let (saved, made) = app
        .control
        .put_location(&names.name, asked.displayname, asked.pairedlocation)
        .await?;
    Ok(put_answer(made, shape(&app, &saved)))
}

fn shape(app: &App, location: &Location) -> Value {
    json!({
        "id": app.control.location_id(&location.name),
        "name": location.name,
        "type": TYPE,
        "properties": {
            "displayName": location.display_name,
            "pairedLocation": location.paired,
        },
    })
}
