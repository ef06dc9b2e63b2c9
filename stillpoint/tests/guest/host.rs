//! A host with bare QEMU machines, and what backups leave there.

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
