//! What ownership and modes deny: to QEMU, and to whoever runs the program.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::{Value, json};
use testkit::libvirt::Libvirtd;
use testkit::{DiskSpec, Guest, Machine};

use crate::command::Place;
use crate::host::{assert_only_trackers_left, place_of};

fn mode(path: &Path, bits: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(bits)).unwrap();
}

/// A guest whose QEMU is nobody's; nothing in it is waited for.
fn guest_of_nobody() -> Guest {
    Guest::builder("m")
        .disk(DiskSpec::raw(16 << 20))
        .argument("-run-with")
        .argument("user=nobody")
        .start()
        .unwrap()
}

const NOW: [&str; 5] = ["backup", "now", "m", "--quiesce", "skip"];

/// Fails unless the error is this one, about `path`, and no point came of it.
fn assert_denied(place: &Place, error: &Value, code: &str, path: &Path) {
    assert_eq!(error["code"], code, "{error}");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(path.to_str().unwrap()), "{error}");
    assert_eq!(place.json(&["point", "list"]), json!([]));
}

/// Takes a first point, of all, and a second, of what changed.
fn two_points(mut backup: impl FnMut() -> Value) {
    let tracked = |job: Value| -> Vec<bool> {
        assert_eq!(job["status"], "Completed", "{job}");
        let disks = job["snapshot"]["disks"].as_array().unwrap();
        disks.iter().map(|d| d["tracker"].is_string()).collect()
    };
    assert_eq!(tracked(backup()), [false, false]);
    assert_eq!(tracked(backup()), [true, true]);
}

#[test]
fn a_scratch_or_a_folder_closed_to_qemu_is_an_error_that_names_it_and_leaves_nothing() {
    let guest = guest_of_nobody();
    let place = place_of(&guest);
    std::fs::create_dir(place.at("scratch")).unwrap();
    mode(&place.at("scratch"), 0o700);
    mode(guest.dir(), 0o777);
    let e = place.fails(&NOW, 5);
    assert_denied(&place, &e, "HypervisorAccessDenied", &place.at("scratch"));
    assert_only_trackers_left(&guest, &place, 0);
    let said = place.run(&NOW);
    assert_eq!(said.code, 5, "{said:?}");
    for words in [
        "error HypervisorAccessDenied: ",
        "  cause:  ",
        "  remedy: ",
        "--scratch",
    ] {
        assert!(said.err.contains(words), "{words}: {said:?}");
    }

    mode(&place.at("scratch"), 0o711);
    mode(guest.dir(), 0o755);
    let e = place.fails(&NOW, 5);
    let socket = guest.dir().join("stillpoint.nbd");
    assert_denied(&place, &e, "HypervisorAccessDenied", &socket);
    assert_only_trackers_left(&guest, &place, 0);

    mode(guest.dir(), 0o777);
    two_points(|| place.json(&NOW));
    assert_only_trackers_left(&guest, &place, 2);
    place.ok(&["verify", "--level", "full"]);
}

#[test]
fn a_user_who_may_not_use_the_sockets_is_told_which_and_one_who_may_backs_up() {
    let guest = guest_of_nobody();
    let place = place_of(&guest);
    for name in ["state", "scratch", "snapshots", "vault", "host.key"] {
        place.give_away(name);
    }
    let (host, folder, monitor) = (guest.hostdir(), guest.dir(), guest.qmp_socket());
    mode(&monitor, 0o600);
    let doors = [(host, 0o700), (folder, 0o700), (&monitor, 0o600)];
    for (closed, bits) in doors {
        mode(closed, bits);
        let e = place.fails_as_nobody(&NOW, 5);
        assert_denied(&place, &e, "HypervisorAccessDenied", closed);
        assert!(
            e["remedy"].as_str().unwrap().contains("Run as a user"),
            "{e}"
        );
        if closed != host {
            let said = place.run_as_nobody(&["vm", "list", "-o", "json"]);
            assert_eq!((said.code, said.out.trim()), (0, "[]"), "{said:?}");
            assert!(said.err.contains("HypervisorAccessDenied"), "{said:?}");
        }
        mode(closed, 0o755);
    }
    mode(&monitor, 0o666);
    // The folder of the machine is also where its lock and the socket to read by are.
    let e = place.fails_as_nobody(&NOW, 5);
    assert_denied(&place, &e, "FileAccessDenied", folder);
    mode(folder, 0o777);
    mode(&place.at("scratch"), 0o500);
    let e = place.fails_as_nobody(&NOW, 5);
    assert_denied(&place, &e, "FileAccessDenied", &place.at("scratch"));
    assert_only_trackers_left(&guest, &place, 0);

    mode(&place.at("scratch"), 0o700);
    two_points(|| {
        let said = place.run_as_nobody(&[&NOW[..], &["-o", "json"]].concat());
        assert_eq!(said.code, 0, "{said:?}");
        serde_json::from_str(&said.out).unwrap()
    });
    assert_only_trackers_left(&guest, &place, 2);
    place.ok(&["verify", "--level", "full"]);
}

#[test]
fn a_scratch_closed_to_the_user_of_libvirts_qemu_is_an_error_that_names_it() {
    let daemon = Libvirtd::start().unwrap();
    daemon.run_guests_as("nobody", "nogroup").unwrap();
    let domain = daemon
        .domain("denied")
        .disk(DiskSpec::qcow2(16 << 20))
        .start()
        .unwrap();
    let mut place = Place::with_vault();
    place.set("STILLPOINT_CONNECT", &daemon.uri());
    std::fs::create_dir(place.at("scratch")).unwrap();
    mode(&place.at("scratch"), 0o700);
    let now = ["backup", "now", domain.name(), "--quiesce", "skip"];
    let left = || {
        let scratch = std::fs::read_dir(place.at("scratch")).unwrap().count();
        assert_eq!(scratch, 0, "scratch is empty");
        // libvirt notes the end of a job when QEMU's event has come.
        let job = || domain.virsh("domjobinfo", &[]).unwrap();
        let by = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !job().contains("None") {
            assert!(std::time::Instant::now() < by, "{}", job());
            std::thread::sleep(std::time::Duration::from_millis(100));
        }
        let checkpoints = domain.virsh("checkpoint-list", &["--name"]).unwrap();
        checkpoints.split_whitespace().count()
    };

    let e = place.fails(&now, 5);
    assert_denied(&place, &e, "HypervisorAccessDenied", &place.at("scratch"));
    assert_eq!(left(), 0);
    assert_eq!(domain.state().unwrap(), "running");

    mode(&place.at("scratch"), 0o755);
    two_points(|| place.json(&now));
    assert_eq!(left(), 1);
    place.ok(&["verify", "--level", "full"]);
}
