//! Which tests run machines or stores, found out from their source.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// The tests of one integration test target that need the machine for themselves.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Real {
    /// None of them.
    None,
    /// All of them.
    All,
    /// Those in these modules, named from the target's root.
    Modules(Vec<String>),
}

/// What of the testkit starts something: the rest is plain helpers.
const STARTS: &[&str] = &[
    "Guest", "azure", "libvirt", "machine", "postgres", "python", "scripted", "stores",
];

/// What of it is a whole machine, beside which nothing else may run.
const MACHINES: &[&str] = &["Guest", "Machine", "machine"];

/// Looks through a target's files: its root, and those in its folder.
pub(crate) fn of(root: &Path) -> Result<Real> {
    let mut files = files(root)?;
    files.remove("main");
    Ok(judge(&files))
}

/// Whether some test of a target runs a whole machine.
pub(crate) fn runs_machines(root: &Path) -> Result<bool> {
    Ok(files(root)?.values().any(|text| starts(text, MACHINES)))
}

fn files(root: &Path) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    files.insert(String::new(), read(root)?);
    let folder = match root.file_name() {
        Some(name) if name == "main.rs" => root.parent().context("a root in no folder")?.to_owned(),
        _ => root.with_extension(""),
    };
    collect(&folder, "", &mut files)?;
    Ok(files)
}

fn read(file: &Path) -> Result<String> {
    fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

fn collect(folder: &Path, module: &str, files: &mut BTreeMap<String, String>) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for path in entries.flatten().map(|e| e.path()) {
        let stem = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let name = if module.is_empty() {
            stem
        } else {
            format!("{module}::{stem}")
        };
        if path.is_dir() {
            collect(&path, &name, files)?;
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.insert(name, read(&path)?);
        }
    }
    Ok(())
}

/// A module is real if it uses what starts machines or stores, or another module
/// of the target that does.
fn judge(files: &BTreeMap<String, String>) -> Real {
    let is_real = |m: &&String| starts(&files[*m], STARTS);
    let mut real: Vec<&String> = files.keys().filter(is_real).collect();
    loop {
        let more: Vec<&String> = files
            .keys()
            .filter(|m| !m.is_empty() && !real.contains(m))
            .filter(|m| real.iter().any(|r| uses(&files[*m], r)))
            .collect();
        if more.is_empty() {
            break;
        }
        real.extend(more);
    }
    if real.is_empty() {
        Real::None
    } else if real.iter().any(|m| m.is_empty()) {
        Real::All
    } else {
        real.sort();
        Real::Modules(real.into_iter().cloned().collect())
    }
}

/// Whether a text names one of these of the testkit.
fn starts(text: &str, what: &[&str]) -> bool {
    text.lines().any(|line| {
        let mut named = line.split("testkit::").skip(1);
        named.any(|rest| what.iter().any(|s| rest.contains(s)))
    })
}

fn uses(text: &str, module: &str) -> bool {
    let name = module.rsplit("::").next().unwrap_or(module);
    !name.is_empty() && text.contains(&format!("{name}::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> Real {
        judge(
            &files
                .iter()
                .map(|(m, t)| ((*m).to_owned(), (*t).to_owned()))
                .collect(),
        )
    }

    #[test]
    fn a_module_is_real_by_what_it_starts_also_through_a_helper() {
        let files = [
            ("", "mod bench;\nmod plain;\nmod qemu;"),
            ("bench", "use testkit::{DiskSpec, Guest};"),
            ("qemu", "use crate::bench::Bench;"),
            ("plain", "use testkit::disk::noise;\n// like a Guest"),
        ];
        assert_eq!(
            modules(&files),
            Real::Modules(vec!["bench".into(), "qemu".into()])
        );
        assert_eq!(modules(&files[3..]), Real::None);
    }

    #[test]
    fn a_root_that_starts_machines_makes_all_its_tests_real() {
        assert_eq!(modules(&[("", "use testkit::stores;")]), Real::All);
    }
}
