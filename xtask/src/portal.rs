//! The web portal, in `portal/`: built by npm, and only where something of it has changed.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, bail};
use testkit::node::Node;

use crate::shell;

/// What cargo is told besides, to build Stillpoint with the portal. All that builds the workspace
/// says the same, so that it is compiled once.
const FEATURES: &[&str] = &["--features", "stillpoint/portal"];

/// Below `node_modules`: the `package-lock.json` that it was filled by.
const FILLED: &str = "node_modules/.stillpoint-lock";
/// Below `node_modules`: as old as the start of the last build that went well. It goes when
/// `node_modules` is filled anew.
const BUILT: &str = "node_modules/.stillpoint-built";

/// What lies in the portal's folder and is no source of it.
const NO_SOURCES: &[&str] = &["node_modules", "dist", "coverage"];

/// What the portal is made of besides: its types, and the errors that its help lists.
const DOCUMENTS: [&str; 2] = ["docs/openapi.json", "docs/errors.md"];

/// Whether there is a portal in this checkout.
pub(crate) fn is_there() -> bool {
    folder().join("package.json").is_file()
}

/// Builds the portal into `portal/dist`.
pub(crate) fn run() -> Result<()> {
    if !is_there() {
        bail!("portal/package.json is missing");
    }
    let folder = folder();
    if is_fresh(&folder, &DOCUMENTS.map(|name| shell::root().join(name)))? {
        return Ok(());
    }
    println!("Building the portal ...");
    let npm = Npm::ready(folder)?;
    npm.run("types")?;
    // What changes from now on asks for another build.
    let begun = npm.folder.join(format!("{BUILT}-begun"));
    fs::write(&begun, "")?;
    npm.run("build")?;
    fs::rename(begun, npm.folder.join(BUILT))?;
    Ok(())
}

/// Builds the portal, if there is one, and gives what cargo is told besides to build it in.
pub(crate) fn features() -> Result<&'static [&'static str]> {
    if !is_there() {
        return Ok(&[]);
    }
    run().context("building the portal")?;
    Ok(FEATURES)
}

/// Checks its types, its style and its form.
pub(crate) fn check() -> Result<()> {
    let npm = Npm::ready(folder())?;
    npm.run("types")?;
    npm.run("check")
}

/// What runs its tests.
pub(crate) fn tests() -> Result<Command> {
    let npm = Npm::ready(folder())?;
    npm.run("types")?;
    Ok(npm.script("test"))
}

fn folder() -> PathBuf {
    shell::root().join("portal")
}

/// npm, with all that the portal needs in `node_modules`.
struct Npm {
    node: Node,
    folder: PathBuf,
}

impl Npm {
    fn ready(folder: PathBuf) -> Result<Self> {
        let node = Node::find()?;
        let npm = Self { node, folder };
        let lock = fs::read(npm.folder.join("package-lock.json"));
        let lock = lock.context("portal/package-lock.json")?;
        let filled = npm.folder.join(FILLED);
        if fs::read(&filled).ok().as_ref() != Some(&lock) {
            let mut fill = npm.npm();
            fill.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
            shell::run(&mut fill)?;
            fs::create_dir_all(npm.folder.join("node_modules"))?;
            fs::write(filled, lock)?;
        }
        Ok(npm)
    }

    fn npm(&self) -> Command {
        let mut npm = self.node.program("npm");
        npm.current_dir(&self.folder)
            .env("NO_UPDATE_NOTIFIER", "1")
            .env("npm_config_update_notifier", "false");
        npm
    }

    fn script(&self, name: &str) -> Command {
        let mut npm = self.npm();
        npm.args(["run", "--silent", name]).env("NO_COLOR", "1");
        npm
    }

    fn run(&self, name: &str) -> Result<()> {
        shell::run(&mut self.script(name)).with_context(|| format!("`npm run {name}` in portal/"))
    }
}

/// Whether the last build is newer than all that it was made of.
fn is_fresh(folder: &Path, documents: &[PathBuf]) -> Result<bool> {
    let Some(built) = time(&folder.join(BUILT))? else {
        return Ok(false);
    };
    if time(&folder.join("dist/index.html"))?.is_none() {
        return Ok(false);
    }
    for document in documents {
        if time(document)? > Some(built) {
            return Ok(false);
        }
    }
    Ok(newest(folder)? <= Some(built))
}

/// When the newest source was changed. A folder counts too: it changes when a file of it goes;
/// but not the outermost, which changes with each build.
fn newest(folder: &Path) -> Result<Option<SystemTime>> {
    let mut newest = None;
    for entry in fs::read_dir(folder).with_context(|| format!("{}", folder.display()))? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        let made = name.starts_with('.') || name.ends_with(".tsbuildinfo");
        if made || NO_SOURCES.contains(&&*name) {
            continue;
        }
        let path = entry.path();
        newest = newest.max(time(&path)?);
        if entry.file_type()?.is_dir() {
            newest = newest.max(self::newest(&path)?);
        }
    }
    Ok(newest)
}

/// When a file was changed; `None` if there is none.
fn time(path: &Path) -> Result<Option<SystemTime>> {
    match fs::metadata(path) {
        Ok(found) => Ok(Some(found.modified()?)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{}", path.display())),
    }
}

#[cfg(test)]
mod unit_tests {
    use std::fs::File;
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_portal_is_built_anew_when_something_of_it_has_changed() {
        let place = tempfile::tempdir().unwrap();
        let portal = place.path().join("portal");
        let documents = ["openapi.json", "errors.md"].map(|name| place.path().join(name));
        let at = |path: &Path, second: u64| {
            let time = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
            File::open(path).unwrap().set_modified(time).unwrap();
        };
        let put = |path: &Path, second: u64| {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
            at(path, second);
        };
        let fresh = || is_fresh(&portal, &documents).unwrap();
        for document in &documents {
            put(document, 1);
        }
        put(&portal.join("src/app.tsx"), 1);
        put(&portal.join("vite.config.ts"), 1);
        put(&portal.join("dist/index.html"), 1);
        at(&portal.join("src"), 1);
        assert!(!fresh(), "it was never built");
        put(&portal.join(BUILT), 2);
        put(&portal.join("dist/index.html"), 3);
        put(&portal.join("node_modules/x/index.js"), 3);
        put(&portal.join("tsconfig.tsbuildinfo"), 3);
        assert!(fresh());
        for changed in ["src/app.tsx", "src", "vite.config.ts"] {
            at(&portal.join(changed), 3);
            assert!(!fresh(), "{changed}");
            at(&portal.join(changed), 1);
            assert!(fresh());
        }
        for document in &documents {
            at(document, 3);
            assert!(!fresh(), "{}", document.display());
            at(document, 1);
        }
        fs::remove_dir_all(portal.join("dist")).unwrap();
        assert!(!fresh());
    }
}
