//! Developer commands: `cargo xtask COMMAND`.
//!
//! Built from plain Rust only, so that it runs before a C compiler is there
//! and while other crates do not compile.

mod bench;
mod check_deps;
mod demo;
mod docs;
mod install;
mod lint;
mod metadata;
mod portal;
mod programs;
mod real;
#[cfg(test)]
mod requirements;
mod shell;
mod tests;
mod torture;
mod year;

use std::process::ExitCode;

use anyhow::{Result, bail};

const HELP: &str = "\
cargo xtask COMMAND

  install      install the packages that building and testing need
  check-deps   check that every crate uses only crates on lower floors
  lint         formatting, clippy, check-deps, docs, and cargo-deny where installed
  test         install, lint, build, and run every test
  portal       build the web portal (portal/dist), if something of it has changed; with no
               Node 22 or newer in the PATH, one is fetched from PyPI
  docs         write the parts of docs/ that the program generates
  demo         a server backs up a real guest and restores it; what was restored is booted
               (--debug: the debug build, which builds sooner; --program PATH: that one;
               --keep: server and guest go on running for you to try)
  bench        measure speed, bytes and memory beside other tools and the machine's limit
               (--gib N: the disk's size; --runs N; --only PART,…: full, days, restore,
               verify, alternatives, nbd, sparse; --peers NAME,…|none; --program PATH; -o json)
  torture      the attacks in their long forms, one after another
               (--minutes N; --only PART,…: simulation, model, kills, server, api, histories,
               power, fuzz; --report FILE)
  year         a simulated year of 1,000 machines, audited day by day
               (--machines N; --days N; --seed N)
  bench records  what lists, gets and ticks cost with 10,000 machines and 1,000,000 points
  test PART    only that part: unit, year, or real (the tests with machines and stores)
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[&str]) -> Result<()> {
    match arguments {
        ["install"] => install::run(),
        ["check-deps"] => check_deps::run(),
        ["lint"] => lint::run(),
        ["portal"] => portal::run(),
        ["docs"] => docs::run(),
        ["demo", options @ ..] => demo::run(&demo::Options::read(options)?),
        ["bench", "records"] => bench::records(),
        ["year", options @ ..] => year::run(options),
        ["bench", options @ ..] => bench::run(options),
        ["torture", options @ ..] => torture::run(options),
        ["test"] => tests::run(None),
        ["test", part] => tests::run(Some(part)),
        ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        [] => bail!("which command?\n\n{HELP}"),
        other => bail!("no command {}\n\n{HELP}", other.join(" ")),
    }
}
