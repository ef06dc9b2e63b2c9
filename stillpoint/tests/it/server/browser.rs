//! `az login` by a code that a person types in, and in a browser that it opens.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use reqwest::{Certificate, Client, StatusCode};
use testkit::azure::Az;
use tokio::runtime::Runtime;

use super::users::{OWN, after, az_of};
use crate::serving::{Server, free_port};
use crate::user::{User, private};

/// A person at a browser that trusts the server's CA.
struct Person {
    runtime: Runtime,
    http: Client,
}

impl Person {
    fn new(data: &Path) -> Self {
        let ca = std::fs::read(data.join("ca.pem")).unwrap();
        let http = Client::builder()
            .no_proxy()
            .tls_certs_only(Certificate::from_pem_bundle(&ca).unwrap())
            .build()
            .unwrap();
        let runtime = Runtime::new().unwrap();
        Self { runtime, http }
    }

    /// The page at a URL; of a page of this server, that no script runs in it.
    fn open(&self, url: &str) -> (StatusCode, String) {
        self.runtime.block_on(async {
            let answer = self.http.get(url).send().await.unwrap();
            if url.starts_with("https") {
                let policy = &answer.headers()["content-security-policy"];
                let policy = policy.to_str().unwrap();
                assert!(policy.starts_with("default-src 'none'"), "{policy}");
                assert!(!policy.contains("script-src"), "{policy}");
                assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            }
            (answer.status(), answer.text().await.unwrap())
        })
    }

    /// Sends a page's form, with what was typed in, and follows where it leads.
    fn send(&self, page: &str, base: &str, typed: &[(&str, &str)]) -> (StatusCode, String) {
        let form = page.split("<form").nth(1).unwrap();
        let action = attribute(form, "action");
        let hidden = form.split("<input type=\"hidden\"").skip(1);
        let mut fields: Vec<(String, String)> = hidden
            .map(|i| (attribute(i, "name"), attribute(i, "value")))
            .collect();
        fields.extend(
            typed
                .iter()
                .map(|(n, v)| ((*n).to_owned(), (*v).to_owned())),
        );
        let url = match action.starts_with('/') {
            true => format!("{base}{action}"),
            false => action,
        };
        self.runtime.block_on(async {
            let form = url::form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&fields)
                .finish();
            let request = self.http.post(url).body(form);
            let answer = request.send().await.unwrap();
            (answer.status(), answer.text().await.unwrap())
        })
    }
}

/// The value of the first attribute of this name.
fn attribute(html: &str, name: &str) -> String {
    let rest = html.split(&format!("{name}=\"")).nth(1).unwrap();
    rest.split('"').next().unwrap().replace("&amp;", "&")
}

/// A server, an `az` that has not logged in, and what the user `admin` types in first.
fn world(folder: &Path) -> (Server, Az, Person, String) {
    let data = folder.join("data");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    let az = az_of(&server, folder, &data);
    let one_time = after(&server.said, "one-time password:").to_owned();
    (server, az, Person::new(&data), one_time)
}

#[test]
fn az_logs_in_by_a_code_that_is_typed_in_elsewhere_and_the_one_time_password_is_changed_there() {
    let folder = tempfile::tempdir().unwrap();
    let (server, az, person, one_time) = world(folder.path());
    let mut login = az
        .command()
        .args(["login", "--use-device-code"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(login.stderr.take().unwrap());
    let mut said = String::new();
    while !said.contains("type in the code") {
        assert_ne!(told.read_line(&mut said).unwrap(), 0, "{said}");
    }
    let code = after(&said, "type in the code").trim_end_matches('.');
    let place = after(&said, "open");
    assert_eq!(place, format!("{}/device", server.url));
    let (status, page) = person.open(&format!("{place}?user_code=\"><b>"));
    assert_eq!(status, 200);
    assert!(page.contains("&quot;&gt;&lt;b&gt;"), "{page}");
    let send = |code: &str, password: &str, new: &str| {
        let typed = [
            ("user_code", code),
            ("username", "admin"),
            ("password", password),
            ("new_password", new),
        ];
        person.send(&page, &server.url, &typed)
    };
    let (status, answer) = send(code, "not the password", "");
    assert_eq!(status, 400);
    assert!(answer.contains("AADSTS50126"), "{answer}");
    let (status, answer) = send(code, &one_time, "");
    assert_eq!(status, 400);
    assert!(answer.contains("name=\"new_password\""), "{answer}");
    let (status, answer) = send("BBBB-BBBB", &one_time, OWN);
    assert_eq!(status, 400);
    assert!(answer.contains("the code is not known"), "{answer}");
    // Typed in small letters and without the hyphen.
    let typed = code.replace('-', "").to_lowercase();
    let (status, answer) = send(&typed, OWN, "");
    assert_eq!(status, 200, "{answer}");
    assert!(answer.contains("You are logged in"), "{answer}");
    // Once only.
    assert_eq!(send(&typed, OWN, "").0, 400);
    let mut rest = String::new();
    told.read_to_string(&mut rest).unwrap();
    let done = login.wait_with_output().unwrap();
    assert!(done.status.success(), "{rest}");
    let account = az.json("account show").unwrap();
    assert_eq!(account["user"]["name"], "admin", "{account}");
    assert_eq!(account["user"]["type"], "user", "{account}");
    assert_eq!(az.json("group list").unwrap()[0]["name"], "default");
}

#[test]
fn az_logs_in_in_the_browser_that_it_opens() {
    let folder = tempfile::tempdir().unwrap();
    let (server, az, person, one_time) = world(folder.path());
    let user = User::new(folder.path());
    let old = private(folder.path(), "old", &one_time);
    let new = private(folder.path(), "new", OWN);
    let ca = folder.path().join("data/ca.pem").display().to_string();
    let change = "user password admin --secret-file";
    user.ends(
        0,
        &format!(
            "{change} {old} --new-password-file {new} --url {} --ca {ca}",
            server.url
        ),
    );
    // What `az` starts as a browser writes down where it was to go.
    let opened = folder.path().join("opened");
    let browser = folder.path().join("browser");
    let script = format!(
        "#!/bin/sh\necho \"$1\" > {0}.new && mv {0}.new {0}\n",
        opened.display()
    );
    std::fs::write(&browser, script).unwrap();
    std::fs::set_permissions(&browser, std::fs::Permissions::from_mode(0o755)).unwrap();
    let login = az
        .command()
        .arg("login")
        .env("BROWSER", format!("{} %s", browser.display()))
        .env("DISPLAY", ":0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let began = Instant::now();
    while !opened.exists() {
        assert!(began.elapsed() < Duration::from_secs(60), "no browser");
        std::thread::sleep(Duration::from_millis(100));
    }
    let url = std::fs::read_to_string(&opened).unwrap();
    let (status, page) = person.open(url.trim());
    assert_eq!(status, 200, "{page}");
    let wrong = [("username", "admin"), ("password", "not the password")];
    assert_eq!(person.send(&page, &server.url, &wrong).0, 400);
    let right = [("username", "admin"), ("password", OWN)];
    let (status, mut answer) = person.send(&page, &server.url, &right);
    assert_eq!(status, 200, "{answer}");
    if answer.contains("One more step") {
        answer = person.send(&answer, &server.url, &[]).1;
    }
    assert!(answer.to_lowercase().contains("log"), "{answer}");
    let done = login.wait_with_output().unwrap();
    let complaint = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{complaint}");
    let account = az.json("account show").unwrap();
    assert_eq!(account["user"]["name"], "admin", "{account}");
    assert_eq!(az.json("group list").unwrap()[0]["name"], "default");
    // Nobody is sent elsewhere.
    let stranger = url.trim().replace("localhost%3A", "evil.example%3A");
    assert_ne!(stranger, url.trim());
    let (status, page) = person.open(&stranger);
    assert_eq!(status, 400);
    assert!(!page.contains("evil.example"), "{page}");
}
