//! Everything that is checked without running the product.

use anyhow::{Result, bail};

use crate::{check_deps, portal, shell};

/// Runs all checks, also after one has failed, and names those that did.
pub(crate) fn run() -> Result<()> {
    let mut failed = Vec::new();
    let mut note = |what: &'static str, result: Result<()>| {
        if let Err(error) = result {
            eprintln!("{error:#}");
            failed.push(what);
        }
    };
    note("check-deps", check_deps::run());
    note(
        "rustfmt",
        shell::run(&mut shell::cargo(&["fmt", "--all", "--check"])),
    );
    if portal::is_there() {
        note("portal", portal::check());
    }
    let features = portal::features().unwrap_or_else(|error| {
        note("portal's build", Err(error));
        &[]
    });
    let clippy = ["clippy", "--quiet", "--workspace", "--all-targets"];
    let clippy = [&clippy, features, &["--", "-D", "warnings"]].concat();
    note("clippy", shell::run(&mut shell::cargo(&clippy)));
    let mut doc = shell::cargo(&["doc", "--quiet", "--workspace", "--no-deps"]);
    note("docs", shell::run(doc.env("RUSTDOCFLAGS", "-D warnings")));
    if shell::exists("cargo-deny") {
        note(
            "cargo-deny",
            shell::run(&mut shell::cargo(&["deny", "--log-level=warn", "check"])),
        );
    }
    if !failed.is_empty() {
        bail!("lint: {}", failed.join(", "));
    }
    Ok(())
}
