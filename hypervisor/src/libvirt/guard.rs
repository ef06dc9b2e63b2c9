//! The scratch guard: a process of its own that sees to it that a backup job costs the guest
//! nothing.
//!
//! libvirt's pull job fails the *guest's* write when a scratch file can't take the old
//! contents, and QEMU then stops the machine. So the guard watches how far scratch has grown
//! and how much of its file system is free, and ends the job before either runs out. If the
//! machine stops all the same, it ends the job and resumes the machine at once.
//!
//! It is a process so that a stopped or killed backup leaves the guest guarded: when its
//! standard input ends without the word, it ends the job itself and clears the folder.
//!
//! The protocol is one JSON document a line: a [`Spec`] in, [`Event`]s out, and `"end"` in
//! when the job was ended in order.

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use base::Result;
use serde::{Deserialize, Serialize};

use super::ffi::{Connection, Domain, State, number};
use super::folder::{Folder, JobFiles};
use super::job;

/// The environment variable that turns the watchdog's program into the guard.
pub(super) const ROLE: &str = "STILLPOINT_WATCH";
/// Its value for that.
pub(super) const SCRATCH: &str = "scratch";

/// What to guard.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Spec {
    pub(super) uri: String,
    pub(super) uuid: String,
    pub(super) socket: PathBuf,
    /// By disk.
    pub(super) scratch: Vec<(String, PathBuf)>,
    /// The most bytes that the scratch files may take together.
    pub(super) limit: u64,
    /// The fewest bytes that may be left free on their file system.
    pub(super) floor: u64,
}

/// What the guard tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Event {
    /// It is connected and watches.
    Ready,
    /// It can't do its work.
    Failed(String),
    /// Scratch was about to run out; the job was ended.
    Full {
        /// Bytes in scratch.
        used: u64,
        /// Bytes free beside it.
        free: u64,
    },
    /// The machine had stopped for want of space; the job was ended and the machine resumed.
    Stopped {
        /// How long it stood still at most, in milliseconds.
        milliseconds: u64,
        /// Its disks with errors.
        disks: Vec<String>,
    },
}

/// Whether this process was started to be the guard.
pub(crate) fn wanted() -> bool {
    std::env::var_os(ROLE).is_some_and(|v| v == SCRATCH)
}

/// The guard's main function; the watchdog's program has kept signals away and left the
/// terminal's session by then, so that ^C does not end the guard before the job.
pub(crate) fn main() -> ExitCode {
    let input = lines();
    let Ok(first) = input.recv() else {
        return ExitCode::FAILURE;
    };
    let guard = serde_json::from_str::<Spec>(&first)
        .map_err(|e| e.to_string())
        .and_then(|spec| Guard::start(spec).map_err(|e| e.to_string()));
    match guard {
        Ok(mut guard) => {
            tell(&Event::Ready);
            guard.watch(&input);
            ExitCode::SUCCESS
        }
        Err(why) => {
            tell(&Event::Failed(why));
            ExitCode::FAILURE
        }
    }
}

/// The lines of standard input; the channel closes at its end.
fn lines() -> Receiver<String> {
    let (send, receive) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { break };
            if send.send(line).is_err() {
                break;
            }
        }
    });
    receive
}

/// A parent that is gone doesn't hear it; the guard goes on.
fn tell(event: &Event) {
    if let Ok(text) = serde_json::to_string(event) {
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, "{text}").and_then(|()| out.flush());
    }
}

struct Guard {
    spec: Spec,
    files: JobFiles,
    conn: Option<Connection>,
    /// When the machine was last seen running.
    seen_running: Instant,
    /// Whether the job was ended here.
    ended: bool,
    /// How often the machine was resumed.
    resumed: u32,
}

impl Guard {
    fn start(spec: Spec) -> Result<Self> {
        let conn = Connection::open(&spec.uri)?;
        Ok(Self {
            files: JobFiles {
                socket: spec.socket.clone(),
                scratch: spec.scratch.clone(),
            },
            spec,
            conn: Some(conn),
            seen_running: Instant::now(),
            ended: false,
            resumed: 0,
        })
    }

    /// Watches until told to end, or until the input ends.
    fn watch(&mut self, input: &Receiver<String>) {
        loop {
            let pause = self.look();
            match input.recv_timeout(pause) {
                Ok(word) if word.trim() == "\"end\"" => return,
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.clean_up(),
            }
        }
    }

    /// One look; gives the time until the next.
    fn look(&mut self) -> Duration {
        let used = self.files.used();
        let socket = &self.spec.socket;
        let free = free_bytes(socket.parent().unwrap_or(socket));
        let high = self.spec.limit / 8 * 7;
        let room = high
            .saturating_sub(used)
            .min(free.saturating_sub(self.spec.floor));
        if room == 0 && !self.ended && self.end_job() {
            tell(&Event::Full { used, free });
        }
        self.look_at_machine();
        // No guest writes faster than 2 GiB a second for long: half the room is left.
        let until = Duration::from_micros(room / 4096);
        until.clamp(Duration::from_millis(2), Duration::from_millis(200))
    }

    /// Resumes the machine if it stopped for an error of a disk while the job ran.
    fn look_at_machine(&mut self) {
        let Some(domain) = self.domain() else { return };
        match domain.state() {
            Ok(State::PausedByIoError) => {}
            Ok(State::Running) => {
                self.seen_running = Instant::now();
                return;
            }
            _ => return,
        }
        // Only for want of space: an error of the disk itself is not ours to hide.
        let errors = domain.disk_errors().unwrap_or_default();
        let disks: Vec<_> = errors
            .into_iter()
            .filter(|e| e.no_space && self.spec.scratch.iter().any(|(d, _)| *d == e.disk))
            .map(|e| e.disk)
            .collect();
        if disks.is_empty() {
            return;
        }
        // A machine that stops again without our job has another trouble.
        if !self.ended && !self.end_job() || self.resumed >= 3 {
            return;
        }
        if domain.resume().is_ok() {
            self.resumed += 1;
            tell(&Event::Stopped {
                milliseconds: self.seen_running.elapsed().as_millis() as u64,
                disks,
            });
        }
    }

    /// Ends the job, if it is the one that is guarded; whether it was.
    fn end_job(&mut self) -> bool {
        let Some(domain) = self.domain() else {
            return false;
        };
        if !is_ours(&domain, &self.spec.socket) {
            return false;
        }
        self.ended = domain.abort_job().is_ok();
        // The space is needed at once: the guest may stand still for want of it.
        if self.ended {
            wait_for_end(&domain, &self.spec.socket);
            let _ = self.files.remove();
        }
        self.ended
    }

    /// The parent died: what it would have done, unless the next run is at it already.
    fn clean_up(&mut self) {
        let Some(path) = self.spec.socket.parent().map(Path::to_owned) else {
            return;
        };
        let folder = match Folder::lock_path(&path, None, Duration::from_secs(2)) {
            Ok(None) => return,
            Ok(Some(folder)) => Some(folder),
            // Somebody removed the folder: then nobody else can claim the job by it.
            Err(_) => None,
        };
        // libvirt may be away as well: the guest stays guarded until it is back.
        while !self.ended && !self.is_settled() {
            self.end_job();
            self.look_at_machine();
            std::thread::sleep(Duration::from_millis(100));
        }
        self.look_at_machine();
        if let Some(folder) = folder {
            let _ = folder.remove();
        }
    }

    /// Whether libvirt says that the job, or the machine, is no more.
    fn is_settled(&mut self) -> bool {
        let uuid = self.spec.uuid.clone();
        let Some(conn) = self.connection() else {
            return false;
        };
        match conn.domain_by_uuid(&uuid) {
            Ok(domain) => domain.run().is_none() || !is_ours(&domain, &self.spec.socket),
            Err(e) => e.number == number::NO_DOMAIN,
        }
    }

    fn domain(&mut self) -> Option<Domain> {
        let uuid = self.spec.uuid.clone();
        self.connection()?.domain_by_uuid(&uuid).ok()
    }

    /// The connection, opened anew if need be.
    fn connection(&mut self) -> Option<&Connection> {
        if !self.conn.as_ref().is_some_and(Connection::is_alive) {
            self.conn = Connection::open(&self.spec.uri).ok();
        }
        self.conn.as_ref()
    }
}

/// Whether the job that runs listens on `socket`.
fn is_ours(domain: &Domain, socket: &Path) -> bool {
    let Ok(xml) = domain.backup_xml() else {
        return false;
    };
    job::job_socket(&xml).is_ok_and(|s| s.as_deref() == Some(socket))
}

/// Waits until libvirt has taken the ended job down, a few seconds at most.
pub(super) fn wait_for_end(domain: &Domain, socket: &Path) {
    let start = Instant::now();
    while is_ours(domain, socket) && start.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Bytes free for QEMU on the file system of the folder `dir`; all there are if it can't be
/// asked.
pub(super) fn free_bytes(dir: &Path) -> u64 {
    rustix::fs::statvfs(dir).map_or(u64::MAX, |s| s.f_bavail.saturating_mul(s.f_frsize))
}
