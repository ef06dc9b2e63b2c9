//! Users and applications: logging in, one-time passwords, lock-out, logins that are ended.

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::world::World;

const OWN: &str = "correct horse battery";

/// A server, and the path of our provider.
struct Users {
    world: World,
    fabric: String,
}

impl Users {
    async fn new() -> Self {
        let world = World::new().await;
        let subscription = world.group.split("/resourceGroups").next().unwrap();
        let fabric = format!("{subscription}/providers/Stillpoint.Fabric");
        Self { fabric, world }
    }

    async fn ask_as(&self, token: &str, method: &str, path: &str, body: Value) -> (u16, Value) {
        let path = match path.starts_with("/subscriptions") || path.starts_with("/providers") {
            true => path.to_owned(),
            false => format!("{}/{path}", self.fabric),
        };
        let path = format!("{path}?api-version=1");
        let (status, answer) = self
            .world
            .ask(method, &path, token, &body.to_string())
            .await;
        (status.as_u16(), answer)
    }

    async fn ask(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        // A new token each time: tests move the clock on.
        let owner = self.world.log_in().await;
        self.ask_as(&owner, method, path, body).await
    }

    /// Asks for a token by a password.
    async fn log_in(&self, name: &str, password: &str) -> (StatusCode, Value) {
        let password = password.replace(' ', "+");
        let form = format!(
            "grant_type=password&client_id=app&client_info=1&username={name}&password={password}"
        );
        self.world.token(&form).await
    }

    async fn change(&self, name: &str, current: &str, new: &str) -> (u16, Value) {
        let properties = json!({"userName": name, "currentPassword": current, "newPassword": new});
        let path = "/providers/Stillpoint.Fabric/changePassword";
        let body = json!({"properties": properties});
        self.ask_as("none", "POST", path, body).await
    }

    /// Makes a user with a password of its own; gives its object id.
    async fn user(&self, name: &str) -> String {
        let body = json!({"properties": {"userName": name}});
        let (status, made) = self.ask("POST", "users", body).await;
        assert_eq!(status, 201, "{made}");
        let of = |name: &str| made["properties"][name].as_str().unwrap().to_owned();
        let (status, answer) = self.change(name, &of("oneTimePassword"), OWN).await;
        assert_eq!(status, 204, "{answer}");
        self.world.clock.advance(SignedDuration::from_secs(1));
        of("objectId")
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name}: {value}"))
}

#[tokio::test]
async fn a_one_time_password_only_serves_to_set_another() {
    let users = Users::new().await;
    let (name, first) = (
        users.world.first.user.clone(),
        users.world.first.password.clone(),
    );
    let (status, refused) = users.log_in(&name, &first).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(refused["error"], "invalid_grant");
    assert_eq!(
        refused["suberror"], "UserPasswordChangeRequired",
        "{refused}"
    );
    assert!(refused.get("access_token").is_none());
    for (current, new, status, code) in [
        ("wrong password", OWN, 403, "invalid_grant"),
        (&*first, "short", 400, "UserPasswordInvalid"),
        (&first, "my-Admin-password", 400, "UserPasswordInvalid"),
        (&first, &*first, 400, "UserPasswordInvalid"),
    ] {
        let (got, answer) = users.change(&name, current, new).await;
        assert_eq!(
            (got, &answer["error"]["code"]),
            (status, &json!(code)),
            "{answer}"
        );
    }
    assert_eq!(users.change(&name, &first, OWN).await.0, 204);
    users.world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(users.log_in(&name, &first).await.0, StatusCode::BAD_REQUEST);
    let (status, token) = users.log_in("ADMIN", OWN).await;
    assert_eq!(status, StatusCode::OK, "{token}");
    let access = text(&token, "access_token");
    // The first user is Owner.
    let group = users.world.group.clone();
    let tags = json!({"tags": {"a": "b"}});
    assert_eq!(users.ask_as(access, "PUT", &group, tags).await.0, 200);
    // An id token is no access token, and neither is a refresh token.
    for other in ["id_token", "refresh_token"] {
        let got = users.ask_as(text(&token, other), "GET", &group, Value::Null);
        assert_eq!(got.await.0, 401, "{other}");
    }
    let form = format!("grant_type=refresh_token&client_id=app&refresh_token={access}");
    assert_eq!(users.world.token(&form).await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_login_is_renewed_until_it_is_ended_or_the_password_changes() {
    let users = Users::new().await;
    let id = users.user("ann").await;
    let see = async |token: &Value| {
        let path = users.world.group.split("/resourceGroups").next().unwrap();
        users
            .ask_as(text(token, "access_token"), "GET", path, Value::Null)
            .await
            .0
    };
    let renew = async |token: &Value| {
        let form = format!(
            "grant_type=refresh_token&client_id=app&refresh_token={}",
            text(token, "refresh_token")
        );
        users.world.token(&form).await
    };
    let (_, first) = users.log_in("ann", OWN).await;
    users.world.clock.advance(SignedDuration::from_hours(2));
    assert_eq!(see(&first).await, 401);
    let (status, second) = renew(&first).await;
    assert_eq!(status, StatusCode::OK, "{second}");
    assert_eq!(see(&second).await, 200);

    // She ends her logins herself; she may not end others'.
    let mine = text(&second, "access_token").to_owned();
    let end = |who: &str| format!("users/{who}/endLogins");
    assert_eq!(
        users
            .ask_as(&mine, "POST", &end("admin"), json!({}))
            .await
            .0,
        403
    );
    assert_eq!(
        users
            .ask_as(&mine, "POST", &end("nobody"), json!({}))
            .await
            .0,
        403
    );
    assert_eq!(
        users.ask_as(&mine, "POST", &end("ann"), json!({})).await.0,
        204
    );
    assert_eq!(see(&second).await, 401);
    let (status, over) = renew(&second).await;
    assert_eq!(
        (status.as_u16(), text(&over, "error")),
        (400, "invalid_grant")
    );

    for change in ["password", "reset", "delete"] {
        users.world.clock.advance(SignedDuration::from_secs(1));
        users.world.clock.advance(SignedDuration::from_secs(1));
        let (status, token) = users.log_in("ann", OWN).await;
        assert_eq!(status, StatusCode::OK, "{token}");
        assert_eq!(see(&token).await, 200);
        users.world.clock.advance(SignedDuration::from_secs(1));
        match change {
            "password" => {
                assert_eq!(users.change("ann", OWN, "another long word").await.0, 204);
            }
            "reset" => {
                let path = format!("users/{id}/resetPassword");
                let (_, made) = users.ask("POST", &path, json!({})).await;
                let one_time = text(&made["properties"], "oneTimePassword").to_owned();
                let (_, refused) = users.log_in("ann", &one_time).await;
                assert_eq!(refused["suberror"], "UserPasswordChangeRequired");
                users.change("ann", &one_time, OWN).await;
            }
            _ => {
                let gone = users.ask("DELETE", "users/ann", Value::Null).await;
                assert_eq!(gone.0, 200);
                assert_eq!(users.ask("DELETE", "users/ann", Value::Null).await.0, 204);
            }
        }
        assert_eq!(see(&token).await, 401, "{change}");
        assert_eq!(renew(&token).await.0, StatusCode::BAD_REQUEST, "{change}");
        if change == "password" {
            users.change("ann", "another long word", OWN).await;
        }
    }
}

#[tokio::test]
async fn ten_wrong_passwords_lock_a_user_out_for_a_while() {
    let users = Users::new().await;
    users.user("ann").await;
    for _ in 0..10 {
        let (_, refused) = users.log_in("ann", "wrong").await;
        assert!(
            text(&refused, "error_description").contains("AADSTS50126"),
            "{refused}"
        );
    }
    let (_, refused) = users.log_in("ann", OWN).await;
    assert_eq!(refused["suberror"], "UserAccountLocked", "{refused}");
    assert_eq!(users.change("ann", OWN, "another long word").await.0, 403);
    users.world.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(
        users.log_in("ann", "wrong").await.0,
        StatusCode::BAD_REQUEST
    );
    users.world.clock.advance(SignedDuration::from_secs(61));
    assert_eq!(
        users.log_in("ann", OWN).await.1["suberror"],
        "UserAccountLocked"
    );
    users.world.clock.advance(SignedDuration::from_secs(60));
    assert_eq!(users.log_in("ann", OWN).await.0, StatusCode::OK);
    // A good one begins the count anew; who does not exist is never locked.
    for name in ["ann", "nobody"] {
        for _ in 0..9 {
            users.log_in(name, "wrong").await;
        }
    }
    assert_eq!(users.log_in("ann", OWN).await.0, StatusCode::OK);
    for _ in 0..9 {
        users.log_in("nobody", "wrong").await;
    }
    assert!(
        users
            .log_in("nobody", "wrong")
            .await
            .1
            .get("suberror")
            .is_none()
    );
    // An Owner ends the lock-out.
    for _ in 0..10 {
        users.log_in("ann", "wrong").await;
    }
    let (_, shown) = users.ask("GET", "users/ann", Value::Null).await;
    assert!(shown["properties"]["lockedUntil"].is_string(), "{shown}");
    let (_, made) = users
        .ask("POST", "users/ann/resetPassword", json!({}))
        .await;
    let one_time = text(&made["properties"], "oneTimePassword");
    assert_eq!(users.change("ann", one_time, OWN).await.0, 204);
}

#[tokio::test]
async fn only_an_owner_makes_users_and_applications() {
    let users = Users::new().await;
    users.user("ann").await;
    let token = users.log_in("ann", OWN).await.1;
    let token = text(&token, "access_token");
    let user = json!({"properties": {"userName": "bob"}});
    let app = json!({"properties": {"displayName": "bob"}});
    let me = users.ask("GET", "users/ann", Value::Null).await.1;
    let me = me["properties"]["objectId"].as_str().unwrap();
    let contributor = "b24988ac-6180-42a0-ab88-20f7382dd24c";
    let scope = users.fabric.split("/providers").next().unwrap();
    let role = format!("{scope}/providers/Microsoft.Authorization/roleDefinitions/{contributor}");
    let given = format!(
        "{scope}/providers/Microsoft.Authorization/roleAssignments/00000000-0000-0000-0000-000000000001"
    );
    let body = json!({"properties": {"roleDefinitionId": role, "principalId": me}});
    assert_eq!(users.ask("PUT", &given, body).await.0, 201);
    for (path, body) in [
        ("users", user.clone()),
        ("applications", app),
        ("users/admin/resetPassword", json!({})),
        ("applications/x/secrets", json!({})),
        ("applications/x/certificates", json!({})),
    ] {
        assert_eq!(
            users.ask_as(token, "POST", path, body).await.0,
            403,
            "{path}"
        );
    }
    for path in ["users/admin", "applications/x", "applications/x/secrets/y"] {
        let got = users.ask_as(token, "DELETE", path, Value::Null).await;
        assert_eq!(got.0, 403, "{path}: {}", got.1);
    }
    assert_eq!(users.ask("POST", "users", user.clone()).await.0, 201);
    assert_eq!(users.ask("POST", "users", user).await.0, 409);
    let list = users.ask("GET", "users", Value::Null).await.1;
    let names: Vec<&str> = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|u| u["properties"]["userName"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["admin", "ann", "bob"]);
    assert!(!list.to_string().contains("argon2"), "{list}");
    for name in ["", "a b", "6d0ff19e-6d2f-4c6b-9d6e-5a8e8e6ac4b1"] {
        let body = json!({"properties": {"userName": name}});
        let (status, refused) = users.ask("POST", "users", body).await;
        assert_eq!(
            (status, &refused["error"]["code"]),
            (400, &json!("InvalidResourceName"))
        );
    }
}

#[tokio::test]
async fn an_applications_secrets_come_and_go_and_the_last_owner_keeps_one() {
    let users = Users::new().await;
    let client = users.world.first.client_id;
    let path = format!("applications/{client}");
    let (_, shown) = users.ask("GET", &path, Value::Null).await;
    let first = text(&shown["properties"]["secrets"][0], "id").to_owned();
    let until = users.world.clock_now() + SignedDuration::from_hours(1);
    let body = json!({"properties": {"endDateTime": until}});
    let (status, made) = users.ask("POST", &format!("{path}/secrets"), body).await;
    assert_eq!(status, 201, "{made}");
    let form = format!(
        "grant_type=client_credentials&client_id={client}&client_secret={}",
        text(&made["properties"], "secret")
    );
    let (status, token) = users.world.token(&form).await;
    assert_eq!(status, StatusCode::OK);
    // Without the user, this application is the last Owner: its first secret stays once the
    // second has ended.
    assert_eq!(users.ask("DELETE", "users/admin", Value::Null).await.0, 200);
    users.world.clock.advance(SignedDuration::from_hours(1));
    assert_eq!(users.world.token(&form).await.0, StatusCode::UNAUTHORIZED);
    let owner = users.world.log_in().await;
    let remove = format!("{path}/secrets/{first}");
    let (status, refused) = users.ask_as(&owner, "DELETE", &remove, Value::Null).await;
    assert_eq!(
        (status, &refused["error"]["code"]),
        (409, &json!("LastOwnerCannotBeRemoved"))
    );
    let (status, _) = users.ask_as(&owner, "DELETE", &path, Value::Null).await;
    assert_eq!(status, 409);
    let second = text(&made["properties"], "secretId");
    let remove = format!("{path}/secrets/{second}");
    users.world.clock.advance(SignedDuration::from_secs(1));
    assert_eq!(
        users.ask_as(&owner, "DELETE", &remove, Value::Null).await.0,
        200
    );
    // What is taken away ends the application's logins.
    for token in [&owner, text(&token, "access_token")] {
        assert_eq!(users.ask_as(token, "GET", &path, Value::Null).await.0, 401);
    }
}

/// RFC 6749, section 4.1; RFC 7636.
#[tokio::test]
async fn a_code_is_good_once_for_its_own_client_and_not_as_one_of_the_other_kind() {
    const PROOF: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let users = Users::new().await;
    users.user("ann").await;
    let who = format!("username=ann&password={}", OWN.replace(' ', "+"));
    let asked = "response_type=code&client_id=app&redirect_uri=http%3A%2F%2Flocalhost%3A1&state=s\
                 &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM\
                 &code_challenge_method=S256";
    let carried = async || {
        let form = format!("{asked}&{who}");
        let (status, place, page) = users.world.page("/adfs/oauth2/authorize", &form).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{page}");
        let code = place.strip_prefix("http://localhost:1?code=").unwrap();
        code.split('&').next().unwrap().to_owned()
    };
    let bring = async |client: &str, code: &str, proof: &str| {
        let form = format!(
            "grant_type=authorization_code&client_id={client}&code={code}\
             &redirect_uri=http%3A%2F%2Flocalhost%3A1&code_verifier={proof}"
        );
        users.world.token(&form).await
    };
    let as_device = async |code: &str| {
        let form = format!("grant_type=device_code&client_id=app&device_code={code}");
        users.world.token(&form).await
    };
    let refused = |(status, answer): (StatusCode, Value)| {
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        assert_eq!(text(&answer, "error"), "invalid_grant");
    };
    let code = carried().await;
    refused(as_device(&code).await);
    refused(bring("other", &code, PROOF).await);
    let (status, token) = bring("app", &code, PROOF).await;
    assert_eq!(status, StatusCode::OK, "{token}");
    refused(bring("app", &code, PROOF).await);
    // A wrong proof ends it: who has it has stolen it.
    let code = carried().await;
    refused(bring("app", &code, "wrong").await);
    refused(bring("app", &code, PROOF).await);
    // Five minutes.
    let code = carried().await;
    users.world.clock.advance(SignedDuration::from_secs(300));
    refused(bring("app", &code, PROOF).await);

    let request = axum::http::Request::post("/adfs/oauth2/devicecode");
    let request = request
        .body(axum::body::Body::from("client_id=app"))
        .unwrap();
    let (status, _, begun) = users.world.send(request).await;
    assert_eq!(status, StatusCode::OK, "{begun}");
    let device = text(&begun, "device_code");
    let (status, waits) = as_device(device).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(text(&waits, "error"), "authorization_pending");
    refused(bring("app", device, PROOF).await);
    let form = format!("user_code={}&{who}", text(&begun, "user_code"));
    let (status, _, page) = users.world.page("/device", &form).await;
    assert_eq!(status, StatusCode::OK, "{page}");
    assert_eq!(as_device(device).await.0, StatusCode::OK);
    refused(as_device(device).await);
}

#[tokio::test]
async fn nobody_fills_the_server_with_logins_that_are_never_done() {
    let users = Users::new().await;
    users.user("ann").await;
    let begin = async |client: &str| {
        let request = axum::http::Request::post("/adfs/oauth2/devicecode");
        let form = format!("client_id={client}");
        let request = request.body(axum::body::Body::from(form)).unwrap();
        users.world.send(request).await.0
    };
    assert_eq!(begin(&"x".repeat(65)).await, StatusCode::BAD_REQUEST);
    for _ in 0..1000 {
        assert_eq!(begin("app").await, StatusCode::OK);
    }
    assert_eq!(begin("app").await, StatusCode::TOO_MANY_REQUESTS);
    // Who logs in all the same is let in.
    let form = format!(
        "response_type=code&client_id=app&redirect_uri=http%3A%2F%2Flocalhost%3A1\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256\
         &username=ann&password={}",
        OWN.replace(' ', "+")
    );
    let (status, ..) = users.world.page("/adfs/oauth2/authorize", &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    users.world.clock.advance(SignedDuration::from_secs(900));
    assert_eq!(begin("app").await, StatusCode::OK);
}
