//! A client of the API's service: what it asks goes all the way but for the wire.

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, header};
use control::FirstStart;
use serde_json::Value;
use tower::ServiceExt;

use crate::times::Times;

/// The most bytes of an answer.
const MOST: usize = 1 << 24;

pub(crate) struct Client {
    service: Router,
    token: String,
}

impl Client {
    /// Where the service is.
    pub(crate) const URL: &str = "https://here:1";

    /// Gets a token as the application that the first start made.
    pub(crate) async fn log_in(service: Router, first: &FirstStart) -> Result<Self> {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            first.client_id, first.secret
        );
        let request = Request::post("/adfs/oauth2/token").body(Body::from(form))?;
        let answer: Value = serde_json::from_slice(&send(&service, request).await?)?;
        let token = answer["access_token"].as_str().context("no token")?;
        let token = token.to_owned();
        Ok(Self { service, token })
    }

    /// What is answered to a GET of a path, or of a link; notes how long that took.
    pub(crate) async fn get(&self, path: &str, times: &mut Times) -> Result<Value> {
        let path = path.strip_prefix(Self::URL).unwrap_or(path);
        let joined = if path.contains('?') { '&' } else { '?' };
        let path = match path.contains("api-version=") {
            true => path.to_owned(),
            false => format!("{path}{joined}api-version=2026-07-01"),
        };
        let request = Request::get(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
            .body(Body::empty())?;
        let begun = Instant::now();
        let answer = send(&self.service, request).await?;
        times.note(begun.elapsed());
        Ok(serde_json::from_slice(&answer)?)
    }
}

async fn send(service: &Router, request: Request<Body>) -> Result<Bytes> {
    let path = request.uri().to_string();
    let (parts, body) = service.clone().oneshot(request).await?.into_parts();
    let answer = to_bytes(body, MOST).await?;
    let text = || String::from_utf8_lossy(&answer);
    ensure!(parts.status.is_success(), "{path}: {}", text());
    Ok(answer)
}
