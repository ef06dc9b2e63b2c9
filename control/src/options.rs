//! What the one who runs a server has set.

use std::path::{Path, PathBuf};

use base::{Code, Error, Random, Result, private_file};
use jiff::SignedDuration;
use zeroize::Zeroizing;

use crate::secrets::{KEY_FILE, ServerKey};

/// What the one who runs a server has set.
#[derive(Clone, Debug)]
pub struct Options {
    /// Where the server's key is.
    pub server_key: KeySource,
    /// Over how long the starts of scheduled backups are spread (POLICY-24); two hours at most.
    pub start_spread: SignedDuration,
    /// Snapshots that are taken at once on a host.
    pub snapshots_per_host: usize,
    /// Transfers that go on at once into a vault.
    pub transfers_per_vault: usize,
    /// Restores that go on at once on a host.
    pub restores_per_host: usize,
    /// Whether `AlwaysOn` is taken as it is said wherever clients ask for it; otherwise only in
    /// a change of a vault's configuration, since clients ask for it at each creation (SOFT-6).
    pub honour_always_on: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server_key: KeySource::Folder,
            start_spread: policy::MOST_SPREAD,
            snapshots_per_host: 4,
            transfers_per_vault: 4,
            restores_per_host: 4,
            honour_always_on: false,
        }
    }
}

/// Where the server's key is.
#[derive(Clone, Default)]
pub enum KeySource {
    /// `server.key` in the server's folder, made at the first start.
    #[default]
    Folder,
    /// A file elsewhere, made at the first start if it is not there.
    File(PathBuf),
    /// Its 64 hexadecimal digits.
    Text(Zeroizing<String>),
}

impl KeySource {
    /// The key of the server in `data`, which is made if `make` says so and it is a file that is
    /// not there.
    pub(crate) fn open(&self, data: &Path, make: bool, random: &dyn Random) -> Result<ServerKey> {
        match self {
            Self::Folder => ServerKey::of_file(&data.join(KEY_FILE), make, random),
            Self::File(path) => ServerKey::of_file(path, make, random),
            Self::Text(text) => ServerKey::from_text(text),
        }
    }

    /// Puts the key of a server that is restored into `data` where it will be looked for.
    ///
    /// # Errors
    /// `ServerKeyInvalid` if there is another key; those of files.
    pub(crate) fn keep(&self, data: &Path, key: &ServerKey) -> Result<()> {
        let (there, place) = match self {
            Self::Folder => {
                return private_file::create(&data.join(KEY_FILE), key.text().as_bytes());
            }
            Self::File(path) if !path.exists() => {
                return private_file::create(path, key.text().as_bytes());
            }
            Self::File(path) => (ServerKey::read(path)?, path.display().to_string()),
            Self::Text(text) => (ServerKey::from_text(text)?, "the command".to_owned()),
        };
        if there.text().eq_ignore_ascii_case(key.text()) {
            return Ok(());
        }
        let detail = format!(
            "the backup has another key than {place} gives; let the setting `server_key_file` alone \
             say where the key is to be, a file that is not there: it then has the backup's"
        );
        Err(Error::new(Code::ServerKeyInvalid, detail))
    }
}

impl std::fmt::Debug for KeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Folder => "Folder",
            Self::File(_) => "File",
            Self::Text(_) => "Text",
        })
    }
}
