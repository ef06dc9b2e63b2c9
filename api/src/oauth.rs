//! The token endpoint (RFC 6749, section 4.4): a service principal's id and secret for a token.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base::{Error, Kind};
use serde::Deserialize;
use serde_json::json;

use crate::app::App;
use crate::body::Body;
use crate::token::{Claims, SECONDS};

/// What is asked for. `claims`, `scope` and what else clients send is not needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    grant_type: String,
    client_id: String,
    client_secret: Option<String>,
}

/// `POST /adfs/oauth2/token`.
pub(crate) async fn token(State(app): State<App>, Body(body): Body) -> Response {
    let asked: Asked = match serde_urlencoded::from_bytes(&body) {
        Ok(asked) => asked,
        Err(e) => return refused("invalid_request", &format!("The form can't be read: {e}.")),
    };
    if asked.grant_type != "client_credentials" {
        let what = format!("The grant type `{}` is not known.", asked.grant_type);
        return refused("unsupported_grant_type", &what);
    }
    let Some(secret) = &asked.client_secret else {
        return refused("invalid_request", "The form has no client_secret.");
    };
    match grant(&app, &asked.client_id, secret).await {
        Ok(token) => Json(json!({
            "token_type": "Bearer",
            "expires_in": SECONDS,
            "ext_expires_in": SECONDS,
            "access_token": token,
        }))
        .into_response(),
        Err(e) if e.kind() == Kind::Denied => {
            refused("invalid_client", &format!("AADSTS7000215: {}", e.detail()))
        }
        Err(e) => {
            tracing::error!("{e:?}");
            let body = json!({"error": "server_error", "error_description": e.code().cause()});
            (StatusCode::INTERNAL_SERVER_ERROR, Json(body)).into_response()
        }
    }
}

async fn grant(app: &App, client: &str, secret: &str) -> Result<String, Error> {
    let principal = app.control.log_in_app(client, secret).await?;
    let now = app.control.now().as_second();
    app.tokens.sign(&Claims {
        aud: app.audience(),
        iss: app.authority(),
        tid: app.control.tenant(),
        oid: principal.id,
        appid: principal.app_id,
        iat: now,
        nbf: now,
        exp: now + SECONDS,
        jti: app.control.new_id(),
    })
}

fn refused(error: &str, description: &str) -> Response {
    let status = match error {
        "invalid_client" => StatusCode::UNAUTHORIZED,
        _ => StatusCode::BAD_REQUEST,
    };
    let body = json!({"error": error, "error_description": description});
    (status, Json(body)).into_response()
}
