//! The portal, as people use it: a real browser, a real server, a real guest. What is clicked
//! stands in `portal/tests`; what came of it on the guest is looked at here.

use std::path::{Path, PathBuf};

use testkit::node::Node;
use testkit::scripted::{self, ScriptedFolder};
use testkit::{DiskSpec, Guest, disk};

use crate::host::web;
use crate::serving::{Server, free_port};

/// What the first start says of the user `admin`.
fn one_time_password(said: &str) -> &str {
    let (_, rest) = said.split_once("one-time password: ").unwrap();
    rest.split_once(')').unwrap().0
}

/// The images below a folder, in the order of their disks.
fn images(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension().and_then(|e| e.to_str()) {
                _ if path.is_dir() => folders.push(path),
                Some("raw" | "qcow2") => found.push(path),
                _ => {}
            }
        }
    }
    found.sort();
    found
}

/// What nobody should call anything, as `portal/tests/hosts.ts` has it.
const EVIL: &str = "<img src=x onerror=owned=1>\u{202e}gnp";

/// Two hosts below `folder`, which a person adds: `lab` has a machine that takes long to back up,
/// and both have one that is called [`EVIL`].
fn make_lab(folder: &Path) {
    for name in ["lab", "twin"] {
        let host = ScriptedFolder::new(&folder.join(name).join(EVIL)).unwrap();
        host.machine(EVIL, &[&disk::noise(1, 1 << 20)], 0).unwrap();
        if name == "lab" {
            host.machine("slow", &[&disk::noise(2, 16 << 20)], 5000)
                .unwrap();
        }
    }
}

#[test]
fn people_protect_a_real_guest_back_it_up_and_restore_it_in_a_browser() {
    let (guest, connection) = web([DiskSpec::qcow2(64 << 20)]);
    guest
        .write_file("/data1/a", &disk::noise(7, 2_000_000))
        .unwrap();
    let sum = guest.sha256("/data1/a").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let lab = folder.path().join("lab");
    make_lab(&lab);
    let scripted = [(scripted::VARIABLE, "1")];
    let server = Server::start_with(&data, free_port(), &connection, &[], &scripted);

    let portal = Path::new(env!("CARGO_MANIFEST_DIR")).join("../portal");
    let node = Node::find().unwrap();
    let done = node
        .program("node")
        .args(["--test", "--test-concurrency=1", "tests/portal.test.ts"])
        .current_dir(&portal)
        .env("STILLPOINT_URL", &server.url)
        .env("STILLPOINT_USER", "admin")
        .env("STILLPOINT_ONE_TIME", one_time_password(&server.said))
        .env("STILLPOINT_MACHINE", "web")
        .env("STILLPOINT_LAB", &lab)
        .status()
        .unwrap();
    assert!(done.success());

    // RESTORE-5: what was restored in the portal is what the guest had.
    let restored = images(&data.join("restores"));
    assert_eq!(restored.len(), 2, "{restored:?}");
    guest.write_file("/data1/a", b"written later").unwrap();
    let copy = Guest::builder("copy")
        .host(guest.host())
        .firmware_boot()
        .boot_from(&restored)
        .start()
        .unwrap();
    copy.wait_agent().unwrap();
    assert_eq!(copy.sha256("/data1/a").unwrap(), sum);
}
