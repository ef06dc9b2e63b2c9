//! The simulation in its short form. `STILLPOINT_SIM_SECONDS` makes it longer.

use std::time::{Duration, Instant};

use sim::{fresh_seed, many, run, run_on};

/// Seeds with which something was found, at the time; the code has changed since, and with it
/// what they do.
const KEPT: &[u64] = &[
    3,             // a killed probe's object stayed for ever
    21,            // a backup took a point to build on that was collected before its session began
    1001,          // a collector copied what it had taken over from a killed one
    5030,          // what a killed collector left stayed as long as there was no garbage
    10044,         // a writer whose session was ended called what was collected damage
    10063,         // a plan called a point damaged that was removed meanwhile
    10074,         // as 1001, within one pack
    10160,         // a collection, the same as 10063
    10193,         // as 10044, with a log that could not be asked
    40110,         // a pack deleted between two looks at it was called a store that is away
    1_993_914_906, // as 10044, when committing
    245_628_535,   // a probe whose object another's collection swept called the store away
    772_257_922,   // a point committed and removed during a collection left nodes without children
];

#[test]
fn a_seed_replays_a_run_operation_for_operation() {
    let seed = fresh_seed();
    let (first, again) = (run(seed, false), run(seed, false));
    assert!(
        first.stats.operations > 50,
        "seed {seed}: {:?}",
        first.stats
    );
    assert_eq!(first.trace, again.trace, "seed {seed}");
    assert_eq!(first, again, "seed {seed}");
    assert_ne!(first.trace, run(seed + 1, false).trace, "seed {seed}");
}

#[test]
fn seeds_that_once_found_something_find_nothing() {
    for seed in KEPT {
        let outcome = run(*seed, false);
        assert_eq!(outcome.failure, None, "seed {seed}");
    }
}

#[test]
fn fresh_seeds_lose_nothing() {
    let set = std::env::var("STILLPOINT_SIM_SECONDS").ok();
    let seconds = set.and_then(|n| n.parse().ok()).unwrap_or(45);
    match many(fresh_seed(), Instant::now() + Duration::from_secs(seconds)) {
        Ok(done) => println!("{done}"),
        Err(failed) => panic!("{failed}"),
    }
}

#[test]
fn a_store_that_forgets_what_it_acknowledged_is_found_out() {
    let found = (1..=5).filter(|seed| run_on(*seed, false, 300).failure.is_some());
    assert!(found.count() >= 4);
}
