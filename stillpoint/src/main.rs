//! The `stillpoint` command: it parses words, opens stores and hosts, calls the data mover
//! and the vault, and shows what they report. What a command does is decided below it.

mod cli;
mod client;
mod commands;
mod config;
mod errors;
mod interrupt;
mod keys;
mod memory;
mod output;
mod ownership;
mod points;
mod progress;
mod settings;
mod stores;
mod terminal;
mod tiers;
mod unfinished;
mod units;

use std::process::ExitCode;

use base::{Code, Error};
use clap::{CommandFactory, FromArgMatches};

use cli::Cli;
use settings::Settings;

fn main() -> ExitCode {
    // The watchdog is this program under another name: before anything else is set up.
    if std::env::args_os()
        .nth(1)
        .is_some_and(|a| a == hypervisor::watchdog::SUBCOMMAND)
    {
        return hypervisor::watchdog::main();
    }
    memory::set_up();
    let matches = Cli::command().get_matches();
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(e) => e.exit(),
    };
    tracing_subscriber::fmt()
        .with_env_filter(
            tracing_subscriber::EnvFilter::try_from_default_env()
                .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("warn")),
        )
        .with_writer(std::io::stderr)
        .without_time()
        .init();
    let format = cli.global.output;
    let done = Settings::new(cli.global, &matches).and_then(|settings| {
        let runtime = tokio::runtime::Runtime::new()
            .map_err(|e| Error::new(Code::Internal, "starting the runtime").because(e))?;
        let code = runtime.block_on(commands::run(&settings, cli.command));
        // A read that hangs in the kernel must not keep the program.
        runtime.shutdown_background();
        code
    });
    match done {
        Ok(code) => ExitCode::from(code),
        Err(e) => {
            errors::print(&e, format);
            ExitCode::from(e.kind().exit_code())
        }
    }
}
