//! Errors as ARM sends them (`docs/wire.md`, G11).

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base::{Code, Error, Kind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// What a request is answered with when it fails.
#[derive(Debug)]
pub struct Refused {
    error: Error,
    /// The `WWW-Authenticate` header of a 401.
    challenge: Option<HeaderValue>,
}

/// A result whose error is an answer.
pub type Answer<T> = Result<T, Refused>;

/// The answer to a PUT: 201 if it made the resource, 200 if it changed it.
pub(crate) fn put_answer(made: bool, shape: Value) -> (StatusCode, Json<Value>) {
    let status = match made {
        true => StatusCode::CREATED,
        false => StatusCode::OK,
    };
    (status, Json(shape))
}

/// The answer to a DELETE: 200 if there was something, 204 if there was nothing.
pub(crate) fn deleted(was: bool) -> StatusCode {
    match was {
        true => StatusCode::OK,
        false => StatusCode::NO_CONTENT,
    }
}

impl Refused {
    /// Which error it is.
    #[must_use]
    pub fn code(&self) -> Code {
        self.error.code()
    }

    /// The token is not good, for this reason. Clients fetch a new one and ask again
    /// (`docs/wire.md`): `now` is in seconds since 1970, `authority` where tokens are had.
    #[must_use]
    pub fn token(error: Error, authority: &str, now: i64) -> Self {
        let claims =
            json!({"access_token": {"nbf": {"essential": true, "value": now.to_string()}}});
        let claims = STANDARD.encode(claims.to_string());
        let challenge = format!(
            "Bearer authorization_uri=\"{authority}\", error=\"insufficient_claims\", claims=\"{claims}\""
        );
        Self {
            error,
            challenge: HeaderValue::try_from(challenge).ok(),
        }
    }
}

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self {
            error,
            challenge: None,
        }
    }
}

/// The HTTP status of an error: by what the caller can do about it.
fn status(code: Code) -> StatusCode {
    match (code, code.kind()) {
        (Code::InvalidToken, _) => StatusCode::UNAUTHORIZED,
        (Code::RequestTooLarge, _) => StatusCode::PAYLOAD_TOO_LARGE,
        (Code::TooManyStreams, _) => StatusCode::TOO_MANY_REQUESTS,
        (Code::PreconditionFailed, _) => StatusCode::PRECONDITION_FAILED,
        // What the server lacks is not what the client asked for.
        (
            Code::FileAccessDenied | Code::FileNotFound | Code::ToolMissing | Code::StateDenied,
            _,
        ) => StatusCode::INTERNAL_SERVER_ERROR,
        (_, Kind::Invalid) => StatusCode::BAD_REQUEST,
        (_, Kind::NotFound) => StatusCode::NOT_FOUND,
        (_, Kind::Denied) => StatusCode::FORBIDDEN,
        (_, Kind::Conflict | Kind::Cancelled) => StatusCode::CONFLICT,
        (_, Kind::Unavailable) => StatusCode::SERVICE_UNAVAILABLE,
        (_, Kind::NoSpace) => StatusCode::INSUFFICIENT_STORAGE,
        (_, Kind::Integrity | Kind::Failed) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let code = self.error.code();
        let status = status(code);
        if status.is_server_error() {
            tracing::error!("{:?}", self.error);
        }
        let mut detail = self.error.detail().trim_end_matches('.').to_owned();
        if let Some(first) = detail.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let message = format!("{detail}. {}", code.remedy());
        let body = json!({"error": {"code": code.name(), "message": message}});
        let mut response = (status, Json(body)).into_response();
        if let Some(challenge) = self.challenge {
            let headers = response.headers_mut();
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
