//! A server of the real command, and an Azure command line that is logged in to it.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use testkit::azure::Az;

/// A server of the real command.
pub struct Server {
    child: Child,
    /// Where it serves.
    pub url: String,
    /// What it printed before it served.
    pub said: String,
}

impl Server {
    /// Starts it over `data`, with the machines at `connect`.
    pub fn start(data: &Path, port: u16, connect: &str) -> Self {
        Self::start_with(data, port, connect, &[], &[])
    }

    /// The same, with more words and these variables.
    pub fn start_with(
        data: &Path,
        port: u16,
        connect: &str,
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let program = Path::new(env!("CARGO_BIN_EXE_stillpoint"));
        Self::start_program(program, data, port, connect, more, variables)
    }

    /// The same, by another file of the program.
    pub fn start_program(
        program: &Path,
        data: &Path,
        port: u16,
        connect: &str,
        more: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let url = format!("https://localhost:{port}");
        let mut command = Command::new(program);
        if connect.starts_with("scripted:") {
            command.env(testkit::scripted::VARIABLE, "1");
        }
        let mut child = command
            .args(["server", "--public-url", &url, "--listen"])
            .arg(format!("127.0.0.1:{port}"))
            .arg("--data")
            .arg(data)
            .arg("--connect")
            .arg(connect)
            .envs(variables.iter().copied())
            .args(more)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        while !said.contains("Serving") {
            assert_ne!(out.read_line(&mut said).unwrap(), 0, "it ended: {said}");
        }
        Self { child, url, said }
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The commands that the first start shows, without the line breaks inside them.
pub fn commands(said: &str) -> Vec<Vec<String>> {
    let said = said.replace("\\\n", " ");
    let lines = said.lines().map(str::trim).filter(|l| l.starts_with("az "));
    lines
        .map(|l| l.split_whitespace().skip(1).map(str::to_owned).collect())
        .collect()
}

/// An `az` whose folder is in `folder`, logged in as the first start of a server over `data` says.
pub fn log_in(server: &Server, folder: &Path, data: &Path) -> Az {
    let az = Az::new(&folder.join("azure"), &data.join("ca.pem")).unwrap();
    let shown = commands(&server.said);
    assert_eq!(shown.len(), 3, "{}", server.said);
    for command in &shown {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let done = az.run(&words).unwrap();
        assert_eq!(done.code, 0, "{command:?}: {}", done.err);
    }
    az
}

/// A property of each of a list.
pub fn texts(list: &Value, name: &str) -> Vec<String> {
    let all = list.as_array().unwrap().iter();
    all.map(|v| v[name].as_str().unwrap().to_owned()).collect()
}
