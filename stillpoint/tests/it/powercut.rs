//! The program on a disk that loses at a power cut what it may lose.
//!
//! Each act is done once and recorded, change by change; then every state in between is cut and
//! looked at by new processes: what was acknowledged is there byte for byte, nothing half-made
//! is to be seen, and the same command goes on.
//!
//! `STILLPOINT_CUTS=N` looks at N times as many states, up to all with several seeds,
//! `STILLPOINT_SEED=N` at others.

mod world;

use testkit::fragile::{Fault, What};

use world::{Act, Known, World};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |n| n.parse().unwrap())
}

/// Which of so many changes to look at, and by which seeds: a few, spread over all, and always
/// the last one. Four seeds in a row are the four moods of a disk.
fn moments(changes: usize, few: usize) -> Vec<(usize, u64)> {
    let (cuts, first) = (number("STILLPOINT_CUTS", 1), number("STILLPOINT_SEED", 0));
    let wanted = few * usize::try_from(cuts).unwrap();
    let seeds = (wanted / (changes + 1)).max(1);
    let step = (changes + 1).div_ceil(wanted.min(changes + 1));
    let begin = usize::try_from(first).unwrap() % step;
    let mut all: Vec<(usize, u64)> = Vec::new();
    for n in (begin..changes).step_by(step).chain([changes]) {
        let seed = first * 1000 + all.len() as u64;
        all.extend((0..seeds as u64).map(|i| (n, seed + i)));
    }
    all
}

#[test]
fn a_power_cut_at_any_change_loses_nothing_and_the_same_command_goes_on() {
    let mut world = World::new();
    let mut known = Known::default();
    for act in Act::ALL {
        let words = world.prepare(act, &known);
        world.disk.record();
        let after = world.complete(act, &words, &known);
        let states = world.disk.recorded();
        for (n, seed) in moments(states.len() - 1, 6) {
            let what = format!("{act:?}, {n} of {} changes, seed {seed}", states.len() - 1);
            println!("{what}");
            world.disk.load(&states[n].cut(seed));
            let acknowledged = if n + 1 == states.len() {
                &after
            } else {
                &known
            };
            world.check(act, acknowledged);
            let now = world.complete(act, &words, &known);
            world.check(act, &now);
        }
        world.disk.load(states.last().unwrap());
        known = after;
    }
}

#[test]
fn what_a_killed_process_left_visible_is_durable_before_others_rest_on_it() {
    let mut world = World::new();
    let mut known = Known::default();
    for act in Act::ALL {
        let words = world.prepare(act, &known);
        world.disk.record();
        let after = world.complete(act, &words, &known);
        let states = world.disk.recorded();
        for (n, seed) in moments(states.len() - 1, 4) {
            println!("{act:?}, killed at {n}, seed {seed}");
            world.disk.load(&states[n]);
            let now = world.complete(act, &words, &known);
            world.disk.load(&world.disk.state().cut(seed));
            world.check(act, &now);
        }
        world.disk.load(states.last().unwrap());
        known = after;
    }
}

/// Restores with the power going at the n-th change: an image with its own name is whole, and a
/// restore that said that it was done is there.
fn restore_cut_anywhere(target: world::Target) {
    let mut world = World::new();
    let (known, words) = world.prepare_restore(target);
    let before = world.disk.state();
    world.disk.load(&before);
    assert_eq!(world.run(&words), 0);
    let changes = usize::try_from(world.disk.changes()).unwrap();
    let (mut done, mut cut) = (0, 0);
    for (n, seed) in moments(changes, 8) {
        println!("{target:?}, {n} of {changes} changes, seed {seed}");
        world.disk.load(&before);
        world.disk.power_off_after(n as u64);
        let said = world.run(&words);
        world.disk.load(&world.disk.state().cut(seed));
        let there = world.image_is_old_or_new(target, &known);
        match said == 0 {
            true => assert!(there, "it said that it was done"),
            false => cut += 1,
        }
        done += usize::from(said == 0);
        assert_eq!(world.run(&words), 0, "the same command goes on");
        world.disk.load(&world.disk.state().cut(seed));
        assert!(world.image_is_old_or_new(target, &known));
    }
    assert!(cut > 0 && done > 0, "{cut} {done}");

    for (n, seed) in moments(changes, 8) {
        println!("{target:?}, change {n} of {changes} fails, seed {seed}");
        world.disk.load(&before);
        world.disk.fail(Fault {
            what: What::Change,
            at: n as u64,
        });
        let said = world.run(&words);
        world.disk.load(&world.disk.state().cut(seed));
        let there = world.image_is_old_or_new(target, &known);
        assert!(said != 0 || there, "it said that it was done");
        assert_eq!(world.run(&words), 0, "the same command goes on");
        assert!(world.image_is_old_or_new(target, &known));
    }
}

#[test]
fn a_restore_to_a_new_raw_image_is_done_when_it_says_so() {
    restore_cut_anywhere(world::Target::Raw);
}

#[test]
fn a_restore_to_a_new_qcow2_image_is_done_when_it_says_so() {
    restore_cut_anywhere(world::Target::Qcow2);
}

#[test]
fn a_restore_over_an_image_is_done_or_marked() {
    restore_cut_anywhere(world::Target::Onto);
}
