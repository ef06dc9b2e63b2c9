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

/// Names in a location's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    displayname: Option<String>,
    pairedlocation: Option<String>,
}

/// `GET …/Stillpoint.Fabric/locations/{name}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, "read").await?;
    let found = app.control.check_location(&names.name).await?;
    Ok(Json(shape(&app, &found)))
}

/// `PUT …/Stillpoint.Fabric/locations/{name}`
pub(crate) async fn put(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, "write").await?;
    let asked = body::read::<Asked>(&bytes)?.properties;
    let (saved, made) = app
        .control
        .put_location(&names.name, asked.displayname, asked.pairedlocation)
        .await?;
    Ok(put_answer(made, shape(&app, &saved)))
}

impl Names {
    async fn allow(&self, app: &App, caller: &Caller, verb: &str) -> Answer<()> {
        app.control.check_subscription(&self.subscription)?;
        let id = app.control.location_id(&self.name);
        let action = format!("Stillpoint.Fabric/locations/{verb}");
        caller.may(app, &action, &id).await
    }
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
