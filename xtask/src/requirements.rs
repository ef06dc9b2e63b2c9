//! `docs/requirements.md` is true: each rule of the control plane is there once, with a test that
//! exists, or with what is missing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

use crate::shell;

/// The numbers of each area that the control plane takes on. The others are not its own.
const AREAS: &[(&str, &[RangeInclusive<u32>])] = &[
    ("VAULT", &[1..=22]),
    ("REPL", &[1..=9]),
    ("SRG", &[1..=12]),
    ("DISC", &[1..=12]),
    ("POLICY", &[1..=32]),
    ("PROT", &[1..=19]),
    ("JOB", &[1..=21]),
    ("SNAP", &[1..=10]),
    ("XFER", &[1..=12]),
    ("API", &[1..=8]),
    ("RBAC", &[1..=6]),
    ("MON", &[1..=7, 9..=9]),
    (
        "ERR",
        &[
            2..=2,
            5..=5,
            7..=7,
            10..=14,
            26..=27,
            29..=29,
            33..=34,
            37..=38,
        ],
    ),
    ("PRICE", &[1..=12]),
    ("LIMIT", &[1..=9]),
    ("SOFT", &[1..=7]),
    ("IMMU", &[1..=5]),
    ("DISK", &[1..=1, 3..=3]),
    ("RESTORE", &[1..=19, 21..=22]),
    ("MAP", &[16..=17]),
    ("EXT", &[1..=1]),
    ("PORTAL", &[1..=12, 15..=17, 19..=19, 22..=23, 25..=26]),
    ("CONF", &[1..=1, 4..=8, 11..=11, 13..=15, 17..=19]),
];

/// Numbers of these areas that are rules of snapshots and disks wherever they are taken, by the
/// command alone too: code cites them, and they are not the control plane's.
#[cfg(test)]
const OF_ALL: &[&str] = &["SNAP-16", "SNAP-19", "SNAP-22", "DISK-9"];

/// How far a rule is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    Wholly,
    Partly,
    NotYet,
}

/// A test as a row names it: `crate: name`, or `crate (part): name` for one below `tests/part`.
#[derive(Clone, Copy, Debug)]
struct Test<'a> {
    package: &'a str,
    part: Option<&'a str>,
    name: &'a str,
}

impl<'a> Test<'a> {
    /// The tests among what stands in backticks.
    fn all(cell: &'a str) -> Vec<Self> {
        let spans = cell.split('`').skip(1).step_by(2);
        spans.filter_map(Self::parse).collect()
    }

    fn parse(text: &'a str) -> Option<Self> {
        let (place, name) = text.split_once(": ")?;
        let (package, part) = match place.strip_suffix(')') {
            Some(place) => {
                let (package, part) = place.split_once(" (")?;
                (package, Some(part))
            }
            None => (place, None),
        };
        let all = [package, part.unwrap_or("x"), name]
            .into_iter()
            .all(is_plain);
        all.then_some(Self {
            package,
            part,
            name,
        })
    }
}

/// Whether a text may be the name of a function.
fn is_plain(text: &str) -> bool {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    !text.is_empty() && text.chars().all(good)
}

/// Names of tests by the folders they are in.
#[derive(Default)]
struct Sources(BTreeMap<String, BTreeSet<String>>);

impl Sources {
    /// Whether a test is there.
    fn have(&mut self, test: Test<'_>) -> bool {
        let folder = match test.part {
            Some(part) => format!("{}/tests/{part}", test.package),
            None => test.package.to_owned(),
        };
        let tests = self.0.entry(folder).or_insert_with_key(|folder| {
            let mut tests = BTreeSet::new();
            collect(&shell::root().join(folder), &mut tests);
            tests
        });
        tests.contains(test.name)
    }
}

/// The tests of all sources below a folder, which may not be there.
fn collect(folder: &Path, tests: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let text = || fs::read_to_string(&path).unwrap_or_default();
        if path.is_dir() && name != "node_modules" {
            collect(&path, tests);
        } else if path.extension().is_some_and(|e| e == "rs") {
            tests.extend(tests_of(&text()).map(str::to_owned));
        } else if name.to_string_lossy().ends_with(".test.ts") {
            tests.extend(tests_of_node(&text()).map(str::to_owned));
        }
    }
}

/// The names of the tests for Node that are written as those of functions are.
fn tests_of_node(source: &str) -> impl Iterator<Item = &str> {
    let begun = source
        .lines()
        .filter_map(|line| line.strip_prefix("test('"));
    let names = begun.filter_map(|line| Some(line.split_once('\'')?.0));
    names.filter(|name| is_plain(name))
}

/// The names of functions that are tests and are run, or are listed for a macro that makes tests of them.
fn tests_of(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().map(str::trim_start);
    let code = lines.filter(|line| !line.starts_with("//"));
    let (mut is_test, mut is_ignored, mut in_list) = (false, false, false);
    code.filter_map(move |line| {
        in_list = line.starts_with("macro_rules! each_test") || in_list && line != "}";
        let listed = line.strip_suffix(',').filter(|name| is_plain(name));
        if in_list && listed.is_some() {
            return listed;
        }
        if line.starts_with("#[") {
            is_test |= line.starts_with("#[test]") || line.starts_with("#[tokio::test");
            is_ignored |= line.starts_with("#[ignore");
            return None;
        }
        let is_ignored = std::mem::take(&mut is_ignored);
        let is_test = std::mem::take(&mut is_test) && !is_ignored;
        let (before, after) = line.split_once("fn ")?;
        let whole = before.is_empty() || before == "async ";
        (is_test && whole).then(|| after.split_once('(').map(|(name, _)| name))?
    })
}

/// What is wrong with the document, if `have` knows which tests there are.
fn faults(document: &str, mut have: impl FnMut(Test<'_>) -> bool) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    let mut counts = BTreeMap::new();
    for line in document.lines().filter(|line| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        if cells[0] == "id" || cells[0].starts_with("--") {
            continue;
        }
        let &[id, rule, cell] = cells.as_slice() else {
            faults.push(format!("not a row of three: {line}"));
            continue;
        };
        match read_id(id) {
            None => faults.push(format!("{id}: no number of the control plane")),
            Some(id) if !seen.insert(id) => faults.push(format!("{}-{}: twice", id.0, id.1)),
            Some(_) => {}
        }
        if rule.is_empty() {
            faults.push(format!("{id}: no rule"));
        }
        let tests = Test::all(cell);
        match how_far(cell, &tests) {
            Ok(shown) => *counts.entry(shown).or_insert(0) += 1,
            Err(fault) => faults.push(format!("{id}: {fault}")),
        }
        for test in tests.into_iter().filter(|t| !have(*t)) {
            let (package, name) = (test.package, test.name);
            faults.push(format!("{id}: there is no test {name} in {package}"));
        }
    }
    let each = AREAS.iter().flat_map(|(area, numbers)| {
        let numbers = numbers.iter().cloned().flatten();
        numbers.map(move |number| (*area, number))
    });
    let missing = each.filter(|id| !seen.contains(id));
    faults.extend(missing.map(|(area, number)| format!("{area}-{number}: missing")));
    let count = |shown| counts.get(&shown).copied().unwrap_or(0);
    let head = format!(
        "**{} shown, {} partly, {} not yet.**",
        count(Shown::Wholly),
        count(Shown::Partly),
        count(Shown::NotYet)
    );
    if !document.lines().any(|line| line == head) {
        faults.push(format!("the head doesn't say: {head}"));
    }
    faults
}

/// The area and the number, if there is such a one.
fn read_id(id: &str) -> Option<(&'static str, u32)> {
    let (area, number) = id.split_once('-')?;
    let (area, numbers) = AREAS.iter().find(|(name, _)| *name == area)?;
    let number = number.parse().ok()?;
    let known = numbers.iter().any(|range| range.contains(&number));
    known.then_some((area, number))
}

/// What the last cell of a row says.
fn how_far(cell: &str, tests: &[Test<'_>]) -> Result<Shown, &'static str> {
    let why = |word: &str| {
        let rest = cell.strip_prefix(word)?;
        Some(!rest.split('`').next().unwrap_or("").trim().is_empty())
    };
    match (why("not yet:"), why("partly:"), tests) {
        (Some(true), _, []) => Ok(Shown::NotYet),
        (Some(true), ..) => Err("not yet, and a test"),
        (_, Some(true), []) => Err("partly, and no test"),
        (_, Some(true), _) => Ok(Shown::Partly),
        (Some(false), ..) | (_, Some(false), _) => Err("without a reason"),
        (None, None, []) => Err("neither a test nor what is missing"),
        (None, None, _) => {
            let between = cell.split('`').step_by(2);
            let only = between
                .map(str::trim)
                .all(|text| text.is_empty() || text == ",");
            let spans = cell.split('`').count() / 2;
            match only && spans == tests.len() {
                true => Ok(Shown::Wholly),
                false => Err("more than names of tests"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_is_true() {
        let path = shell::root().join("docs/requirements.md");
        let document = fs::read_to_string(&path).unwrap();
        let mut sources = Sources::default();
        let faults = faults(&document, |test| sources.have(test));
        assert!(
            faults.is_empty(),
            "docs/requirements.md:\n  {}",
            faults.join("\n  ")
        );
    }

    /// The numbers that the sources below a folder cite, each with a file that does.
    fn cited(folder: &Path, all: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                cited(&path, all);
            } else if path.extension().is_some_and(|e| e == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                let ids = ids_in(&text);
                all.extend(ids.map(|id| (id, path.display().to_string())));
            }
        }
    }

    /// What looks like the number of a rule. `SRG-1, 2 to 4` cites the first.
    fn ids_in(text: &str) -> impl Iterator<Item = String> {
        let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '-');
        let ids = words.filter(|word| {
            let (area, number) = word.split_once('-').unwrap_or_default();
            let known = AREAS.iter().any(|(name, _)| *name == area);
            known && !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit())
        });
        ids.map(str::to_owned)
    }

    #[test]
    fn what_the_code_cites_is_a_row() {
        let mut all = BTreeMap::new();
        for entry in fs::read_dir(shell::root()).unwrap().flatten() {
            // The tests here cite what there is not.
            let is_crate = entry.path().join("Cargo.toml").is_file();
            if is_crate && entry.file_name() != "xtask" {
                cited(&entry.path(), &mut all);
            }
        }
        assert!(all.len() > 150, "{}", all.len());
        all.retain(|id, _| read_id(id).is_none() && !OF_ALL.contains(&&**id));
        assert!(all.is_empty(), "no rows: {all:?}");
        let ids = |text| ids_in(text).collect::<Vec<_>>();
        assert_eq!(
            ids("(JOB-23; SRG-1, 2)\nx-JOB-3 NOT-1 JOB-"),
            ["JOB-23", "SRG-1"]
        );
    }

    /// All numbers, not yet shown but for those that are given.
    fn rows(given: &[(&str, &str)]) -> String {
        let mut text = "| id | rule | shown by |\n|---|---|---|\n".to_owned();
        for (area, numbers) in AREAS {
            for number in numbers.iter().cloned().flatten() {
                let id = format!("{area}-{number}");
                let own = given.iter().find(|row| row.0 == id);
                let cell = own.map_or("not yet: not begun", |row| row.1);
                text += &format!("| {id} | a rule | {cell} |\n");
            }
        }
        text
    }

    fn document(given: &[(&str, &str)], head: &str) -> String {
        format!("**{head}.**\n\n{}", rows(given))
    }

    fn check(document: &str) -> Vec<String> {
        faults(document, |test| test.name == "there")
    }

    fn all() -> u32 {
        let ranges = AREAS.iter().flat_map(|(_, ranges)| ranges.iter());
        ranges.map(|r| r.end() - r.start() + 1).sum()
    }

    #[test]
    fn a_good_document_has_no_faults() {
        let head = format!("1 shown, 2 partly, {} not yet", all() - 3);
        let given = [
            ("VAULT-1", "`api: there`, `policy (guest): there`"),
            ("VAULT-2", "partly: half of it; `api: there`"),
            ("CONF-19", "partly: without `Invalid`; `api: there`"),
        ];
        let none: [String; 0] = [];
        assert_eq!(check(&document(&given, &head)), none);
    }

    #[test]
    fn a_bad_row_is_named_with_what_is_wrong() {
        for (cell, fault) in [
            ("`api: gone`", "there is no test gone in api"),
            ("`api (it): gone`", "there is no test gone in api"),
            ("partly: half; `api: gone`", "there is no test gone in api"),
            ("", "neither a test nor what is missing"),
            ("soon", "neither a test nor what is missing"),
            ("`there`", "neither a test nor what is missing"),
            ("partly: half", "partly, and no test"),
            ("partly: `api: there`", "without a reason"),
            ("not yet:", "without a reason"),
            ("not yet: no; `api: there`", "not yet, and a test"),
            ("`api: there`, nearly", "more than names of tests"),
            ("`api: there`, `Invalid`", "more than names of tests"),
        ] {
            let found = check(&document(&[("JOB-3", cell)], ""));
            assert!(
                found.contains(&format!("JOB-3: {fault}")),
                "{cell}: {found:?}"
            );
        }
    }

    #[test]
    fn a_number_is_there_once_and_no_other() {
        let good = format!("**0 shown, 0 partly, {} not yet.**\n{}", all(), rows(&[]));
        let row = |id: &str| format!("| {id} | a rule | not yet: not begun |\n");
        let without = good.replace(&row("SNAP-4"), "");
        assert!(check(&without).contains(&"SNAP-4: missing".to_owned()));
        let twice = good.clone() + &row("SNAP-4");
        assert!(check(&twice).contains(&"SNAP-4: twice".to_owned()));
        for id in ["SNAP-11", "SNAP-0", "MON-8", "NET-1", "JOB-x", "JOB"] {
            let fault = format!("{id}: no number of the control plane");
            assert!(check(&(good.clone() + &row(id))).contains(&fault), "{id}");
        }
        let short = check(&(good.clone() + "| JOB-1 | a rule |\n"));
        assert!(short[0].starts_with("not a row of three"), "{short:?}");
        let empty = good.replace("| JOB-2 | a rule |", "| JOB-2 | |");
        assert_eq!(check(&empty), ["JOB-2: no rule"]);
    }

    #[test]
    fn the_head_counts() {
        let found = check(&document(
            &[("JOB-3", "`api: there`")],
            "1 shown, 1 partly, 1 not yet",
        ));
        let head = format!("**1 shown, 0 partly, {} not yet.**", all() - 1);
        assert_eq!(found, [format!("the head doesn't say: {head}")]);
    }

    #[test]
    fn tests_are_found_and_neither_other_functions_nor_comments() {
        let source = "#[test]\nfn a() {}\n    #[tokio::test(flavor = \"x\")]\n    // Why.\n    \
                      async fn b_1(x: u8) {\nfn c() {}\n// #[test]\n// fn d()\n\
                      #[test]\n#[ignore = \"long\"]\nfn g() {}\n#[test]\nconst E: u8 = 1;\nfn e() {}\n#[allow(x)]\nfn f() {}";
        let found: Vec<&str> = tests_of(source).collect();
        assert_eq!(found, ["a", "b_1"]);
        let list =
            "    l_0,\nmacro_rules! each_test {\n    l_1,\n    fn x(y, z)\n    }\n}\n    l_2,\n";
        assert_eq!(tests_of(list).collect::<Vec<_>>(), ["l_1"]);
        let node =
            "test('a_1', async () => {\ntest('a sentence', x);\n  test('b', y);\n// test('c'";
        assert_eq!(tests_of_node(node).collect::<Vec<_>>(), ["a_1"]);
        let mut sources = Sources::default();
        let test = |text| Test::parse(text).unwrap();
        assert!(sources.have(test(
            "xtask: tests_are_found_and_neither_other_functions_nor_comments"
        )));
        assert!(!sources.have(test("xtask: tests_of")));
        assert!(!sources.have(test("xtask (guest): the_head_counts")));
        assert!(!sources.have(test("nowhere: a")));
        for no in ["a", "a:b", "A: b", "a (b: c", "a: b()", "a: "] {
            assert!(Test::parse(no).is_none(), "{no}");
        }
    }
}
