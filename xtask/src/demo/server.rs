//! The server that the demo starts.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};
use testkit::process::{self, Guard};

/// A running server; it ends with this.
pub(crate) struct Server {
    child: Child,
    /// Where it serves.
    pub(crate) url: String,
    /// How to log in, as its first start printed it.
    pub(crate) said: String,
    _guard: Guard,
}

impl Server {
    /// Starts it over the folder `data`, which is new, with the machines at `connect`.
    pub(crate) fn start(program: &Path, data: &Path, connect: &str) -> Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let url = format!("https://localhost:{port}");
        let listen = format!("127.0.0.1:{port}");
        println!(
            "\n$ stillpoint server --data $D/data --public-url {url} \\\n    --listen {listen} --connect {connect} &"
        );
        let mut child = Command::new(program)
            .args(["server", "--public-url", &url, "--listen", &listen])
            .args(["--connect", connect, "--data"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("running {}", program.display()))?;
        let guard = Guard::over(child.id(), data)?;
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().context("no output")?);
        while !said.contains("Serving") {
            if out.read_line(&mut said)? == 0 {
                bail!("the server ended: {said}");
            }
        }
        Ok(Self {
            child,
            url,
            said,
            _guard: guard,
        })
    }

    /// What its first start printed after `name`, on the same line.
    pub(crate) fn shown(&self, name: &str) -> Result<&str> {
        let mut lines = self.said.lines().map(str::trim);
        let found = lines.find_map(|line| line.strip_prefix(name));
        let found = found.with_context(|| format!("the first start shows no {name}"))?;
        found.split_whitespace().next().context("nothing is shown")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // In good order; the guard and the end of its folder do the rest.
        let _ = process::signal(self.child.id(), "TERM");
        let _ = self.child.wait();
    }
}
