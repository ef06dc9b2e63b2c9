//! The commands that the demo calls, and what it reads from their JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// The `stillpoint` program with the demo's settings.
pub(crate) struct Stillpoint {
    program: PathBuf,
    place: PathBuf,
    hostdir: PathBuf,
}

/// A disk as `restore disks` reports it.
pub(crate) struct Restored {
    pub(crate) path: PathBuf,
    /// Bytes written to the image.
    pub(crate) written: u64,
}

impl Stillpoint {
    /// Everything that the commands keep lies in `place`; `hostdir` holds the
    /// machines' sockets.
    pub(crate) fn new(program: &Path, place: &Path, hostdir: &Path) -> Result<Self> {
        fs::write(place.join("passphrase"), "correct horse battery staple\n")?;
        Ok(Self {
            program: program.to_owned(),
            place: place.to_owned(),
            hostdir: hostdir.to_owned(),
        })
    }

    /// The host's snapshot store.
    pub(crate) fn snapshots(&self) -> PathBuf {
        self.place.join("snapshots")
    }

    /// A vault, and the key that lets this host back up without the passphrase.
    pub(crate) fn create_vault(&self) -> Result<()> {
        let (vault, key) = (self.at("vault"), self.at("host.key"));
        let passphrase = self.at("passphrase");
        self.call(&[
            "vault",
            "create",
            &vault,
            "--passphrase-file",
            &passphrase,
            "--host-key",
            &key,
        ])
    }

    /// `[{name, uuid, state, disks: [...]}]`.
    pub(crate) fn list_machines(&self) -> Result<Value> {
        self.json(&["--connect", &self.connect(), "vm", "list"])
    }

    /// Both phases: `{snapshot: {point, consistency, frozenMs, stored, disks:
    /// [{name, tracker, reason, read, changed}]}, transfer: {copied, stored,
    /// seconds}}`.
    pub(crate) fn backup(&self, machine: &str) -> Result<Value> {
        self.json(&self.on_host(&["backup", "now", machine]))
    }

    /// The same, with `transfer: null`.
    pub(crate) fn backup_without_transfer(&self, machine: &str) -> Result<Value> {
        self.json(&self.on_host(&["backup", "now", machine, "--no-transfer"]))
    }

    /// `{copied, stored, seconds}`.
    pub(crate) fn transfer(&self, machine: &str) -> Result<Value> {
        self.json(&self.on_host(&["backup", "transfer", machine]))
    }

    /// Reads everything in the vault and checks it.
    pub(crate) fn verify(&self) -> Result<()> {
        self.call(&self.with_vault(&["verify", "--level", "full"]))
    }

    /// Restores a point's disks from the vault: `{disks: [{path, written}]}`, in
    /// the machine's order.
    pub(crate) fn restore_disks(&self, point: &str, to: &Path) -> Result<Vec<Restored>> {
        let to = to.display().to_string();
        let restore = ["restore", "disks", point, "--to", &to, "--format", "qcow2"];
        let report = self.json(&self.with_vault(&restore))?;
        let disks = report["disks"]
            .as_array()
            .context("restore disks: no disks")?;
        disks
            .iter()
            .map(|disk| {
                let path = disk["path"].as_str().context("restore disks: no path")?;
                Ok(Restored {
                    path: path.into(),
                    written: disk["written"].as_u64().unwrap_or_default(),
                })
            })
            .collect()
    }

    /// A command on the host: with machines, snapshot store and host key.
    fn on_host(&self, verb: &[&str]) -> Vec<String> {
        let settings = [
            ("--connect", self.connect()),
            ("--vault", self.at("vault")),
            ("--snapshots", self.at("snapshots")),
            ("--key", self.at("host.key")),
            ("--state-dir", self.at("state")),
        ];
        let mut words: Vec<String> = Vec::new();
        for (name, value) in settings {
            words.extend([name.to_owned(), value]);
        }
        words.extend(verb.iter().map(|w| (*w).to_owned()));
        words
    }

    /// A command that has the vault and its passphrase, and nothing else.
    fn with_vault(&self, verb: &[&str]) -> Vec<String> {
        let mut words = vec!["--vault".to_owned(), self.at("vault")];
        words.extend(["--passphrase-file".to_owned(), self.at("passphrase")]);
        words.extend(["--state-dir".to_owned(), self.at("state")]);
        words.extend(verb.iter().map(|w| (*w).to_owned()));
        words
    }

    fn connect(&self) -> String {
        format!("qmp://{}", self.hostdir.display())
    }

    fn at(&self, name: &str) -> String {
        self.place.join(name).display().to_string()
    }

    fn json(&self, words: &[impl AsRef<str>]) -> Result<Value> {
        let mut words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        words.extend(["-o", "json"]);
        let said = self.run(&words)?;
        serde_json::from_str(&said).with_context(|| format!("not JSON: {said}"))
    }

    /// Runs a command whose output is for people.
    fn call(&self, words: &[impl AsRef<str>]) -> Result<()> {
        let words: Vec<&str> = words.iter().map(AsRef::as_ref).collect();
        print!("{}", self.run(&words)?);
        Ok(())
    }

    /// Runs the command, showing it as a person would type it; its progress and
    /// warnings go to the terminal. It must succeed.
    fn run(&self, words: &[&str]) -> Result<String> {
        let shown = words
            .join(" ")
            .replace(&self.place.display().to_string(), "$D");
        println!("\n$ stillpoint {shown}");
        let output = Command::new(&self.program)
            .args(words)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("running {}", self.program.display()))?;
        let said = String::from_utf8(output.stdout)?;
        if !output.status.success() {
            bail!("stillpoint ended with {}: {said}", output.status);
        }
        Ok(said)
    }
}
