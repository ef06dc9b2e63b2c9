//! How fast it is, beside what people would use instead and beside the machine's own limit.
//!
//! The disk and its days of change are made here, from a fixed seed and this system's files.
//! All tools do one phase before any does the next; restores are compared byte for byte.

mod corpus;
mod days;
mod delta;
mod ext4;
mod goals;
mod limit;
mod live;
mod measure;
mod nbd;
mod options;
mod ours;
mod peers;
mod pool;
mod random;
mod report;
mod results;
mod run;
mod sparse;
mod table;
mod text;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::{install, shell};
use limit::Limit;
use options::Options;
use ours::{Ours, Way};
use results::Results;
use run::Bench;
use tool::{Image, Tool};

/// What the bench itself runs.
const PACKAGES: &[&str] = &[
    "e2fsprogs",
    "libnbd-bin",
    "nbdkit",
    "openssl",
    "qemu-utils",
    "time",
    "zstd",
];

/// Measures pages and ticks over the records of a large server, in SQLite and in PostgreSQL, each
/// in a process of its own, built as what is released.
pub(crate) fn records() -> Result<()> {
    install::also(&["postgresql"])?;
    let build = ["build", "--quiet", "--release", "--package", "records"];
    shell::run(&mut shell::cargo(&build))?;
    let program = shell::target()?.join("release/records");
    // The other engine is measured even if one is too slow.
    let measured =
        ["sqlite", "postgres"].map(|engine| shell::run(Command::new(&program).arg(engine)));
    measured.into_iter().collect()
}

/// Runs the bench.
pub(crate) fn run(arguments: &[&str]) -> Result<()> {
    let options = Options::parse(arguments)?;
    install::also(PACKAGES)?;
    let target = shell::target()?;
    let place = target.join("bench");
    let work = place.join("work");
    if work.exists() {
        fs::remove_dir_all(&work)?;
    }
    fs::create_dir_all(&work)?;
    let (program, bare) = programs(&options, &target)?;
    let corpus = corpus::prepare(&place, options.gib)?;
    for (name, delta) in &corpus.days {
        let (blocks, listed) = delta.sizes()?;
        let (blocks, listed) = (blocks >> 20, listed >> 20);
        say(&format!(
            "{name}: {blocks} MiB changed, {listed} MiB listed"
        ));
    }
    let ways = [Way::Straight, Way::Scan, Way::TwoTiers];
    let mut tools: Vec<Box<dyn Tool>> = Vec::new();
    for way in ways {
        tools.push(Box::new(Ours::new(&work, &program, way)));
    }
    tools.extend(peers::choose(&options.peers, &place.join("tools"), &work)?);
    let mut bench = Bench {
        options: &options,
        corpus: &corpus,
        tools,
        limit: Limit::new(&work, &bare)?,
        work: &work,
        results: Results::default(),
    };
    for number in 0..options.runs {
        say(&format!("Run {} of {}", number + 1, options.runs));
        bench.run(number == 0)?;
        if options.has("nbd") {
            // A point of its own, whatever the run left.
            let ours = Ours::new(&work, &program, Way::Straight);
            ours.create()?;
            ours.back_up(&Image {
                path: &corpus.base,
                name: "disk",
                changed: None,
            })?;
            nbd::run(&work, &ours, &corpus.base, &mut bench.results)?;
        }
        if options.has("live") {
            live::run(&work, &program, &corpus, &mut bench.results)?;
        }
        if options.has("sparse") {
            sparse::run(&work, &program, &mut bench.results)?;
        }
    }
    let results = bench.results;
    fs::remove_dir_all(&work)?;
    let json = report::json(&results, options.gib);
    fs::write(place.join("report.json"), json.to_string())?;
    if options.json {
        println!("{json}");
    } else {
        print!("{}", report::table(&results, options.gib));
    }
    Ok(())
}

/// Builds what is measured: stillpoint and the limit. Copies, since others may build
/// meanwhile.
fn programs(options: &Options, target: &Path) -> Result<(PathBuf, PathBuf)> {
    let place = target.join("bench");
    let (program, bare) = (place.join("stillpoint"), place.join("limit"));
    say("Building what is measured");
    let mut build = shell::cargo(&["build", "--quiet", "--release", "--package", "limit"]);
    if options.program.is_none() {
        build.args(["--package", "stillpoint"]);
    }
    shell::run(&mut build)?;
    let built = target.join("release/stillpoint");
    fs::copy(options.program.as_ref().unwrap_or(&built), &program)?;
    fs::copy(target.join("release/limit"), &bare)?;
    Ok((program, bare))
}

/// Tells how far it is.
pub(crate) fn say(what: &str) {
    eprintln!("{what}");
}
