//! The wire: who is let in, and what refusals look like.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod access;
mod alerts;
mod bad_policies;
mod costs;
mod document;
mod fabric;
mod filters;
mod heat_map;
mod items;
mod job_progress;
mod machines;
mod of_all_vaults;
mod overview;
mod permissions;
mod places;
mod policies;
mod policy_preview;
mod policy_settings;
mod portal;
mod protection_rules;
mod rights;
mod search;
mod service;
mod session;
mod users;
mod world;

use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use jiff::SignedDuration;

use world::World;

#[tokio::test]
async fn nothing_is_answered_without_a_good_token_and_the_refusal_is_a_challenge() {
    let world = World::new().await;
    let old = world.log_in().await;
    world.clock.advance(SignedDuration::from_hours(1));
    let forged = format!("{}x", world.log_in().await);
    for (method, path) in world.routes() {
        let path = format!("{path}?api-version=2026-01-01");
        for given in [
            None,
            Some("Basic abc"),
            Some(&*format!("Bearer {old}")),
            Some(&*format!("Bearer {forged}")),
        ] {
            let mut request = Request::builder().method(method).uri(&path);
            if let Some(given) = given {
                request = request.header(header::AUTHORIZATION, given);
            }
            let (status, response, answer) = world.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(
                status,
                StatusCode::UNAUTHORIZED,
                "{method} {path} {given:?}"
            );
            let challenge = response.headers()[header::WWW_AUTHENTICATE]
                .to_str()
                .unwrap();
            assert!(challenge.contains("insufficient_claims"), "{challenge}");
            if method != "HEAD" {
                assert_eq!(answer["error"]["code"], "InvalidAuthenticationToken");
            }
        }
    }
}

#[tokio::test]
async fn g2_an_api_version_is_asked_for_and_any_is_taken() {
    let world = World::new().await;
    let token = world.log_in().await;
    for (method, path) in world.routes() {
        let (status, answer) = world.ask(method, &path, &token, "").await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{method} {path}");
        if method != "HEAD" {
            assert_eq!(answer["error"]["code"], "MissingApiVersionParameter");
        }
    }
    let path = "/Subscriptions/?API-Version=whatever";
    assert_eq!(world.ask("GET", path, &token, "").await.0, StatusCode::OK);
}

#[tokio::test]
async fn bad_input_is_refused_in_arms_envelope() {
    let world = World::new().await;
    let token = world.log_in().await;
    let vault = format!(
        "{}/providers/Microsoft.RecoveryServices/vaults/v1?api-version=1",
        world.group
    );
    let group = format!("{}?api-version=1", world.group);
    let huge = format!("{{\"location\":\"{}\"}}", "x".repeat(2 << 20));
    let days = |days: &str| {
        format!(
            "{{\"location\":\"onprem\",\"properties\":{{\"securitySettings\":{{\
             \"softDeleteSettings\":{{\"softDeleteRetentionPeriodInDays\":{days}}}}}}}}}"
        )
    };
    for (method, path, body, status, code) in [
        ("PUT", &vault, "{", 400, "InvalidRequestContent"),
        ("PUT", &vault, "[]", 400, "InvalidRequestContent"),
        (
            "PUT",
            &vault,
            &days("\"many\""),
            400,
            "InvalidRequestContent",
        ),
        ("PUT", &vault, &days("1"), 400, "BadArgument"),
        (
            "PUT",
            &vault,
            "{}",
            400,
            "LocationNotAvailableForResourceType",
        ),
        ("PUT", &group, &huge, 413, "RequestEntityTooLarge"),
        (
            "PUT",
            &group,
            "{\"location\":\"moon\"}",
            400,
            "LocationNotAvailableForResourceType",
        ),
        ("GET", &vault, "", 404, "ResourceNotFound"),
        ("POST", &vault, "", 404, "InvalidResourceType"),
        (
            "GET",
            &format!("/subscriptions/{}?api-version=1", "x"),
            "",
            404,
            "SubscriptionNotFound",
        ),
        (
            "GET",
            &"/subscriptions/%FF?api-version=1".to_owned(),
            "",
            404,
            "ResourceNotFound",
        ),
        (
            "GET",
            &format!("{}/x/y?api-version=1", world.group),
            "",
            404,
            "InvalidResourceType",
        ),
    ] {
        let (got, answer) = world.ask(method, path, &token, body).await;
        assert_eq!(got.as_u16(), status, "{method} {path}: {answer}");
        assert_eq!(answer["error"]["code"], code, "{method} {path}: {answer}");
        assert!(answer["error"]["message"].as_str().unwrap().len() > 20);
    }
}

#[tokio::test]
async fn a_log_in_that_is_wrong_says_so_in_oauths_words() {
    let world = World::new().await;
    let client = world.first.client_id;
    for (form, status, error) in [
        ("", 400, "unsupported_grant_type"),
        ("grant_type=password", 400, "invalid_request"),
        ("grant_type=device", 400, "unsupported_grant_type"),
        (
            "grant_type=refresh_token&refresh_token=x",
            400,
            "invalid_grant",
        ),
        (
            "grant_type=client_credentials&client_id=x&client_assertion=y",
            401,
            "invalid_client",
        ),
        (
            "grant_type=client_credentials&client_id=x",
            400,
            "invalid_request",
        ),
        (
            "grant_type=client_credentials&client_id=%00&client_secret=x",
            401,
            "invalid_client",
        ),
        (
            &*format!("grant_type=client_credentials&client_id={client}&client_secret=x"),
            401,
            "invalid_client",
        ),
    ] {
        let (got, answer) = world.token(form).await;
        assert_eq!(got.as_u16(), status, "{form}: {answer}");
        assert_eq!(answer["error"], error, "{form}");
    }
}

#[tokio::test]
async fn g10_a_long_list_comes_in_pages_that_together_have_each_entry_once() {
    let world = World::new().await;
    let token = world.log_in().await;
    let groups = world.group.rsplit_once('/').unwrap().0;
    for n in 0..205 {
        let path = format!("{groups}/g{n:03}?api-version=1");
        let (status, answer) = world
            .ask("PUT", &path, &token, "{\"location\":\"onprem\"}")
            .await;
        assert_eq!(status, StatusCode::CREATED, "{answer}");
    }
    let mut names = Vec::new();
    let mut path = format!("{groups}?api-version=1");
    let mut pages = 0;
    loop {
        pages += 1;
        let (status, answer) = world.ask("GET", &path, &token, "").await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        for group in answer["value"].as_array().unwrap() {
            names.push(group["name"].as_str().unwrap().to_owned());
        }
        match answer["nextLink"].as_str() {
            Some(next) => path = next.strip_prefix("https://here:1").unwrap().to_owned(),
            None => break,
        }
    }
    assert_eq!((pages, names.len()), (2, 206));
    names.dedup();
    assert_eq!(names.len(), 206);
    let bad = format!("{groups}?api-version=1&$skipToken=%");
    let (status, answer) = world.ask("GET", &bad, &token, "").await;
    assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
}

#[tokio::test]
async fn g15_answers_name_their_request() {
    let world = World::new().await;
    let request = || Request::get("/metadata/endpoints").header("x-ms-client-request-id", "mine");
    let named =
        |response: &Response<()>, name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (_, first, _) = world.send(request().body(Body::empty()).unwrap()).await;
    let (_, second, _) = world.send(request().body(Body::empty()).unwrap()).await;
    assert_eq!(named(&first, "x-ms-client-request-id"), "mine");
    assert_ne!(
        named(&first, "x-ms-request-id"),
        named(&second, "x-ms-request-id")
    );
    let own = named(&first, "x-ms-correlation-request-id");
    assert_eq!(own, named(&first, "x-ms-request-id"));
}

/// Who is not told sends the next request into a connection that ends.
#[tokio::test]
async fn an_answer_before_the_body_was_read_says_that_the_connection_ends() {
    let world = World::new().await;
    let token = world.log_in().await;
    let groups = world.group.rsplit_once('/').unwrap().0;
    let path = format!("{groups}/g1?api-version=1");
    for (token, status) in [("none", 401), (&*token, 201)] {
        let request = Request::put(&path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from("{\"location\":\"onprem\"}"));
        let (_, response, answer) = world.send(request.unwrap()).await;
        assert_eq!(response.status(), status, "{answer}");
        let told = response.headers().get(header::CONNECTION);
        assert_eq!(told.is_some_and(|t| t == "close"), status == 401);
    }
}
