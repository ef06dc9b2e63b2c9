//! `Stillpoint.Fabric/applications`: principals that log in with a secret.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{Code, Error};
use serde::Deserialize;
use serde_json::{Value, json};
use state::principals::Principal;
use uuid::Uuid;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::Answer;
use crate::page::{Page, Paged};
use crate::scope::Subscription;

const READ: &str = "Stillpoint.Fabric/principals/read";
const WRITE: &str = "Stillpoint.Fabric/principals/write";
const DELETE: &str = "Stillpoint.Fabric/principals/delete";

/// What a POST says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    properties: Properties,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    displayname: Option<String>,
}

/// Names in an application's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    application: String,
}

/// `GET …/applications`
pub(crate) async fn list(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    page: Page,
    caller: Caller,
) -> Answer<Json<Value>> {
    scope.allow(&app, &caller, READ).await?;
    let found = app.control.applications(page.after(), Paged::ASKED).await?;
    Ok(Json(page.answer(
        &app,
        found,
        |p| p.login.clone(),
        |p| shape(&app, p),
    )))
}

/// `POST …/applications`: 201 with the secret, which is shown only here.
pub(crate) async fn make(
    State(app): State<App>,
    Path(scope): Path<Subscription>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    scope.allow(&app, &caller, WRITE).await?;
    let asked = body::read::<Asked>(&bytes)?.properties;
    let missing = || {
        let detail = "properties.displayName is missing";
        Error::new(Code::InvalidRequestContent, detail)
    };
    let name = asked.displayname.ok_or_else(missing)?;
    let made = app.control.make_application(&name).await?;
    let mut value = shape(&app, &made.principal);
    value["properties"]["secret"] = made.secret.into();
    Ok((StatusCode::CREATED, Json(value)))
}

/// `DELETE …/applications/{object id}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    let scope = Subscription {
        subscription: names.subscription,
    };
    scope.allow(&app, &caller, DELETE).await?;
    let id = names.application.parse::<Uuid>();
    let there = match id {
        Ok(id) => app.control.delete_application(id).await?,
        Err(_) => false,
    };
    Ok(match there {
        true => StatusCode::OK,
        false => StatusCode::NO_CONTENT,
    })
}

fn shape(app: &App, application: &Principal) -> Value {
    let subscription = app.control.subscription().id;
    let id = application.id;
    json!({
        "id": format!(
            "/subscriptions/{subscription}/providers/Stillpoint.Fabric/applications/{id}"
        ),
        "name": id,
        "type": "Stillpoint.Fabric/applications",
        "properties": {
            "displayName": application.body.display_name,
            "objectId": id,
            "clientId": application.login,
            "enabled": application.body.enabled,
        },
    })
}
