//! The files of the portal: one page for all its paths, and what the page loads.
//!
//! The page stands at `/` and at every path whose first segment is `_`, where it routes by itself;
//! no path of ARM's begins so. What it loads stands where it lies in the portal's folder. Files
//! below `_assets` have a hash in their names and never change. A file may have packed forms
//! beside it (`NAME.br`, `NAME.gz`), which are sent instead of it where a client takes them.

mod built_in;
mod encoding;
mod kind;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::html;
use encoding::Encoding;

/// The page, in the portal's folder.
const INDEX: &str = "index.html";
/// What stands in the page wherever the nonce of an answer goes.
const NONCE: &str = "{{nonce}}";
/// Where files lie whose content never changes.
const FOREVER: &str = "_assets/";

/// The files of a portal.
#[derive(Debug)]
pub struct Portal {
    /// The page's text around each nonce.
    page: Vec<String>,
    files: BTreeMap<String, File>,
}

/// A file with its packed forms.
#[derive(Debug)]
struct File {
    /// Each with its entity tag; the plain one is the first.
    forms: Vec<(Encoding, Bytes, HeaderValue)>,
}

impl Portal {
    /// The portal that was built into this program, if one was.
    pub(crate) fn built_in() -> Option<Arc<Self>> {
        built_in::portal()
    }

    /// A portal of these files, each by its path in the portal's folder. `None` if there is no
    /// `index.html` among them, or if it is no text.
    #[must_use]
    pub fn of(files: impl IntoIterator<Item = (String, Bytes)>) -> Option<Self> {
        let mut all: BTreeMap<String, Bytes> = files.into_iter().collect();
        let page = all.remove(INDEX)?;
        let page = std::str::from_utf8(&page).ok()?;
        let page = page.split(NONCE).map(str::to_owned).collect();
        let form = |path: &str, encoding: Encoding| {
            let bytes = all.get(&format!("{path}{}", encoding.ending()))?.clone();
            let tag = tag(&bytes);
            Some((encoding, bytes, tag))
        };
        let is_packed = |path: &str| {
            let mut plain = Encoding::PACKED
                .map(|e| path.strip_suffix(e.ending()))
                .into_iter();
            plain.any(|p| p.is_some_and(|p| p == INDEX || all.contains_key(p)))
        };
        let plain = all.keys().filter(|path| !is_packed(path));
        let files = plain
            .map(|path| {
                let forms = Encoding::ALL.into_iter().filter_map(|e| form(path, e));
                let forms = forms.collect();
                (path.clone(), File { forms })
            })
            .collect();
        Some(Self { page, files })
    }
}

/// A strong entity tag (RFC 9110, section 8.8.3): packed forms have other bytes, so another one.
fn tag(bytes: &[u8]) -> HeaderValue {
    let hash = hex::encode(&digest(&SHA256, bytes).as_ref()[..16]);
    HeaderValue::try_from(format!("\"{hash}\"")).expect("hex digits")
}

/// The portal's answer, if the request asks for something of it.
pub(crate) fn answer(app: &App, request: &Request) -> Option<Response> {
    let portal = app.portal.as_ref()?;
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return None;
    }
    let path = request.uri().path().strip_prefix('/')?;
    let answer = if path.is_empty() || path == "_" || path.starts_with("_/") {
        portal.page(&app.control.new_id().to_string())
    } else if let Some(file) = portal.files.get(path) {
        file.answer(path, request.headers())
    } else if path.starts_with(FOREVER) {
        // Of another build, it may be: the page is to be loaded anew.
        let none = "The portal has no such file.";
        (StatusCode::NOT_FOUND, none).into_response()
    } else {
        return None;
    };
    Some(match *request.method() {
        Method::HEAD => without_body(answer),
        _ => answer,
    })
}

impl Portal {
    /// The page. Scripts are the portal's own files; what writes styles at run time knows the
    /// nonce.
    fn page(&self, nonce: &str) -> Response {
        let policy = format!(
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; \
             connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'"
        );
        let page = self.page.join(nonce);
        (html::headers(&policy), axum::response::Html(page)).into_response()
    }
}

impl File {
    fn answer(&self, path: &str, asked: &HeaderMap) -> Response {
        let there: Vec<Encoding> = self.forms.iter().map(|f| f.0).collect();
        let chosen = encoding::choose(asked, &there);
        let form = self.forms.iter().find(|f| f.0 == chosen);
        let Some((encoding, bytes, tag)) = form.or(self.forms.first()) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let kept = match path.starts_with(FOREVER) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        };
        let mut headers = HeaderMap::new();
        let mut say = |name, value| headers.insert(name, HeaderValue::from_static(value));
        say(header::CACHE_CONTROL, kept);
        if there.len() > 1 {
            say(header::VARY, "accept-encoding");
        }
        headers.insert(header::ETAG, tag.clone());
        if has(asked, tag) {
            return (StatusCode::NOT_MODIFIED, headers).into_response();
        }
        let kind = HeaderValue::from_static(kind::of(path));
        headers.insert(header::CONTENT_TYPE, kind);
        if let Some(name) = encoding.name() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(name));
        }
        (headers, bytes.clone()).into_response()
    }
}

/// Whether the client has the form with this tag (RFC 9110, section 13.1.2).
fn has(asked: &HeaderMap, tag: &HeaderValue) -> bool {
    let tag = tag.to_str().unwrap_or_default();
    let given = asked.get_all(header::IF_NONE_MATCH).iter();
    given
        .filter_map(|g| g.to_str().ok())
        .flat_map(|g| g.split(','))
        .map(|g| g.trim())
        .any(|g| g == "*" || g.trim_start_matches("W/") == tag)
}

/// The answer to HEAD: as long as that to GET would be.
fn without_body(answer: Response) -> Response {
    use axum::body::HttpBody;
    let (mut parts, body) = answer.into_parts();
    if let Some(length) = body.size_hint().exact()
        && parts.status == StatusCode::OK
    {
        parts.headers.insert(header::CONTENT_LENGTH, length.into());
    }
    Response::from_parts(parts, Body::empty())
}
