//! A server's backup: its records and its key in one sealed file; and a new server from one.
//!
//! Inside the seal: a line of JSON (`Head`), then the records as `State::backup` writes them.
//! The records hold the authority, what signs tokens and the vaults' keys, each wrapped by the
//! server's key, which is in the head.
//!
//! A restored server is another server: it owns no store until it has compared its records with
//! what the store holds. Jobs of the lost one end; what they had stored is adopted.

mod daily;
mod restore;

use std::collections::BTreeMap;
use std::io::{Cursor, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Clock, Code, Error, Random, Result, durable};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use state::resources::{self, Record};
use state::vaults::Vault;
use state::{State, Tx, settings};
use vault::keys::{EscrowRecipient, KeyFile, Unlock, VaultKeys, seal_file};
use vault::{Locked, Store};
use zeroize::Zeroizing;

use crate::blocking::blocking;
use crate::first_start::RECOVERY;
use crate::new_id;
use crate::options::KeySource;
use crate::secrets::ServerKey;
use crate::vault_pools::vault_folder;

pub use restore::{Restored, restore_server};

/// The form of the file.
const FORM: u32 = 1;
/// The file of the records in the server's folder.
const RECORDS: &str = "state.db";
/// Stands in a server's folder while it is being restored.
const RESTORING: &str = "restoring";
/// How the names of records begin that are about to be sealed.
const PARTIAL: &str = "records.partial-";

/// The first line.
#[derive(Serialize, Deserialize)]
struct Head {
    stillpoint_server: u32,
    taken: Timestamp,
    server_key: String,
    /// Settings files of the server's folder, by name.
    settings: BTreeMap<String, String>,
}

/// The records of a server, whether it runs or not.
pub struct Offline {
    state: State,
    key: ServerKey,
    data: PathBuf,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

impl std::fmt::Debug for Offline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Offline").finish_non_exhaustive()
    }
}

impl Offline {
    /// Opens the records of the server in `data`.
    ///
    /// # Errors
    /// `FileNotFound` if there is no server; `FileAccessDenied`; `ServerKeyInvalid`; those of
    /// the records.
    pub async fn open(
        data: &Path,
        state: Option<&str>,
        key: &KeySource,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Result<Self> {
        check_whole(data)?;
        let key = key.open(data, false, &*random)?;
        let records = data.join(RECORDS);
        if state.is_none() && !records.exists() {
            let detail = format!("there are no records in {}", data.display());
            return Err(Error::new(Code::FileNotFound, detail));
        }
        let place = state.map_or_else(|| records.display().to_string(), str::to_owned);
        Ok(Self {
            state: State::open(&place, Arc::clone(&clock)).await?,
            key,
            data: data.to_owned(),
            clock,
            random,
        })
    }

    /// Writes a backup into a new file: sealed to `recipient`, or to the recovery key that the
    /// first start showed. The server goes on meanwhile. Durable when this returns.
    ///
    /// # Errors
    /// `TargetExists`; `BadArgument` without a recipient; those of files and records.
    pub async fn backup(&self, to: &Path, recipient: Option<EscrowRecipient>) -> Result<()> {
        let recipient = match recipient {
            Some(recipient) => recipient,
            None => recovery(&self.state).await?.ok_or_else(|| {
                let detail = "the server has no recovery key: give a recipient or a passphrase";
                Error::new(Code::BadArgument, detail)
            })?,
        };
        let place = (self.state.clone(), self.key.text(), self.data.as_path());
        write(place, &*self.random, self.clock.now(), to, recipient).await
    }

    /// The keys of the vault of this name, for an export. `pool` is where the server's vaults
    /// are.
    ///
    /// # Errors
    /// `ResourceNotFound`; `ServerKeyInvalid`; those of the vault's store and of the records.
    pub async fn vault_keys(&self, name: &str, pool: Option<&Path>) -> Result<VaultKeys> {
        let vault = vault_named(&mut self.state.read().await?, name).await?;
        let key = KeyFile::from_text(&self.key.vault_key(&vault.body)?)?;
        let pool = pool.map_or_else(|| self.data.join("pool"), Path::to_owned);
        let folder = vault_folder(&pool, &vault.body);
        if !folder.is_dir() {
            let detail = format!("{} is no folder", folder.display());
            return Err(Error::new(Code::NotAVault, detail));
        }
        let locked = Locked::open(Store::local(&folder)?).await?;
        locked.unlock(&Unlock::KeyFile(key))
    }

    /// Notes that the keys of the vault of this name lie in an export: nobody is reminded of it
    /// any more. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn note_export(&self, name: &str) -> Result<()> {
        let mut tx = self.state.write().await?;
        let mut vault = vault_named(&mut tx, name).await?;
        vault.body.key_exported = Some(self.clock.now());
        resources::update(&mut tx, vault).await?;
        tx.commit().await
    }
}

async fn vault_named(tx: &mut Tx, name: &str) -> Result<Record<Vault>> {
    let all: Vec<Record<Vault>> = resources::all(tx).await?;
    let mut found = all
        .into_iter()
        .filter(|v| v.name.eq_ignore_ascii_case(name));
    found.next().ok_or_else(|| {
        let detail = format!("the server has no vault `{name}`");
        Error::new(Code::ResourceNotFound, detail)
    })
}

/// For whom backups are sealed unless somebody else is named.
async fn recovery(state: &State) -> Result<Option<EscrowRecipient>> {
    let found: Option<String> = settings::get(&mut state.read().await?, RECOVERY).await?;
    Ok(found.map(|one| EscrowRecipient::Age(vec![one])))
}

/// Writes a backup of the records `place.0` with the key `place.1` of the server in `place.2`.
async fn write(
    place: (State, &str, &Path),
    random: &dyn Random,
    now: Timestamp,
    to: &Path,
    recipient: EscrowRecipient,
) -> Result<()> {
    let (state, key, data) = place;
    if to.exists() {
        let detail = format!("{} exists already", to.display());
        return Err(Error::new(Code::TargetExists, detail));
    }
    let head = Head {
        stillpoint_server: FORM,
        taken: now,
        server_key: key.to_owned(),
        settings: settings_files(data)?,
    };
    let mut head = Zeroizing::new(serde_json::to_vec(&head).expect("plain data becomes JSON"));
    head.push(b'\n');
    let records = data.join(format!("{PARTIAL}{}", new_id(random)));
    let mut sealed = to.as_os_str().to_owned();
    sealed.push(".part");
    let (sealed, target) = (PathBuf::from(sealed), to.to_owned());
    let done = async {
        state.backup(&records).await?;
        let records = records.clone();
        let work = move || seal(&head, &records, &sealed, &target, &recipient);
        blocking(work).await?
    };
    let done = done.await;
    let _ = std::fs::remove_file(&records);
    done
}

fn seal(
    head: &[u8],
    records: &Path,
    sealed: &Path,
    target: &Path,
    recipient: &EscrowRecipient,
) -> Result<()> {
    let io = |e| Error::io(sealed.display(), e);
    let from = std::fs::File::open(records).map_err(|e| Error::io(records.display(), e))?;
    let mut options = std::fs::File::options();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(sealed).map_err(io)?;
    let mut all = Cursor::new(head).chain(from);
    let done = seal_file(&mut all, &mut file, recipient)
        .and_then(|()| file.sync_all().map_err(io))
        .and_then(|()| std::fs::rename(sealed, target).map_err(io));
    if let Err(e) = done {
        let _ = std::fs::remove_file(sealed);
        return Err(e);
    }
    durable::sync_name(target)
}

/// The settings files in a server's folder.
fn settings_files(data: &Path) -> Result<BTreeMap<String, String>> {
    let io = |e| Error::io(data.display(), e);
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(data).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|e| e == "toml")
            && let Some(name) = path.file_name().and_then(|n| n.to_str())
        {
            let text = std::fs::read_to_string(&path).map_err(|e| Error::io(path.display(), e))?;
            all.insert(name.to_owned(), text);
        }
    }
    Ok(all)
}

/// Removes what a backup that was cut short has left in a server's folder.
pub(crate) fn tidy(data: &Path) {
    let Ok(entries) = std::fs::read_dir(data) else {
        return;
    };
    for path in entries.filter_map(|e| Some(e.ok()?.path())) {
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or("");
        if name.starts_with(PARTIAL)
            && let Err(e) = std::fs::remove_file(&path)
        {
            tracing::warn!("{} stays: {e}", path.display());
        }
    }
}

/// Refuses a folder in which a restore was cut short.
///
/// # Errors
/// `StateDamaged`.
pub(crate) fn check_whole(data: &Path) -> Result<()> {
    if !data.join(RESTORING).exists() {
        return Ok(());
    }
    let detail = format!(
        "the restore of a server into {} was cut short: run it again",
        data.display()
    );
    Err(Error::new(Code::StateDamaged, detail))
}

#[cfg(test)]
mod tests;
