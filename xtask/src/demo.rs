//! The main job on a real guest, through the server: from finding it to booting what was restored.
//!
//! Nothing here is a stand-in: the guest is a Linux under QEMU, the server is `stillpoint server`,
//! and every step is a command that asks it as people do. Whether files are equal is judged by the
//! guests themselves, which hash every file.

mod cli;
mod guest;
mod server;
mod table;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;
use testkit::{DiskSpec, Guest};

use crate::{install, portal, shell};
use cli::Stillpoint;
use server::Server;
use table::Table;

/// Which `stillpoint` to show.
pub(crate) enum Program<'a> {
    /// Built now, optimized.
    Release,
    /// Built now, quicker to build.
    Debug,
    /// One that is there.
    At(&'a str),
}

/// What is asked of the demo.
pub(crate) struct Options<'a> {
    program: Program<'a>,
    keep: bool,
}

impl<'a> Options<'a> {
    /// Reads them.
    pub(crate) fn read(words: &[&'a str]) -> Result<Self> {
        let mut options = Self {
            program: Program::Release,
            keep: false,
        };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            match *word {
                "--debug" => options.program = Program::Debug,
                "--program" => {
                    let path = words.next().context("--program names no file")?;
                    options.program = Program::At(path);
                }
                "--keep" => options.keep = true,
                other => bail!("demo: no option {other}"),
            }
        }
        Ok(options)
    }
}

/// Runs the demo.
pub(crate) fn run(options: &Options<'_>) -> Result<()> {
    install::run()?;
    let program = match options.program {
        Program::Release => build(&["--release"], "release/stillpoint")?,
        Program::Debug => build(&[], "debug/stillpoint")?,
        Program::At(path) => PathBuf::from(path),
    };
    let accel = testkit::accel();
    println!("Starting a guest with three disks under {accel} ...");
    let guest = Guest::builder("demo")
        .disk(DiskSpec::qcow2(256 << 20))
        .disk(DiskSpec::raw(128 << 20))
        .network()
        .start()?;
    guest.wait_agent()?;
    let place = tempfile::Builder::new()
        .prefix("stillpoint-demo-")
        .tempdir()?;
    let place = place.path();
    println!("$D is {}, which is removed at the end.", place.display());
    let connect = format!("qmp://{}", guest.hostdir().display());
    let server = Server::start(&program, &place.join("data"), &connect)?;
    let stillpoint = Stillpoint::new(&program, place, server.shown("export STILLPOINT_SECRET=")?);
    let table = steps(&stillpoint, &server, &guest, place)?;
    println!("\n{table}");
    if options.keep {
        keep(&server, &guest)?;
    }
    Ok(())
}

fn build(profile: &[&str], program: &str) -> Result<PathBuf> {
    let features = portal::features()?;
    println!("Building stillpoint ...");
    let build = ["build", "--quiet", "--package", "stillpoint"];
    let build = [&build, profile, features].concat();
    shell::run(&mut shell::cargo(&build))?;
    Ok(shell::target()?.join(program))
}

fn steps(stillpoint: &Stillpoint, server: &Server, guest: &Guest, place: &Path) -> Result<Table> {
    let mut table = Table::default();
    let (url, client) = (&server.url, server.shown("Service principal")?);
    let ca = place.join("data/ca.pem");
    stillpoint.call(&format!(
        "login --url {url} --ca {} --client-id {client}",
        ca.display()
    ))?;
    table.row("server", format!("{url}, logged in"));

    let found = discovered(stillpoint, guest)?;
    stillpoint.call("vm list")?;
    let storage = &found["properties"]["storageProfile"];
    let disks = 1 + storage["dataDisks"].as_array().map_or(0, Vec::len);
    table.row(
        "machine found",
        format!("{}, {disks} disks", text(&found, "/name")),
    );
    stillpoint.call("vault create -v vault1 --redundancy local")?;
    stillpoint.call("protection enable demo --policy DefaultPolicy")?;
    stillpoint.call("protection show demo")?;
    let item = stillpoint.json("protection show demo")?;
    ensure!(
        item["properties"]["protectionState"] == "IRPending",
        "the item is not pending: {item}"
    );
    table.row("protected", "Warning (Initial backup pending)");

    guest::write_files(guest)?;
    let first_files = guest::hashes(guest)?;
    stillpoint.call("backup now demo")?;
    backup_rows(&mut table, "first point", stillpoint)?;
    guest::change_files(guest)?;
    let second_files = guest::hashes(guest)?;
    ensure!(first_files != second_files, "the changes changed nothing");
    stillpoint.call("backup now demo")?;
    backup_rows(&mut table, "incremental point", stillpoint)?;
    stillpoint.call("protection list")?;
    stillpoint.call("point list demo")?;
    // Newest first.
    let points = stillpoint.json("point list demo")?;
    let (first, second) = (text(&points, "/1/name"), text(&points, "/0/name"));

    // What comes after a point must not be in it.
    guest::wreck_files(guest)?;
    let wrecked = guest::hashes(guest)?;
    ensure!(wrecked != second_files, "the wrecking changed nothing");
    guest.shutdown()?;
    for (what, point, files) in [
        ("first point", first, first_files),
        ("incremental point", second, second_files),
    ] {
        stillpoint.call(&format!("restore disks {point} --to restores"))?;
        let images = restored(stillpoint)?;
        ensure!(
            images.len() == guest.disks().len(),
            "not all disks were restored: {images:?}"
        );
        let start = Instant::now();
        let restored = Guest::builder("restored")
            .host(guest.host())
            .firmware_boot()
            .network()
            .boot_from(&images)
            .start()?;
        restored.wait_agent()?;
        let seconds = start.elapsed().as_secs_f64();
        let files_there = guest::hashes(&restored)?;
        guest::compare(&files, &files_there).with_context(|| format!("restored {what}"))?;
        let count = files_there.lines().count();
        println!("A guest boots from the {what}: all {count} files are equal.");
        table.row(
            "booted, files equal",
            format!("{what}: in {seconds:.1} s, all {count} files"),
        );
    }
    stillpoint.call("job list")?;
    Ok(table)
}

/// The machine, once the server has found it.
fn discovered(stillpoint: &Stillpoint, guest: &Guest) -> Result<Value> {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        let all = stillpoint.json("vm list")?;
        let mut all = all.as_array().into_iter().flatten();
        if let Some(found) = all.find(|m| m["properties"]["vmId"] == guest.uuid()) {
            return Ok(found.clone());
        }
        ensure!(Instant::now() < end, "the server does not find the guest");
        std::thread::sleep(Duration::from_millis(500));
    }
}

fn backup_rows(table: &mut Table, what: &str, stillpoint: &Stillpoint) -> Result<()> {
    let job = stillpoint.json("job show latest")?;
    let info = &job["properties"]["extendedInfo"];
    let tasks = info["tasksList"].as_array();
    let mut step = what;
    for task in tasks.into_iter().flatten() {
        let (name, status) = (text(task, "/taskId"), text(task, "/status"));
        ensure!(status == "Completed", "{name}: {status}");
        table.row(step, format!("{name}: {status}"));
        step = "";
    }
    let bag = &info["propertyBag"];
    let consistency = text(bag, "/Recovery point consistency");
    let size = text(bag, "/Backup Size");
    table.row("", format!("{consistency}, backup size {size}"));
    Ok(())
}

/// The images that the latest job restored, in the machine's order.
fn restored(stillpoint: &Stillpoint) -> Result<Vec<PathBuf>> {
    let job = stillpoint.json("job show latest")?;
    let bag = job["properties"]["extendedInfo"]["propertyBag"].as_object();
    let mut images: Vec<(&str, PathBuf)> = bag
        .into_iter()
        .flatten()
        .filter_map(|(name, place)| {
            let disk = name.strip_prefix("Restored disk ")?;
            Some((disk, PathBuf::from(place.as_str()?)))
        })
        .collect();
    images.sort();
    Ok(images.into_iter().map(|(_, image)| image).collect())
}

/// Leaves all running until Enter is pressed, or the demo is ended.
fn keep(server: &Server, guest: &Guest) -> Result<()> {
    guest.start_again()?;
    guest.wait_agent()?;
    println!(
        "\nThe server and the guest go on running, at {}:\n",
        server.url
    );
    println!("In a browser: {}/ (the portal)\n", server.url);
    // Without the line that it starts for the first time.
    let (_, how) = server.said.split_once("\n\n").unwrap_or_default();
    println!("{}", how.trim_end());
    println!("\nPress Enter to end them and to remove what they keep.");
    let mut line = String::new();
    if std::io::stdin().read_line(&mut line)? == 0 {
        // Nobody can press it: until a signal comes.
        loop {
            std::thread::park();
        }
    }
    Ok(())
}

fn text(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or("?").to_owned()
}
