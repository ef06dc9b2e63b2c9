//! The portal's files in front of the API, and what is at `/` without them.

use api::Portal;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use tower::ServiceExt;

use crate::world::World;

const PAGE: &str = "<script type=\"module\" src=\"/_assets/app-BxY2.js\" nonce=\"{{nonce}}\"></script>\
                    <meta name=\"nonce\" content=\"{{nonce}}\">";
const SCRIPT: &str = "/_assets/app-BxY2.js";

async fn world() -> World {
    let files = [
        ("index.html", PAGE),
        ("index.html.br", "not this one"),
        ("favicon.svg", "<svg/>"),
        ("_assets/app-BxY2.js", "plain"),
        ("_assets/app-BxY2.js.br", "brotli"),
        ("_assets/app-BxY2.js.gz", "gzip"),
        ("_assets/Font-Q.woff2", "font"),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), Bytes::from_static(text.as_bytes())));
    let portal = Portal::of(files);
    assert!(portal.is_some());
    World::with_portal(portal).await
}

async fn ask(
    world: &World,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let answered = world.service.clone().oneshot(request).await.unwrap();
    let (parts, body) = answered.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    (parts.status, parts.headers, body)
}

fn said<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers
        .get(name)
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn the_page_is_at_each_of_its_paths_with_another_nonce_each_time() {
    let world = world().await;
    let mut nonces = Vec::new();
    for path in ["/", "/?x=1", "/_", "/_/vaults/V1", "/_/a//b%2Fc"] {
        let (status, headers, page) = ask(&world, "GET", path, &[]).await;
        assert_eq!(status, StatusCode::OK, "{path}");
        let policy = said(&headers, "content-security-policy");
        let nonce = policy.split("'nonce-").nth(1).unwrap();
        let nonce = nonce.split('\'').next().unwrap().to_owned();
        assert_eq!(page, PAGE.replace("{{nonce}}", &nonce), "{path}");
        assert_eq!(
            policy.replace(&nonce, "N"),
            "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-N'; \
             connect-src 'self'; img-src 'self' data:; font-src 'self'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'"
        );
        for (name, value) in [
            ("cache-control", "no-store"),
            ("content-type", "text/html; charset=utf-8"),
            ("cross-origin-opener-policy", "same-origin"),
            ("referrer-policy", "no-referrer"),
            ("x-content-type-options", "nosniff"),
        ] {
            assert_eq!(said(&headers, name), value, "{path}");
        }
        assert!(said(&headers, "permissions-policy").contains("camera=()"));
        nonces.push(nonce);
    }
    nonces.sort_unstable();
    nonces.dedup();
    assert_eq!(nonces.len(), 5);
    let (status, headers, page) = ask(&world, "HEAD", "/", &[]).await;
    assert_eq!((status, &*page), (StatusCode::OK, ""));
    let length: usize = said(&headers, "content-length").parse().unwrap();
    assert_eq!(length, PAGE.replace("{{nonce}}", &nonces[0]).len());
}

#[tokio::test]
async fn the_api_keeps_its_paths_and_the_page_answers_no_post() {
    let world = world().await;
    for (method, path, status) in [
        ("GET", "/subscriptions", 400),
        ("GET", "/metadata/endpoints", 200),
        ("GET", "/device", 200),
        ("GET", "/_x", 404),
        ("GET", "/vaults", 404),
        ("GET", "/index.html", 404),
        ("GET", "/index.html.br", 404),
        ("POST", "/", 404),
        ("POST", "/_/x", 404),
        ("DELETE", SCRIPT, 404),
    ] {
        let (got, _, body) = ask(&world, method, path, &[]).await;
        assert_eq!(got.as_u16(), status, "{method} {path}: {body}");
    }
}

#[tokio::test]
async fn a_file_keeps_its_names_case_is_kept_for_a_year_and_comes_packed_where_it_may() {
    let world = world().await;
    let mut tags = Vec::new();
    for (takes, encoding, body) in [
        ("", "", "plain"),
        ("gzip, br", "br", "brotli"),
        ("gzip, br;q=0.1", "gzip", "gzip"),
        ("identity", "", "plain"),
    ] {
        let asked = [("accept-encoding", takes)];
        let (status, headers, got) = ask(&world, "GET", SCRIPT, &asked).await;
        assert_eq!((status, &*got), (StatusCode::OK, body));
        for (name, value) in [
            ("cache-control", "public, max-age=31536000, immutable"),
            ("content-encoding", encoding),
            ("content-type", "text/javascript; charset=utf-8"),
            ("vary", "accept-encoding"),
            ("x-content-type-options", "nosniff"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(said(&headers, name), value, "{takes}");
        }
        let tag = said(&headers, "etag").to_owned();
        let (status, headers, length) = ask(&world, "HEAD", SCRIPT, &asked).await;
        assert_eq!((status, &*length), (StatusCode::OK, ""));
        assert_eq!(said(&headers, "content-length"), body.len().to_string());
        for known in [tag.clone(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let again = [asked[0], ("if-none-match", &*known)];
            let (status, headers, body) = ask(&world, "GET", SCRIPT, &again).await;
            assert_eq!((status, &*body), (StatusCode::NOT_MODIFIED, ""), "{known}");
            assert_eq!(said(&headers, "etag"), tag);
            assert_eq!(said(&headers, "vary"), "accept-encoding");
        }
        tags.push(tag);
    }
    assert_eq!(tags[0], tags[3]);
    let other = [("accept-encoding", "br"), ("if-none-match", &*tags[0])];
    assert_eq!(ask(&world, "GET", SCRIPT, &other).await.0, StatusCode::OK);

    let (_, headers, font) = ask(&world, "GET", "/_assets/Font-Q.woff2", &[]).await;
    assert_eq!(
        (said(&headers, header::VARY.as_str()), &*font),
        ("", "font")
    );
    let (_, headers, icon) = ask(&world, "GET", "/favicon.svg", &[]).await;
    assert_eq!(
        (said(&headers, "cache-control"), &*icon),
        ("no-cache", "<svg/>")
    );
    for none in [
        "/_assets/app-bxy2.js",
        "/_assets/gone.js",
        "/_assets/../index.html",
    ] {
        let (status, headers, _) = ask(&world, "GET", none, &[]).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "{none}");
        assert_eq!(said(&headers, "cache-control"), "no-store");
    }
}

#[tokio::test]
async fn without_the_portal_a_page_says_what_is_here() {
    let world = World::new().await;
    let (status, headers, page) = ask(&world, "GET", "/", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("cargo xtask portal"), "{page}");
    let policy = said(&headers, "content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    for path in ["/_/vaults", SCRIPT] {
        assert_eq!(ask(&world, "GET", path, &[]).await.0, StatusCode::NOT_FOUND);
    }
    // Pages on which a person logs in share their window with nobody either.
    for path in ["/device", "/adfs/oauth2/authorize"] {
        let headers = ask(&world, "GET", path, &[]).await.1;
        assert_eq!(said(&headers, "cross-origin-opener-policy"), "same-origin");
        assert_eq!(said(&headers, "cache-control"), "no-store");
    }
    // What answers a browser's cookie is kept nowhere and taken in by no other origin.
    let headers = ask(&world, "GET", "/tenants?api-version=1", &[]).await.1;
    assert_eq!(said(&headers, "cache-control"), "no-store");
    assert_eq!(
        said(&headers, "cross-origin-resource-policy"),
        "same-origin"
    );
}

#[test]
fn a_portal_has_a_page() {
    let file = |path: &str| (path.to_owned(), Bytes::from_static(b"x"));
    assert!(Portal::of([file("_assets/x.js")]).is_none());
    assert!(Portal::of([file("index.html")]).is_some());
}
