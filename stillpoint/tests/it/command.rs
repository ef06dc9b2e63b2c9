//! Running the real program.
#![allow(dead_code, reason = "each test program uses its own part")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use serde_json::Value;

/// The user and group that own nothing.
pub const NOBODY: u32 = 65534;

/// A folder with all that a host keeps, and the program with settings for it.
pub struct Place {
    dir: tempfile::TempDir,
    settings: Vec<(String, String)>,
}

impl Place {
    /// An empty one; `pass` holds a passphrase.
    #[allow(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("pass"), "correct horse\n").unwrap();
        let place = Self {
            dir,
            settings: Vec::new(),
        };
        let at = |name: &str| place.text(name);
        let settings = [
            ("STILLPOINT_STATE_DIR", at("state")),
            ("STILLPOINT_SCRATCH", at("scratch")),
            ("STILLPOINT_VAULT", at("vault")),
            ("STILLPOINT_CONNECT", format!("qmp://{}", at("no-machines"))),
        ];
        let settings = settings.map(|(k, v)| (k.to_owned(), v)).to_vec();
        Self { settings, ..place }
    }

    /// With a vault, a host key in use, and a snapshot store.
    pub fn with_vault() -> Self {
        let mut place = Self::new();
        place.make_vault();
        place.set("STILLPOINT_SNAPSHOTS", &place.text("snapshots"));
        place
    }

    /// Makes the vault that the settings name, and uses a host key for it from now on.
    pub fn make_vault(&mut self) {
        let (pass, key) = (self.text("pass"), self.text("host.key"));
        let secrets = ["--passphrase-file", &pass, "--host-key", &key];
        self.ok(&[&["vault", "create"], &secrets[..]].concat());
        self.set("STILLPOINT_KEY", &key);
    }

    /// Sets an environment variable from now on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.unset(name);
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    /// Takes one away.
    pub fn unset(&mut self, name: &str) {
        self.settings.retain(|(n, _)| n != name);
    }

    /// A path in the folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    pub fn text(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }

    fn command(&self, words: &[&str]) -> Command {
        self.command_of(Path::new(env!("CARGO_BIN_EXE_stillpoint")), words)
    }

    fn command_of(&self, program: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(program);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("STILLPOINT_") {
                command.env_remove(name);
            }
        }
        command
            .args(words)
            .envs(self.settings.iter().cloned())
            .current_dir(self.dir.path());
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the program.
    pub fn start(&self, words: &[&str]) -> Child {
        self.command(words).spawn().unwrap()
    }

    /// Runs it, whatever comes of it.
    pub fn run(&self, words: &[&str]) -> Said {
        Said::of(words, self.command(words).output().unwrap())
    }

    /// Runs it away from any terminal.
    pub fn run_without_terminal(&self, words: &[&str]) -> Said {
        self.run_by(&["setsid", "--wait"], &self.command(words), words)
    }

    /// Runs it as [`NOBODY`], who may read what is here and write only what
    /// [`Self::give_away`] gave. Needs root.
    pub fn run_as_nobody(&self, words: &[&str]) -> Said {
        let user = NOBODY.to_string();
        let drop = [
            "setpriv",
            "--reuid",
            &user,
            "--regid",
            &user,
            "--clear-groups",
        ];
        // The program itself may lie where only its owner goes.
        let program = self.at("program");
        if !program.exists() {
            std::fs::copy(env!("CARGO_BIN_EXE_stillpoint"), &program).unwrap();
        }
        self.run_by(&drop, &self.command_of(&program, words), words)
    }

    /// The same with JSON; it must end with this exit code. Gives the error.
    pub fn fails_as_nobody(&self, words: &[&str], code: i32) -> Value {
        let said = self.run_as_nobody(&[words, &["-o", "json"]].concat());
        assert_eq!(said.code, code, "{said:?}");
        said.error()
    }

    /// Makes something here, a folder if it is not there, with all in it [`NOBODY`]'s.
    pub fn give_away(&self, name: &str) {
        self.give(name, NOBODY);
    }

    /// The same for any user, by number. Needs root.
    pub fn give(&self, name: &str, user: u32) {
        let path = self.at(name);
        if !path.exists() {
            std::fs::create_dir(&path).unwrap();
        }
        let done = Command::new("chown")
            .args(["-R", &format!("{user}:{user}")])
            .arg(&path)
            .status();
        assert!(done.unwrap().success(), "giving files away needs root");
    }

    /// Runs `command` through a program that starts others.
    fn run_by(&self, starter: &[&str], command: &Command, words: &[&str]) -> Said {
        let mut by = Command::new(starter[0]);
        by.args(&starter[1..])
            .arg(command.get_program())
            .args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => by.env(name, value),
                None => by.env_remove(name),
            };
        }
        by.current_dir(self.dir.path()).stdin(Stdio::null());
        Said::of(words, by.output().unwrap())
    }

    /// Runs it; it must succeed. Gives what it printed.
    pub fn ok(&self, words: &[&str]) -> String {
        let said = self.run(words);
        assert_eq!(said.code, 0, "{said:?}");
        said.out
    }

    /// Runs it with JSON; it must succeed.
    pub fn json(&self, words: &[&str]) -> Value {
        let said = self.ok(&[words, &["-o", "json"]].concat());
        serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
    }

    /// Runs it with JSON; it must end with this exit code. Gives the error.
    pub fn fails(&self, words: &[&str], code: i32) -> Value {
        let said = self.run(&[words, &["-o", "json"]].concat());
        assert_eq!(said.code, code, "{said:?}");
        said.error()
    }
}

/// How the program ended.
#[derive(Debug)]
pub struct Said {
    pub words: String,
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// Of an ended program.
    pub fn of(words: &[&str], output: Output) -> Self {
        Self {
            words: words.join(" "),
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The error that it printed as JSON.
    pub fn error(&self) -> Value {
        let lines = self
            .err
            .lines()
            .rev()
            .filter_map(|l| serde_json::from_str::<Value>(l).ok());
        let mut errors = lines.filter(|v| v["error"].is_object());
        let found = errors
            .next()
            .unwrap_or_else(|| panic!("no error in {self:?}"));
        for key in ["code", "message", "cause", "remedy"] {
            assert!(
                found["error"][key].as_str().is_some_and(|t| !t.is_empty()),
                "{key}: {self:?}"
            );
        }
        found["error"].clone()
    }
}

/// Bytes that don't compress; the same for the same seed.
pub fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut out = Vec::with_capacity(len + 8);
    while out.len() < len {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        out.extend_from_slice(&state.to_le_bytes());
    }
    out.truncate(len);
    out
}

/// Writes `data` into a file at `offset`; the file is made if needed.
pub fn write_at(path: &Path, offset: u64, data: &[u8]) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .unwrap();
    file.write_all_at(data, offset).unwrap();
}

/// A sparse raw image.
pub fn image(path: &Path, size: u64, pieces: &[(u64, usize)]) {
    write_at(path, 0, &[]);
    std::fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(size)
        .unwrap();
    for (offset, len) in pieces {
        write_at(path, *offset, &noise(*offset + 7, *len));
    }
}
