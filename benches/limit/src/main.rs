//! The bare work of a backup and a restore, with nothing around it: how fast this machine
//! could be. No index, no catalogue, no manifest, nothing made durable.
//!
//! ```text
//! limit backup VAULT IMAGE[:LIST]...   read, zero test, BLAKE3, dedup in memory, zstd 3,
//!                                      AES-256-GCM, write; 64 KiB; one thread a processor
//! limit restore VAULT IMAGE            decrypt, decompress, compare the hash, write; the
//!                                      vault is in memory before the clock starts
//! ```
//!
//! LIST names the extents to look at, `offset length` a line. Several images go through one
//! after another with one memory of what is known. For each a line is printed: seconds, bytes
//! stored.

mod backup;
mod restore;
mod store;

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Result, bail};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("limit: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["backup", vault, images @ ..] if !images.is_empty() => {
            backup::run(Path::new(vault), images)
        }
        ["restore", vault, image] => restore::run(Path::new(vault), Path::new(image)),
        _ => bail!("limit backup VAULT IMAGE[:LIST]... | limit restore VAULT IMAGE"),
    }
}
