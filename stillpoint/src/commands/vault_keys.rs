//! `stillpoint vault export-key|change-passphrase|lend-key`

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base::{Clock, Code, Error, Result, SystemClock, SystemRandom, durable};
use serde::Serialize;
use vault::Locked;
use vault::keys::{DataKeyUse, SlotChange, SlotKind, Unlock, VaultKeys, export_age};

use crate::keys::{self, Opened};
use crate::ownership;
use crate::settings::Settings;
use crate::stores;
use crate::tiers::vault_place;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    file: PathBuf,
}

pub async fn export(
    settings: &Settings,
    to: &Path,
    recipients: Vec<String>,
    passphrase_file: Option<&Path>,
) -> Result<()> {
    let locked = stores::open(vault_place(settings, None)?).await?;
    if to.exists() {
        return Err(Error::new(
            Code::TargetExists,
            format!("{} exists", to.display()),
        ));
    }
    let (vault_keys, _) = keys::vault_keys(settings, &locked).await?;
    let recipient = keys::recipient(recipients, passphrase_file).await?;
    let bytes = export_age(&vault_keys, &recipient, SystemClock.now())?;
    write_export(to, &bytes)?;
    settings.output.print(
        &Written {
            file: to.to_owned(),
        },
        |w| {
            format!(
                "The keys of vault {} are in {}: keep it in another place than the vault.\n",
                locked.descriptor().vault_id,
                w.file.display()
            )
        },
    )
}

/// Writes a key export to a new file for its owner alone. Durable when this returns.
///
/// # Errors
/// Those of the file.
pub fn write_export(to: &Path, bytes: &[u8]) -> Result<()> {
    let io = |e| Error::io(to.display(), e);
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)
        .map_err(io)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    durable::sync_name(to)
}

/// What is to open the vault from now on.
pub struct New {
    /// The file with a new passphrase.
    pub passphrase: Option<PathBuf>,
    /// A key file.
    pub key_file: Option<PathBuf>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Changed {
    slots: Vec<u32>,
}

pub async fn change(settings: &Settings, new: &New, add: bool, remove: &[u32]) -> Result<()> {
    let mut locked = stores::open(vault_place(settings, None)?).await?;
    ownership::may_write(settings, locked.store()).await?;
    let (vault_keys, opened) = keys::vault_keys(settings, &locked).await?;
    let object = locked.key_object();
    let remove = match &opened {
        Opened::Slot(_) if add || !remove.is_empty() => remove.to_vec(),
        Opened::Slot(unlock) => used_slots(&locked, unlock)?,
        Opened::Export => Vec::new(),
    };
    let unlock = match &new.key_file {
        Some(file) => Unlock::KeyFile(keys::key_file(file)?),
        None => {
            let new = keys::new_passphrase(
                new.passphrase.as_deref(),
                "New passphrase of the vault",
                "--new-passphrase-file",
            );
            Unlock::Passphrase(new.await?)
        }
    };
    let now = SystemClock.now();
    let next = match opened {
        // Whoever uses an export has lost what opened the vault: it opens by the new one alone.
        Opened::Export => {
            object
                .replace_vault_key(&vault_keys, &[&unlock], &SystemRandom, now)?
                .0
        }
        Opened::Slot(_) => {
            let mut changes = vec![SlotChange::Add(&unlock)];
            changes.extend(remove.iter().map(|n| SlotChange::Remove(*n)));
            object.rewrap(&vault_keys, &changes, &SystemRandom, now)?
        }
    };
    locked.replace_keys(next).await?;
    let slots = locked
        .key_object()
        .slots()
        .iter()
        .map(|s| s.number)
        .collect();
    settings.output.print(&Changed { slots }, |c| {
        let slots: Vec<String> = c.slots.iter().map(u32::to_string).collect();
        format!(
            "Done; the vault opens by slot {}. Copies of the old key object still open with what \
             opened them.\nSnapshot stores take over the change with their next backup.\n",
            slots.join(", ")
        )
    })
}

/// The slots that `unlock` may have opened: its key file's, or the only one of a passphrase.
fn used_slots(locked: &Locked, unlock: &Unlock) -> Result<Vec<u32>> {
    let slots = locked.key_object().slots();
    let same = |kind: &SlotKind| match (kind, unlock) {
        (SlotKind::Passphrase(_), Unlock::Passphrase(_)) => true,
        (SlotKind::KeyFile(print), Unlock::KeyFile(file)) => *print == file.fingerprint(),
        _ => false,
    };
    let used: Vec<u32> = slots
        .iter()
        .filter(|s| same(&s.kind))
        .map(|s| s.number)
        .collect();
    if used.len() > 1 {
        let what = format!(
            "several passphrases open the vault, by slots {used:?}: name those to go with --remove, or keep them with --add"
        );
        return Err(Error::new(Code::BadArgument, what));
    }
    Ok(used)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lent {
    file: PathBuf,
    data_key: u32,
}

pub async fn lend(settings: &Settings, label: &str, to: &Path) -> Result<()> {
    let mut locked = stores::open(vault_place(settings, None)?).await?;
    if to.exists() {
        return Err(Error::new(
            Code::TargetExists,
            format!("{} exists", to.display()),
        ));
    }
    ownership::may_write(settings, locked.store()).await?;
    let (vault_keys, _) = keys::vault_keys(settings, &locked).await?;
    let number = lend_to(&mut locked, &vault_keys, label, to).await?;
    settings.output.print(
        &Lent {
            file: to.to_owned(),
            data_key: number,
        },
        |l| {
            format!(
                "Data key {} is lent to {label}: {}\n",
                l.data_key,
                l.file.display()
            )
        },
    )
}

/// Makes a new data key and writes it to a host key file. Gives the key's number.
///
/// # Errors
/// `BadArgument` for a label; `TargetExists`, `Fenced`; those of store and file.
pub async fn lend_to(
    locked: &mut Locked,
    keys: &VaultKeys,
    label: &str,
    file: &Path,
) -> Result<u32> {
    let now = SystemClock.now();
    let added = locked
        .key_object()
        .add_data_key(keys, DataKeyUse::Host, label, &SystemRandom, now);
    let (object, keys, number) = added?;
    locked.replace_keys(object).await?;
    keys.lend(&[number])?.write(file)?;
    Ok(number)
}
