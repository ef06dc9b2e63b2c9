//! The programs that the tests are, built all together.
//!
//! They are started as they are and not by `cargo test -p`: with one crate chosen, cargo
//! chooses other features of the dependencies, and builds everything once more.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use crate::{portal, shell};

/// A program that was built.
#[derive(Default)]
pub(crate) struct Program {
    /// The crate's folder, where its tests are used to start.
    folder: PathBuf,
    /// The root of its source.
    pub(crate) source: PathBuf,
    /// True if it is made of tests; else it is one of the product's or of the simulator's.
    pub(crate) tests: bool,
    name: String,
    file: PathBuf,
}

impl Program {
    /// What starts it.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.file);
        command.current_dir(&self.folder);
        command
    }
}

/// Builds every test of the workspace, and the programs that the tests start, with the portal.
pub(crate) fn build() -> Result<Vec<Program>> {
    let test = [
        "test",
        "--workspace",
        "--no-run",
        "--quiet",
        "--message-format=json-render-diagnostics",
    ];
    let mut cargo = shell::cargo(&[&test, portal::features()?].concat());
    let output = cargo
        .stderr(Stdio::inherit())
        .output()
        .context("running cargo")?;
    ensure!(output.status.success(), "the tests could not be built");
    parse(&String::from_utf8_lossy(&output.stdout))
}

/// The program of that name that is not made of tests.
pub(crate) fn named<'a>(programs: &'a [Program], name: &str) -> Result<&'a Program> {
    let mut found = programs.iter().filter(|p| !p.tests && p.name == name);
    found
        .next()
        .with_context(|| format!("{name} was not built"))
}

/// The tests of that name in a crate.
pub(crate) fn tests<'a>(programs: &'a [Program], package: &str, name: &str) -> Result<&'a Program> {
    let mut found = programs
        .iter()
        .filter(|p| p.tests && p.name == name && p.folder.ends_with(package));
    found
        .next()
        .with_context(|| format!("the tests {name} of {package} were not built"))
}

/// What cargo says of what it built, a line of JSON each.
fn parse(messages: &str) -> Result<Vec<Program>> {
    let mut programs = Vec::new();
    for line in messages.lines() {
        let message: Value = serde_json::from_str(line).context("a message of cargo")?;
        let text = |value: &Value| value.as_str().map(PathBuf::from);
        let Some(file) = text(&message["executable"]) else {
            continue;
        };
        let manifest = text(&message["manifest_path"]).context("a program of no crate")?;
        programs.push(Program {
            folder: manifest.parent().unwrap_or(Path::new("/")).to_owned(),
            source: text(&message["target"]["src_path"]).context("a program of no source")?,
            tests: message["profile"]["test"] == true,
            name: message["target"]["name"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            file,
        });
    }
    Ok(programs)
}

#[cfg(test)]
mod unit_tests {
    use super::*;

    #[test]
    fn programs_are_found_among_what_cargo_says() {
        let said = r#"{"reason":"compiler-artifact","manifest_path":"/p/a/Cargo.toml","target":{"name":"a","src_path":"/p/a/src/lib.rs"},"profile":{"test":false},"executable":null}
{"reason":"compiler-artifact","manifest_path":"/p/a/Cargo.toml","target":{"name":"a","src_path":"/p/a/src/lib.rs"},"profile":{"test":true},"executable":"/t/a-1"}
{"reason":"compiler-artifact","manifest_path":"/p/a/Cargo.toml","target":{"name":"a","src_path":"/p/a/src/main.rs"},"profile":{"test":false},"executable":"/t/a"}
{"reason":"build-finished","success":true}"#;
        let programs = parse(said).unwrap();
        assert_eq!(programs.len(), 2);
        assert!(programs[0].tests && programs[0].file == Path::new("/t/a-1"));
        assert_eq!(
            programs[0].command().get_current_dir(),
            Some(Path::new("/p/a"))
        );
        assert_eq!(named(&programs, "a").unwrap().file, Path::new("/t/a"));
        assert!(named(&programs, "b").is_err());
        assert!(tests(&programs, "a", "a").unwrap().tests);
        assert!(tests(&programs, "b", "a").is_err());
    }
}
