//! The pages on which a person logs in for a client. They need no script, and can't be framed.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use base::{Code, Error, Result};
use control::Principal;
use serde::Deserialize;

use crate::app::App;

/// What a person types in.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Typed {
    username: String,
    password: String,
    new_password: String,
}

impl Typed {
    /// Who this is. With a new password it is given that one first.
    pub(super) async fn log_in(&self, app: &App) -> Result<Principal> {
        let (name, password) = (&*self.username, &*self.password);
        match &*self.new_password {
            "" => app.control.log_in_user(name, password).await,
            new => app.control.change_password(name, password, new).await,
        }
    }
}

/// A page that is shown.
pub(super) struct Page<'a> {
    pub(super) title: &'a str,
    /// HTML; what came from outside is [`plain`].
    pub(super) body: String,
    /// Where its form may lead, beside this server.
    pub(super) leads_to: &'a str,
    pub(super) status: StatusCode,
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;color:#1b1a19;background:#f3f2f1;\
    margin:0}main{background:#fff;max-width:24rem;margin:8vh auto;padding:2rem;\
    box-shadow:0 2px 8px #0003}h1{font-size:1.4rem;margin:0 0 1rem}label{display:block;\
    margin:1rem 0}input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem;\
    border:1px solid #605e5c}button{font:inherit;padding:.4rem 1.5rem;border:0;background:#0f6cbd;\
    color:#fff}.wrong{border-left:4px solid #a4262c;padding:.2rem .8rem}";

impl Page<'_> {
    pub(super) fn show(&self, app: &App) -> Response {
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
        let text = |text: &str| HeaderValue::try_from(text).expect("plain text");
        let named = HeaderName::from_static;
        let headers = [
            (header::CONTENT_SECURITY_POLICY, text(&policy)),
            (header::CACHE_CONTROL, text("no-store")),
            (header::REFERRER_POLICY, text("no-referrer")),
            (named("x-content-type-options"), text("nosniff")),
        ];
        (self.status, headers, Html(html)).into_response()
    }
}

/// The fields of who logs in; a new password is asked for where the one before was a one-time
/// password.
pub(super) fn fields(failed: Option<&Error>) -> String {
    let change = failed
        .is_some_and(|e| [Code::PasswordChangeRequired, Code::PasswordInvalid].contains(&e.code()));
    let new = if change {
        "<label>New password, at least 12 characters<input name=\"new_password\" \
         type=\"password\" autocomplete=\"new-password\" required minlength=\"12\"></label>"
    } else {
        ""
    };
    format!(
        "<label>User<input name=\"username\" autocomplete=\"username\" required></label>\
         <label>Password<input name=\"password\" type=\"password\" \
         autocomplete=\"current-password\" required></label>{new}\
         <button type=\"submit\">Log in</button>"
    )
}

/// What went wrong, for a person; and the status.
pub(super) fn wrong(failed: Option<&Error>) -> (StatusCode, String) {
    let Some(error) = failed else {
        return (StatusCode::OK, String::new());
    };
    let status = match error.code() {
        Code::PasswordWrong
        | Code::AccountLocked
        | Code::PasswordChangeRequired
        | Code::PasswordInvalid => StatusCode::BAD_REQUEST,
        Code::LimitReached => StatusCode::TOO_MANY_REQUESTS,
        _ => {
            tracing::error!("{error:?}");
            StatusCode::INTERNAL_SERVER_ERROR
        }
    };
    let what = match error.code() {
        Code::PasswordChangeRequired => {
            "This password is good once. Type it again, and a new one of your own.".to_owned()
        }
        code => format!("{}. {}", plain(error.detail()), code.remedy()),
    };
    let told = format!("<p class=\"wrong\" role=\"alert\">{what}</p>");
    (status, told)
}

/// Text as HTML.
pub(super) fn plain(text: &str) -> String {
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
