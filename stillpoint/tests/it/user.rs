//! The command of one user, with a login of its own.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::serving::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_stillpoint");

/// One user's command, with a login of its own.
pub struct User {
    folder: PathBuf,
}

/// What the command did.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Done {
    fn of(out: &Output) -> Self {
        Self {
            code: out.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&out.stdout).into_owned(),
            err: String::from_utf8_lossy(&out.stderr).into_owned(),
        }
    }
}

impl User {
    pub fn new(folder: &Path) -> Self {
        let folder = folder.to_owned();
        Self { folder }
    }

    /// Logged in as the first start of a server says.
    pub fn logged_in(folder: &Path, server: &Server) -> Self {
        let user = Self::new(folder);
        user.log_in(server);
        user
    }

    /// Logs in as the first start of a server says.
    pub fn log_in(&self, server: &Server) {
        let (secret, words) = shown(server);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let done = self.run_with(&words, &[("STILLPOINT_SECRET", &secret)]);
        assert_eq!(done.code, 0, "{}", done.err);
    }

    pub fn login_file(&self) -> PathBuf {
        self.folder.join("config/stillpoint/login.json")
    }

    pub fn run(&self, arguments: &[&str]) -> Done {
        self.run_with(arguments, &[])
    }

    pub fn run_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Done {
        // Without a terminal: no test waits for whoever runs it.
        let mut command = self.command("setsid");
        command.args(["--wait", PROGRAM]).args(arguments);
        command.envs(variables.iter().copied());
        Done::of(&command.stdin(Stdio::null()).output().unwrap())
    }

    /// What these words print on a terminal at which `typed` is typed; they must end with `code`.
    pub fn types(&self, code: i32, words: &str, typed: &str) -> String {
        let mut command = self.command("script");
        command.args(["-qec", &format!("{PROGRAM} {words}"), "/dev/null"]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = piped.spawn().unwrap();
        // Open until it ends: a terminal that closes is no answer.
        let mut input = running.stdin.take().unwrap();
        writeln!(input, "{typed}").unwrap();
        let done = Done::of(&running.wait_with_output().unwrap());
        drop(input);
        assert_eq!(done.code, code, "{words}: {}", done.out);
        done.out
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars().filter(|(n, _)| n.starts_with("STILLPOINT_")) {
            command.env_remove(name);
        }
        command
            .env("XDG_CONFIG_HOME", self.folder.join("config"))
            .env("XDG_STATE_HOME", self.folder.join("state"))
            .env("NO_PROXY", "localhost,127.0.0.1");
        command
    }

    /// What these words, cut at blanks, print; they must end with `code`.
    pub fn ends(&self, code: i32, words: &str) -> String {
        let words: Vec<&str> = words.split_whitespace().collect();
        let done = self.run(&words);
        assert_eq!(done.code, code, "{words:?}: {}{}", done.out, done.err);
        done.out + &done.err
    }

    pub fn json(&self, words: &str) -> Value {
        let out = self.ends(0, &format!("{words} -o json"));
        serde_json::from_str(&out).unwrap_or_else(|e| panic!("{words}: {e}: {out}"))
    }
}

/// A file of this name for its owner alone; gives its path.
pub fn private(folder: &Path, name: &str, text: &str) -> String {
    let path = folder.join(format!("{name}.private"));
    std::fs::write(&path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&path, mode).unwrap();
    path.display().to_string()
}

/// The login that the first start shows: the secret, and the words.
pub fn shown(server: &Server) -> (String, Vec<String>) {
    let said = server.said.replace("\\\n", " ");
    let lines = said.lines().map(str::trim);
    let mut secret = lines.clone();
    let secret = secret.find_map(|l| l.strip_prefix("export STILLPOINT_SECRET="));
    let mut login =
        lines.filter(|l| l.starts_with("stillpoint login") && l.contains("--client-id"));
    let words = login.next().unwrap().split_whitespace().skip(1);
    (
        secret.unwrap().to_owned(),
        words.map(str::to_owned).collect(),
    )
}
