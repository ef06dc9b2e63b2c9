//! The token endpoint (RFC 6749): a token for an application's secret (section 4.4) or signed
//! assertion (RFC 7523), a user's name and password (4.3), a refresh token (6), or a login in a
//! browser (4.1; RFC 8628).

mod assertion;
pub(crate) mod authorize;
pub(crate) mod device;
mod page;
mod proof;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base::{Code, Error, Result};
use control::{CodeKind, Principal};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use proof::Bound;

use crate::app::App;
use crate::body::Body;
use crate::grant;
use crate::token::{REFRESH, SECONDS};

/// The longest client id that a login is begun for: anybody may begin one, and it is kept.
const MOST_CLIENT: usize = 64;

/// What is asked for. `claims`, `scope` and what else clients send is not needed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Asked {
    grant_type: String,
    client_id: String,
    client_secret: Option<String>,
    client_assertion: Option<String>,
    username: Option<String>,
    password: Option<String>,
    refresh_token: Option<String>,
    device_code: Option<String>,
    code: Option<String>,
    redirect_uri: String,
    code_verifier: String,
}

/// Why there is no token: OAuth's own word, or an error.
enum Refused {
    Form(&'static str, String),
    Error(Error),
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// `POST /adfs/oauth2/token`.
pub(crate) async fn token(State(app): State<App>, Body(body): Body) -> Response {
    match answer(&app, &body).await {
        Ok(token) => Json(token).into_response(),
        Err(refused) => refused.into_response(),
    }
}

async fn answer(app: &App, body: &[u8]) -> std::result::Result<Value, Refused> {
    let asked: Asked = serde_urlencoded::from_bytes(body)
        .map_err(|e| Refused::Form("invalid_request", format!("The form can't be read: {e}.")))?;
    let missing = |name: &str| Refused::Form("invalid_request", format!("The form has no {name}."));
    // Taken before who asks is looked up: what makes older tokens worthless meanwhile does so to
    // this one.
    let now = app.control.now();
    match asked.grant_type.as_str() {
        "client_credentials" => {
            let who = match (&asked.client_secret, &asked.client_assertion) {
                (Some(secret), _) => app.control.log_in_app(&asked.client_id, secret).await?,
                (None, Some(signed)) => assertion::check(app, &asked.client_id, signed).await?,
                (None, None) => return Err(missing("client_secret")),
            };
            let token = app
                .tokens
                .sign(&grant::access(app, &who, who.app_id, now))?;
            Ok(json!({
                "token_type": "Bearer",
                "expires_in": SECONDS,
                "ext_expires_in": SECONDS,
                "access_token": token,
            }))
        }
        "password" => {
            let name = asked.username.as_ref().ok_or_else(|| missing("username"))?;
            let password = asked.password.as_ref().ok_or_else(|| missing("password"))?;
            let who = app.control.log_in_user(name, password).await?;
            Ok(of_user(app, &asked.client_id, &who, now, "")?)
        }
        "refresh_token" => {
            let token = asked.refresh_token.as_ref();
            let token = token.ok_or_else(|| missing("refresh_token"))?;
            let who = renewed(app, token).await?;
            Ok(of_user(app, &asked.client_id, &who, now, "")?)
        }
        "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => {
            let code = asked.device_code.as_ref();
            let code = code.ok_or_else(|| missing("device_code"))?;
            let done = app
                .control
                .redeem_code(&asked.client_id, code, CodeKind::Device)
                .await?;
            let pending = || "AADSTS70016: nobody has typed the code in yet.".to_owned();
            let done = done.ok_or_else(|| Refused::Form("authorization_pending", pending()))?;
            Ok(of_user(app, &asked.client_id, &done.who, now, "")?)
        }
        "authorization_code" => {
            let code = asked.code.as_ref().ok_or_else(|| missing("code"))?;
            let done = app
                .control
                .redeem_code(&asked.client_id, code, CodeKind::Carried)
                .await?;
            let no = || Refused::Form("invalid_grant", "The code is of another kind.".to_owned());
            let done = done.ok_or_else(no)?;
            let bound = Bound::check(&done.bound, &asked.redirect_uri, &asked.code_verifier)?;
            Ok(of_user(
                app,
                &asked.client_id,
                &done.who,
                now,
                &bound.nonce,
            )?)
        }
        other => {
            let what = format!("The grant type `{other}` is not known.");
            Err(Refused::Form("unsupported_grant_type", what))
        }
    }
}

/// The user of a refresh token, or a refusal in OAuth's words.
async fn renewed(app: &App, token: &str) -> Result<Principal> {
    let who = grant::renew(app, token).await;
    who.map_err(|e| match e.code() {
        Code::InvalidToken => {
            let why = e.detail();
            let detail = format!("AADSTS70008: the refresh token is not good any more: {why}");
            Error::new(Code::PasswordWrong, detail)
        }
        _ => e,
    })
}

/// What a client needs of a user's login: MSAL knows the user by the id token.
fn of_user(app: &App, client: &str, who: &Principal, now: Timestamp, nonce: &str) -> Result<Value> {
    let access = grant::access(app, who, client.parse().unwrap_or_default(), now);
    let refresh = grant::refresh(app, &access);
    let id = IdClaims {
        aud: client,
        iss: &access.iss,
        sub: who.id,
        oid: who.id,
        tid: access.tid,
        upn: &who.login,
        name: &who.name,
        iat: access.iat,
        nbf: access.nbf,
        exp: access.exp,
        nonce,
    };
    Ok(json!({
        "token_type": "Bearer",
        "expires_in": SECONDS,
        "ext_expires_in": SECONDS,
        "access_token": app.tokens.sign(&access)?,
        "refresh_token": app.tokens.sign(&refresh)?,
        "refresh_token_expires_in": REFRESH,
        "id_token": app.tokens.sign(&id)?,
    }))
}

/// What an id token says (OpenID Connect Core, section 2).
#[derive(Serialize)]
struct IdClaims<'a> {
    aud: &'a str,
    iss: &'a str,
    sub: Uuid,
    oid: Uuid,
    tid: Uuid,
    upn: &'a str,
    name: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
    #[serde(skip_serializing_if = "str::is_empty")]
    nonce: &'a str,
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Form(word, why) => {
                let body = json!({"error": word, "error_description": why});
                (StatusCode::BAD_REQUEST, body)
            }
            Self::Error(e) => {
                let code = e.code();
                let why = format!("{}. {}", e.detail(), code.remedy());
                match code {
                    Code::LoginFailed => {
                        let why = format!("AADSTS7000215: {}", e.detail());
                        let body = json!({"error": code.name(), "error_description": why});
                        (StatusCode::UNAUTHORIZED, body)
                    }
                    Code::PasswordWrong => {
                        let body = json!({"error": code.name(), "error_description": why});
                        (StatusCode::BAD_REQUEST, body)
                    }
                    Code::AccountLocked | Code::PasswordChangeRequired => {
                        let word = Code::PasswordWrong.name();
                        let body = json!({
                            "error": word,
                            "suberror": code.name(),
                            "error_description": why,
                        });
                        (StatusCode::BAD_REQUEST, body)
                    }
                    Code::LimitReached => {
                        let word = "temporarily_unavailable";
                        let body = json!({"error": word, "error_description": e.detail()});
                        (StatusCode::TOO_MANY_REQUESTS, body)
                    }
                    _ => {
                        tracing::error!("{e:?}");
                        let body = json!({
                            "error": "server_error",
                            "error_description": code.cause(),
                        });
                        (StatusCode::INTERNAL_SERVER_ERROR, body)
                    }
                }
            }
        };
        (status, Json(body)).into_response()
    }
}
