//! Users and applications that log in by the unmodified Azure command line, and by this one.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use testkit::azure::Az;

use crate::serving::{Server, commands, free_port, texts};
use crate::user::{User, private};

pub const OWN: &str = "correct-horse-battery";

/// What the first start shows behind this word, up to a blank or a bracket.
pub fn after<'a>(said: &'a str, word: &str) -> &'a str {
    let at = said.find(word).unwrap_or_else(|| panic!("{word}: {said}"));
    let rest = said[at + word.len()..].trim_start();
    rest.split([' ', ')', '\n']).next().unwrap()
}

/// An `az` that knows the server's cloud and has not logged in.
pub fn az_of(server: &Server, folder: &Path, data: &Path) -> Az {
    let az = Az::new(&folder.join("azure"), &data.join("ca.pem")).unwrap();
    for command in &commands(&server.said)[..2] {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        assert_eq!(az.run(&words).unwrap().code, 0, "{command:?}");
    }
    az
}

#[test]
fn az_logs_in_a_user_once_it_has_a_password_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    let az = az_of(&server, folder.path(), &data);
    let one_time = after(&server.said, "one-time password:");
    let log_in = |password: &str| {
        az.run(&["login", "-u", "admin", "-p", password, "--output", "json"])
            .unwrap()
    };
    let refused = log_in(one_time);
    assert_ne!(refused.code, 0, "{}", refused.out);
    assert!(refused.err.contains("one-time password"), "{}", refused.err);

    let user = User::new(folder.path());
    let old = private(folder.path(), "old", one_time);
    let new = private(folder.path(), "new", OWN);
    let ca = data.join("ca.pem").display().to_string();
    user.ends(
        0,
        &format!(
            "user password admin --url {} --ca {ca} --secret-file {old} --new-password-file {new}",
            server.url
        ),
    );
    let wrong = log_in("not the password");
    assert!(wrong.err.contains("AADSTS50126"), "{}", wrong.err);
    let done = log_in(OWN);
    assert_eq!(done.code, 0, "{}", done.err);
    let account = az.json("account show").unwrap();
    assert_eq!(account["user"]["name"], "admin", "{account}");
    assert_eq!(account["user"]["type"], "user", "{account}");
    let groups = az.json("group list").unwrap();
    assert_eq!(texts(&groups, "name"), ["default"]);
    az.json("group create -n g2 -l onprem").unwrap();

    // Ending all logins is felt at once, and a new login mends it.
    let login = format!(
        "login --url {} --ca {ca} --user admin --secret-file {new}",
        server.url
    );
    user.ends(0, &login);
    user.ends(0, "user end-logins admin");
    let over = az.refused("group list").unwrap();
    let told = ["az login", "InvalidAuthenticationToken"];
    assert!(told.iter().any(|t| over.err.contains(t)), "{}", over.err);
    assert!(user.ends(5, "host list").contains("invalid_grant"));
    assert_eq!(log_in(OWN).code, 0);
    az.json("group delete -n g2 --yes").unwrap();
}

#[test]
fn az_logs_in_an_application_by_its_certificate() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    let az = az_of(&server, folder.path(), &data);
    let user = User::logged_in(folder.path(), &server);

    let file = certificate(folder.path(), "robot", &[]);
    let made = user.json("app create robot");
    let client = made["properties"]["clientId"].as_str().unwrap().to_owned();
    let added = user.json(&format!("app add-certificate robot --file {file}"));
    let id = added["properties"]["certificateId"].as_str().unwrap();
    assert!(!added.to_string().contains("PRIVATE"), "{added}");
    user.ends(0, "role assign robot Reader");
    assert!(user.ends(0, "role assignments").contains("robot"));
    let tenant = after(&server.said, "Tenant");
    let log_in = |az: &Az, file: &str| {
        let words = [
            "login",
            "--service-principal",
            "-u",
            &client,
            "--certificate",
            file,
            "--tenant",
            tenant,
        ];
        az.run(&words).unwrap()
    };
    let other = certificate(folder.path(), "other", &[]);
    let refused = log_in(&az, &other);
    assert_ne!(refused.code, 0, "{}", refused.out);
    let done = log_in(&az, &file);
    assert_eq!(done.code, 0, "{}", done.err);
    let groups = az.json("group list").unwrap();
    assert_eq!(texts(&groups, "name"), ["default"]);
    let may_not = az.refused("group create -n g2 -l onprem").unwrap();
    assert!(
        may_not.err.contains("AuthorizationFailed"),
        "{}",
        may_not.err
    );
    user.ends(0, &format!("app remove-credential robot {id}"));
    user.ends(4, &format!("app remove-credential robot {id}"));
    let over = az.refused("group list").unwrap();
    let told = ["AADSTS7000215", "InvalidAuthenticationToken"];
    assert!(told.iter().any(|t| over.err.contains(t)), "{}", over.err);
}

#[test]
fn az_gets_a_new_token_by_itself_when_its_own_is_stale() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    // A cloud whose addresses are all said and not asked for.
    let az = Az::new(&folder.path().join("azure"), &data.join("ca.pem")).unwrap();
    let url = &server.url;
    let register = format!(
        "cloud register -n Said --endpoint-resource-manager {url} \
         --endpoint-active-directory {url}/adfs --endpoint-active-directory-resource-id {url}/arm \
         --endpoint-active-directory-graph-resource-id {url}/graph \
         --suffix-storage-endpoint storage.local --skip-endpoint-discovery"
    );
    assert_eq!(az.json(&register).unwrap(), Value::Null);
    az.json("cloud set -n Said").unwrap();
    let cloud = az.json("cloud show").unwrap();
    assert_eq!(cloud["suffixes"]["storageEndpoint"], "storage.local");

    let user = User::logged_in(folder.path(), &server);
    let robot = user.json("app create robot");
    let of = |name: &str| robot["properties"][name].as_str().unwrap().to_owned();
    user.ends(0, "role assign robot Reader");
    let second = user.json("app add-secret robot");
    let second = second["properties"]["secretId"].as_str().unwrap();
    az.json(&format!(
        "login --service-principal -u {} -p {} --tenant {}",
        of("clientId"),
        of("secret"),
        after(&server.said, "Tenant")
    ))
    .unwrap();
    let token = || {
        let told = az.json("account get-access-token").unwrap();
        told["accessToken"].as_str().unwrap().to_owned()
    };
    let first = token();
    assert_eq!(token(), first, "it is kept until it is over");
    assert_eq!(texts(&az.json("group list").unwrap(), "name"), ["default"]);

    // Another secret is taken away, which ends all logins; its own is as good as before.
    user.ends(0, &format!("app remove-credential robot {second}"));
    let groups = format!("{url}/subscriptions?api-version=2022-12-01");
    let bearer = format!("Authorization=Bearer {first}");
    let stale = az
        .run(&[
            "rest",
            "--skip-authorization-header",
            "--url",
            &groups,
            "--headers",
            &bearer,
        ])
        .unwrap();
    assert_ne!(stale.code, 0, "{}", stale.out);
    assert!(
        stale.err.contains("InvalidAuthenticationToken"),
        "{}",
        stale.err
    );
    assert_eq!(texts(&az.json("group list").unwrap(), "name"), ["default"]);
    assert_ne!(token(), first);
}

/// A self-signed certificate for localhost with its private key in one file; gives its path.
pub fn certificate(folder: &Path, name: &str, more: &[&str]) -> String {
    let path = |end: &str| folder.join(format!("{name}{end}")).display().to_string();
    let (key, alone, both) = (path(".key"), path(".crt"), path(".pem"));
    let out = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        ])
        .args(["-subj", "/CN=localhost", "-keyout", &key, "-out", &alone])
        .args(more)
        .output()
        .unwrap();
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let text = std::fs::read_to_string(&key).unwrap() + &std::fs::read_to_string(&alone).unwrap();
    std::fs::write(&both, text).unwrap();
    both
}

#[test]
fn people_log_in_and_an_owner_lets_others_in() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    let user = User::new(folder.path());
    let one_time = after(&server.said, "one-time password:");
    let old = private(folder.path(), "old", one_time);
    let new = private(folder.path(), "new", OWN);
    let ca = data.join("ca.pem").display().to_string();
    let login = format!(
        "login --url {} --ca {ca} --user admin --secret-file",
        server.url
    );
    let refused = user.ends(5, &format!("{login} {old}"));
    assert!(refused.contains("UserPasswordChangeRequired"), "{refused}");
    assert!(!user.login_file().exists());
    user.ends(0, &format!("{login} {old} --new-password-file {new}"));
    let kept = std::fs::read_to_string(user.login_file()).unwrap();
    assert!(!kept.contains(OWN), "the password is not kept: {kept}");
    user.ends(5, &format!("{login} {old}"));

    let made = user.json("user create ann --display-name Ann");
    let first = made["properties"]["oneTimePassword"].as_str().unwrap();
    user.ends(7, "user create ANN");
    user.ends(0, "role assign ann Reader -g default");
    user.ends(7, "role assign ann Reader -g default");
    user.ends(4, "role assign nobody Reader");
    user.ends(4, "role assign ann Emperor");
    let given = user.ends(0, "role assignments");
    assert!(
        given.contains("ann") && given.contains("resourceGroups/default"),
        "{given}"
    );
    assert!(user.ends(0, "role definitions").contains("Backup Operator"));

    let ann = User::new(&folder.path().join("ann"));
    let first = private(folder.path(), "first", first);
    let hers = private(folder.path(), "hers", "ein langes Wort ist gut");
    let login = format!(
        "login --url {} --ca {ca} --user ann --secret-file",
        server.url
    );
    ann.ends(0, &format!("{login} {first} --new-password-file {hers}"));
    ann.ends(0, "vault list -g default");
    assert!(
        ann.ends(5, "user create eve")
            .contains("AuthorizationFailed")
    );
    assert!(
        ann.ends(5, "lock create l1 -g default")
            .contains("AuthorizationFailed")
    );
    // A token that is over is renewed by what the login keeps.
    let file = ann.login_file();
    let mut login: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    login["token"] = "stale".into();
    std::fs::write(&file, login.to_string()).unwrap();
    ann.ends(0, "vault list -g default");

    user.ends(
        0,
        "lock create keep -g default --level read-only --notes mine",
    );
    assert!(user.ends(0, "lock list -g default").contains("ReadOnly"));
    assert!(user.ends(7, "vault create -v v1").contains("ScopeLocked"));
    user.ends(0, "lock delete keep -g default");
    user.ends(4, "lock delete keep -g default");
    user.ends(0, "role remove ann Reader -g default");
    user.ends(4, "role remove ann Reader -g default");
    ann.ends(5, "vault list -g default");
    user.ends(0, "user delete ann");
    user.ends(4, "user delete ann");
    assert!(!user.ends(0, "user list").contains("ann"));
    ann.ends(5, "vault list -g default");
    let last = user.json("app list");
    let app = last[0]["properties"]["clientId"].as_str().unwrap();
    user.ends(0, &format!("app delete {app}"));
    let stays = user.ends(7, "user delete admin");
    assert!(stays.contains("LastOwnerCannotBeRemoved"), "{stays}");
}
