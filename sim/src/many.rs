//! Runs one after another, and what they did in words.

use std::path::Path;
use std::time::Instant;

use base::{Random, SystemRandom};

use crate::{Outcome, Stats, run};

/// A seed that nobody knows before.
#[must_use]
pub fn fresh_seed() -> u64 {
    let random: &dyn Random = &SystemRandom;
    u64::from(u32::from_le_bytes(random.bytes()))
}

/// Makes one run; gives what it did in words. Writes what its stores held at the end to the
/// folder `keep`.
///
/// # Errors
/// What must not be and was, and how to replay it.
pub fn one(seed: u64, verbose: bool, keep: Option<&Path>) -> Result<String, String> {
    let outcome = run(seed, verbose);
    if let Some(folder) = keep {
        write(&outcome, folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    match &outcome.failure {
        None => Ok(format!(
            "{}\ntrace {}",
            words(1, &outcome.stats),
            outcome.trace
        )),
        Some(_) => Err(failed(&outcome)),
    }
}

/// Makes runs with the seeds from `seed` on until `end`, at least one; gives what they did in
/// words.
///
/// # Errors
/// Of the first run that fails, what must not be and was, and how to replay it.
pub fn many(seed: u64, end: Instant) -> Result<String, String> {
    let (mut stats, mut runs) = (Stats::default(), 0);
    while runs == 0 || Instant::now() < end {
        let outcome = run(seed.wrapping_add(runs), false);
        if outcome.failure.is_some() {
            return Err(failed(&outcome));
        }
        stats.add(&outcome.stats);
        runs += 1;
    }
    Ok(words(runs, &stats))
}

fn write(outcome: &Outcome, folder: &Path) -> std::io::Result<()> {
    for (store, objects) in outcome.stores.iter().enumerate() {
        for (name, bytes) in objects {
            let path = folder.join(store.to_string()).join(name);
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(path, bytes)?;
        }
    }
    Ok(())
}

fn failed(outcome: &Outcome) -> String {
    let (seed, what) = (outcome.seed, outcome.failure.as_deref().unwrap_or_default());
    format!("seed {seed}: {what}\nreplay: cargo run -p sim -- --seed {seed} --log")
}

fn words(runs: u64, s: &Stats) -> String {
    format!(
        "{runs} runs, {} operations, {} actions ({} failed, {} dropped), {} processes killed\n\
         {} points committed, {} transferred, {} removals, {} collections ({} objects deleted), \
         {} restores\n\
         {} states audited, {} points compared: nothing lost",
        s.operations,
        s.actions,
        s.failed,
        s.dropped,
        s.kills,
        s.commits,
        s.transfers,
        s.removals,
        s.collections,
        s.deleted,
        s.restores,
        s.audits,
        s.compared
    )
}
