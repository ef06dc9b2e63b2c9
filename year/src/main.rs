//! `year [--machines N] [--days N] [--seed N] [--log]`: a simulated year. Ends with 1 if
//! something is not as it must be. `--log` tells what the server tells, by `RUST_LOG`.

use std::process::ExitCode;

use tracing_subscriber::EnvFilter;
use year::Options;

const HELP: &str = "year [--machines N] [--days N] [--seed N] [--log]";

fn main() -> ExitCode {
    let mut options = Options {
        machines: 1000,
        days: 365,
        seed: 1,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--log" {
            let filter = EnvFilter::try_from_default_env().unwrap_or(EnvFilter::new("info"));
            let plain = tracing_subscriber::fmt().without_time().with_ansi(false);
            plain.with_env_filter(filter).init();
            continue;
        }
        let number = arguments.next().and_then(|n| n.parse::<u64>().ok());
        match (argument.as_str(), number) {
            ("--machines", Some(n)) => options.machines = n as usize,
            ("--days", Some(n)) => options.days = n as i64,
            ("--seed", Some(n)) => options.seed = n,
            _ => {
                eprintln!("{HELP}");
                return ExitCode::from(2);
            }
        }
    }
    match year::run(options) {
        Ok(summary) => {
            println!("{summary}");
            ExitCode::SUCCESS
        }
        Err(failure) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
    }
}
