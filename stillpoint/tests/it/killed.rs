//! The program, killed at any moment of its work.
//!
//! Rounds of backup, transfer, removal, collection and restore on an image, with SIGKILL after
//! a delay that is swept over the command's usual time. After each kill every point that was
//! acknowledged restores byte-exact from each tier that has it, and nothing half-made is to be
//! seen; then the same command succeeds, and leaves no litter.
//!
//! `STILLPOINT_KILLS=N` makes it longer, `STILLPOINT_SEED=N` another one.

mod world;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use world::{Act, World};

/// How long to go on, and with what luck.
pub struct Attack {
    /// Processes to kill.
    pub kills: usize,
    /// The seed of all choices; the moments depend on the machine besides.
    pub seed: u64,
}

/// What an attack did.
#[derive(Debug, Default)]
pub struct Tally {
    /// Processes killed, by what they did.
    pub kills: BTreeMap<&'static str, usize>,
    /// Kills after which the work turned out to have been done.
    pub done: usize,
    /// Points restored and compared.
    pub compared: usize,
}

/// Runs the attack. Panics at the first loss.
pub fn attack(attack: &Attack) -> Tally {
    let mut world = World::new(attack.seed);
    let mut tally = Tally::default();
    // How long each takes when it is left alone, and how many were killed.
    let mut usual: BTreeMap<Act, Duration> = BTreeMap::new();
    let mut turn = 0;
    while tally.kills.values().sum::<usize>() < attack.kills {
        let act = Act::ALL[turn % Act::ALL.len()];
        let job = world.prepare(act);
        if let Some(usual) = usual.get(&act) {
            // Each act meets each part of its time in turn; the golden ratio spreads them.
            let n = (turn / Act::ALL.len()) as f64;
            let part = (n * 0.618_034 + f64::from(act as u8) * 0.13).fract();
            let killed = world.kill(&job, usual.mul_f64(part));
            if killed {
                *tally.kills.entry(act.name()).or_default() += 1;
            }
            tally.done += usize::from(world.look(&job));
            tally.compared += world.compare(Some(&job));
        }
        let start = Instant::now();
        world.complete(&job);
        let took = start.elapsed();
        usual
            .entry(act)
            .and_modify(|t| *t = (*t * 3 + took) / 4)
            .or_insert(took);
        world.tidy(&job);
        turn += 1;
    }
    world.compare(None);
    world.end();
    tally
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

#[test]
fn whenever_it_is_killed_nothing_is_lost_and_the_same_command_goes_on() {
    let kills = number("STILLPOINT_KILLS").unwrap_or(40);
    let seed = number("STILLPOINT_SEED").unwrap_or(1);
    let start = Instant::now();
    let tally = attack(&Attack {
        kills: usize::try_from(kills).unwrap(),
        seed,
    });
    println!("seed {seed}, {:?}: {tally:?}", start.elapsed());
    assert_eq!(tally.kills.len(), Act::ALL.len(), "{tally:?}");
}
