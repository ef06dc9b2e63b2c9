//! A client that has no browser waits while a person types its code in (RFC 8628).

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use base::{Error, Result};
use control::DEVICE_SECONDS;
use serde::Deserialize;
use serde_json::json;

use super::page::{Typed, fields, wrong};
use super::{Asked, MOST_CLIENT, Refused};
use crate::app::App;
use crate::body::Body;
use crate::html::{Page, plain};

/// Seconds between two questions of a client.
const INTERVAL: u32 = 5;

#[derive(Default, Deserialize)]
#[serde(default)]
struct Code {
    user_code: String,
}

/// `POST /adfs/oauth2/devicecode`.
pub(crate) async fn begin(State(app): State<App>, Body(body): Body) -> Response {
    let asked = serde_urlencoded::from_bytes::<Asked>(&body).unwrap_or_default();
    if !(1..=MOST_CLIENT).contains(&asked.client_id.len()) {
        let why = format!("The form has no client_id of 1 to {MOST_CLIENT} characters.");
        return Refused::Form("invalid_request", why).into_response();
    }
    let code = match app.control.device_code(&asked.client_id).await {
        Ok(code) => code,
        Err(error) => return Refused::Error(error).into_response(),
    };
    let place = format!("{}/device", app.url);
    let message = format!(
        "To log in, open {place} in a browser and type in the code {}.",
        code.user
    );
    Json(json!({
        "device_code": code.device,
        "user_code": code.user,
        "verification_uri": place,
        "verification_uri_complete": format!("{place}?user_code={}", code.user),
        "expires_in": DEVICE_SECONDS,
        "interval": INTERVAL,
        "message": message,
    }))
    .into_response()
}

/// `GET /device`.
pub(crate) async fn ask(State(app): State<App>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let code = serde_urlencoded::from_str::<Code>(query).unwrap_or_default();
    form(&app, &code.user_code, None)
}

/// `POST /device`.
pub(crate) async fn done(State(app): State<App>, Body(body): Body) -> Response {
    let code = serde_urlencoded::from_bytes::<Code>(&body).unwrap_or_default();
    let typed = serde_urlencoded::from_bytes::<Typed>(&body).unwrap_or_default();
    match let_in(&app, &code, &typed).await {
        Ok(()) => Page {
            title: "You are logged in",
            body: "<p>Go back to where the code was shown. This page can be closed.</p>".to_owned(),
            leads_to: "",
            status: StatusCode::OK,
        }
        .show(&app),
        Err(error) => form(&app, &code.user_code, Some(&error)),
    }
}

async fn let_in(app: &App, code: &Code, typed: &Typed) -> Result<()> {
    let who = typed.log_in(app).await?;
    app.control.type_code(&code.user_code, &who).await
}

fn form(app: &App, code: &str, failed: Option<&Error>) -> Response {
    let (status, wrong) = wrong(failed);
    let body = format!(
        "{wrong}<p>Type in the code that the program shows which you have started, and nothing \
         that somebody has sent you.</p><form method=\"post\" action=\"/device\">\
         <label>Code<input name=\"user_code\" value=\"{}\" autocomplete=\"off\" required></label>\
         {}</form>",
        plain(code),
        fields(failed),
    );
    let (title, leads_to) = ("Log in to Stillpoint", "");
    let page = Page {
        title,
        body,
        leads_to,
        status,
    };
    page.show(app)
}
