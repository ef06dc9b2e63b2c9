//! `stillpoint vault create|show|list`; the rest is in `vault_collect` and `vault_keys`.

use std::path::{Path, PathBuf};

use base::{ByteSize, Code, Error, Result};
use jiff::SignedDuration;
use rustix::fs::Access;
use serde::Serialize;
use vault::keys::{DataKeyUse, SlotKind};
use vault::{CollectOptions, DEFAULT_CHUNK_SIZE, Locked, Surroundings};

use super::{remote, repair, vault_collect, vault_keys};
use crate::cli::VaultCommand;
use crate::keys;
use crate::output::{facts, table};
use crate::settings::{Settings, Snapshots};
use crate::stores;
use crate::tiers::vault_place;
use crate::units::{instant, minute};

pub async fn run(settings: &Settings, command: VaultCommand) -> Result<u8> {
    let done = match command {
        VaultCommand::Create {
            store,
            chunk_size,
            host_key,
            label,
            redundancy,
        } => {
            if settings.asks_server(store.is_some()) {
                return remote::vaults::create(settings, redundancy)
                    .await
                    .map(|()| 0);
            }
            settings.refuse(&["redundancy"], "is for a server's vault: name it by -v")?;
            create(
                settings,
                store.as_deref(),
                chunk_size,
                host_key.as_deref(),
                label,
            )
            .await
        }
        VaultCommand::Attach { store } => remote::vaults::attach(settings, &store).await,
        VaultCommand::Set(words) => remote::vaults::set(settings, &words).await,
        VaultCommand::Usage { name, check } => {
            return remote::usages::run(settings, name.as_deref(), check).await;
        }
        VaultCommand::Move { name, to } => remote::vaults::relocate(settings, &name, &to).await,
        VaultCommand::Delete { name } => remote::vaults::delete(settings, &name).await,
        VaultCommand::Show { store } if settings.asks_server(store.is_some()) => {
            remote::vaults::show(settings).await
        }
        VaultCommand::Show { store } => show(settings, store.as_deref()).await,
        VaultCommand::List { folders } if settings.asks_server(!folders.is_empty()) => {
            remote::vaults::list(settings).await
        }
        VaultCommand::List { folders } => list(settings, folders).await,
        VaultCommand::Collect {
            store,
            plan,
            repack_from,
            most_copied,
            patience,
        } => {
            let options = CollectOptions {
                repack_from_percent: repack_from,
                most_copied: most_copied.map_or(u64::MAX, |size| size.0),
                patience: SignedDuration::from_hours(24 * i64::from(patience)),
            };
            vault_collect::run(settings, store.as_deref(), plan, &options).await
        }
        VaultCommand::Repair { store, from } => {
            return repair::run(settings, store.as_deref(), &from).await;
        }
        VaultCommand::ExportKey {
            to,
            recipient,
            new_passphrase_file,
        } => vault_keys::export(settings, &to, recipient, new_passphrase_file.as_deref()).await,
        VaultCommand::ChangePassphrase {
            new_passphrase_file,
            new_key_file,
            add,
            remove,
        } => {
            let new = vault_keys::New {
                passphrase: new_passphrase_file,
                key_file: new_key_file,
            };
            vault_keys::change(settings, &new, add, &remove).await
        }
        VaultCommand::LendKey { label, to } => vault_keys::lend(settings, &label, &to).await,
    };
    done.map(|()| 0)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    location: String,
    id: String,
    chunk_size: u32,
    host_key: Option<PathBuf>,
}

async fn create(
    settings: &Settings,
    store: Option<&str>,
    chunk_size: Option<ByteSize>,
    host_key: Option<&Path>,
    label: Option<String>,
) -> Result<()> {
    let place = vault_place(settings, store)?;
    if let Some(file) = host_key.filter(|f| f.exists()) {
        return Err(Error::new(
            Code::TargetExists,
            format!("{} exists", file.display()),
        ));
    }
    // Before there is a vault whose key could not be written.
    if let Some(folder) = host_key.and_then(Path::parent)
        && !folder.as_os_str().is_empty()
    {
        let may = rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK);
        may.map_err(|e| Error::io(folder.display(), e.into()))?;
    }
    let chunk_size = match chunk_size {
        Some(size) => u32::try_from(size.0).unwrap_or(u32::MAX),
        None => DEFAULT_CHUNK_SIZE,
    };
    vault::format::descriptor::check_chunk_size(chunk_size)?;
    let store = stores::make(place)?;
    // Before anybody is asked for a new passphrase.
    match Locked::open(store.clone()).await {
        Ok(_) => {
            return Err(Error::new(
                Code::VaultExists,
                format!("{store} holds a vault"),
            ));
        }
        Err(e) if e.code() == Code::NotAVault => {}
        Err(e) => return Err(e),
    }
    let unlock = keys::first(&settings.secret).await?;
    let (vault, vault_keys) =
        vault::create(store.clone(), chunk_size, &unlock, Surroundings::system()).await?;
    if let Some(file) = host_key {
        let mut locked = Locked::open(store.clone()).await?;
        let label = label.unwrap_or_else(host_name);
        vault_keys::lend_to(&mut locked, &vault_keys, &label, file).await?;
    }
    let created = Created {
        location: store.to_string(),
        id: vault.id().to_string(),
        chunk_size,
        host_key: host_key.map(Path::to_owned),
    };
    settings.output.print(&created, |c| {
        let mut text = format!("Made vault {} in {}.\n", c.id, c.location);
        if let Some(file) = &c.host_key {
            text += &format!("This host's key is {}.\n", file.display());
        }
        text + "Keep an export of its keys in another place: stillpoint vault export-key\n"
    })
}

fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed {
    location: String,
    id: String,
    chunk_size: u32,
    created_at: String,
}

impl Listed {
    fn of(locked: &Locked) -> Self {
        let d = locked.descriptor();
        Self {
            location: locked.store().to_string(),
            id: d.vault_id.to_string(),
            chunk_size: d.chunk_size,
            created_at: d.created_at.clone(),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    vault: Listed,
    objects: u64,
    bytes: u64,
    slots: Vec<SlotView>,
    data_keys: Vec<DataKeyView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SlotView {
    number: u32,
    kind: &'static str,
    created_at: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DataKeyView {
    number: u32,
    used_by: &'static str,
    label: String,
    created_at: String,
}

async fn show(settings: &Settings, store: Option<&str>) -> Result<()> {
    let locked = stores::open(vault_place(settings, store)?).await?;
    let objects = locked.store().list("").await?;
    let keys = locked.key_object();
    let slots = keys.slots().into_iter().map(|s| SlotView {
        number: s.number,
        kind: match s.kind {
            SlotKind::Passphrase(_) => "passphrase",
            SlotKind::KeyFile(_) => "keyFile",
        },
        created_at: s.created_at.to_string(),
    });
    let data_keys = keys.data_keys().into_iter().map(|k| DataKeyView {
        number: k.number,
        used_by: match k.used_by {
            DataKeyUse::Vault => "vault",
            DataKeyUse::Host => "host",
        },
        label: k.label,
        created_at: k.created_at.to_string(),
    });
    let shown = Shown {
        vault: Listed::of(&locked),
        objects: objects.len() as u64,
        bytes: objects.iter().map(|o| o.1).sum(),
        slots: slots.collect(),
        data_keys: data_keys.collect(),
    };
    settings.output.print(&shown, |s| {
        let head = facts(&[
            ("Location", s.vault.location.clone()),
            ("Id", s.vault.id.clone()),
            ("Made", instant(&s.vault.created_at)),
            (
                "Chunk size",
                ByteSize(s.vault.chunk_size.into()).to_string(),
            ),
            (
                "Stored",
                format!("{} in {} objects", ByteSize(s.bytes), s.objects),
            ),
        ]);
        let slots = s.slots.iter().map(|s| {
            let kind = if s.kind == "keyFile" {
                "key file"
            } else {
                s.kind
            };
            vec![
                s.number.to_string(),
                kind.to_owned(),
                instant(&s.created_at),
            ]
        });
        let keys = s.data_keys.iter().map(|k| {
            vec![
                k.number.to_string(),
                k.used_by.to_owned(),
                k.label.clone(),
                instant(&k.created_at),
            ]
        });
        let slots = table(&[">SLOT", "OPENED BY", "MADE"], slots);
        let keys = table(&[">KEY", "USED BY", "~LABEL", "MADE"], keys);
        format!("{head}\n{slots}\n{keys}")
    })
}

async fn list(settings: &Settings, folders: Vec<PathBuf>) -> Result<()> {
    let mut places: Vec<String> = Vec::new();
    if folders.is_empty() {
        places.extend(settings.global.vault.clone());
        if let Snapshots::Store(place) = &settings.snapshots {
            places.push(place.clone());
        }
        if places.is_empty() {
            let what = "where? Give folders, or --vault STORE";
            return Err(Error::new(Code::BadArgument, what));
        }
    }
    for folder in folders {
        let entries = std::fs::read_dir(&folder).map_err(|e| Error::io(folder.display(), e))?;
        let mut below: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        below.sort();
        let all = std::iter::once(folder).chain(below);
        places.extend(
            all.filter(|p| p.is_dir())
                .filter_map(|p| p.to_str().map(str::to_owned)),
        );
    }
    let mut found = Vec::new();
    for place in places {
        match stores::open(&place).await {
            Ok(locked) => found.push(Listed::of(&locked)),
            Err(e) if e.code() == Code::NotAVault => {}
            Err(e) => settings.reporter.warn(format!("{place}: {e}")),
        }
    }
    settings.output.print(&found, |all| {
        let rows = all
            .iter()
            .map(|v| vec![v.id.clone(), minute(&v.created_at), v.location.clone()]);
        table(&["ID", "MADE", "~LOCATION"], rows)
    })
}
