//! The configuration file of a server: TOML, one setting a line.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use base::{Code, Error, Result};
use serde::Deserialize;
use toml::de::DeTable;

/// What a configuration file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct File {
    pub data: Option<PathBuf>,
    pub listen: Option<SocketAddr>,
    pub public_url: Option<String>,
    pub pool: Option<PathBuf>,
    pub state: Option<String>,
    pub connect: Option<String>,
    pub names: Option<Vec<String>>,
    pub certificate_file: Option<PathBuf>,
    pub certificate_key_file: Option<PathBuf>,
    pub server_key_file: Option<PathBuf>,
    pub server_key_command: Option<String>,
    pub start_spread: Option<String>,
    pub snapshots_per_host: Option<u16>,
    pub transfers_per_vault: Option<u16>,
    pub restores_per_host: Option<u16>,
    pub honour_always_on: Option<bool>,
}

/// The settings that there are.
const SETTINGS: [&str; 16] = [
    "data",
    "listen",
    "public_url",
    "pool",
    "state",
    "connect",
    "names",
    "certificate_file",
    "certificate_key_file",
    "server_key_file",
    "server_key_command",
    "start_spread",
    "snapshots_per_host",
    "transfers_per_vault",
    "restores_per_host",
    "honour_always_on",
];

impl File {
    /// Reads a file.
    ///
    /// # Errors
    /// `ConfigurationInvalid` with the lines that are wrong; those of the file system.
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io(path.display(), e))?;
        Self::parse(&text).map_err(|wrong| {
            let detail = format!("{}: {}", path.display(), wrong.join("; "));
            Error::new(Code::ConfigurationInvalid, detail)
        })
    }

    /// What a text says, or all that is wrong with it, each with its line.
    fn parse(text: &str) -> std::result::Result<Self, Vec<String>> {
        let line = |at: usize| text[..at.min(text.len())].matches('\n').count() + 1;
        let told = |e: &toml::de::Error| {
            let at = e.span().map_or(0, |span| span.start);
            format!("line {}: {}", line(at), e.message().replace('\n', ", "))
        };
        let table = DeTable::parse(text).map_err(|e| vec![told(&e)])?;
        let mut wrong: Vec<(usize, String)> = table
            .get_ref()
            .keys()
            .filter(|key| !SETTINGS.contains(&key.get_ref().as_ref()))
            .map(|key| {
                let line = line(key.span().start);
                (
                    line,
                    format!("line {line}: there is no setting `{}`", key.get_ref()),
                )
            })
            .collect();
        wrong.sort();
        let mut wrong: Vec<String> = wrong.into_iter().map(|(_, what)| what).collect();
        match toml::from_str(text) {
            Ok(file) if wrong.is_empty() => return Ok(file),
            Ok(_) => {}
            Err(e) => wrong.push(told(&e)),
        }
        Err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_of_the_list_is_read() {
        let text = r#"
            data = "/d"
            listen = "[::]:1"
            public_url = "https://h"
            pool = "/p"
            state = "s"
            connect = "c"
            names = ["n"]
            certificate_file = "/c"
            certificate_key_file = "/k"
            server_key_file = "/s"
            server_key_command = "cat"
            start_spread = "0"
            snapshots_per_host = 1
            transfers_per_vault = 2
            restores_per_host = 3
            honour_always_on = true
        "#;
        let file = File::parse(text).unwrap();
        for setting in SETTINGS {
            assert!(text.contains(&format!(" {setting} = ")), "{setting}");
        }
        let shown = format!("{file:?}");
        assert!(!shown.contains("None"), "{shown}");
        assert_eq!(File::parse("").unwrap(), File::default());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let text = "data = '/d'\n\nlistn = 'x'\nrestores_per_host = 'many'\n[more]\nx = 1\n";
        let wrong = File::parse(text).unwrap_err();
        assert_eq!(wrong.len(), 3, "{wrong:?}");
        assert_eq!(wrong[0], "line 3: there is no setting `listn`");
        assert_eq!(wrong[1], "line 5: there is no setting `more`");
        assert!(wrong[2].starts_with("line 4: "), "{wrong:?}");
        let wrong = File::parse("data = \n").unwrap_err();
        assert!(wrong[0].starts_with("line 1: "), "{wrong:?}");
    }
}
