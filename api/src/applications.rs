//! `Stillpoint.Fabric/applications`: principals that log in with a secret or a certificate.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::{Code, Error};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use state::principals::Principal;
use uuid::Uuid;

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, deleted};
use crate::page::{Page, Paged};
use crate::scope::{Subscription, allow_in};

pub(crate) const READ: &str = "Stillpoint.Fabric/principals/read";
pub(crate) const WRITE: &str = "Stillpoint.Fabric/principals/write";
pub(crate) const DELETE: &str = "Stillpoint.Fabric/principals/delete";

/// What a POST says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Properties {
    displayname: Option<String>,
    enddatetime: Option<Timestamp>,
    certificate: Option<String>,
}

/// Names in an application's path.
#[derive(Debug, Deserialize)]
pub(crate) struct Names {
    subscription: String,
    /// Its client id or object id.
    application: String,
    /// Of a secret or a certificate its id.
    credential: Option<String>,
}

impl Names {
    async fn allow(&self, app: &App, caller: &Caller, action: &str) -> Answer<()> {
        allow_in(app, caller, action, &self.subscription).await
    }
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
    let asked = body::properties::<Properties>(&bytes)?;
    let name = needed(asked.displayname, "displayName")?;
    let made = app.control.make_application(&name).await?;
    let mut value = shape(&app, &made.principal);
    value["properties"]["secret"] = made.secret.into();
    Ok((StatusCode::CREATED, Json(value)))
}

/// `GET …/applications/{client id or object id}`
pub(crate) async fn show(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<Json<Value>> {
    names.allow(&app, &caller, READ).await?;
    let found = app.control.application(&names.application).await?;
    Ok(Json(shape(&app, &found)))
}

/// `DELETE …/applications/{client id or object id}`
pub(crate) async fn delete(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, DELETE).await?;
    let there = app.control.delete_application(&names.application).await?;
    Ok(deleted(there))
}

/// `POST …/applications/{client id or object id}/secrets`: 201 with a further secret, which is
/// shown only here.
pub(crate) async fn add_secret(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, WRITE).await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let made = app
        .control
        .add_secret(&names.application, asked.enddatetime);
    let made = made.await?;
    let mut value = shape(&app, &made.principal);
    value["properties"]["secretId"] = json!(made.id);
    value["properties"]["secret"] = made.secret.into();
    Ok((StatusCode::CREATED, Json(value)))
}

/// `POST …/applications/{client id or object id}/certificates`
pub(crate) async fn add_certificate(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
    Body(bytes): Body,
) -> Answer<(StatusCode, Json<Value>)> {
    names.allow(&app, &caller, WRITE).await?;
    let asked = body::properties::<Properties>(&bytes)?;
    let pem = needed(asked.certificate, "certificate")?;
    let (made, id) = app
        .control
        .add_certificate(&names.application, &pem)
        .await?;
    let mut value = shape(&app, &made);
    value["properties"]["certificateId"] = json!(id);
    Ok((StatusCode::CREATED, Json(value)))
}

/// `DELETE …/applications/{client id or object id}/secrets/{id}`, and of certificates.
pub(crate) async fn remove_credential(
    State(app): State<App>,
    Path(names): Path<Names>,
    caller: Caller,
) -> Answer<StatusCode> {
    names.allow(&app, &caller, WRITE).await?;
    let credential = names.credential.as_deref().map(str::parse::<Uuid>);
    let Some(Ok(credential)) = credential else {
        return Ok(deleted(false));
    };
    let there = app
        .control
        .remove_credential(&names.application, credential);
    Ok(deleted(there.await?))
}

/// A property that must be there.
pub(crate) fn needed(given: Option<String>, name: &str) -> Answer<String> {
    let missing = || {
        let detail = format!("properties.{name} is missing");
        Error::new(Code::InvalidRequestContent, detail)
    };
    Ok(given.ok_or_else(missing)?)
}

fn shape(app: &App, application: &Principal) -> Value {
    let subscription = app.control.subscription().id;
    let id = application.id;
    let body = &application.body;
    let secrets = body.secrets.iter();
    let secrets = secrets.map(|s| json!({"id": s.id, "endDateTime": s.expires}));
    let certificates = body.certificates.iter().map(|c| {
        let hash = control::certificate_facts(&c.pem).map(|t| hex::encode_upper(t.sha1));
        json!({"id": c.id, "endDateTime": c.expires, "thumbprint": hash.ok()})
    });
    json!({
        "id": format!(
            "/subscriptions/{subscription}/providers/Stillpoint.Fabric/applications/{id}"
        ),
        "name": id,
        "type": "Stillpoint.Fabric/applications",
        "properties": {
            "displayName": body.display_name,
            "objectId": id,
            "clientId": application.login,
            "enabled": body.enabled,
            "secrets": secrets.collect::<Vec<_>>(),
            "certificates": certificates.collect::<Vec<_>>(),
        },
    })
}
