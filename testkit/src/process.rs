//! Processes that must not outlive the test: state, guard, and ending by pid.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

/// True while the process exists and is not merely waiting to be reaped.
#[must_use]
pub fn alive(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| state(&stat).is_some_and(|s| s != "Z" && s != "X"))
}

/// When the process started, in clock ticks since boot: with the pid it names
/// a process beyond doubt. `None` when there is no such process.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 22 of the file is the twentieth after the command's name, which may hold spaces.
    stat.rsplit_once(')')?
        .1
        .split_whitespace()
        .nth(19)?
        .parse()
        .ok()
}

fn state(stat: &str) -> Option<&str> {
    stat.rsplit_once(')')?.1.split_whitespace().next()
}

/// True if one of the process's arguments holds `text`.
#[must_use]
pub fn mentions(pid: u32, text: &str) -> bool {
    fs::read(format!("/proc/{pid}/cmdline"))
        .is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))
}

/// All processes with `text` in an argument.
#[must_use]
pub fn mentioning(text: &str) -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|e| e.file_name().to_str()?.parse().ok());
    pids.filter(|pid| mentions(*pid, text)).collect()
}

/// Waits until the process is gone. False when it still lives after `limit`.
#[must_use]
pub fn gone_within(pid: u32, limit: Duration) -> bool {
    let end = Instant::now() + limit;
    while alive(pid) {
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Sends SIGKILL to a process that is not our child, if it still mentions `text`.
pub fn kill_if_mentions(pid: u32, text: &str) {
    if mentions(pid, text) {
        let _ = signal(pid, "KILL");
    }
}

/// Sends the named signal (`KILL`, `STOP`, `CONT`, ...).
///
/// # Errors
/// When there is no such process or it is not ours to signal.
pub fn signal(pid: u32, name: &str) -> Result<()> {
    // The shell's own kill: a bare Debian has no other.
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{name} {pid}")])
        .stderr(Stdio::null())
        .status()
        .context("running kill")?;
    anyhow::ensure!(status.success(), "no process {pid} to send SIG{name} to");
    Ok(())
}

/// Kills a process as soon as the one that made the guard is gone.
///
/// The guard is a small shell that waits on a pipe which only this process
/// holds. Whatever ends us, SIGKILL too, closes the pipe. It acts only while
/// the pid still belongs to a process that mentions the given text.
pub struct Guard(Option<Child>);

impl Guard {
    /// Watches over `pid`, known by `text` in its command line.
    ///
    /// # Errors
    /// When no shell can be started.
    pub fn over(pid: u32, text: &Path) -> Result<Self> {
        let script =
            r#"read -r _; grep -qF -- "$2" "/proc/$1/cmdline" 2>/dev/null && kill -9 "$1""#;
        let child = Command::new("sh")
            .args(["-c", script, "stillpoint-test-guard", &pid.to_string()])
            .arg(text)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // A ^C for the test run must not take the guard away before its time.
            .process_group(0)
            .spawn()
            .context("starting the guard")?;
        Ok(Self(Some(child)))
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dead_child_that_nobody_reaped_is_not_alive() {
        let mut child = Command::new("sleep").arg("60").spawn().unwrap();
        assert!(alive(child.id()));
        signal(child.id(), "KILL").unwrap();
        assert!(gone_within(child.id(), Duration::from_secs(5)));
        assert!(
            Path::new(&format!("/proc/{}", child.id())).exists(),
            "a zombie still has an entry"
        );
        child.wait().unwrap();
    }

    #[test]
    fn the_guard_kills_what_it_watches_when_its_owner_goes() {
        let mut child = Command::new("sleep").arg("61.25").spawn().unwrap();
        drop(Guard::over(child.id(), Path::new("61.25")).unwrap());
        assert!(gone_within(child.id(), Duration::from_secs(5)));
        child.wait().unwrap();
    }

    #[test]
    fn the_guard_spares_a_stranger_who_got_the_pid() {
        let mut child = Command::new("sleep").arg("61.5").spawn().unwrap();
        drop(Guard::over(child.id(), Path::new("/some/guest")).unwrap());
        assert!(alive(child.id()));
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
