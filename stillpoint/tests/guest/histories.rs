//! Random histories of machines on real QEMU, against a model of every disk.
//!
//! A history plays writes, zeroes, discards, growing and shrinking, unplugging and plugging of a
//! disk, resets, pauses, orderly ends and starts; backups of all or some disks while the machine
//! writes on, is off, or is killed; SIGKILL of QEMU, of the command and of libvirtd at any moment;
//! skipped and killed transfers; removal and collection; a lost snapshot store; disks restored or
//! put back while the machine is off. All in random order. What the disks held at each instant is
//! known, since the history stops writing from a backup's start until QEMU holds the instant.
//!
//! Checked on the way and at the end: every acknowledged point restores byte for byte from each
//! tier that has it; nothing half-made is to be seen; the machine goes on, and nothing is left in
//! QEMU; the next command always works, with no step in between.
//!
//! `STILLPOINT_HISTORIES=N` plays more, `STILLPOINT_SEED=N` others: one seed gives the same
//! choices, the moments depend on the machine besides. `STILLPOINT_STEPS=N` makes them longer.

mod bare;
mod dice;
mod domain;
mod machine;
mod model;
mod moves;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Instant;

use machine::Machine;
use world::World;

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Plays histories of the machines that `make` makes; says the seed of one that fails.
fn play(test: &str, usual: u64, steps: u64, make: impl Fn() -> Box<dyn Machine>) {
    let count = number("STILLPOINT_HISTORIES").unwrap_or(usual);
    let first = number("STILLPOINT_SEED").unwrap_or(1);
    let steps = number("STILLPOINT_STEPS").unwrap_or(steps);
    for seed in first..first + count {
        let start = Instant::now();
        let played = catch_unwind(AssertUnwindSafe(|| {
            let mut world = World::new(make(), seed);
            for step in 1..=steps {
                world.step(step);
            }
            world.end()
        }));
        match played {
            Ok(tally) => println!("seed {seed}, {:?}: {tally:?}", start.elapsed()),
            Err(panic) => {
                println!(
                    "again: STILLPOINT_SEED={seed} STILLPOINT_HISTORIES=1 STILLPOINT_STEPS={steps} \
                     cargo test -p stillpoint --test guest {test}"
                );
                resume_unwind(panic);
            }
        }
    }
}

#[test]
fn whatever_happens_to_a_bare_machine_every_point_is_what_its_disks_held() {
    let machine = || Box::new(bare::Bare::start()) as Box<dyn Machine>;
    play("histories::whatever_happens_to_a_bare", 1, 60, machine);
}

#[test]
fn whatever_happens_to_a_libvirt_machine_every_point_is_what_its_disks_held() {
    let machine = || Box::new(domain::Virtual::start()) as Box<dyn Machine>;
    play("histories::whatever_happens_to_a_libvirt", 1, 30, machine);
}
