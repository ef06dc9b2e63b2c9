//! A new server from a backup.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;

use base::{Clock, Code, Error, Random, Result, durable, private_file};
use jiff::Timestamp;
use state::jobs::{self, JobError, JobStatus};
use state::resources::{self, Record};
use state::vaults::Vault;
use state::{State, WriteTx};
use vault::keys::{EscrowIdentity, open_file};
use zeroize::Zeroizing;

use super::{FORM, Head, RECORDS, RESTORING};
use crate::blocking::blocking;
use crate::options::KeySource;
use crate::ownership;
use crate::secrets::ServerKey;

/// What may be in a folder that a server is restored into: what holds data, not records.
const MAY_STAY: [&str; 4] = ["pool", "snapshots", "restores", "lost+found"];

/// What was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When the backup was taken.
    pub taken: Timestamp,
    /// The names of the vaults that it knows.
    pub vaults: Vec<String>,
    /// Jobs that had not ended when it was taken.
    pub jobs: u64,
}

/// Makes a server of a backup, in the folder `data`, which holds no server so far, with its
/// records at `state` or in the folder, and the backup's key where the server's is to be: if `key`
/// is a file that is there, or a text, it must be the same. What a restore that was cut short has
/// left in the folder is replaced; a key in another folder stays. Durable when this returns.
///
/// # Errors
/// `ServerKeyInvalid` for another key;
/// `StateNotEmpty` if there is a server, or anything else; `PassphraseWrong`;
/// `SealedFileDamaged`, `ServerBackupInvalid`, `StateDamaged`, `StateTooNew`; those of files and
/// of the records.
pub async fn restore_server(
    file: &Path,
    data: &Path,
    state: Option<&str>,
    key: &KeySource,
    identity: EscrowIdentity,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Restored> {
    durable::make_folder(data)?;
    clear(data)?;
    let marker = data.join(RESTORING);
    if !marker.exists() {
        private_file::create(&marker, b"")?;
    }
    let done = unpack(file, data, state, key, identity, clock, random).await;
    if done.is_err() {
        // As if nothing had been tried, if that can be done.
        let _ = clear(data).and_then(|()| remove(&marker));
    }
    let restored = done?;
    remove(&marker)?;
    durable::sync_name(&marker)?;
    Ok(restored)
}

async fn unpack(
    file: &Path,
    data: &Path,
    state: Option<&str>,
    key: &KeySource,
    identity: EscrowIdentity,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
) -> Result<Restored> {
    let (from, folder) = (file.to_owned(), data.to_owned());
    let head = blocking(move || open(&from, &folder, &identity)).await??;
    key.keep(data, &ServerKey::from_text(&head.server_key)?)?;
    for (name, text) in &head.settings {
        // A name out of a file: only one of a file in the folder.
        if Path::new(name)
            .file_name()
            .is_some_and(|n| n == name.as_str())
        {
            private_file::create(&data.join(name), text.as_bytes())?;
        }
    }
    let own = data.join(RECORDS).display().to_string();
    let place = state.unwrap_or(&own);
    let records = data.join(OPENED_RECORDS);
    // In one: records with the lost server's name would pass for it.
    let another = async |tx: &mut WriteTx| become_another(tx, head.taken, &*random).await;
    let (state, restored) = State::restore_and(&records, place, clock, another).await?;
    state.close().await;
    remove(&records)?;
    Ok(restored)
}

/// Where the opened records stand until they are read.
const OPENED_RECORDS: &str = "restoring.records";
/// Where the opened backup stands until it is taken apart.
const OPENED: &str = "restoring.opened";

/// Opens the backup, and puts its records where they are read from.
fn open(file: &Path, data: &Path, identity: &EscrowIdentity) -> Result<Head> {
    let opened = data.join(OPENED);
    let make = |path: &Path| {
        let mut options = std::fs::File::options();
        let options = options.write(true).create_new(true).mode(0o600);
        options.open(path).map_err(|e| Error::io(path.display(), e))
    };
    let mut from = std::fs::File::open(file).map_err(|e| Error::io(file.display(), e))?;
    let mut to = make(&opened)?;
    open_file(&mut from, &mut to, identity).map_err(|e| e.during(file.display()))?;
    let io = |e| Error::io(opened.display(), e);
    let mut whole = BufReader::new(std::fs::File::open(&opened).map_err(io)?);
    let mut line = Zeroizing::new(String::new());
    let wrong = |why: &str| {
        let detail = format!("{} {why}", file.display());
        Error::new(Code::ServerBackupInvalid, detail)
    };
    // A head has a key and settings; what has no line end for long is none.
    (&mut whole)
        .take(16 << 20)
        .read_line(&mut line)
        .map_err(|e| wrong("is no text").because(e))?;
    let head: Head = serde_json::from_str(&line)
        .map_err(|e| wrong("does not begin as a backup of a server").because(e))?;
    if head.stillpoint_server > FORM {
        return Err(Error::new(
            Code::StateTooNew,
            "the backup is of a newer form",
        ));
    }
    let mut records = make(&data.join(OPENED_RECORDS))?;
    std::io::copy(&mut whole, &mut records).map_err(io)?;
    remove(&opened)?;
    Ok(head)
}

/// Removes what a restore that was cut short has left; refuses a folder with anything else.
fn clear(data: &Path) -> Result<()> {
    let io = |e| Error::io(data.display(), e);
    let cut_short = data.join(RESTORING).exists();
    for entry in std::fs::read_dir(data).map_err(io)? {
        let entry = entry.map_err(io)?;
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_string_lossy();
        let holds_data = MAY_STAY.contains(&&*name) || name.starts_with("snapshots-");
        if holds_data && path.is_dir() || name == RESTORING {
            continue;
        }
        if !cut_short || path.is_dir() {
            let detail = format!("{} is not empty: it holds {name}", data.display());
            return Err(Error::new(Code::StateNotEmpty, detail));
        }
        remove(&path)?;
    }
    Ok(())
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|e| Error::io(path.display(), e))
}

/// Makes the restored records those of a new server: one that owns no store so far, and whose
/// predecessor's jobs have ended. None of them is begun again: a restore over a machine's disks
/// that ran days ago must not run now.
async fn become_another(
    tx: &mut WriteTx,
    taken: Timestamp,
    random: &dyn Random,
) -> Result<Restored> {
    let all: Vec<Record<Vault>> = resources::all(tx).await?;
    let ids = all.iter().map(|v| v.body.store_vault);
    ownership::renew(tx, ids, random).await?;
    let now = tx.now();
    let mut ended = 0;
    for mut job in jobs::unfinished(tx, None, u32::MAX).await? {
        job.body.errors.push(JobError {
            code: Code::ServerRestored.name().to_owned(),
            detail: format!("the server was restored from a backup of {taken}"),
        });
        crate::jobs::end(&mut job, JobStatus::Failed, now);
        jobs::update(tx, job).await?;
        ended += 1;
    }
    Ok(Restored {
        taken,
        vaults: all.into_iter().map(|v| v.name).collect(),
        jobs: ended,
    })
}
