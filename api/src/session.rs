//! `Stillpoint.Fabric/session`: a login of a browser, kept in cookies that stand for the tokens
//! that other clients keep themselves (`docs/wire.md`).

mod cookies;
mod own_page;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{AppendHeaders, IntoResponse};
use base::{Code, Error};
use control::Principal;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) use cookies::{ACCESS, RENEWAL, read};
pub(crate) use own_page::{HEADER, OwnPage, from_own_page};

use crate::app::App;
use crate::body::{self, Body};
use crate::caller::Caller;
use crate::error::{Answer, Refused};
use crate::grant;

/// What a body says.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    username: Option<String>,
    password: Option<String>,
}

/// `POST /providers/Stillpoint.Fabric/session`: 200 with both cookies, for a user's password.
pub(crate) async fn begin(
    State(app): State<App>,
    _: OwnPage,
    Body(bytes): Body,
) -> Answer<impl IntoResponse> {
    let asked = body::read::<Asked>(&bytes)?;
    let needed = |given: Option<String>, name: &str| {
        let missing = || Error::new(Code::InvalidRequestContent, format!("{name} is missing"));
        given.ok_or_else(missing)
    };
    let name = needed(asked.username, "username")?;
    let password = needed(asked.password, "password")?;
    // Before who asks is looked up, as at the token endpoint.
    let now = app.control.now();
    let who = app.control.log_in_user(&name, &password).await?;
    given(&app, &who, now)
}

/// `GET /providers/Stillpoint.Fabric/session`: who asks, by whichever token.
pub(crate) async fn show(State(app): State<App>, caller: Caller) -> Json<Value> {
    Json(shape(&app, caller.principal(), caller.until()))
}

/// `POST /providers/Stillpoint.Fabric/session/renew`: 200 with both cookies anew.
pub(crate) async fn renew(
    State(app): State<App>,
    _: OwnPage,
    headers: HeaderMap,
) -> Answer<impl IntoResponse> {
    let now = app.control.now();
    let none = || Error::new(Code::InvalidToken, "there is no session to renew");
    let who = match read(&headers, RENEWAL) {
        Some(token) => grant::renew(&app, &token).await,
        None => Err(none()),
    };
    let who = who.map_err(|e| match e.code() {
        Code::InvalidToken => Refused::token(e, &app.authority(), now.as_second()),
        _ => e.into(),
    })?;
    given(&app, &who, now)
}

/// `DELETE /providers/Stillpoint.Fabric/session`: 204, and the browser forgets both cookies.
pub(crate) async fn end(_: OwnPage) -> impl IntoResponse {
    let gone = [cookies::gone(ACCESS), cookies::gone(RENEWAL)];
    (StatusCode::NO_CONTENT, AppendHeaders(gone))
}

/// Both cookies of a login, and whose it is.
fn given(app: &App, who: &Principal, now: Timestamp) -> Answer<impl IntoResponse + use<>> {
    // The browser is no application that has a client id.
    let access = grant::access(app, who, Uuid::nil(), now);
    let refresh = grant::refresh(app, &access);
    let set = [
        cookies::set(ACCESS, app.tokens.sign(&access)?),
        cookies::set(RENEWAL, app.tokens.sign(&refresh)?),
    ];
    Ok((AppendHeaders(set), Json(shape(app, who, access.until()))))
}

fn shape(app: &App, who: &Principal, until: Timestamp) -> Value {
    json!({
        "user": {"id": who.id, "login": who.login, "name": who.name},
        "tenantId": app.control.tenant(),
        "expiresOn": until,
    })
}
