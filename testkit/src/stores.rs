//! Object stores as servers of the test's own: moto for S3, Azurite for Azure
//! Blob. For correctness only; they take some thirty small writes a second.
//!
//! They come from PyPI and npm, once, into the testbed. Each start is an empty
//! server on a free port of 127.0.0.1, with everything in memory; dropping the
//! value ends it, as does the end of the test process.

mod packages;

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::disk::run;
use crate::process::Guard;

/// An S3 server with one empty bucket. Plain HTTP, path-style addresses.
pub struct S3 {
    /// `http://127.0.0.1:PORT`.
    pub endpoint: String,
    /// The bucket.
    pub bucket: String,
    /// Access key id; any is taken, as moto checks no signatures.
    pub access_key: String,
    /// Secret access key.
    pub secret_key: String,
    /// The region.
    pub region: String,
    _server: Server,
}

/// An Azure Blob server with one empty container. Plain HTTP.
pub struct Azure {
    /// `http://127.0.0.1:PORT/ACCOUNT`.
    pub endpoint: String,
    /// The storage account.
    pub account: String,
    /// The account's key, in base64; signatures are checked.
    pub key: String,
    /// The container.
    pub container: String,
    _server: Server,
}

const NAME: &str = "stillpoint";

/// Azurite's account and key: the emulator's published ones, no secret.
const ACCOUNT: &str = "devstoreaccount1";
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// Starts moto and makes the bucket.
///
/// # Errors
/// When there is no Python, PyPI cannot be reached at the first use, or the
/// server does not start.
pub fn s3() -> Result<S3> {
    let server = Server::start(packages::moto()?.args(["-H", "127.0.0.1", "-p", "0"]))?;
    let endpoint = server.endpoint.clone();
    let script = "import sys, urllib.request as u; u.urlopen(u.Request(sys.argv[1], method='PUT'))";
    run(Command::new("python3").args(["-c", script, &format!("{endpoint}/{NAME}")]))?;
    Ok(S3 {
        endpoint,
        bucket: NAME.to_owned(),
        access_key: "test".to_owned(),
        secret_key: "test".to_owned(),
        region: "us-east-1".to_owned(),
        _server: server,
    })
}

/// Starts Azurite and makes the container.
///
/// # Errors
/// When npm and PyPI cannot be reached at the first use, or the server does not
/// start.
pub fn azure() -> Result<Azure> {
    let server = Server::start(packages::azurite()?.args([
        "--inMemoryPersistence",
        "--disableTelemetry",
        // Clients are newer than the versions that Azurite knows.
        "--skipApiVersionCheck",
        "--silent",
        "--blobHost",
        "127.0.0.1",
        "--blobPort",
        "0",
    ]))?;
    let endpoint = format!("{}/{ACCOUNT}", server.endpoint);
    let script = include_str!("stores/create_container.py");
    run(Command::new("python3").args(["-c", script, &endpoint, ACCOUNT, KEY, NAME]))?;
    Ok(Azure {
        endpoint,
        account: ACCOUNT.to_owned(),
        key: KEY.to_owned(),
        container: NAME.to_owned(),
        _server: server,
    })
}

struct Server {
    child: Child,
    endpoint: String,
    _guard: Guard,
    _dir: tempfile::TempDir,
}

impl Server {
    /// Starts a server that prints where it listens, and waits for that line.
    fn start(command: &mut Command) -> Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix("stillpoint-store-")
            .tempdir()?;
        let log = dir.path().join("log");
        let out = fs::File::create(&log)?;
        let child = command
            .current_dir(dir.path())
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(out)
            .process_group(0)
            .spawn()
            .with_context(|| format!("starting {command:?}"))?;
        // Both are scripts: their own path is the argument to know them by.
        let guard = Guard::over(child.id(), Path::new(command.get_program()))?;
        let mut server = Self {
            child,
            endpoint: String::new(),
            _guard: guard,
            _dir: dir,
        };
        let end = Instant::now() + Duration::from_secs(60);
        loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if let Some(endpoint) = endpoint_in(&said) {
                server.endpoint = endpoint;
                return Ok(server);
            }
            if let Some(status) = server.child.try_wait()? {
                bail!("{command:?} ended with {status}: {said}");
            }
            ensure!(Instant::now() < end, "{command:?} does not listen: {said}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The first `http://127.0.0.1:PORT` in a server's output. The line must be
/// complete, or the port may not be.
fn endpoint_in(said: &str) -> Option<String> {
    let start = said.find("http://127.0.0.1:")?;
    let line = said[start..].split_once('\n')?.0;
    Some(line.trim_end().to_owned())
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_written_port_is_not_taken_for_the_port() {
        assert_eq!(endpoint_in(" * Running on http://127.0.0.1:39"), None);
        let whole = "starting on 127.0.0.1:0\nlistens on http://127.0.0.1:39955\nmore";
        assert_eq!(
            endpoint_in(whole).as_deref(),
            Some("http://127.0.0.1:39955")
        );
    }
}
