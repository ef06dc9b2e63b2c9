//! A simulated year of a server: the control plane as it is, on stores and hosts that are played,
//! with a clock that is moved on. Policies of every kind, failures, kills, outages, and an
//! operator who edits, stops, deletes and takes back. Every 22 hours the `audit` says whether
//! exactly the points are there that the policies say.

mod audit;
mod choose;
mod dice;
mod fleet;
mod item;
mod life;
mod rules;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use base::{Clock, ManualClock};
use control::scripted::Scripted;
use jiff::{SignedDuration, Timestamp};

use crate::audit::Auditor;
use crate::dice::Dice;
use crate::fleet::Fleet;
use crate::life::{Life, later};

/// What to simulate.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How many machines.
    pub machines: usize,
    /// How many days.
    pub days: i64,
    /// What everything that is left to chance follows from.
    pub seed: u64,
}

/// Seconds between two ticks of the server.
const STEP: i64 = 1800;
const DAY: i64 = 86_400;
/// Seconds between two looks of the auditor: what is kept for a day, of 23 hours too, is seen.
const LOOK: i64 = 22 * 3600;
/// In a million steps: kills, restarts, outages.
const KILLS: u64 = 40_000;
const RESTARTS: u64 = 4_000;
const OUTAGES: u64 = 1_000;

/// Runs it, and gives what it says in the end.
///
/// # Errors
/// What is not as it must be, or broke.
pub fn run(options: Options) -> Result<String, String> {
    let told = |e: std::io::Error| e.to_string();
    // In memory where that is: each transaction waits for its disk.
    let memory = PathBuf::from("/dev/shm");
    let folder = match memory.is_dir() {
        true => tempfile::tempdir_in(memory).map_err(told)?,
        false => tempfile::tempdir().map_err(told)?,
    };
    let begun = Instant::now();
    let mut dice = Dice::new(options.seed);
    // A Thursday; Lord Howe and Santiago have summer.
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().map_err(|e| format!("{e}"))?;
    let clock = Arc::new(ManualClock::new(start));
    let plane = Arc::new(Scripted::new(Arc::clone(&clock)));
    fleet::direct(&plane, dice.fork());
    let mut lives = 0;
    let mut live = || {
        lives += 1;
        Life::begin(
            folder.path(),
            &clock,
            &plane,
            options.seed.wrapping_add(lives),
        )
    };
    let mut life = live()?;
    let mut fleet =
        life.ask(async |control| Fleet::make(control, &plane, options.machines, &mut dice).await)?;
    let mut auditor = Auditor::new(folder.path(), start.as_second())?;
    let end = later(start, SignedDuration::from_hours(24 * options.days));
    let (mut kills, mut outages, mut restarts) = (0, 0, 0);
    let mut audited = start.as_second() / LOOK;
    while clock.now() < end {
        let now = clock.now().as_second();
        let until = rules::at((now / STEP + 1) * STEP);
        let killed_after = dice.chance(KILLS).then(|| dice.range(0, 40) as u32);
        if life.pass(&clock, &plane, until, killed_after).is_err() {
            kills += 1;
            drop(life);
            life = live()?;
            if life.pass(&clock, &plane, until, None).is_err() {
                return Err("killed by nobody".to_owned());
            }
        }
        if dice.chance(OUTAGES) {
            outages += 1;
            // What is made until here may expire while it lasts.
            let control = Arc::clone(&life.control);
            let looked = auditor.look(&control, &life, &plane, &fleet);
            looked.map_err(|e| format!("seed {}, {}: {e}", options.seed, clock.now()))?;
            drop(control);
            drop(life);
            let hours = dice.range(1, 40);
            clock.advance(SignedDuration::from_hours(hours));
            life = live()?;
            auditor.up_since = clock.now().as_second();
            if life.settle(&plane, &mut None).is_err() {
                return Err("killed by nobody".to_owned());
            }
        } else if dice.chance(RESTARTS) {
            restarts += 1;
            life.stop();
            life = live()?;
        }
        let look = clock.now().as_second() / LOOK;
        if look > audited {
            audited = look;
            let control = Arc::clone(&life.control);
            let looked = auditor.look(&control, &life, &plane, &fleet);
            looked.map_err(|e| format!("seed {}, {}: {e}", options.seed, clock.now()))?;
        }
        let steps = (DAY / STEP) as u64;
        clock.advance(SignedDuration::from_secs(1));
        let before = fleet.done();
        life.ask(async |control| fleet.operate(control, &mut auditor, &mut dice, steps).await)?;
        if fleet.done() != before && life.settle(&plane, &mut None).is_err() {
            return Err("killed by nobody".to_owned());
        }
    }
    Ok(format!(
        "{} machines, {} days, seed {}: {} backups made {} points, {} points compared; {} edits, \
         {} changes, {} refused, {kills} kills, {restarts} restarts, {outages} outages; {:.1} s",
        options.machines,
        options.days,
        options.seed,
        auditor.jobs,
        auditor.made,
        auditor.compared,
        fleet.edits,
        fleet.deeds,
        fleet.refused,
        begun.elapsed().as_secs_f64()
    ))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_auditor_names_nothing_of_the_rules_that_it_audits() {
        for (name, source) in [
            ("audit", include_str!("audit.rs")),
            ("item", include_str!("item.rs")),
            ("item/jobs", include_str!("item/jobs.rs")),
            ("item/words", include_str!("item/words.rs")),
            ("rules", include_str!("rules.rs")),
        ] {
            let code = source
                .lines()
                .filter(|line| !line.trim_start().starts_with("//"));
            let named: Vec<&str> = code.filter(|line| line.contains("policy::")).collect();
            assert!(named.is_empty(), "{name}: {named:?}");
        }
        // What makes a server's policies does.
        assert!(include_str!("choose.rs").contains("use policy::"));
    }
}
