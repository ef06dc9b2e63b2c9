//! The cookies of a session (RFC 6265bis, the successor to RFC 6265).
//!
//! No script can read them (`HttpOnly`), no request that another site begins carries them
//! (`SameSite=Strict`), and they go over HTTPS only (`Secure`). Their names' prefixes make the browser
//! itself insist on that: a neighbour of the same host can't plant one. Without `Max-Age` they
//! end with the browser.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName};
use cookie::time::Duration;
use cookie::{Cookie, CookieBuilder, SameSite};

/// A cookie: its name, and the path below which it is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    name: &'static str,
    path: &'static str,
}

impl Kind {
    /// Its name.
    pub(crate) fn name(self) -> &'static str {
        self.name
    }
}

/// Holds the access token. `__Host-` asks for the path `/` and for no `Domain`.
pub(crate) const ACCESS: Kind = Kind {
    name: "__Host-stillpoint",
    path: "/",
};

/// Holds the refresh token, which goes where it is taken and nowhere else.
pub(crate) const RENEWAL: Kind = Kind {
    name: "__Secure-stillpoint-renewal",
    path: "/providers/Stillpoint.Fabric/session",
};

/// What such a cookie holds in a request. A browser may send its cookies in several headers
/// (RFC 9113, section 8.2.3).
pub(crate) fn read(headers: &HeaderMap, kind: Kind) -> Option<String> {
    let sent = headers.get_all(COOKIE).iter();
    sent.filter_map(|header| header.to_str().ok())
        .flat_map(Cookie::split_parse)
        .filter_map(Result::ok)
        .find(|cookie| cookie.name() == kind.name)
        .map(|cookie| cookie.value().to_owned())
}

/// Sets it.
pub(super) fn set(kind: Kind, token: String) -> (HeaderName, String) {
    (SET_COOKIE, built(kind, token).to_string())
}

/// Takes it away.
pub(super) fn gone(kind: Kind) -> (HeaderName, String) {
    let over = built(kind, String::new()).max_age(Duration::ZERO);
    (SET_COOKIE, over.to_string())
}

fn built(kind: Kind, value: String) -> CookieBuilder<'static> {
    Cookie::build((kind.name, value))
        .path(kind.path)
        .secure(true)
        .http_only(true)
        .same_site(SameSite::Strict)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn found(sent: &[&'static str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for one in sent {
            headers.append(COOKIE, HeaderValue::from_static(one));
        }
        read(&headers, ACCESS)
    }

    #[test]
    fn a_cookie_is_found_among_others_in_one_header_or_in_several() {
        assert_eq!(
            found(&["a=b; __Host-stillpoint=x.y; c"]).as_deref(),
            Some("x.y")
        );
        assert_eq!(
            found(&["a=b", "__Host-stillpoint=x.y"]).as_deref(),
            Some("x.y")
        );
        for none in [
            "",
            "stillpoint=x",
            "__host-stillpoint=x",
            "a=__Host-stillpoint=x",
        ] {
            assert_eq!(found(&[none]), None, "{none}");
        }
    }
}
