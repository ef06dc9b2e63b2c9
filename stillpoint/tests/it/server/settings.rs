//! The settings of a server: file, environment and words; a lost administrator; a certificate
//! that is replaced.

use std::path::Path;
use std::time::{Duration, Instant};

use crate::server::users::certificate;
use crate::serving::{Server, free_port};
use crate::user::{User, private, shown};

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn words_go_before_the_environment_and_that_before_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let user = User::new(folder.path());
    let text = "data = '/d'\nstart_spread = '0'\nlisten = '[::1]:1'\nsnapshots_per_host = 7\n\
                connect = 'qmp:///of/file'\nstate = 'postgres://me:secret@h/d'\n";
    let file = write(folder.path(), "server.toml", text);
    let check = |more: &[&str], variables: &[(&str, &str)]| {
        let mut words = vec!["server", "check-config", "--config", &file, "-o", "json"];
        words.extend(more);
        let done = user.run_with(&words, variables);
        assert_eq!(done.code, 0, "{}", done.err);
        assert!(!done.out.contains("secret"), "{}", done.out);
        serde_json::from_str::<serde_json::Value>(&done.out).unwrap()
    };
    let of_file = check(&[], &[]);
    assert_eq!(of_file["listen"], "[::1]:1");
    assert_eq!(of_file["snapshots_per_host"], 7);
    assert_eq!(of_file["connect"], "qmp:///of/file");
    assert_eq!(of_file["start_spread"], "0s");
    assert_eq!(of_file["restores_per_host"], 4);
    let environment = [
        ("STILLPOINT_LISTEN", "[::1]:2"),
        ("STILLPOINT_SNAPSHOTS_PER_HOST", "8"),
    ];
    let over = check(&[], &environment);
    assert_eq!(
        (&over["listen"], &over["snapshots_per_host"]),
        (&"[::1]:2".into(), &8.into())
    );
    let said = check(
        &["--listen", "[::1]:3", "--connect", "qmp:///said"],
        &environment,
    );
    assert_eq!(
        (&said["listen"], &said["snapshots_per_host"]),
        (&"[::1]:3".into(), &8.into())
    );
    assert_eq!(said["connect"], "qmp:///said");
    let by_variable = [
        ("STILLPOINT_CONFIG", file.as_str()),
        ("STILLPOINT_HONOUR_ALWAYS_ON", "true"),
    ];
    let done = user.run_with(&["server", "check-config"], &by_variable);
    assert!(
        done.out.contains("honour_always_on") && done.out.contains("true"),
        "{}",
        done.out
    );
}

#[test]
fn settings_that_do_not_exist_are_named_with_their_line_and_nothing_starts() {
    let folder = tempfile::tempdir().unwrap();
    let user = User::new(folder.path());
    let data = folder.path().join("data");
    let text = format!(
        "data = '{}'\n\nlisen = '[::1]:1'\n# …\nrestores_per_host = 'x'\n",
        data.display()
    );
    let file = write(folder.path(), "server.toml", &text);
    for words in [
        format!("server check-config --config {file}"),
        format!("server --config {file}"),
    ] {
        let said = user.ends(2, &words);
        assert!(said.contains("ConfigurationInvalid"), "{said}");
        assert!(
            said.contains("line 3: there is no setting `lisen`"),
            "{said}"
        );
        assert!(said.contains("line 5: "), "{said}");
    }
    assert!(!data.exists());
    user.ends(2, "server");
    user.ends(4, "server check-config --config /does/not/exist");
    let d = data.display();
    user.ends(2, &format!("server --data {d} --start-spread 3h"));
    user.ends(2, &format!("server --data {d} --snapshots-per-host 0"));
    user.ends(2, &format!("server --data {d} --certificate-file x"));
    user.ends(
        2,
        &format!("server --data {d} --server-key-file x --server-key-command y"),
    );
    assert!(!data.exists());
}

#[test]
fn a_lost_administrator_is_let_in_again_beside_the_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let user = User::new(folder.path());
    let empty = user.ends(4, &format!("server reset-admin --data {}", data.display()));
    assert!(empty.contains("DataFolderEmpty"), "{empty}");
    let server = Server::start(&data, free_port(), "qmp:///run/nobody");
    let ca = data.join("ca.pem").display().to_string();
    user.log_in(&server);
    for gone in [false, true] {
        if gone {
            user.ends(0, "user delete admin");
        }
        let made = user.json(&format!("server reset-admin --data {}", data.display()));
        let one_time = made["oneTimePassword"].as_str().unwrap();
        let old = private(folder.path(), &format!("old{gone}"), one_time);
        let own = private(
            folder.path(),
            &format!("own{gone}"),
            "correct horse battery",
        );
        let admin = User::new(&folder.path().join("admin"));
        admin.ends(
            0,
            &format!(
                "login --url {} --ca {ca} --user admin --secret-file {old} --new-password-file {own}",
                server.url
            ),
        );
        admin.ends(0, "user list");
        admin.ends(0, &format!("user create someone{gone}"));
    }
}

#[test]
fn a_certificate_that_is_given_is_taken_up_when_it_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let more = [
        "-addext",
        "subjectAltName=DNS:localhost",
        "-addext",
        "basicConstraints=critical,CA:FALSE",
    ];
    for name in ["a", "b"] {
        certificate(folder.path(), name, &more);
    }
    let path = |name: &str| folder.path().join(name);
    let take = |name: &str| {
        for end in ["crt", "key"] {
            std::fs::copy(
                path(&format!("{name}.{end}")),
                path(&format!("served.{end}")),
            )
            .unwrap();
        }
    };
    take("a");
    let config = format!(
        "certificate_file = '{}'\ncertificate_key_file = '{}'\n",
        path("served.crt").display(),
        path("served.key").display()
    );
    let config = write(folder.path(), "server.toml", &config);
    let server = Server::start_with(
        &data,
        free_port(),
        "qmp:///run/nobody",
        &["--config", &config],
        &[],
    );
    assert!(!server.said.contains("--ca"), "{}", server.said);
    let (secret, words) = shown(&server);
    let user = User::new(folder.path());
    let log_in = |ca: &str| {
        let ca = path(ca).display().to_string();
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.extend(["--ca", &ca]);
        user.run_with(&words, &[("STILLPOINT_SECRET", &secret)])
    };
    let done = log_in("a.crt");
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(log_in("b.crt").code, 9);
    take("b");
    let until = Instant::now() + Duration::from_secs(30);
    while log_in("b.crt").code != 0 {
        assert!(
            Instant::now() < until,
            "it still serves the other: {}",
            log_in("b.crt").err
        );
        std::thread::sleep(Duration::from_millis(500));
    }
    assert_eq!(log_in("a.crt").code, 9);
}

#[test]
fn the_servers_key_comes_from_a_command_and_no_other_key_opens_the_records() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let runs = folder.path().join("runs");
    let command = |digit: char| {
        let key: String = std::iter::repeat_n(digit, 64).collect();
        format!("echo {digit} >> '{}'; echo {key}", runs.display())
    };
    let port = free_port();
    let start = |digit: char| {
        let words = ["--server-key-command", &command(digit)];
        Server::start_with(&data, port, "qmp:///run/nobody", &words, &[])
    };
    let server = start('a');
    let user = User::logged_in(folder.path(), &server);
    user.ends(0, "vault create -v v1");
    assert!(!data.join("server.key").exists(), "it is kept nowhere");
    server.kill();
    // What it wrapped it opens: a token is good that was signed before, and so is the vault's key.
    let server = start('a');
    let login = std::fs::read_to_string(user.login_file()).unwrap();
    user.ends(0, "vault usage v1 --check");
    let after = std::fs::read_to_string(user.login_file()).unwrap();
    assert_eq!(after, login, "it had to log in again");
    drop(server);
    let runs = || std::fs::read_to_string(&runs).unwrap();
    assert_eq!(runs(), "a\na\n");

    let refused = |command: &str| {
        let data = data.display().to_string();
        let listen = format!("127.0.0.1:{}", free_port());
        let words = [
            "server",
            "--data",
            &data,
            "--listen",
            &listen,
            "--connect",
            "qmp:///run/nobody",
            "--server-key-command",
            command,
        ];
        let done = user.run(&words);
        assert_ne!(done.code, 0, "{}", done.out);
        assert!(done.err.contains("ServerKeyInvalid"), "{}", done.err);
    };
    refused(&command('b'));
    assert_eq!(runs(), "a\na\nb\n");
    refused("echo short");
    refused("exit 3");
    drop(start('a'));
}
