//! The attacks in their long forms, one after another: what `test` does for a minute, for as long
//! as is asked for.

use std::fmt::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::programs::{self, Program};
use crate::shell;

const HELP: &str = "cargo xtask torture --minutes N [--only PART,…] [--report FILE]";

/// One attack.
struct Part {
    name: &'static str,
    what: &'static str,
    how: How,
}

/// How an attack is made longer.
enum How {
    /// The simulation, which takes its time itself.
    Simulation,
    /// These tests (crate, its test program, filter), again and again. A variable sets how much
    /// a round does, and another one the round's seed; `None` if every round is another one by
    /// itself.
    Rounds {
        tests: &'static [(&'static str, &'static str, &'static str)],
        much: (&'static str, u64),
        seed: Option<&'static str>,
        unit: &'static str,
    },
}

const PARTS: &[Part] = &[
    Part {
        name: "simulation",
        what: "hosts at work on faulty stores, killed, stalled, with jumping clocks",
        how: How::Simulation,
    },
    Part {
        name: "model",
        what: "random histories of a vault against a naive model",
        how: How::Rounds {
            tests: &[("vault", "it", "model::")],
            much: ("STILLPOINT_CASES", 200),
            seed: None,
            unit: "histories",
        },
    },
    Part {
        name: "kills",
        what: "the command killed at any moment, then run again",
        how: How::Rounds {
            tests: &[("stillpoint", "it", "killed::")],
            much: ("STILLPOINT_KILLS", 100),
            seed: Some("STILLPOINT_SEED"),
            unit: "kills",
        },
    },
    Part {
        name: "server",
        what: "the server killed at any moment of backups, policy changes and deletions",
        how: How::Rounds {
            tests: &[("stillpoint", "it", "killed_server::")],
            much: ("STILLPOINT_SERVER_KILLS", 1000),
            seed: Some("STILLPOINT_SEED"),
            unit: "kills",
        },
    },
    Part {
        name: "api",
        what: "requests that the API's document allows, and such that it does not, by every role",
        how: How::Rounds {
            tests: &[("stillpoint", "it", "api_fuzz::")],
            much: ("STILLPOINT_API_FUZZ_SECONDS", 43),
            seed: Some("STILLPOINT_SEED"),
            unit: "seconds for each role",
        },
    },
    Part {
        name: "histories",
        what: "real machines that write, grow, are killed and backed up, in random order",
        how: How::Rounds {
            // One after another: each keeps a processor busy, and commands are timed.
            tests: &[
                (
                    "stillpoint",
                    "guest",
                    "histories::whatever_happens_to_a_bare",
                ),
                (
                    "stillpoint",
                    "guest",
                    "histories::whatever_happens_to_a_libvirt",
                ),
            ],
            much: ("STILLPOINT_HISTORIES", 1),
            seed: Some("STILLPOINT_SEED"),
            unit: "histories of each kind",
        },
    },
    Part {
        name: "power",
        what: "power cuts and failing disks below stores, keys and restored images",
        how: How::Rounds {
            tests: &[
                ("vault", "it", "powercut::"),
                ("stillpoint", "it", "powercut::"),
            ],
            much: ("STILLPOINT_CUTS", 4),
            seed: Some("STILLPOINT_SEED"),
            unit: "quarters of all changes",
        },
    },
    Part {
        name: "fuzz",
        what: "hostile bytes for everything that reads bytes from outside",
        how: How::Rounds {
            tests: &[
                ("vault", "it", "hostile::"),
                ("block", "it", "hostile::"),
                ("hypervisor", "it", "hostile::"),
                ("mover", "it", "hostile::"),
            ],
            much: ("STILLPOINT_FUZZ_SECONDS", 3),
            seed: Some("STILLPOINT_FUZZ_SEED"),
            unit: "seconds a target",
        },
    },
];

/// What came of a part.
struct Done {
    name: &'static str,
    what: &'static str,
    figure: String,
    well: bool,
    took: Duration,
}

/// Runs the parts, sharing the time, and prints a table.
pub(crate) fn run(options: &[&str]) -> Result<()> {
    let options = Options::read(options)?;
    let parts: Vec<&Part> = PARTS.iter().filter(|p| options.wants(p.name)).collect();
    ensure!(!parts.is_empty(), "no such part\n{HELP}");
    // Before the first begins, so that its time is its own.
    let programs = programs::build()?;
    let share = options.time / u32::try_from(parts.len())?;
    let mut all = Vec::new();
    for part in parts {
        println!("--- {}: {}", part.name, part.what);
        let start = Instant::now();
        let (figure, well) = match &part.how {
            How::Simulation => simulation(&programs, share)?,
            How::Rounds {
                tests,
                much,
                seed,
                unit,
            } => rounds(&programs, share, tests, *much, *seed, unit)?,
        };
        all.push(Done {
            name: part.name,
            what: part.what,
            figure,
            well,
            took: start.elapsed(),
        });
    }
    let report = report(&all);
    println!("\n{report}");
    if let Some(path) = options.report {
        std::fs::write(path, &report).with_context(|| format!("writing {path}"))?;
    }
    if all.iter().any(|d| !d.well) {
        bail!("not all is well");
    }
    Ok(())
}

struct Options<'a> {
    time: Duration,
    only: Option<&'a str>,
    report: Option<&'a str>,
}

impl<'a> Options<'a> {
    fn read(options: &[&'a str]) -> Result<Self> {
        let (mut minutes, mut only, mut report) = (None, None, None);
        for pair in options.chunks(2) {
            match pair {
                ["--minutes", n] => minutes = Some(n.parse::<u64>().context("--minutes")?),
                ["--only", parts] => only = Some(*parts),
                ["--report", path] => report = Some(*path),
                _ => bail!("{}?\n{HELP}", pair.join(" ")),
            }
        }
        let minutes = minutes.context(HELP)?;
        Ok(Self {
            time: Duration::from_secs(60 * minutes),
            only,
            report,
        })
    }

    fn wants(&self, part: &str) -> bool {
        self.only.is_none_or(|o| o.split(',').any(|p| p == part))
    }
}

fn simulation(programs: &[Program], time: Duration) -> Result<(String, bool)> {
    let seconds = time.as_secs().max(1).to_string();
    let mut run = programs::named(programs, "sim")?.command();
    let (lines, well) = shell::watch(run.args(["--seconds", &seconds]))?;
    Ok((lines.join("; "), well))
}

fn rounds(
    programs: &[Program],
    time: Duration,
    tests: &[(&str, &str, &str)],
    (variable, much): (&str, u64),
    seed: Option<&str>,
    unit: &str,
) -> Result<(String, bool)> {
    let start = Instant::now();
    let (mut rounds, mut passed) = (0u64, 0u64);
    // Other seeds each time, but such that can be told again.
    let first = u64::from(std::process::id()) << 16;
    while rounds == 0 || start.elapsed() < time {
        for (package, program, filter) in tests {
            let mut command = programs::tests(programs, package, program)?.command();
            command.args(["--quiet", filter]);
            command.env(variable, much.to_string());
            let mut told = format!("{variable}={much}");
            if let Some(name) = seed {
                let seed = (first + rounds).to_string();
                command.env(name, &seed);
                let _ = write!(told, " {name}={seed}");
            }
            let (lines, well) = shell::watch(&mut command)?;
            passed += passed_in(&lines);
            if !well || passed == 0 {
                let again = format!("{told} cargo test -p {package} --test {program} {filter}");
                return Ok((format!("FAILED in round {}: `{again}`", rounds + 1), false));
            }
        }
        rounds += 1;
    }
    let figure = format!(
        "{} {unit} in {rounds} rounds, {passed} tests passed",
        rounds * much
    );
    Ok((figure, true))
}

/// The number in cargo's `test result: ok. 9 passed; …`.
fn passed_in(lines: &[String]) -> u64 {
    let passed = |line: &String| {
        let rest = line.strip_prefix("test result: ")?;
        let words: Vec<&str> = rest.split(' ').collect();
        let at = words.iter().position(|w| w.starts_with("passed"))?;
        words.get(at.checked_sub(1)?)?.parse::<u64>().ok()
    };
    lines.iter().filter_map(passed).sum()
}

fn report(all: &[Done]) -> String {
    let commit = shell::output(Command::new("git").args(["rev-parse", "--short", "HEAD"]));
    let commit = commit.unwrap_or_default();
    let mut out = format!("`cargo xtask torture` at commit {}\n\n", commit.trim());
    out.push_str("| part | what | minutes | figure | result |\n|---|---|---|---|---|\n");
    for done in all {
        let minutes = done.took.as_secs_f64() / 60.0;
        let result = if done.well { "well" } else { "FAILED" };
        let (name, what, figure) = (done.name, done.what, &done.figure);
        let _ = writeln!(
            out,
            "| {name} | {what} | {minutes:.1} | {figure} | {result} |"
        );
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_understood_and_others_refused() {
        let options = Options::read(&["--minutes", "3", "--only", "model,fuzz"]).unwrap();
        assert_eq!(options.time, Duration::from_secs(180));
        assert!(options.wants("fuzz") && !options.wants("kills"));
        assert!(Options::read(&[]).is_err());
        assert!(Options::read(&["--minutes"]).is_err());
        assert!(Options::read(&["--hours", "3"]).is_err());
    }

    #[test]
    fn the_help_names_each_part() {
        let (_, help) = crate::HELP.split_once("torture").unwrap();
        let (help, _) = help.split_once("--report").unwrap();
        for part in PARTS {
            assert!(help.contains(part.name), "{}", part.name);
        }
    }

    #[test]
    fn what_passed_is_counted_over_all_lines() {
        let lines = [
            "running 3 tests",
            "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 9 filtered out",
            "test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 1 filtered out",
        ];
        assert_eq!(passed_in(&lines.map(str::to_owned)), 15);
    }
}
