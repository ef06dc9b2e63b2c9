//! A server's API over records of its own, and a client.

use std::sync::Arc;

use api::{App, Portal};
use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode, header};
use base::{ManualClock, SeededRandom};
use control::{Control, FirstStart, HostPlane, Start};
use jiff::Timestamp;
use serde_json::Value;
use tower::ServiceExt;

use crate::document;

pub struct World {
    _folder: tempfile::TempDir,
    pub clock: Arc<ManualClock>,
    pub service: Router,
    pub group: String,
    pub first: FirstStart,
}

impl World {
    pub async fn new() -> Self {
        Self::with_portal(None).await
    }

    /// The same with these files in front of it.
    pub async fn with_portal(portal: Option<Portal>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now: Timestamp = "2026-03-01T12:00:00Z".parse().unwrap();
        let clock = Arc::new(ManualClock::new(now));
        let mut first = None;
        let start = Start {
            data: folder.path().to_owned(),
            state: None,
            pool: None,
            names: vec!["here".to_owned()],
            host: "host1".to_owned(),
            connection: "test:///host1".to_owned(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1)),
            plane: Arc::new(HostPlane::new(
                folder.path().to_owned(),
                clock.clone(),
                Arc::new(SeededRandom::new(2)),
            )),
            options: control::Options::default(),
        };
        let keep = async |shown: &FirstStart, _: &str| {
            first = Some(shown.clone());
            Ok(())
        };
        let (control, ..) = Control::open(start, keep).await.unwrap();
        let group = control.group_id("default");
        let app = App::new(Arc::new(control), "https://here:1").with_portal(portal);
        Self {
            _folder: folder,
            clock,
            service: api::service(app),
            group,
            first: first.unwrap(),
        }
    }

    /// The answer, which is one that the OpenAPI document tells of.
    pub async fn send(&self, request: Request<Body>) -> (StatusCode, Response<()>, Value) {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let (parts, body) = self
            .service
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let value = match bytes.is_empty() {
            true => Value::Null,
            false => serde_json::from_slice(&bytes).unwrap(),
        };
        document::check(&method, &path, parts.status, &parts.headers, &value);
        (parts.status, Response::from_parts(parts, ()), value)
    }

    /// A page for people: what it answers, where it leads, and what is on it.
    pub async fn page(&self, path: &str, form: &str) -> (StatusCode, String, String) {
        let request = Request::post(path).body(Body::from(form.to_owned()));
        let answered = self.service.clone().oneshot(request.unwrap()).await;
        let (parts, body) = answered.unwrap().into_parts();
        let bytes = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let place = parts.headers.get(header::LOCATION);
        let place = place.map_or("", |l| l.to_str().unwrap()).to_owned();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        (parts.status, place, text)
    }

    pub fn clock_now(&self) -> Timestamp {
        base::Clock::now(&*self.clock)
    }

    pub async fn token(&self, form: &str) -> (StatusCode, Value) {
        let request = Request::post("/adfs/oauth2/token").body(Body::from(form.to_owned()));
        let (status, _, answer) = self.send(request.unwrap()).await;
        (status, answer)
    }

    pub async fn log_in(&self) -> String {
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}",
            self.first.client_id, self.first.secret
        );
        let (status, answer) = self.token(&form).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: &str,
    ) -> (StatusCode, Value) {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .body(Body::from(body.to_owned()));
        let (status, _, answer) = self.send(request.unwrap()).await;
        (status, answer)
    }

    /// All that there is, each with how it may be asked.
    pub fn routes(&self) -> Vec<(&'static str, String)> {
        let group = &self.group;
        let subscription = group.split("/resourceGroups").next().unwrap();
        let vaults = format!("{group}/providers/Microsoft.RecoveryServices/vaults");
        let vault = format!("{vaults}/v1");
        let fabric = |rest: &str| format!("{subscription}/providers/Stillpoint.Fabric/{rest}");
        vec![
            ("GET", "/tenants".to_owned()),
            ("GET", "/providers/Stillpoint.Fabric/session".to_owned()),
            ("GET", "/subscriptions".to_owned()),
            ("GET", subscription.to_owned()),
            ("GET", format!("{subscription}/locations")),
            ("GET", format!("{subscription}/resourcegroups")),
            ("GET", group.clone()),
            ("HEAD", group.clone()),
            ("PUT", group.clone()),
            ("DELETE", group.clone()),
            (
                "GET",
                format!("{subscription}/providers/Microsoft.RecoveryServices/vaults"),
            ),
            ("GET", vaults),
            ("GET", vault.clone()),
            ("PUT", vault.clone()),
            ("PATCH", vault.clone()),
            ("DELETE", vault.clone()),
            (
                "GET",
                format!("{vault}/backupstorageconfig/vaultstorageconfig"),
            ),
            ("GET", format!("{vault}/backupconfig/vaultconfig")),
            ("GET", format!("{vault}/backupPolicies")),
            ("GET", format!("{vault}/backupPolicies/p1")),
            ("PUT", format!("{vault}/backupPolicies/p1")),
            ("DELETE", format!("{vault}/backupPolicies/p1")),
            ("GET", format!("{vault}/backupResourceGuardProxies")),
            ("GET", fabric("users")),
            ("POST", fabric("users")),
            ("GET", fabric("users/admin")),
            ("DELETE", fabric("users/admin")),
            ("POST", fabric("users/admin/resetPassword")),
            ("POST", fabric("users/admin/endLogins")),
            ("GET", fabric("applications")),
            ("POST", fabric("applications")),
            ("GET", fabric("applications/x")),
            ("DELETE", fabric("applications/x")),
            ("POST", fabric("applications/x/secrets")),
            ("DELETE", fabric("applications/x/secrets/y")),
            ("POST", fabric("applications/x/certificates")),
            ("DELETE", fabric("applications/x/certificates/y")),
        ]
    }
}
