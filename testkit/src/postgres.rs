//! A PostgreSQL server of the test's own, from the distribution's package `postgresql`.
//!
//! It listens on a socket in a temporary folder and nowhere else. Dropping the value ends it, as
//! does the end of the test process.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::disk::run;
use crate::process::{Guard, gone_within, signal};

/// A running server.
pub struct Postgres {
    bin: PathBuf,
    owner: Option<(u32, u32)>,
    databases: AtomicU32,
    server: Option<Server>,
    dir: tempfile::TempDir,
}

struct Server {
    child: Child,
    _guard: Guard,
}

/// The user of the databases.
const USER: &str = "stillpoint";

impl Postgres {
    /// Makes an empty server and starts it. It does not run as root, which PostgreSQL refuses.
    ///
    /// # Errors
    /// When the package is not installed, or the server does not start.
    pub fn start() -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("stillpoint-postgres-")
            .tempdir()?;
        let owner = unprivileged()?;
        if let Some((user, group)) = owner {
            chown(dir.path(), Some(user), Some(group))?;
        }
        let mut postgres = Self {
            bin: programs()?,
            owner,
            databases: AtomicU32::new(0),
            server: None,
            dir,
        };
        run(postgres
            .program("initdb")
            .args([
                "--auth",
                "trust",
                "--encoding",
                "UTF8",
                "--locale",
                "C.UTF-8",
            ])
            .args(["--username", USER, "--no-instructions", "--pgdata"])
            .arg(postgres.data())
            .stdout(Stdio::null()))?;
        postgres.resume()?;
        Ok(postgres)
    }

    /// Makes an empty database; returns its URL. Text in it is ordered by a language's rules, as
    /// in most databases, and not byte by byte.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn database(&self) -> Result<String> {
        let name = format!("test{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let make = format!(
            "CREATE DATABASE {name} TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en-US'"
        );
        run(self.psql().args(["--command", &make]))?;
        Ok(format!(
            "postgres://{USER}@localhost/{name}?host={}",
            self.dir.path().display()
        ))
    }

    /// Does to all databases at once what autovacuum does in time.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn vacuum(&self) -> Result<()> {
        let mut vacuum = self.program("vacuumdb");
        vacuum.args([
            "--all",
            "--analyze",
            "--quiet",
            "--username",
            USER,
            "--host",
        ]);
        run(vacuum.arg(self.dir.path()))
    }

    /// Kills the server and its processes, as at a crash.
    ///
    /// # Errors
    /// When it does not end.
    pub fn crash(&mut self) -> Result<()> {
        let mut server = self.server.take().context("the server does not run")?;
        let pid = server.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
        server.child.kill()?;
        server.child.wait()?;
        for child in children.split_whitespace().flat_map(str::parse) {
            let _ = signal(child, "KILL");
            ensure!(gone_within(child, Duration::from_secs(10)), "{child} lives");
        }
        Ok(())
    }

    /// Starts the server after a crash, and waits until it answers.
    ///
    /// # Errors
    /// When it does not start.
    pub fn resume(&mut self) -> Result<()> {
        let log = fs::File::create(self.dir.path().join("log"))?;
        let mut command = self.program("postgres");
        let mut child = command
            .arg("-D")
            .arg(self.data())
            .args(["-c", "listen_addresses=", "-c"])
            .arg(format!(
                "unix_socket_directories={}",
                self.dir.path().display()
            ))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        let _guard = Guard::over(child.id(), self.dir.path())?;
        let end = Instant::now() + Duration::from_secs(60);
        while !self
            .psql()
            .args(["--command", "SELECT 1"])
            .output()?
            .status
            .success()
        {
            let said = fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            if let Some(status) = child.try_wait()? {
                bail!("PostgreSQL ended with {status}: {said}");
            }
            ensure!(Instant::now() < end, "PostgreSQL does not answer: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
        self.server = Some(Server { child, _guard });
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn psql(&self) -> Command {
        let mut command = self.program("psql");
        command
            .args(["--no-psqlrc", "--quiet", "--username", USER, "--host"])
            .arg(self.dir.path())
            .args(["--dbname", "postgres"])
            .stdout(Stdio::null());
        command
    }

    /// A program of the package, as the server's user.
    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(self.bin.join(name));
        command.current_dir(self.dir.path());
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(mut server) = self.server.take() {
            // It ends its other processes and leaves nothing behind.
            let _ = signal(server.child.id(), "INT");
            if !gone_within(server.child.id(), Duration::from_secs(10)) {
                let _ = server.child.kill();
            }
            let _ = server.child.wait();
        }
    }
}

/// The folder of the newest installed version's programs.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    versions
        .flatten()
        .map(|version| version.path().join("bin"))
        .filter(|bin| bin.join("initdb").exists())
        .max_by_key(|bin| version_of(bin))
        .context("PostgreSQL is not installed: the package is called postgresql")
}

fn version_of(bin: &Path) -> Option<u32> {
    bin.parent()?.file_name()?.to_str()?.parse().ok()
}

/// User and group to run as when this process is root's: the package's own.
fn unprivileged() -> Result<Option<(u32, u32)>> {
    use std::os::unix::fs::MetadataExt;
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let line = users
        .lines()
        .find_map(|line| line.strip_prefix("postgres:"))
        .context("there is no user postgres")?;
    let mut ids = line.split(':').skip(1).map(str::parse);
    match (ids.next(), ids.next()) {
        (Some(Ok(user)), Some(Ok(group))) => Ok(Some((user, group))),
        _ => bail!("the user postgres has no ids"),
    }
}
