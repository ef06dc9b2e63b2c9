//! What the commands do.

mod backup;
mod job;
mod point;
mod remote;
mod repair;
mod rescue;
mod restore;
mod restore_vm;
mod server;
mod vault;
mod vault_collect;
mod vault_keys;
mod verify;
mod vm;

use base::Result;
use clap::CommandFactory;

use crate::cli::{Cli, Command, RestoreCommand};
use crate::settings::Settings;
use crate::{errors, output};

/// Work that ended with warnings.
pub const WARNINGS: u8 = 3;

/// Runs a command and gives its exit code.
///
/// # Errors
/// Those of the command.
pub async fn run(settings: &Settings, command: Command) -> Result<u8> {
    settings.interrupt.listen()?;
    let over = &settings.interrupt;
    let done = match command {
        Command::Login(words) => over.over(remote::log_in(settings, words)).await.map(|()| 0),
        Command::Logout => remote::log_out(settings).map(|()| 0),
        Command::Protection(command) => over.over(remote::protection::run(settings, command)).await,
        Command::ProtectionRule(command) => {
            over.over(remote::protection_rules::run(settings, command))
                .await
        }
        Command::Policy(command) => over.over(remote::policies::run(settings, command)).await,
        Command::Overview => over.over(remote::overview::run(settings)).await.map(|()| 0),
        Command::HeatMap { days } => over
            .over(remote::heat_map::run(settings, days))
            .await
            .map(|()| 0),
        Command::Search { text } => over
            .over(remote::search::run(settings, &text))
            .await
            .map(|()| 0),
        Command::Alert(command) => over
            .over(remote::alerts::run(settings, command))
            .await
            .map(|()| 0),
        Command::Cost(command) => over
            .over(remote::costs::run(settings, command))
            .await
            .map(|()| 0),
        Command::Job(command) => over.over(remote::jobs::run(settings, command)).await,
        Command::Host(command) => over.over(remote::hosts::run(settings, command)).await,
        Command::Pool(command) => over.over(remote::places::pool(settings, command)).await,
        Command::SnapshotStore(command) => {
            over.over(remote::places::snapshot_store(settings, command))
                .await
        }
        Command::RestoreFolder(command) => {
            over.over(remote::places::restore_folder(settings, command))
                .await
        }
        Command::User(command) => over.over(remote::users::run(settings, command)).await,
        Command::App(command) => over.over(remote::apps::run(settings, command)).await,
        Command::Role(command) => over.over(remote::roles::run(settings, command)).await,
        Command::Lock(command) => over.over(remote::locks::run(settings, command)).await,
        Command::Limit(command) => over.over(remote::limits::run(settings, command)).await,
        Command::Vault(command) => over.over(vault::run(settings, command)).await,
        Command::Vm(command) => over.over(vm::run(settings, command)).await.map(|()| 0),
        Command::Backup(command) => backup::run(settings, command).await,
        Command::Point(command) => point::run(settings, command).await.map(|()| 0),
        Command::Restore(RestoreCommand::Disks(words)) if settings.asks_server(false) => {
            over.over(remote::restore_disks(settings, &words)).await
        }
        Command::Restore(RestoreCommand::Disks(words)) => {
            restore::run(settings, words).await.map(|()| 0)
        }
        Command::Restore(RestoreCommand::Vm(words)) if settings.asks_server(false) => {
            over.over(remote::restore_vm(settings, &words)).await
        }
        Command::Restore(RestoreCommand::Vm(words)) => {
            restore_vm::run(settings, words).await.map(|()| 0)
        }
        Command::Rescue(words) => rescue::run(settings, words).await,
        Command::Verify(words) => over.over(verify::run(settings, words)).await,
        Command::Server(words) => server::run(settings, words).await,
        Command::Completion { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "stillpoint", &mut script);
            output::write(&script).map(|()| 0)
        }
        Command::Errors => output::write(errors::page().as_bytes()).map(|()| 0),
        Command::OpenApi => output::write(api::openapi_text().as_bytes()).map(|()| 0),
    };
    settings.reporter.clear();
    done
}
