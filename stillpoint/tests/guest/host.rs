//! A host with bare QEMU machines, and what backups and restores leave there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use testkit::agent::{Agent, Socket};
use testkit::disk::{self, Format};
use testkit::{DiskSpec, Guest};

use crate::command::Place;

/// A guest named `web` with these disks, whose agent answers, and the connection to its host.
pub fn web(disks: impl IntoIterator<Item = DiskSpec>) -> (Guest, String) {
    let named = Guest::builder("web");
    let built = disks
        .into_iter()
        .fold(named, |guest, disk| guest.disk(disk));
    let guest = built.start().unwrap();
    guest.wait_agent().unwrap();
    let connection = format!("qmp://{}", guest.hostdir().display());
    (guest, connection)
}

/// A place with a vault, on the host of `guest`.
pub fn place_of(guest: &Guest) -> Place {
    let mut place = Place::with_vault();
    let host = format!("qmp://{}", guest.hostdir().display());
    place.set("STILLPOINT_CONNECT", &host);
    place
}

/// Fails if a backup of `guest` left more than one bitmap on each of its first `tracked`
/// disks: nodes, exports, jobs, sockets, scratch files.
pub fn assert_only_trackers_left(guest: &Guest, place: &Place, tracked: usize) {
    let bitmaps = guest.bitmaps().unwrap();
    let nodes: Vec<_> = bitmaps.keys().cloned().collect();
    let wanted: Vec<_> = (0..tracked).map(|n| format!("disk{n}")).collect();
    assert_eq!(nodes, wanted, "{bitmaps:?}");
    assert!(bitmaps.values().all(|b| b.len() == 1), "{bitmaps:?}");
    assert_eq!(guest.named("stillpoint").unwrap(), Vec::<String>::new());
    assert!(!guest.dir().join("stillpoint.nbd").exists());
    let scratch = std::fs::read_dir(place.at("scratch"));
    assert_eq!(scratch.map_or(0, Iterator::count), 0, "scratch is empty");
}

/// Copies in `folder` of what the disks of a guest that is off hold, the root disk's first.
pub fn copies(guest: &Guest, folder: &Path) -> Vec<PathBuf> {
    assert!(!guest.is_running());
    let copy = |(n, disk): (usize, &PathBuf)| {
        let copy = folder.join(format!("copy-of-disk-{n}"));
        disk::convert(disk, &copy, Format::Raw).unwrap();
        copy
    };
    guest.disks().iter().enumerate().map(copy).collect()
}

/// A machine that a restore has made on a guest's host, and started. It ends with this.
pub struct Restored {
    folder: PathBuf,
    process: String,
}

impl Restored {
    /// The one of this name, beside `guest`.
    pub fn new(guest: &Guest, name: &str) -> Self {
        let folder = guest.hostdir().join(name);
        let process = std::fs::read_to_string(folder.join("pid")).unwrap();
        Self { folder, process }
    }

    /// The SHA-256 of a file in it, as soon as it tells.
    pub fn sha256(&self, path: &str) -> String {
        let began = Instant::now();
        let mut agent = Agent(Socket::new(&self.folder.join("qga.sock")));
        let short = Duration::from_secs(5);
        loop {
            let done = agent.sh(&format!("sha256sum {path}"), short);
            if let Ok(done) = &done
                && done.code == 0
            {
                let word = done.stdout.split_whitespace().next();
                return word.unwrap().to_owned();
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{done:?}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

impl Drop for Restored {
    fn drop(&mut self) {
        let done = Command::new("kill")
            .args(["-9", self.process.trim()])
            .status();
        assert!(done.is_ok_and(|s| s.success()));
    }
}
