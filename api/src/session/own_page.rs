//! Whether a request that carries a cookie comes from a page of this server.
//!
//! A browser adds a cookie by itself, whoever made it ask. So what changes something must show
//! that a page of this server did: by a header that a page can send to another origin only where
//! that allows it (the CORS protocol of the Fetch standard), which this server never does; and
//! by what the browser says itself (`Sec-Fetch-Site`, of W3C's Fetch Metadata Request Headers),
//! where it says so. Neighbours under the same host name at another port are refused too, whom
//! `SameSite` takes for the same site.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use base::{Code, Error, Result};

use crate::error::Refused;

/// The header that shows it; any value but none.
pub(crate) const HEADER: &str = "x-stillpoint-csrf";

/// A request that a page of this server made, or a program that is no browser.
pub(crate) struct OwnPage;

impl<S: Send + Sync> FromRequestParts<S> for OwnPage {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refused> {
        check(&parts.headers)?;
        Ok(Self)
    }
}

/// Lets a request that a cookie answers for go on if it changes nothing, or if a page of this
/// server made it.
///
/// # Errors
/// `CrossSiteRefused`.
pub(crate) fn from_own_page(method: &Method, headers: &HeaderMap) -> Result<()> {
    match *method {
        Method::GET | Method::HEAD => Ok(()),
        _ => check(headers),
    }
}

fn check(headers: &HeaderMap) -> Result<()> {
    let refused = |why: String| Err(Error::new(Code::CrossSiteRefused, why));
    if headers.get(HEADER).is_none_or(|value| value.is_empty()) {
        return refused(format!("the request lacks the header `{HEADER}`"));
    }
    match headers.get("sec-fetch-site").map(|site| site.as_bytes()) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => refused("a page of another site made the request".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goes_on(method: &Method, headers: &[(&'static str, &str)]) -> bool {
        let mut sent = HeaderMap::new();
        for (name, value) in headers {
            sent.insert(*name, value.parse().unwrap());
        }
        let checked = from_own_page(method, &sent);
        if let Err(refused) = &checked {
            assert_eq!(refused.code(), Code::CrossSiteRefused);
        }
        checked.is_ok()
    }

    #[test]
    fn what_changes_something_comes_from_a_page_of_this_server() {
        let site = "sec-fetch-site";
        for (headers, good) in [
            (&[][..], false),
            (&[(HEADER, "")], false),
            (&[(HEADER, "1")], true),
            (&[(site, "same-origin")], false),
            (&[(HEADER, "1"), (site, "same-origin")], true),
            (&[(HEADER, "1"), (site, "none")], true),
            (&[(HEADER, "1"), (site, "same-site")], false),
            (&[(HEADER, "1"), (site, "cross-site")], false),
            (&[(HEADER, "1"), (site, "Same-Origin")], false),
        ] {
            for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
                assert_eq!(goes_on(&method, headers), good, "{headers:?}");
            }
            assert!(goes_on(&Method::GET, headers) && goes_on(&Method::HEAD, headers));
        }
    }
}
