//! `stillpoint server backup|restore|export-key`: on the server's own machine.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::{Clock, Result, SystemClock, SystemRandom};
use control::Offline;
use serde::Serialize;
use vault::keys::{EscrowRecipient, export_age};

use super::config::Config;
use crate::cli::ServerCommand;
use crate::commands::vault_keys;
use crate::keys;
use crate::output::facts;
use crate::settings::Settings;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    file: PathBuf,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Restored {
    data: PathBuf,
    taken: String,
    vaults: Vec<String>,
    jobs_ended: u64,
}

pub async fn run(settings: &Settings, config: &Config, command: ServerCommand) -> Result<()> {
    match command {
        ServerCommand::Backup {
            file,
            recipient,
            new_passphrase_file,
        } => {
            let recipient = match (recipient.is_empty(), &new_passphrase_file) {
                (false, _) => Some(EscrowRecipient::Age(recipient)),
                (true, Some(pass)) => Some(keys::passphrase_of(pass)?),
                (true, None) => None,
            };
            open(config).await?.backup(&file, recipient).await?;
            settings.output.print(&Written { file }, |w| {
                format!(
                    "The server is backed up in {}: keep it in another place than the server.\n",
                    w.file.display()
                )
            })
        }
        ServerCommand::Restore { file } => restore(settings, config, &file).await,
        ServerCommand::ExportKey {
            vault,
            to,
            recipient,
            new_passphrase_file,
        } => {
            let offline = open(config).await?;
            let all = offline.vault_keys(&vault, config.pool.as_deref()).await?;
            let recipient = keys::recipient(recipient, new_passphrase_file.as_deref()).await?;
            let bytes = export_age(&all, &recipient, SystemClock.now())?;
            vault_keys::write_export(&to, &bytes)?;
            offline.note_export(&vault).await?;
            settings.output.print(&Written { file: to }, |w| {
                format!(
                    "The keys of vault {vault} are in {}: keep it in another place than the \
                     vault.\n",
                    w.file.display()
                )
            })
        }
        // They are no business of the records.
        ServerCommand::CheckConfig | ServerCommand::ResetAdmin => Ok(()),
    }
}

async fn open(config: &Config) -> Result<Offline> {
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let key = config.key_source().await?;
    Offline::open(&config.data, config.state.as_deref(), &key, clock, random).await
}

async fn restore(settings: &Settings, config: &Config, file: &Path) -> Result<()> {
    let identity = keys::opener(settings, "Passphrase of the server's backup").await?;
    let (clock, random) = (Arc::new(SystemClock), Arc::new(SystemRandom));
    let (data, state) = (&*config.data, config.state.as_deref());
    let key = config.key_source().await?;
    let done = control::restore_server(file, data, state, &key, identity, clock, random).await?;
    let shown = Restored {
        data: data.to_owned(),
        taken: done.taken.to_string(),
        vaults: done.vaults,
        jobs_ended: done.jobs,
    };
    settings.output.print(&shown, |r| {
        facts(&[
            ("Server", r.data.display().to_string()),
            ("As it was at", r.taken.clone()),
            ("Vaults", r.vaults.join(", ")),
            ("Jobs ended", r.jobs_ended.to_string()),
        ]) + "\nStart it as before. It compares its records with the vaults by itself; nothing \
              expires for a day.\n"
    })
}
