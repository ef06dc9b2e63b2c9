//! The power goes at any change that SQLite makes on the disk; what was acknowledged is there.
//!
//! The records are opened by another process: it maps files of the disk that this one serves.

use std::process::Command;

use testkit::fragile::Disk;

use crate::crash::{PLACE, Writer};

/// What a process of its own finds on the disk: how many numbers, without gaps and whole. It
/// writes one more.
fn found(disk: &Disk) -> Option<u64> {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::the_child_that_looks", "--ignored"])
        .args(["--nocapture", "--test-threads=1"])
        .env(PLACE, disk.at("state.db"))
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    // It is behind the test's name.
    let found = said
        .lines()
        .find_map(|line| line.rsplit_once("found ")?.1.parse().ok());
    if found.is_none() {
        println!("{said}{}", String::from_utf8_lossy(&output.stderr));
    }
    found
}

#[test]
fn a_power_cut_at_any_change_loses_nothing_that_was_acknowledged() {
    let disk = Disk::new().unwrap();
    disk.record();
    let place = disk.at("state.db");
    // Each number, and the change after which it was known to be acknowledged.
    let mut acknowledged = Vec::new();
    for round in 1..=2 {
        let mut writer = Writer::start(place.to_str().unwrap());
        while acknowledged.len() < 4 * round {
            let number = writer.next().expect("the child writes");
            acknowledged.push((number, disk.changes()));
        }
        // What it has put into its log is moved into the database some day.
        writer.kill(0);
    }
    let states = disk.recorded();
    assert!(states.len() > 50, "{} changes", states.len());
    let mut lossy = 0;
    let all = acknowledged.last().map_or(0, |(number, _)| number + 1);
    for (change, state) in states.iter().enumerate().step_by(2) {
        // The four moods of a disk in turn.
        let seed = change as u64 / 2;
        let what = format!("change {change} of {}", states.len());
        disk.load(&state.cut(seed));
        let known = acknowledged.iter().filter(|(_, at)| *at <= change as u64);
        let promised = known.map(|(number, _)| number + 1).max().unwrap_or(0);
        let there = found(&disk).unwrap_or_else(|| panic!("{what}"));
        assert!(there >= promised, "{what}: {there} of {promised}");
        lossy += u64::from(there < all);
        // And it goes on: what was written since is there after the next cut.
        disk.load(&disk.state().cut(seed + 1));
        let next = found(&disk).unwrap_or_else(|| panic!("{what}, again"));
        assert!(next > there, "{what}, again: {next} after {there}");
    }
    assert!(lossy > 5, "a power cut takes what was not acknowledged");
}
