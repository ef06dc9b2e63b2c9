//! What the options of all commands come to.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use clap::ArgMatches;
use clap::parser::ValueSource;

use crate::cli::Global;
use crate::client::Login;
use crate::interrupt::Interrupt;
use crate::output::Output;
use crate::progress::Reporter;

/// The options, and what comes from the system.
#[derive(Debug)]
pub struct Settings {
    /// The options as given.
    pub global: Global,
    /// Where snapshots go.
    pub snapshots: Snapshots,
    /// What opens the vault.
    pub secret: Secret,
    /// This host's folder.
    pub state_dir: PathBuf,
    /// How results are printed.
    pub output: Output,
    /// Who is told of progress and warnings.
    pub reporter: Reporter,
    /// ^C.
    pub interrupt: Interrupt,
    /// The names of what the command line itself says.
    said: Vec<String>,
    /// Whether machines to look at were named.
    machines_named: bool,
}

/// Where snapshots go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Snapshots {
    /// A store of their own.
    Store(String),
    /// The vault's store: the transfer is then only a commit.
    Vault,
    /// Nowhere: backups go straight to the vault.
    None,
}

/// What opens the vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A key export, and the identity that opens it.
    Export {
        file: PathBuf,
        identity: Option<PathBuf>,
    },
    /// A key file.
    KeyFile(PathBuf),
    /// A file with the passphrase.
    PassphraseFile(PathBuf),
    /// A host key.
    HostKey(PathBuf),
    /// Nothing was given: the terminal is asked.
    Ask,
}

impl Settings {
    /// Takes the options; `matches` tells which came from the command line.
    ///
    /// # Errors
    /// `BadArgument` if this user has no home for the state folder.
    pub fn new(global: Global, matches: &ArgMatches) -> Result<Self> {
        let snapshots = match global.snapshots.as_str() {
            "none" => Snapshots::None,
            "vault" => Snapshots::Vault,
            place => Snapshots::Store(place.to_owned()),
        };
        let state_dir = match &global.state_dir {
            Some(dir) => dir.clone(),
            None => default_state_dir()?,
        };
        let inner = innermost(matches);
        let from = |name: &str, source| inner.value_source(name) == Some(source);
        let said = inner.ids().map(|id| id.as_str().to_owned());
        Ok(Self {
            machines_named: inner.try_contains_id("connect").is_ok()
                && !from("connect", ValueSource::DefaultValue),
            said: said
                .filter(|name| from(name, ValueSource::CommandLine))
                .collect(),
            secret: secret(&global, inner),
            snapshots,
            state_dir,
            output: Output::new(global.output),
            reporter: Reporter::new(global.progress, global.quiet),
            interrupt: Interrupt::default(),
            global,
        })
    }

    /// Whether a verb that exists both ways asks the server: if one of its vaults is named, or no
    /// store is and somebody has logged in. `store` tells of one among the verb's own words.
    pub fn asks_server(&self, store: bool) -> bool {
        if store || self.says("vault") {
            return false;
        }
        let kept = self.global.vault.is_some() || matches!(self.snapshots, Snapshots::Store(_));
        self.global.remote.vault_name.is_some() || (!kept && Login::is_there())
    }

    /// The same for verbs on machines, which need no store.
    pub fn asks_server_for_machines(&self) -> bool {
        self.asks_server(self.machines_named)
    }

    /// Whether the command line or the environment says how machines are reached.
    pub fn connect_is_said(&self) -> bool {
        self.machines_named
    }

    /// Whether the command line itself says this.
    pub fn says(&self, name: &str) -> bool {
        self.said.iter().any(|said| said == name)
    }

    /// Refuses words of the one way where the other is gone.
    ///
    /// # Errors
    /// `BadArgument`, naming the first.
    pub fn refuse(&self, names: &[&str], why: &str) -> Result<()> {
        match names.iter().find(|name| self.says(name)) {
            None => Ok(()),
            Some(name) => {
                let detail = format!("--{} {why}", name.replace('_', "-"));
                Err(Error::new(Code::BadArgument, detail))
            }
        }
    }

    /// The folder of locks.
    pub fn lock_dir(&self) -> PathBuf {
        self.state_dir.join("locks")
    }
}

/// Options of all commands are filled in at every level; the innermost knows them best.
fn innermost(mut matches: &ArgMatches) -> &ArgMatches {
    while let Some((_, inner)) = matches.subcommand() {
        matches = inner;
    }
    matches
}

/// What opens the vault: the command line goes before the environment, and among several the
/// one that opens most before the others.
fn secret(global: &Global, matches: &ArgMatches) -> Secret {
    let source = |name: &str| {
        matches
            .try_contains_id(name)
            .ok()
            .and_then(|_| matches.value_source(name))
    };
    let all = [
        (
            "exported_key",
            global.exported_key.clone().map(|file| Secret::Export {
                file,
                identity: global.identity.clone(),
            }),
        ),
        ("key_file", global.key_file.clone().map(Secret::KeyFile)),
        (
            "passphrase_file",
            global.passphrase_file.clone().map(Secret::PassphraseFile),
        ),
        ("key", global.key.clone().map(Secret::HostKey)),
    ];
    let first = |wanted: &dyn Fn(&str) -> bool| {
        all.iter()
            .filter(|(name, _)| wanted(name))
            .find_map(|(_, s)| s.clone())
    };
    first(&|name| source(name) == Some(ValueSource::CommandLine))
        .or_else(|| first(&|_| true))
        .unwrap_or(Secret::Ask)
}

fn default_state_dir() -> Result<PathBuf> {
    if rustix::process::geteuid().is_root() {
        return Ok("/var/lib/stillpoint".into());
    }
    let set = |name: &str| std::env::var_os(name).filter(|v: &OsString| Path::new(v).is_absolute());
    match (set("XDG_STATE_HOME"), set("HOME")) {
        (Some(dir), _) => Ok(Path::new(&dir).join("stillpoint")),
        (None, Some(home)) => Ok(Path::new(&home).join(".local/state/stillpoint")),
        (None, None) => Err(Error::new(
            Code::BadArgument,
            "neither XDG_STATE_HOME nor HOME is set: give --state-dir",
        )),
    }
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, FromArgMatches};

    use super::*;
    use crate::cli::Cli;

    fn settings(words: &[&str]) -> Settings {
        let matches = Cli::command().get_matches_from(words);
        let cli = Cli::from_arg_matches(&matches).unwrap();
        Settings::new(cli.global, &matches).unwrap()
    }

    #[test]
    fn among_several_secrets_the_one_that_opens_most_is_taken() {
        let s = settings(&[
            "stillpoint",
            "--key",
            "h",
            "vm",
            "list",
            "--passphrase-file",
            "p",
        ]);
        assert_eq!(s.secret, Secret::PassphraseFile("p".into()));
        let s = settings(&["stillpoint", "vm", "list", "--key", "h"]);
        assert_eq!(s.secret, Secret::HostKey("h".into()));
        let s = settings(&["stillpoint", "vm", "list"]);
        assert_eq!(s.secret, Secret::Ask);
    }

    #[test]
    fn the_words_vault_and_none_are_no_folders() {
        for (word, wanted) in [
            ("none", Snapshots::None),
            ("vault", Snapshots::Vault),
            ("./vault", Snapshots::Store("./vault".into())),
        ] {
            assert_eq!(
                settings(&["stillpoint", "--snapshots", word, "vm", "list"]).snapshots,
                wanted
            );
        }
    }

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
