//! `If-Match`: what a resource must be like for a change to be made (`docs/wire.md`).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;

use crate::app::App;

/// The header's value, if there is one.
pub(crate) struct IfMatch(pub(crate) Option<String>);

impl FromRequestParts<App> for IfMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let value = parts.headers.get(header::IF_MATCH);
        // A value that is no text matches nothing.
        Ok(Self(value.map(|v| v.to_str().unwrap_or("").to_owned())))
    }
}
