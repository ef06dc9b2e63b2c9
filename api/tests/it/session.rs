//! A browser's session: its cookies, what they stand for, and what another site's page can't do
//! with them.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::http::{Request, header};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::World;

const OWN: &str = "correct horse battery";
const SESSION: &str = "/providers/Stillpoint.Fabric/session";
const ACCESS: &str = "__Host-stillpoint";
const RENEWAL: &str = "__Secure-stillpoint-renewal";
/// What a page of the server itself sends.
const PAGE: &[(&str, &str)] = &[
    ("x-stillpoint-csrf", "1"),
    ("sec-fetch-site", "same-origin"),
];

/// A browser, which keeps cookies and sends them below their paths.
struct Browser {
    world: World,
    user: String,
    cookies: BTreeMap<String, (String, String)>,
    /// The last answer's, as they came.
    set: Vec<String>,
}

impl Browser {
    /// A server whose first user has a password of its own.
    async fn new() -> Self {
        let world = World::new().await;
        let user = world.first.user.clone();
        let mut browser = Self {
            world,
            user,
            cookies: BTreeMap::new(),
            set: Vec::new(),
        };
        let first = browser.world.first.password.clone();
        assert_eq!(browser.change(&first, OWN).await.0, 204);
        browser
    }

    async fn change(&mut self, current: &str, new: &str) -> (u16, Value) {
        let path = "/providers/Stillpoint.Fabric/changePassword";
        let properties =
            json!({"userName": self.user, "currentPassword": current, "newPassword": new});
        let done = self
            .ask("POST", path, &[], json!({"properties": properties}))
            .await;
        self.world.clock.advance(SignedDuration::from_secs(1));
        done
    }

    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Value,
    ) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{path}?api-version=1"));
        for (name, (value, below)) in &self.cookies {
            if path.starts_with(below) {
                request = request.header(header::COOKIE, format!("{name}={value}"));
            }
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Value::Null => Body::empty(),
            body => Body::from(body.to_string()),
        };
        let (status, response, answer) = self.world.send(request.body(body).unwrap()).await;
        let set = response.headers().get_all(header::SET_COOKIE).iter();
        self.set = set.map(|c| c.to_str().unwrap().to_owned()).collect();
        for cookie in &self.set {
            let (pair, rest) = cookie.split_once("; ").unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            let mut rest = rest.split("; ");
            let below = rest.clone().find_map(|a| a.strip_prefix("Path="));
            match rest.any(|a| a == "Max-Age=0") {
                true => self.cookies.remove(name),
                false => self.cookies.insert(
                    name.to_owned(),
                    (value.to_owned(), below.unwrap().to_owned()),
                ),
            };
        }
        (status.as_u16(), answer)
    }

    async fn log_in(&mut self, password: &str) -> (u16, Value) {
        let body = json!({"username": self.user, "password": password});
        self.ask("POST", SESSION, PAGE, body).await
    }

    async fn log_in_well(&mut self) -> Value {
        let (status, answer) = self.log_in(OWN).await;
        assert_eq!(status, 200, "{answer}");
        answer
    }

    async fn renew(&mut self) -> (u16, Value) {
        let path = format!("{SESSION}/renew");
        self.ask("POST", &path, PAGE, Value::Null).await
    }

    async fn see(&mut self) -> (u16, Value) {
        self.ask("GET", SESSION, &[], Value::Null).await
    }

    /// Changes something.
    async fn write(&mut self, headers: &[(&str, &str)]) -> (u16, Value) {
        let group = self.world.group.clone();
        self.ask("PUT", &group, headers, json!({"tags": {"a": "b"}}))
            .await
    }

    fn token(&self) -> String {
        self.cookies[ACCESS].0.clone()
    }
}

fn code(answer: &Value) -> &str {
    answer["error"]["code"]
        .as_str()
        .unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn a_login_sets_two_cookies_that_no_script_and_no_other_site_can_use() {
    let mut browser = Browser::new().await;
    assert_eq!(code(&browser.see().await.1), "InvalidAuthenticationToken");
    let given = browser.log_in_well().await;
    let strict = "HttpOnly; SameSite=Strict; Secure; Path=";
    let expected = [(ACCESS, "/"), (RENEWAL, SESSION)].map(|(name, path)| {
        let value = &browser.cookies[name].0;
        format!("{name}={value}; {strict}{path}")
    });
    assert_eq!(browser.set, expected);
    assert!(!given.to_string().contains(&browser.token()), "{given}");
    assert_eq!(given["user"]["login"], browser.user.as_str());
    assert_eq!(given["expiresOn"], "2026-03-01T13:00:01Z");
    assert_eq!(browser.see().await, (200, given.clone()));
    // It is the token of the token endpoint: a client may carry it itself.
    let token = browser.token();
    let tenants = browser
        .world
        .ask("GET", "/tenants?api-version=1", &token, "");
    let tenants = tenants.await.1;
    assert_eq!(tenants["value"][0]["tenantId"], given["tenantId"]);
}

#[tokio::test]
async fn a_change_by_cookie_comes_from_a_page_of_this_server_and_a_bearer_needs_no_header() {
    let mut browser = Browser::new().await;
    browser.log_in_well().await;
    let csrf = ("x-stillpoint-csrf", "1");
    for headers in [
        &[][..],
        &[("x-stillpoint-csrf", "")],
        &[("sec-fetch-site", "same-origin")],
        &[csrf, ("sec-fetch-site", "cross-site")],
        &[csrf, ("sec-fetch-site", "same-site")],
    ] {
        let (status, refused) = browser.write(headers).await;
        assert_eq!(
            (status, code(&refused)),
            (403, "CrossSiteRequestRefused"),
            "{headers:?}"
        );
    }
    for headers in [&[csrf][..], &[csrf, ("sec-fetch-site", "none")], PAGE] {
        assert_eq!(browser.write(headers).await.0, 200, "{headers:?}");
    }
    let bearer = format!("Bearer {}", browser.token());
    for site in ["cross-site", "same-origin"] {
        let headers = [("authorization", &*bearer), ("sec-fetch-site", site)];
        assert_eq!(browser.write(&headers).await.0, 200);
    }
    // What a client says itself counts, also where it is wrong.
    for given in ["Bearer x", "Basic abc"] {
        let (status, refused) = browser.write(&[("authorization", given), csrf]).await;
        assert_eq!(
            (status, code(&refused)),
            (401, "InvalidAuthenticationToken")
        );
    }
}

#[tokio::test]
async fn another_site_can_neither_log_a_browser_in_nor_out() {
    let mut browser = Browser::new().await;
    let body = json!({"username": browser.user, "password": OWN});
    let cross = [("x-stillpoint-csrf", "1"), ("sec-fetch-site", "cross-site")];
    for headers in [&[][..], &cross] {
        for (method, path) in [
            ("POST", SESSION.to_owned()),
            ("POST", format!("{SESSION}/renew")),
            ("DELETE", SESSION.to_owned()),
        ] {
            let (status, refused) = browser.ask(method, &path, headers, body.clone()).await;
            assert_eq!((status, code(&refused)), (403, "CrossSiteRequestRefused"));
            assert!(browser.set.is_empty(), "{method} {path}");
        }
    }
    for body in [json!({"username": "admin"}), json!({"password": OWN})] {
        let (status, refused) = browser.ask("POST", SESSION, PAGE, body).await;
        assert_eq!((status, code(&refused)), (400, "InvalidRequestContent"));
    }
}

#[tokio::test]
async fn a_session_is_over_after_an_hour_and_is_renewed_for_two_weeks() {
    let mut browser = Browser::new().await;
    let first = browser.log_in_well().await;
    browser.world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(browser.see().await.0, 401);
    assert_eq!(browser.write(PAGE).await.0, 401);
    let (status, renewed) = browser.renew().await;
    assert_eq!(status, 200, "{renewed}");
    assert_eq!(renewed["user"], first["user"]);
    assert_eq!(renewed["expiresOn"], "2026-03-01T14:00:01Z");
    assert_eq!(browser.set.len(), 2);
    assert_eq!(browser.write(PAGE).await.0, 200);
    // An access token renews nothing, and a refresh token lets nobody in.
    let (access, renewal) = (browser.token(), browser.cookies[RENEWAL].0.clone());
    browser
        .cookies
        .get_mut(ACCESS)
        .unwrap()
        .0
        .clone_from(&renewal);
    assert_eq!(browser.see().await.0, 401);
    browser.cookies.get_mut(RENEWAL).unwrap().0 = access;
    assert_eq!(browser.renew().await.0, 401);
    browser.cookies.get_mut(RENEWAL).unwrap().0 = renewal;
    browser
        .world
        .clock
        .advance(SignedDuration::from_hours(14 * 24));
    let (status, over) = browser.renew().await;
    assert_eq!((status, code(&over)), (401, "InvalidAuthenticationToken"));
    browser.cookies.clear();
    assert_eq!(browser.renew().await.0, 401);
}

#[tokio::test]
async fn a_session_ends_with_a_sign_out_or_with_all_logins_of_its_user() {
    let mut browser = Browser::new().await;
    // Also where nobody is signed in.
    for _ in 0..2 {
        let (status, _) = browser.ask("DELETE", SESSION, PAGE, Value::Null).await;
        assert_eq!((status, browser.set.len()), (204, 2));
        assert!(browser.cookies.is_empty());
        assert_eq!(browser.see().await.0, 401);
        browser.log_in_well().await;
    }
    let scope = browser.world.group.split("/resourceGroups").next().unwrap();
    let end = format!(
        "{scope}/providers/Stillpoint.Fabric/users/{}/endLogins",
        browser.user
    );
    assert_eq!(browser.ask("POST", &end, PAGE, json!({})).await.0, 204);
    assert_eq!(browser.see().await.0, 401);
    assert_eq!(browser.renew().await.0, 401);
    browser.world.clock.advance(SignedDuration::from_secs(1));
    browser.log_in_well().await;
    browser.world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(browser.change(OWN, "another long word").await.0, 204);
    assert_eq!(browser.see().await.0, 401);
    assert_eq!(browser.renew().await.0, 401);
}

#[tokio::test]
async fn wrong_passwords_count_as_at_the_token_endpoint_and_a_one_time_password_is_changed_first() {
    let mut browser = Browser::new().await;
    let form = |user: &str| format!("grant_type=password&client_id=a&username={user}&password=x");
    for _ in 0..5 {
        let (status, refused) = browser.log_in("wrong").await;
        assert_eq!((status, code(&refused)), (403, "invalid_grant"));
        assert!(browser.set.is_empty());
        browser.world.token(&form(&browser.user)).await;
    }
    let (status, refused) = browser.log_in(OWN).await;
    assert_eq!((status, code(&refused)), (403, "UserAccountLocked"));
    browser.world.clock.advance(SignedDuration::from_secs(60));
    browser.log_in_well().await;

    let scope = browser.world.group.split("/resourceGroups").next().unwrap();
    let users = format!("{scope}/providers/Stillpoint.Fabric/users");
    let user = json!({"properties": {"userName": "ann"}});
    let (_, made) = browser.ask("POST", &users, PAGE, user).await;
    let first = made["properties"]["oneTimePassword"].as_str().unwrap();
    browser.user = "ann".to_owned();
    browser.cookies.clear();
    let (status, refused) = browser.log_in(first).await;
    assert_eq!(
        (status, code(&refused)),
        (403, "UserPasswordChangeRequired")
    );
    // Without any token or header: the password before is the proof.
    assert_eq!(browser.change(first, OWN).await.0, 204);
    assert_eq!(browser.log_in_well().await["user"]["login"], "ann");
}
