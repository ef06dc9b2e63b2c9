//! What the settings of a server come to: words of the command line, then the environment, then
//! the configuration file.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base::{Code, Error, Result};
use control::{KeySource, Options};
use jiff::SignedDuration;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::cli::ServerWords;
use crate::config::File;
use crate::settings::Settings;
use crate::units::age;

/// For how long the command that gives the server's key may take.
const COMMAND: Duration = Duration::from_secs(60);

/// The settings of a server.
#[derive(Debug)]
pub struct Config {
    pub data: PathBuf,
    pub listen: SocketAddr,
    pub public_url: Option<String>,
    /// Where vaults are made, if not in the folder.
    pub pool: Option<PathBuf>,
    pub state: Option<String>,
    pub connect: String,
    pub names: Vec<String>,
    /// A certificate that is given, and its key.
    pub certificate: Option<(PathBuf, PathBuf)>,
    server_key_file: Option<PathBuf>,
    server_key_command: Option<String>,
    options: Options,
}

impl Config {
    /// Takes all together.
    ///
    /// # Errors
    /// `ConfigurationInvalid`, `BadArgument`; those of the file.
    pub fn new(settings: &Settings, words: ServerWords) -> Result<Self> {
        let file = match &words.config {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        let wrong = |what: String| Error::new(Code::BadArgument, what);
        let data = words
            .data
            .or(file.data)
            .ok_or_else(|| wrong("which folder is the server's? Name it with --data".to_owned()))?;
        let key = words.certificate_key_file.or(file.certificate_key_file);
        let certificate = match (words.certificate_file.or(file.certificate_file), key) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => {
                let what = "a certificate that is given needs both --certificate-file and \
                            --certificate-key-file";
                return Err(wrong(what.to_owned()));
            }
        };
        let server_key_file = words.server_key_file.or(file.server_key_file);
        let server_key_command = words.server_key_command.or(file.server_key_command);
        if server_key_file.is_some() && server_key_command.is_some() {
            let what = "the server's key comes from a file or from a command, not from both";
            return Err(wrong(what.to_owned()));
        }
        let by_default = Options::default();
        let count = |word: Option<u16>, file: Option<u16>, name: &str, by_default: usize| match word
            .or(file)
        {
            Some(0) => Err(wrong(format!("{name} is at least 1"))),
            given => Ok(given.map_or(by_default, usize::from)),
        };
        let spread = words.start_spread.or(file.start_spread);
        let options = Options {
            start_spread: spread
                .as_deref()
                .map_or(Ok(by_default.start_spread), start_spread)?,
            snapshots_per_host: count(
                words.snapshots_per_host,
                file.snapshots_per_host,
                "snapshots_per_host",
                by_default.snapshots_per_host,
            )?,
            transfers_per_vault: count(
                words.transfers_per_vault,
                file.transfers_per_vault,
                "transfers_per_vault",
                by_default.transfers_per_vault,
            )?,
            restores_per_host: count(
                words.restores_per_host,
                file.restores_per_host,
                "restores_per_host",
                by_default.restores_per_host,
            )?,
            honour_always_on: words
                .honour_always_on
                .or(file.honour_always_on)
                .unwrap_or(by_default.honour_always_on),
            ..by_default
        };
        let connect = match settings.connect_is_said() {
            true => None,
            false => file.connect,
        };
        Ok(Self {
            data,
            listen: words
                .listen
                .or(file.listen)
                .unwrap_or_else(|| SocketAddr::from(([0_u16; 8], 8443))),
            public_url: words.public_url.or(file.public_url),
            pool: words.pool.or(file.pool),
            state: words.state.or(file.state),
            connect: connect.unwrap_or_else(|| settings.global.connect.clone()),
            names: words.names.or(file.names).unwrap_or_default(),
            certificate,
            server_key_file,
            server_key_command,
            options,
        })
    }

    /// Where the records are.
    pub fn place(&self) -> String {
        let own = || self.data.join("state.db").display().to_string();
        self.state.clone().unwrap_or_else(own)
    }

    /// What the control plane is told; runs the command that gives the key.
    ///
    /// # Errors
    /// `ServerKeyInvalid` if that fails.
    pub async fn options(&self) -> Result<Options> {
        Ok(Options {
            server_key: self.key_source().await?,
            ..self.options.clone()
        })
    }

    /// Where the server's key is; runs the command that gives it.
    ///
    /// # Errors
    /// `ServerKeyInvalid` if that fails.
    pub async fn key_source(&self) -> Result<KeySource> {
        Ok(match (&self.server_key_file, &self.server_key_command) {
            (Some(file), _) => KeySource::File(file.clone()),
            (None, Some(command)) => KeySource::Text(key_of_command(command).await?),
            (None, None) => KeySource::Folder,
        })
    }

    /// The settings for people and scripts; the place of the records may hold a password, and is
    /// not shown.
    pub fn shown(&self) -> Value {
        let key = match (&self.server_key_file, &self.server_key_command) {
            (Some(file), _) => file.display().to_string(),
            (None, Some(_)) => "of a command".to_owned(),
            (None, None) => self.data.join("server.key").display().to_string(),
        };
        let certificate = self.certificate.as_ref();
        json!({
            "data": self.data,
            "listen": self.listen,
            "public_url": self.public_url,
            "pool": self.pool.clone().unwrap_or_else(|| self.data.join("pool")),
            "state": if self.state.is_some() { "as set" } else { "a file in the folder" },
            "connect": self.connect,
            "names": self.names,
            "certificate_file": certificate.map(|(c, _)| c),
            "certificate_key_file": certificate.map(|(_, k)| k),
            "server_key": key,
            "start_spread": format!("{:#}", self.options.start_spread),
            "snapshots_per_host": self.options.snapshots_per_host,
            "transfers_per_vault": self.options.transfers_per_vault,
            "restores_per_host": self.options.restores_per_host,
            "honour_always_on": self.options.honour_always_on,
        })
    }
}

/// Reads `0`, `45m`, `2h`.
fn start_spread(text: &str) -> Result<SignedDuration> {
    let most = Options::default().start_spread;
    let time = match text {
        "0" => Some(SignedDuration::ZERO),
        text => SignedDuration::try_from(age(text)?).ok(),
    };
    time.filter(|t| *t <= most).ok_or_else(|| {
        let detail = format!("the start spread `{text}` is more than two hours");
        Error::new(Code::BadArgument, detail)
    })
}

/// The server's key as a command prints it.
async fn key_of_command(command: &str) -> Result<Zeroizing<String>> {
    let wrong = |why: String| {
        let detail = format!("the command that gives the server's key: {why}");
        Error::new(Code::ServerKeyInvalid, detail)
    };
    let mut shell = tokio::process::Command::new("/bin/sh");
    shell.args(["-c", command]).stdin(Stdio::null());
    shell.stderr(Stdio::inherit()).kill_on_drop(true);
    let out = tokio::time::timeout(COMMAND, shell.output()).await;
    let out = out.map_err(|_| wrong("it took more than a minute".to_owned()))?;
    let out = out.map_err(|e| wrong(e.to_string()))?;
    if !out.status.success() {
        return Err(wrong(out.status.to_string()));
    }
    let text = String::from_utf8(out.stdout).map_err(|_| wrong("it printed no text".to_owned()))?;
    Ok(Zeroizing::new(text.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_spread_is_from_nothing_to_two_hours() {
        let minutes = |text| start_spread(text).map(|t| t.as_mins());
        for (text, is) in [("0", 0), ("45m", 45), ("2h", 120), ("0m", 0)] {
            assert_eq!(minutes(text).unwrap(), is, "{text}");
        }
        for text in ["", "3h", "-1m", "121m", "soon", "2"] {
            assert_eq!(
                minutes(text).unwrap_err().code(),
                Code::BadArgument,
                "{text}"
            );
        }
    }

    #[tokio::test]
    async fn a_key_comes_from_a_command() {
        let key = key_of_command("echo abc; true").await.unwrap();
        assert_eq!(*key, "abc");
        for command in ["exit 3", "/does/not/exist", "printf '\\377'"] {
            let error = key_of_command(command).await.unwrap_err();
            assert_eq!(error.code(), Code::ServerKeyInvalid, "{command}");
        }
    }
}
