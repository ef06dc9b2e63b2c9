//! A short run, so that every test run has one; `cargo xtask test` has the long ones.
#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

use year::Options;

#[test]
fn three_weeks_of_twelve_machines_are_as_the_auditor_says() {
    let options = Options {
        machines: 12,
        days: 21,
        seed: 7,
    };
    let summary = year::run(options).unwrap();
    assert!(summary.contains("12 machines, 21 days"), "{summary}");
}
