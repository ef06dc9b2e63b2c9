//! The house's rule: a crate uses only crates on lower floors.

use anyhow::{Result, bail};

use crate::metadata::{self, Package};

/// Where each crate lives. A new crate gets its line here first.
const FLOORS: &[(&str, u32)] = &[
    ("base", 0),
    ("policy", 1),
    ("block", 1),
    ("vault", 2),
    ("hypervisor", 3),
    ("mover", 4),
    ("state", 4),
    ("control", 5),
    ("api", 6),
    ("stillpoint", 7),
];

/// Crates beside the house: no product crate builds on them, and they on none.
const APART: &[&str] = &["testkit", "xtask", "limit"];

/// The simulations and the bench of the records, which are about product crates: they may use
/// them, and none uses them.
const ABOUT: &[&str] = &["sim", "year", "records"];

/// Checks the workspace.
pub(crate) fn run() -> Result<()> {
    let faults = faults(&metadata::packages()?);
    if !faults.is_empty() {
        bail!("check-deps:\n  {}", faults.join("\n  "));
    }
    Ok(())
}

fn floor(name: &str) -> Option<u32> {
    FLOORS
        .iter()
        .find(|(n, _)| *n == name)
        .map(|(_, floor)| *floor)
}

fn faults(packages: &[Package]) -> Vec<String> {
    let mut faults = Vec::new();
    for package in packages {
        let name = &package.name;
        let apart = APART.contains(&name.as_str()) || ABOUT.contains(&name.as_str());
        let own = floor(name);
        if own.is_none() && !apart {
            faults.push(format!(
                "{name} has no floor; give it one in xtask/src/check_deps.rs"
            ));
            continue;
        }
        for used in &package.uses {
            let allowed = match (own, floor(&used.name)) {
                (Some(own), Some(below)) => below < own,
                // Tests may use what is made for tests.
                (Some(_), None) => used.dev && used.name == "testkit",
                // xtask's demo starts guests, and the bench of the records a PostgreSQL.
                (None, None) => {
                    ["xtask", "records"].contains(&name.as_str()) && used.name == "testkit"
                }
                (None, Some(_)) => ABOUT.contains(&name.as_str()),
            };
            if !allowed {
                let kind = if used.dev { "in its tests " } else { "" };
                faults.push(format!(
                    "{name} {kind}uses {}, which is not below it",
                    used.name
                ));
            }
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn check(package: &str, dependency: &str, kind: Option<&str>) -> Vec<String> {
        let metadata = json!({"packages": [{
            "name": package,
            "targets": [],
            "dependencies": [{"name": dependency, "kind": kind, "path": "/x"},
                             {"name": "serde", "kind": null}],
        }]});
        faults(&metadata::parse(&metadata).unwrap())
    }

    #[test]
    fn a_crate_may_use_lower_floors_only() {
        assert!(check("vault", "block", None).is_empty());
        assert_eq!(check("block", "vault", None).len(), 1);
        assert_eq!(check("vault", "vault", Some("build")).len(), 1);
        assert_eq!(check("vault", "mover", Some("dev")).len(), 1);
    }

    #[test]
    fn the_testkit_is_for_tests_only_and_uses_no_product_crate() {
        assert!(check("mover", "testkit", Some("dev")).is_empty());
        assert_eq!(check("mover", "testkit", None).len(), 1);
        assert_eq!(check("mover", "xtask", Some("dev")).len(), 1);
        assert_eq!(check("testkit", "base", None).len(), 1);
        assert!(check("xtask", "testkit", None).is_empty());
    }

    #[test]
    fn the_simulation_uses_product_crates_and_they_do_not_use_it() {
        assert!(check("sim", "vault", None).is_empty());
        assert_eq!(check("vault", "sim", Some("dev")).len(), 1);
    }

    #[test]
    fn a_crate_without_a_floor_is_refused() {
        assert!(check("attic", "base", None)[0].contains("no floor"));
    }
}
