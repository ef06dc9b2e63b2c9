//! Pages for people that the server writes itself. They need no script, and can't be framed.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};

use crate::app::App;

/// A page that is shown.
pub(crate) struct Page<'a> {
    /// Its title and heading; plain text of ours.
    pub(crate) title: &'a str,
    /// HTML; what came from outside is [`plain`].
    pub(crate) body: String,
    /// Where its form may lead, beside this server.
    pub(crate) leads_to: &'a str,
    /// The answer's status.
    pub(crate) status: StatusCode,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#1b1a19;background:#f3f2f1;\
    margin:0}main{background:#fff;max-width:24rem;margin:8vh auto;padding:2rem;\
    box-shadow:0 2px 8px #0003}h1{font-size:1.4rem;margin:0 0 1rem}label{display:block;\
    margin:1rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem;\
    border:1px solid #605e5c}button{font:inherit;padding:.4rem 1.5rem;border:0;background:#0f6cbd;\
    color:#fff}pre{overflow:auto;background:#f3f2f1;padding:.8rem}\
    .wrong{border-left:4px solid #a4262c;padding:.2rem .8rem}";

impl Page<'_> {
    /// The answer that shows it.
    pub(crate) fn show(&self, app: &App) -> Response {
        let nonce = app.control.new_id();
        let Self {
            title,
            body,
            leads_to,
            ..
        } = self;
        let html = format!(
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
             <style nonce=\"{nonce}\">{STYLE}</style></head><body><main><h1>{title}</h1>{body}\
             </main></body></html>"
        );
        let policy = format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; form-action 'self' {leads_to}; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        let html = Html(html);
        (self.status, headers(&policy), html).into_response()
    }
}

/// Headers of a page: its content security policy (CSP, level 3), and that it is kept nowhere,
/// tells no other site where it was, and shares its window with nobody (`Cross-Origin-Opener-Policy`
/// of the HTML standard).
pub(crate) fn headers(policy: &str) -> HeaderMap {
    let mut headers = HeaderMap::new();
    let policy = HeaderValue::try_from(policy).expect("plain text");
    headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    for (name, value) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("cross-origin-opener-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}

/// Text as HTML.
pub(crate) fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
