//! `sim --seed N [--log] [--keep FOLDER]`: replays one run, prints every operation, and leaves
//! what the stores held at the end (their passphrase is `correct horse`). `sim --seconds N [--from SEED]`: makes runs for so
//! long. Ends with 1 at the first run that fails, and says how to replay it.

use std::process::ExitCode;
use std::time::{Duration, Instant};

const HELP: &str = "sim --seed N [--log] [--keep FOLDER] | sim --seconds N [--from SEED]";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let (mut seed, mut seconds, mut from, mut log) = (None, None, None, false);
    let mut keep = None;
    while let Some(argument) = arguments.next() {
        let into = match argument.as_str() {
            "--seed" => &mut seed,
            "--seconds" => &mut seconds,
            "--from" => &mut from,
            "--keep" => {
                keep = arguments.next().map(std::path::PathBuf::from);
                continue;
            }
            "--log" => {
                log = true;
                continue;
            }
            _ => {
                eprintln!("{HELP}");
                return ExitCode::from(2);
            }
        };
        *into = arguments.next().and_then(|n| n.parse::<u64>().ok());
        if into.is_none() {
            eprintln!("{argument} needs a number\n{HELP}");
            return ExitCode::from(2);
        }
    }
    if log {
        let plain = tracing_subscriber::fmt().without_time().with_ansi(false);
        plain
            .with_max_level(tracing_subscriber::filter::LevelFilter::WARN)
            .init();
    }
    let done = match (seed, seconds) {
        (Some(seed), None) => sim::one(seed, log, keep.as_deref()),
        (None, Some(n)) => {
            let from = from.unwrap_or_else(sim::fresh_seed);
            sim::many(from, Instant::now() + Duration::from_secs(n))
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match done {
        Ok(summary) => {
            say(&summary);
            ExitCode::SUCCESS
        }
        Err(failure) => {
            say(&failure);
            ExitCode::FAILURE
        }
    }
}

/// Prints; nobody need listen.
fn say(text: &str) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), format!("{text}\n").as_bytes());
}
