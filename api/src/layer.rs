//! What is done to every request before the router sees it, and to every answer after.

use axum::extract::{Request, State};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::{Code, Error};

use crate::app::App;
use crate::error::Refused;
use crate::path;

const REQUEST: HeaderName = HeaderName::from_static("x-ms-request-id");
const CORRELATION: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const OF_CLIENT: HeaderName = HeaderName::from_static("x-ms-client-request-id");

/// Brings the path to one form (`docs/wire.md`, G3 to G5).
pub(crate) fn fold(mut request: Request) -> Result<Request, Refused> {
    let uri = request.uri();
    let wrong = || Error::new(Code::ResourceNotFound, "the path is no text");
    let mut folded = path::fold(uri.path()).ok_or_else(wrong)?;
    if let Some(query) = uri.query() {
        folded.push('?');
        folded.push_str(query);
    }
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(folded).map_err(|_| wrong())?);
    *request.uri_mut() = Uri::from_parts(parts).map_err(|_| wrong())?;
    Ok(request)
}

/// Asks ARM's requests for an api-version (G2).
pub(crate) async fn api_version(request: Request, next: Next) -> Response {
    let named = |pair: &str| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        name.eq_ignore_ascii_case("api-version") && !value.is_empty()
    };
    if !request.uri().query().unwrap_or("").split('&').any(named) {
        let what = "the query has no `api-version`";
        return Refused::from(Error::new(Code::MissingApiVersion, what)).into_response();
    }
    next.run(request).await
}

/// Names the request in its answer (G15).
pub(crate) async fn name(State(app): State<App>, request: Request, next: Next) -> Response {
    let id = app.control.new_id().to_string();
    let id = HeaderValue::try_from(id).expect("a UUID is plain");
    let of_client = request.headers().get(OF_CLIENT).cloned();
    let correlation = request.headers().get(CORRELATION).cloned();
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(CORRELATION, correlation.unwrap_or_else(|| id.clone()));
    headers.insert(REQUEST, id);
    if let Some(id) = of_client {
        headers.insert(OF_CLIENT, id);
    }
    response
}
