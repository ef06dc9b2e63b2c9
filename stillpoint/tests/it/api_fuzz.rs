//! A fuzzer that knows the OpenAPI document, against the real server, as somebody of every role: no
//! answer is a 5xx, and every answer is one that the document tells of.
//!
//! `STILLPOINT_API_FUZZ_SECONDS=N`: so long for each role. `STILLPOINT_SEED=N`: other requests.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::{Value, json};
use testkit::python::Python;
use testkit::scripted::ScriptedFolder;

use crate::serving::{Server, free_port};
use crate::user::{User, shown};

/// Every role, the one that may do most last: it may delete what the others are shown.
const ROLES: [&str; 7] = [
    "Reader",
    "Backup Reader",
    "Virtual Machine Contributor",
    "Backup Operator",
    "Backup Contributor",
    "Contributor",
    "Owner",
];

/// What must hold of each answer.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
                      response_headers_conformance,response_schema_conformance";

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// The document, with names in it that there are, so that requests meet something.
fn document(names: &[(&str, Value)]) -> Value {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let mut document: Value = serde_json::from_slice(&std::fs::read(kept).unwrap()).unwrap();
    let mut replaced = BTreeSet::new();
    let paths = document["paths"].as_object_mut().unwrap().values_mut();
    let operations = paths.flat_map(|p| p.as_object_mut().unwrap().values_mut());
    for operation in operations {
        for parameter in operation["parameters"].as_array_mut().unwrap() {
            if let Some((name, known)) = names.iter().find(|n| parameter["name"] == n.0) {
                parameter["schema"]["enum"] = known.clone();
                replaced.insert(*name);
            }
        }
    }
    let given: BTreeSet<&str> = names.iter().map(|n| n.0).collect();
    assert_eq!(replaced, given, "the document has other names");
    document
}

#[test]
fn no_request_of_anybody_meets_a_fault_or_an_answer_that_is_not_in_the_document() {
    let seconds = number("STILLPOINT_API_FUZZ_SECONDS").unwrap_or(9);
    let seed = number("STILLPOINT_SEED").unwrap_or(1).to_string();
    let folder = tempfile::tempdir().unwrap();
    let host = ScriptedFolder::new(&folder.path().join("host")).unwrap();
    for machine in ["m0", "m1"] {
        host.machine(machine, &[&[7; 1 << 20], &[0; 1 << 20]], 0)
            .unwrap();
    }
    let data = folder.path().join("data");
    let port = free_port();
    let server = Server::start(&data, port, &host.connection());
    let user = User::logged_in(folder.path(), &server);
    let (secret, words) = shown(&server);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    user.ends(0, "vault create -v v1");
    user.ends(0, "protection enable m0");
    user.ends(0, "backup now m0");
    let jobs = user.json("job list");
    let jobs: Vec<&Value> = jobs
        .as_array()
        .unwrap()
        .iter()
        .map(|j| &j["name"])
        .collect();

    let owner = Owner::new(&data, &server.url, &words, &secret);
    let name = |kind: &str| {
        json!([
            format!("{kind};iaasvmcontainerv2;default;m0"),
            "x;y;z",
            "m1"
        ])
    };
    let names = [
        ("subscription", json!([owner.subscription, "none"])),
        ("group", json!(["default", "g2", "G 3"])),
        ("vault", json!(["v1", "V1", "v2", "-"])),
        ("fabric", json!(["Azure"])),
        ("container", name("IaasVMContainer")),
        ("item", name("VM")),
        (
            "policy",
            json!(["DefaultPolicy", "EnhancedPolicy", "p1", "p 1"]),
        ),
        ("point", json!(["1", "2", "x"])),
        ("job", json!(jobs)),
        ("location", json!(["onprem", "moon"])),
    ];
    let path = folder.path().join("openapi.json");
    std::fs::write(&path, document(&names).to_string()).unwrap();
    let python = Python::schemathesis().unwrap();
    let vault = format!(
        "/subscriptions/{}/resourceGroups/default/providers/Microsoft.RecoveryServices/vaults/v1",
        owner.subscription
    );
    let mut bad = Vec::new();
    for role in ROLES {
        let token = owner.token_of_a_new(role);
        // The role before may have deleted it.
        let made = owner.http.put(owner.at(&vault));
        owner.ask(made.body(r#"{"location": "onprem"}"#));
        owner.ask_as(&token, owner.http.get(owner.at(&vault)));
        let mut st = python.program("st", &data.join("ca.pem"));
        let out = st
            .current_dir(folder.path())
            .args(["run", "--url", &server.url, "--tls-verify"])
            .arg(data.join("ca.pem"))
            .args(["--header", &format!("Authorization: Bearer {token}")])
            .args(["--checks", CHECKS, "--max-time", &seconds.to_string()])
            .args(["--phases", "coverage,fuzzing,stateful", "--seed", &seed])
            .args([
                "--generation-database",
                "none",
                "--no-color",
                "--warnings",
                "off",
            ])
            .args(["--continue-on-failure", "--request-timeout", "30"])
            .arg(&path)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&out.stdout);
        let tested = said.lines().any(|l| l.contains("generated"));
        let last: Vec<&str> = said.lines().rev().take(12).collect();
        println!(
            "{role}: {}",
            last.into_iter().rev().collect::<Vec<_>>().join("\n")
        );
        if !out.status.success() || !tested {
            bad.push(format!(
                "{role}:\n{said}{}",
                String::from_utf8_lossy(&out.stderr)
            ));
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert!(owner.has_seen_done("fuzz Owner"), "all was refused");
}

/// Who makes applications and gives them roles.
struct Owner {
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
    url: String,
    token: String,
    subscription: String,
}

impl Owner {
    fn new(data: &Path, url: &str, words: &[&str], secret: &str) -> Self {
        let ca = std::fs::read(data.join("ca.pem")).unwrap();
        let http = reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only(reqwest::Certificate::from_pem_bundle(&ca).unwrap())
            .build()
            .unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let mut owner = Self {
            runtime,
            http,
            url: url.to_owned(),
            token: String::new(),
            subscription: String::new(),
        };
        let at = words.iter().position(|w| *w == "--client-id").unwrap();
        owner.token = owner.log_in(words[at + 1], secret);
        let all = owner.ask(owner.http.get(owner.at("/subscriptions")));
        let id = &all["value"][0]["subscriptionId"];
        owner.subscription = id.as_str().unwrap().to_owned();
        owner
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}?api-version=1", self.url)
    }

    fn ask(&self, request: reqwest::RequestBuilder) -> Value {
        self.ask_as(&self.token, request)
    }

    /// The answer, which must be a good one.
    fn ask_as(&self, token: &str, request: reqwest::RequestBuilder) -> Value {
        let request = request.bearer_auth(token);
        let (status, text) = self.runtime.block_on(async {
            let answered = request.send().await.unwrap();
            (answered.status(), answered.text().await.unwrap())
        });
        assert!(status.is_success(), "{status}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    fn log_in(&self, client: &str, secret: &str) -> String {
        let form =
            format!("grant_type=client_credentials&client_id={client}&client_secret={secret}");
        let token = self.ask(self.http.post(self.at("/adfs/oauth2/token")).body(form));
        token["access_token"].as_str().unwrap().to_owned()
    }

    /// Whether something that an application asked for was done.
    fn has_seen_done(&self, name: &str) -> bool {
        let log = "providers/Microsoft.Insights/eventtypes/management/values";
        let mut next = Some(self.at(&format!("/subscriptions/{}/{log}", self.subscription)));
        while let Some(url) = next {
            let page = self.ask(self.http.get(url));
            let mut entries = page["value"].as_array().unwrap().iter();
            if entries.any(|e| e["caller"] == name && e["status"]["value"] == "Succeeded") {
                return true;
            }
            next = page["nextLink"].as_str().map(str::to_owned);
        }
        false
    }

    /// Makes an application, gives it a role everywhere, and logs it in.
    fn token_of_a_new(&self, role: &str) -> String {
        let all = format!("/subscriptions/{}", self.subscription);
        let applications = self.at(&format!("{all}/providers/Stillpoint.Fabric/applications"));
        let body = json!({"properties": {"displayName": format!("fuzz {role}")}});
        let made = self.ask(self.http.post(applications).body(body.to_string()));
        let made = &made["properties"];
        let authorization = format!("{all}/providers/Microsoft.Authorization");
        let roles = self.ask(
            self.http
                .get(self.at(&format!("{authorization}/roleDefinitions"))),
        );
        let roles = roles["value"].as_array().unwrap();
        let role = roles.iter().find(|r| r["properties"]["roleName"] == role);
        let id = made["objectId"].as_str().unwrap();
        let body = json!({"properties": {
            "roleDefinitionId": role.unwrap()["id"],
            "principalId": id,
        }});
        let given = self.at(&format!("{authorization}/roleAssignments/{id}"));
        self.ask(self.http.put(given).body(body.to_string()));
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        self.log_in(&text("clientId"), &text("secret"))
    }
}
