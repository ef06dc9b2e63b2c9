//! `records sqlite|postgres [--machines N] [--points N] [--jobs N]`: makes a server with so many
//! protected machines, and points and jobs of each, and measures what its API answers, its ticks
//! and its rounds. In a process of its own for each engine, so that the memory is that of one.
//!
//! ```text
//! server, hosts, machines, vaults: by the control plane as it is, on hosts that are played
//! items, points, jobs:             into the records, by the crate that keeps them
//! then:                            requests to the API's service, ticks, rounds
//! ```

mod answers;
mod client;
mod dice;
mod fill;
mod hosts;
mod memory;
mod names;
mod rounds;
mod server;
mod times;

use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::server::Server;

/// How much there is.
#[derive(Debug, Clone, Copy)]
struct Size {
    /// Machines that are protected.
    machines: usize,
    /// Machines besides, that are not.
    unprotected: usize,
    /// Points of each.
    points: usize,
    /// Jobs of each.
    jobs: usize,
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(e) => {
            eprintln!("{e:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let engine = arguments.next().context("records sqlite|postgres")?;
    let size = Size::read(arguments)?;
    let server = Server::start(&engine, size).await?;
    let begun = Instant::now();
    fill::fill(&server, size).await?;
    let filled = begun.elapsed();
    println!("{engine}, {size:?}: filled in {filled:.0?}; milliseconds:");
    memory::forget_peak()?;
    let mut slow = answers::measure(&server, size).await?;
    let answering = memory::peak()?;
    slow.extend(rounds::measure(&server).await?);
    let all = memory::peak()?;
    println!("memory at the peak: {answering} MiB with answers, {all} MiB with rounds");
    if !slow.is_empty() {
        bail!(
            "{:?} or more at the 99th of a hundred: {}",
            times::GOAL,
            slow.join("; ")
        );
    }
    Ok(())
}

impl Size {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut size = Self {
            machines: 10_000,
            unprotected: 500,
            points: 100,
            jobs: 30,
        };
        while let Some(name) = arguments.next() {
            let value = arguments.next().and_then(|n| n.parse().ok());
            let value = value.with_context(|| format!("{name} wants a number"))?;
            match name.as_str() {
                "--machines" => size.machines = value,
                "--points" => size.points = value,
                "--jobs" => size.jobs = value,
                _ => bail!("no option {name}"),
            }
        }
        Ok(size)
    }
}
