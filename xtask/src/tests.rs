//! Every test, in two parts: what needs only the processor, in parallel; and what
//! runs machines and stores: machines one after another, since two at once on
//! two emulated processors would time each other out.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::metadata;
use crate::programs::{self, Program};
use crate::real::{self, Real};
use crate::{install, lint, portal, shell, year};

/// Seconds that one program may take. Only a test that hangs takes longer.
const LIMIT: &str = "1800";

/// Tests that ended well and that did not.
#[derive(Default, Clone, Copy)]
struct Count {
    passed: usize,
    failed: usize,
}

/// An integration test: crate and name, the program it became, and which of its tests
/// run machines.
struct Target {
    package: String,
    name: String,
    program: Program,
    real: Real,
    /// How many of its tests may run at a time.
    threads: u8,
}

/// Runs everything, or one part (`unit`, `year`, `real`) without install and lint. The
/// last line counts: `N passed, N failed`.
pub(crate) fn run(part: Option<&str>) -> Result<()> {
    if let Some(part) = part
        && !["unit", "year", "real"].contains(&part)
    {
        bail!("no part {part}; there are unit, year and real");
    }
    let mut times = Vec::new();
    let mut count = Count::default();
    if part.is_none() {
        if let Err(error) = timed(&mut times, "install", install::run) {
            println!("0 passed, 1 failed");
            return Err(error);
        }
        if let Err(error) = timed(&mut times, "lint", lint::run) {
            eprintln!("{error:#}");
            count.failed += 1;
        }
    }
    let programs = match timed(&mut times, "build", programs::build) {
        Ok(programs) => programs,
        Err(error) => {
            println!("{} passed, {} failed", count.passed, count.failed + 1);
            return Err(error);
        }
    };
    let (targets, others) = sorted(programs)?;
    if part.is_none_or(|p| p == "unit") {
        count.add(timed(&mut times, "unit and property tests", || {
            unit(&targets, &others)
        })?);
        if portal::is_there() {
            count.add(timed(&mut times, "tests of the portal", || {
                counted(&portal::tests()?, "Tests ")
            })?);
        }
    }
    if part.is_none_or(|p| p == "year") {
        let year = programs::named(&others, "year")?;
        let (passed, failed) = timed(&mut times, "simulated years", || year::suite(year))?;
        count.add(Count { passed, failed });
    }
    if part.is_none_or(|p| p == "real") {
        count.add(timed(&mut times, "tests with machines", || {
            real_ones(&targets)
        })?);
    }
    println!();
    for (what, time) in &times {
        println!("{what:26} {:7.1} s", time.as_secs_f64());
    }
    println!("{} passed, {} failed", count.passed, count.failed);
    if count.failed > 0 {
        bail!("not all is well");
    }
    Ok(())
}

fn timed<T>(
    times: &mut Vec<(&'static str, Duration)>,
    what: &'static str,
    part: impl FnOnce() -> Result<T>,
) -> Result<T> {
    println!("--- {what}");
    let start = Instant::now();
    let result = part();
    times.push((what, start.elapsed()));
    result
}

/// The integration tests, and the other programs.
fn sorted(programs: Vec<Program>) -> Result<(Vec<Target>, Vec<Program>)> {
    let mut programs = programs;
    let mut targets = Vec::new();
    for package in metadata::packages()? {
        for (name, root) in package.tests {
            let Some(at) = programs.iter().position(|p| p.source == root) else {
                bail!("{} was not built", root.display());
            };
            targets.push(Target {
                package: package.name.clone(),
                name,
                program: programs.swap_remove(at),
                real: real::of(&root)?,
                threads: if real::runs_machines(&root)? { 1 } else { 2 },
            });
        }
    }
    Ok((targets, programs))
}

/// All but the real ones. No crate has examples in its documentation that could be run.
fn unit(targets: &[Target], others: &[Program]) -> Result<Count> {
    let mut count = Count::default();
    if shell::exists("cargo-nextest") {
        let wanted = nextest_filter(targets);
        let features = portal::features()?;
        let run = [
            "nextest",
            "run",
            "--workspace",
            "--no-fail-fast",
            "--no-tests=pass",
        ];
        let quiet = ["--color=never", "--status-level=fail", "-E", &wanted];
        let nextest = shell::cargo(&[&run, features, &quiet].concat());
        count.add(counted(&nextest, "Summary [")?);
    } else {
        for program in others.iter().filter(|p| p.tests) {
            count.add(counted(&program.command(), CARGOS)?);
        }
        for target in targets {
            let mut test = target.program.command();
            match &target.real {
                Real::All => continue,
                Real::None => {}
                Real::Modules(modules) => {
                    for module in modules {
                        test.args(["--skip", &format!("{module}::")]);
                    }
                }
            }
            count.add(counted(&test, CARGOS)?);
        }
    }
    Ok(count)
}

fn nextest_filter(targets: &[Target]) -> String {
    let mut wanted = "all()".to_owned();
    for target in targets {
        let binary = format!("binary_id(={}::{})", target.package, target.name);
        match &target.real {
            Real::None => {}
            Real::All => wanted.push_str(&format!(" - {binary}")),
            Real::Modules(modules) => {
                wanted.push_str(&format!(
                    " - ({binary} & test(/^({})::/))",
                    modules.join("|")
                ));
            }
        }
    }
    wanted
}

/// Its tests share a process, and so may share a machine.
fn real_ones(targets: &[Target]) -> Result<Count> {
    let mut count = Count::default();
    for target in targets {
        let wanted: Vec<String> = match &target.real {
            Real::None => continue,
            Real::All => Vec::new(),
            Real::Modules(modules) => modules.iter().map(|m| format!("{m}::")).collect(),
        };
        println!("{}::{} {}", target.package, target.name, wanted.join(" "));
        let mut test = target.program.command();
        let threads = format!("--test-threads={}", target.threads);
        test.args(["--quiet", &threads]).args(wanted);
        count.add(counted(&test, CARGOS)?);
    }
    Ok(count)
}

/// How the line begins in which cargo's tests are counted.
const CARGOS: &str = "test result:";

/// Runs tests, and counts them by the lines that begin with `closing`: nextest shows a failed
/// test's own output, in which cargo's closing line stands.
fn counted(command: &Command, closing: &str) -> Result<Count> {
    let mut limited = Command::new("timeout");
    limited
        .args(["--kill-after=10", LIMIT])
        .arg(command.get_program())
        .args(command.get_args())
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let folder = command.get_current_dir().map(ToOwned::to_owned);
    let (lines, success) = shell::watch(limited.current_dir(folder.unwrap_or_else(shell::root)))?;
    let mut count = Count::default();
    for line in lines
        .iter()
        .filter(|line| line.trim_start().starts_with(closing))
    {
        count.add(count_in(line));
    }
    if !success && count.failed == 0 {
        // It broke before or beside its tests: not to be taken for success.
        count.failed = 1;
    }
    Ok(count)
}

/// What a closing line says of finished tests: cargo's `test result: ok. 9 passed; 0
/// failed; ...`, nextest's `Summary [ 2.0s] 13 tests run: 12 passed, 1 failed`, vitest's `Tests
/// 1 failed | 12 passed (13)`.
fn count_in(line: &str) -> Count {
    let words: Vec<&str> = line
        .split([' ', ',', ';', '(', ')'])
        .filter(|w| !w.is_empty())
        .collect();
    let number = |what: &str| {
        let at = words.iter().position(|word| *word == what);
        at.and_then(|at| words.get(at.checked_sub(1)?)?.parse().ok())
            .unwrap_or(0)
    };
    Count {
        passed: number("passed"),
        failed: number("failed") + number("timed"),
    }
}

impl Count {
    fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    fn counts(line: &str) -> (usize, usize) {
        let count = count_in(line);
        (count.passed, count.failed)
    }

    #[test]
    fn real_tests_are_taken_out_of_the_parallel_part() {
        let target = |name: &str, real| Target {
            package: "p".into(),
            name: name.into(),
            program: Program::default(),
            real,
            threads: 1,
        };
        let targets = [
            target("a", Real::None),
            target("b", Real::All),
            target("c", Real::Modules(vec!["x".into(), "y::z".into()])),
        ];
        let wanted = "all() - binary_id(=p::b) - (binary_id(=p::c) & test(/^(x|y::z)::/))";
        assert_eq!(nextest_filter(&targets), wanted);
    }

    #[test]
    fn the_runners_closing_lines_are_understood() {
        let cargo =
            "test result: FAILED. 8 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(counts(cargo), (8, 1));
        let nextest =
            "     Summary [   2.013s] 13 tests run: 11 passed (1 slow), 2 failed, 4 skipped";
        assert_eq!(counts(nextest), (11, 2));
        assert_eq!(
            counts("  Summary [ 1s] 3 tests run: 1 passed, 1 failed, 1 timed out"),
            (1, 2)
        );
        assert_eq!(counts("      Tests  1 failed | 12 passed (13)"), (12, 1));
        assert_eq!(counts("      Tests  3 passed (3)"), (3, 0));
    }
}
