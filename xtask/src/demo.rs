//! The main job on a real guest, from finding it to booting what was restored.
//!
//! Nothing here is a stand-in: the guest is a Linux under QEMU, and every step
//! is the `stillpoint` command as people call it. The table at the end holds
//! what the commands reported; whether files are equal is judged by the guests
//! themselves, which hash every file.

mod cli;
mod guest;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use testkit::{DiskSpec, Guest};

use crate::{install, shell};
use cli::Stillpoint;
use table::{Table, mib};

/// Which `stillpoint` to show.
pub(crate) enum Program<'a> {
    /// Built now, optimized.
    Release,
    /// Built now, quicker to build.
    Debug,
    /// One that is there.
    At(&'a str),
}

/// Runs the demo.
pub(crate) fn run(program: &Program<'_>) -> Result<()> {
    install::run()?;
    let program = match program {
        Program::Release => build(&["--release"], "release/stillpoint")?,
        Program::Debug => build(&[], "debug/stillpoint")?,
        Program::At(path) => PathBuf::from(path),
    };
    println!(
        "Starting a guest with three disks under {} ...",
        testkit::accel()
    );
    let guest = Guest::builder("demo")
        .disk(DiskSpec::qcow2(256 << 20))
        .disk(DiskSpec::raw(128 << 20))
        .network()
        .start()?;
    guest.wait_agent()?;
    let place = tempfile::Builder::new()
        .prefix("stillpoint-demo-")
        .tempdir()?;
    println!(
        "$D is {}, which is removed at the end.",
        place.path().display()
    );
    let stillpoint = Stillpoint::new(&program, place.path(), guest.hostdir())?;
    let table = steps(&stillpoint, &guest, place.path())?;
    println!("\n{table}");
    Ok(())
}

fn build(profile: &[&str], program: &str) -> Result<PathBuf> {
    println!("Building stillpoint ...");
    let build = [&["build", "--quiet", "--package", "stillpoint"], profile].concat();
    shell::run(&mut shell::cargo(&build))?;
    Ok(shell::target()?.join(program))
}

fn steps(stillpoint: &Stillpoint, guest: &Guest, place: &Path) -> Result<Table> {
    let mut table = Table::default();
    stillpoint.create_vault()?;

    let machines = stillpoint.list_machines()?;
    let machines = machines.as_array().context("vm list: no array")?;
    let found = machines.iter().find(|m| m["uuid"] == guest.uuid());
    let found = found.context("vm list does not show the guest")?;
    let disks = found["disks"].as_array().map_or(0, Vec::len);
    table.row(
        "machine found",
        format!(
            "{}, {}, {disks} disks",
            text(found, "name"),
            text(found, "state")
        ),
    );

    guest::write_files(guest)?;
    let first_files = guest::hashes(guest)?;
    let report = stillpoint.backup(guest.name())?;
    let first = text(&report["snapshot"], "point");
    backup_rows(&mut table, "first point", &report["snapshot"]);
    table.row("  transferred", transfer(&report["transfer"]));

    guest::change_files(guest)?;
    let second_files = guest::hashes(guest)?;
    ensure!(first_files != second_files, "the changes changed nothing");
    let report = stillpoint.backup_without_transfer(guest.name())?;
    let second = text(&report["snapshot"], "point");
    backup_rows(&mut table, "incremental point", &report["snapshot"]);

    // What comes after a point must not be in it.
    guest::wreck_files(guest)?;
    ensure!(
        guest::hashes(guest)? != second_files,
        "the wrecking changed nothing"
    );
    table.row("transfer", transfer(&stillpoint.transfer(guest.name())?));
    guest.shutdown()?;

    // From the vault alone: the snapshot tier is taken away.
    fs::remove_dir_all(stillpoint.snapshots())?;
    stillpoint.verify()?;
    for (what, point, files) in [
        ("first point", first, first_files),
        ("incremental point", second, second_files),
    ] {
        let start = Instant::now();
        let folder = place.join(format!("restored-{point}"));
        let disks = stillpoint.restore_disks(&point, &folder)?;
        let seconds = start.elapsed().as_secs_f64();
        let written = disks.iter().map(|d| d.written).sum();
        let images: Vec<_> = disks.into_iter().map(|d| d.path).collect();
        ensure!(
            images.len() == guest.disks().len(),
            "not all disks were restored"
        );
        table.row(
            "restore",
            format!("{what}: {} written in {seconds:.1} s", mib(written)),
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
        let restored_files = guest::hashes(&restored)?;
        guest::compare(&files, &restored_files).with_context(|| format!("restored {what}"))?;
        let count = restored_files.lines().count();
        table.row(
            "booted, files equal",
            format!("{what}: in {seconds:.1} s, all {count} files"),
        );
    }
    Ok(table)
}

fn backup_rows(table: &mut Table, what: &str, report: &Value) {
    let disks = report["disks"].as_array().map_or(&[][..], Vec::as_slice);
    let sum = |key: &str| disks.iter().filter_map(|d| d[key].as_u64()).sum();
    let stored = report["stored"].as_u64().unwrap_or_default();
    table.row(
        what,
        format!(
            "{} changed, {} read, {} stored",
            mib(sum("changed")),
            mib(sum("read")),
            mib(stored)
        ),
    );
    let consistency = text(report, "consistency");
    let frozen = report["frozenMs"].as_u64().unwrap_or_default();
    table.row("", format!("{consistency}, frozen {frozen} ms"));
    for disk in disks {
        let how = match disk["tracker"].as_str() {
            Some(_) => "changed blocks only, by its dirty bitmap".to_owned(),
            None => format!("read whole: {}", text(disk, "reason")),
        };
        table.row("", format!("{}: {how}", text(disk, "name")));
    }
}

fn transfer(report: &Value) -> String {
    let number = |key: &str| report[key].as_u64().unwrap_or_default();
    let seconds = report["seconds"].as_f64().unwrap_or_default();
    format!(
        "{} records, {} in {seconds:.1} s",
        number("copied"),
        mib(number("stored"))
    )
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or("?").to_owned()
}
