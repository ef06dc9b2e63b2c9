//! A client opens a browser, in which a person logs in; the browser carries a code back to it
//! (RFC 6749, section 4.1), with the proof of RFC 7636, to the client's own machine (RFC 8252).

use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use base::{Error, Result};
use serde::Deserialize;

use super::MOST_CLIENT;
use super::page::{Typed, fields, wrong};
use super::proof::Bound;
use crate::app::App;
use crate::body::Body;
use crate::html::{Page, plain};

/// What a client asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    response_type: String,
    response_mode: String,
    client_id: String,
    redirect_uri: String,
    state: String,
    code_challenge: String,
    code_challenge_method: String,
    nonce: String,
}

/// `GET /adfs/oauth2/authorize`.
pub(crate) async fn ask(State(app): State<App>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let asked = serde_urlencoded::from_str::<Asked>(query).unwrap_or_default();
    match asked.refusal() {
        Some(why) => refuse(&app, why),
        None => form(&app, &asked, None),
    }
}

/// `POST /adfs/oauth2/authorize`.
pub(crate) async fn done(State(app): State<App>, Body(body): Body) -> Response {
    let asked = serde_urlencoded::from_bytes::<Asked>(&body).unwrap_or_default();
    let typed = serde_urlencoded::from_bytes::<Typed>(&body).unwrap_or_default();
    if let Some(why) = asked.refusal() {
        return refuse(&app, why);
    }
    match code(&app, &asked, &typed).await {
        Ok(code) => carry(&app, &asked, &code),
        Err(error) => form(&app, &asked, Some(&error)),
    }
}

async fn code(app: &App, asked: &Asked, typed: &Typed) -> Result<String> {
    let who = typed.log_in(app).await?;
    let bound = Bound {
        redirect: asked.redirect_uri.clone(),
        challenge: asked.code_challenge.clone(),
        nonce: asked.nonce.clone(),
    };
    let bound = bound.to_text()?;
    app.control
        .carried_code(&who, &asked.client_id, bound)
        .await
}

impl Asked {
    /// Why nobody can log in so. It is shown, and not sent to a place that may be a stranger's.
    fn refusal(&self) -> Option<&'static str> {
        if self.response_type != "code" {
            Some("The program asks for something else than a code.")
        } else if !(1..=MOST_CLIENT).contains(&self.client_id.len()) {
            Some("The program does not say which it is.")
        } else if self.redirect_uri.len() > 500 || self.nonce.len() > 500 || self.state.len() > 8000
        {
            Some("The program says more than it should.")
        } else if self.origin().is_none() {
            Some("The program wants the answer somewhere else than on the machine it runs on.")
        } else if self.code_challenge_method != "S256" || self.code_challenge.len() != 43 {
            Some("The program gives no proof that the answer is for it (PKCE with S256).")
        } else if !["", "query", "form_post"].contains(&&*self.response_mode) {
            Some("The program wants the answer in a way that is not known.")
        } else {
            None
        }
    }

    /// Scheme, host and port of where the answer goes: this machine's own (RFC 8252, section 7.3).
    fn origin(&self) -> Option<String> {
        let plain = |b: u8| b.is_ascii_graphic() && b != b'#' && b != b'?';
        if !self.redirect_uri.bytes().all(plain) {
            return None;
        }
        let uri: Uri = self.redirect_uri.parse().ok()?;
        let authority = uri.authority()?;
        let own = ["localhost", "127.0.0.1", "[::1]"].contains(&authority.host());
        let port = authority.as_str().strip_prefix(authority.host())?;
        let port_good = match port.strip_prefix(':') {
            Some(port) => port.parse::<u16>().is_ok(),
            None => port.is_empty(),
        };
        let good = own && port_good && uri.scheme_str() == Some("http");
        good.then(|| format!("http://{authority}"))
    }

    /// Where a form may lead, as a content security policy says it, which knows no IPv6.
    fn leads_to(&self) -> String {
        let origin = self.origin().unwrap_or_default();
        match origin.contains('[') {
            true => "http:".to_owned(),
            false => origin,
        }
    }
}

/// Sends the browser back to the client with the code.
fn carry(app: &App, asked: &Asked, code: &str) -> Response {
    let pairs = [("code", code), ("state", &asked.state)];
    if asked.response_mode == "form_post" {
        let origin = asked.leads_to();
        let body = format!(
            "<p>One more step takes you back.</p><form method=\"post\" action=\"{}\">{}\
             <button type=\"submit\" autofocus>Go on</button></form>",
            plain(&asked.redirect_uri),
            hidden(&pairs),
        );
        let (title, status) = ("You are logged in", StatusCode::OK);
        return Page {
            title,
            body,
            leads_to: &origin,
            status,
        }
        .show(app);
    }
    let query = serde_urlencoded::to_string(pairs).unwrap_or_default();
    let place = format!("{}?{query}", asked.redirect_uri);
    let headers = [
        (header::LOCATION, place),
        (header::CACHE_CONTROL, "no-store".to_owned()),
        (header::REFERRER_POLICY, "no-referrer".to_owned()),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

fn form(app: &App, asked: &Asked, failed: Option<&Error>) -> Response {
    let (status, wrong) = wrong(failed);
    let kept = hidden(&[
        ("response_type", &asked.response_type),
        ("response_mode", &asked.response_mode),
        ("client_id", &asked.client_id),
        ("redirect_uri", &asked.redirect_uri),
        ("state", &asked.state),
        ("code_challenge", &asked.code_challenge),
        ("code_challenge_method", &asked.code_challenge_method),
        ("nonce", &asked.nonce),
    ]);
    let body = format!(
        "{wrong}<p>A program on this machine wants to work as you.</p>\
         <form method=\"post\" action=\"/adfs/oauth2/authorize\">{kept}{}</form>",
        fields(failed),
    );
    let origin = asked.leads_to();
    let title = "Log in to Stillpoint";
    Page {
        title,
        body,
        leads_to: &origin,
        status,
    }
    .show(app)
}

fn refuse(app: &App, why: &str) -> Response {
    let body = format!("<p class=\"wrong\" role=\"alert\">{why}</p>");
    let (title, leads_to) = ("You can't log in so", "");
    let status = StatusCode::BAD_REQUEST;
    Page {
        title,
        body,
        leads_to,
        status,
    }
    .show(app)
}

fn hidden(pairs: &[(&str, &str)]) -> String {
    let inputs = pairs.iter().map(|(name, value)| {
        let value = plain(value);
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
    });
    inputs.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_goes_to_the_clients_own_machine_and_nowhere_else() {
        let origin = |redirect: &str| {
            let redirect_uri = redirect.to_owned();
            Asked {
                redirect_uri,
                ..Asked::default()
            }
            .origin()
        };
        assert_eq!(
            origin("http://localhost:8400").unwrap(),
            "http://localhost:8400"
        );
        assert_eq!(
            origin("http://127.0.0.1:1/x").unwrap(),
            "http://127.0.0.1:1"
        );
        assert_eq!(origin("http://[::1]:9/").unwrap(), "http://[::1]:9");
        for stranger in [
            "",
            "/here",
            "localhost:8400",
            "https://evil.example/",
            "http://localhost.evil.example/",
            "http://localhost@evil.example/",
            "http://a@localhost:1/",
            "http://localhost:1/?x=1",
            "http://localhost:1/#a",
            "http://localhost#\r\n",
            "http://localhost:1;a",
            "http://localhost:x",
            "http://localhost:99999",
            "javascript:alert(1)",
        ] {
            assert_eq!(origin(stranger), None, "{stranger}");
        }
    }
}
