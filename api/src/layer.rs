//! What is done to every request before the router sees it, and to every answer after.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::body::{Body, Bytes, HttpBody};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONNECTION, X_CONTENT_TYPE_OPTIONS};
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderName, HeaderValue, Uri, Version};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base::{Code, Error};
use futures::{StreamExt, stream};

use crate::app::App;
use crate::error::Refused;
use crate::path;

const REQUEST: HeaderName = HeaderName::from_static("x-ms-request-id");
const CORRELATION: HeaderName = HeaderName::from_static("x-ms-correlation-request-id");
const CORP: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
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

/// Says that the connection ends if a request is answered before its body was read. It does
/// then, and who is not told sends the next request into it.
pub(crate) async fn close_unread(request: Request, next: Next) -> Response {
    if request.body().is_end_stream() || request.version() == Version::HTTP_2 {
        return next.run(request).await;
    }
    let is_read = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&is_read);
    let request = request.map(|body| {
        let end = stream::once(async move {
            noted.store(true, Ordering::Relaxed);
            Ok(Bytes::new())
        });
        Body::from_stream(body.into_data_stream().chain(end))
    });
    let mut response = next.run(request).await;
    if !is_read.load(Ordering::Relaxed) {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
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

/// What a browser is told of every answer that does not say it itself: it is not kept, it is what
/// its type says and nothing else, and no page of another origin takes it in (the Fetch
/// standard's `Cross-Origin-Resource-Policy`). So a session's cookie opens nothing to a neighbour.
pub(crate) async fn keep_close(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CORP, "same-origin"),
    ] {
        let headers = response.headers_mut();
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
