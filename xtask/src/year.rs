//! The simulated year: by itself, and as a part of the tests.

use std::process::Stdio;

use anyhow::{Context, Result};

use crate::programs::Program;
use crate::shell;

/// What the tests run: days and machines.
const SUITE: &[[&str; 4]] = &[
    ["--days", "365", "--machines", "200"],
    ["--days", "30", "--machines", "1000"],
];

/// Simulates what the options say, a year of 1,000 machines by itself.
pub(crate) fn run(options: &[&str]) -> Result<()> {
    let run = ["run", "--quiet", "--package", "year", "--"];
    shell::run(&mut shell::cargo(&[&run[..], options].concat()))
}

/// Runs what the tests run, side by side; tells how many went well, and how many did not.
pub(crate) fn suite(year: &Program) -> Result<(usize, usize)> {
    let mut running = Vec::new();
    for options in SUITE {
        let started = year.command().args(*options).stdout(Stdio::piped()).spawn();
        running.push(started.context("starting the simulated year")?);
    }
    let (mut well, mut badly) = (0, 0);
    for child in running {
        let output = child.wait_with_output()?;
        print!("{}", String::from_utf8_lossy(&output.stdout));
        match output.status.success() {
            true => well += 1,
            false => badly += 1,
        }
    }
    Ok((well, badly))
}
