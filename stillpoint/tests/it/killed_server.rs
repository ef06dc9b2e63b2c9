//! A server that is killed at any moment of backups, policy changes and deletions: every change
//! that it acknowledged is there, jobs end truthfully, and points hold what they should.
//!
//! The server is the real one, with real stores; its host is scripted. `STILLPOINT_SERVER_KILLS=N`
//! makes it longer, `STILLPOINT_SEED=N` another one.

#[allow(dead_code, reason = "each test program uses its own part")]
#[path = "../guest/histories/dice.rs"]
mod dice;
mod model;
mod victim;

use std::time::{Duration, Instant};

use dice::Dice;
use model::Model;
use victim::{Answered, Victim};

/// How many machines there are.
const MACHINES: usize = 3;
/// The longest that a server is left alone.
const ALONE: Duration = Duration::from_millis(900);

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Asks for one thing after another until the server is gone.
fn ask_until_killed(victim: &Victim, model: &mut Model, dice: &mut Dice) {
    loop {
        let machine = dice.below(MACHINES);
        let policy = dice.below(4);
        let answered = match dice.below(20) {
            0..=7 => {
                let answered = victim.backup(machine);
                model.backup(machine, &answered);
                answered
            }
            8..=12 => {
                let days = 7 + dice.below(1000) as u64;
                let answered = victim.put_policy(policy, days);
                model.policy(policy, Some(days), &answered);
                answered
            }
            13..=14 => {
                let answered = victim.delete_policy(policy);
                model.policy(policy, None, &answered);
                answered
            }
            // What was deleted is protected again after the next look.
            15..=18 if !model.is_deleted(machine) => {
                let answered = victim.protect(machine);
                model.protect(machine, &answered);
                answered
            }
            15..=18 => victim.put_policy(9, 7),
            _ => {
                let answered = victim.delete_item(machine);
                model.delete_item(machine, &answered);
                answered
            }
        };
        if matches!(answered, Answered::Gone) {
            return;
        }
        // As people and scripts do: not without a breath.
        std::thread::sleep(Duration::from_millis(dice.below(60) as u64));
    }
}

#[test]
fn whenever_the_server_is_killed_what_it_acknowledged_is_there_and_jobs_end_truthfully() {
    let kills = number("STILLPOINT_SERVER_KILLS").unwrap_or(80);
    let seed = number("STILLPOINT_SEED").unwrap_or(1);
    let start = Instant::now();
    let mut victim = Victim::new(MACHINES, seed);
    let mut model = Model::new(MACHINES);
    for machine in 0..MACHINES {
        let answered = victim.protect(machine);
        model.protect(machine, &answered);
    }
    for kill in 0..kills {
        let mut dice = Dice::new(seed, kill);
        let killer = victim.kill_after(dice.moment(ALONE));
        ask_until_killed(&victim, &mut model, &mut dice);
        killer.join().unwrap();
        victim.start_again();
        victim.wait_for_jobs();
        model.check(&victim, kill);
        if kill % 8 == 7 {
            model.compare(&victim);
        }
        victim.write(kill + 1);
    }
    println!(
        "seed {seed}, {kills} kills, {:?}: {}",
        start.elapsed(),
        model.tally()
    );
    model.all_was_done();
}
