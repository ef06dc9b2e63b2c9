//! Serving a point's disk over NBD, to real clients.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::command::{Place, image, noise, write_at};

/// A running `point export`.
struct Export {
    child: Child,
    ready: Value,
}

impl Export {
    /// Starts it; gives it as soon as it says that it is ready.
    fn start(place: &Place, words: &[&str]) -> Self {
        let mut child = place.start(&[&["point", "export"], words, &["-o", "json"]].concat());
        let mut said = String::new();
        for line in BufReader::new(child.stdout.as_mut().unwrap()).lines() {
            let line = line.unwrap();
            said += &line;
            if line == "}" {
                break;
            }
        }
        let Ok(ready) = serde_json::from_str(&said) else {
            let mut why = String::new();
            child
                .stderr
                .take()
                .unwrap()
                .read_to_string(&mut why)
                .unwrap();
            panic!("{said}{why}");
        };
        Self { child, ready }
    }

    fn uri(&self) -> &str {
        self.ready["uri"].as_str().unwrap()
    }

    /// Ends it by a signal; gives its exit code.
    fn end(mut self, signal: &str) -> Option<i32> {
        testkit::process::signal(self.child.id(), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn client(program: &str, words: &[&str], folder: &Path) -> (bool, String) {
    let done = Command::new(program)
        .args(words)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (
        done.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[test]
fn a_disk_is_served_as_it_was_and_its_socket_goes_at_the_end() {
    let place = Place::with_vault();
    image(
        &place.at("a.raw"),
        48 << 20,
        &[(1 << 20, 9 << 20), (40 << 20, 70_000)],
    );
    place.ok(&["backup", "now", "--image", "a.raw"]);
    fs::copy(place.at("a.raw"), place.at("before.raw")).unwrap();
    write_at(&place.at("a.raw"), 2_000_000, &noise(5, 5000));
    place.ok(&["backup", "now", "--image", "a.raw"]);
    let points = place.json(&["point", "list"]);
    for (point, raw, signal) in [(0, "before.raw", "TERM"), (1, "a.raw", "INT")] {
        let id = points[point]["id"].as_str().unwrap();
        let export = Export::start(&place, &[id, "--socket", "the socket"]);
        assert_eq!(export.ready["point"], id);
        assert_eq!(export.ready["disk"], "disk");
        assert_eq!(export.ready["size"], 48 << 20);
        assert_eq!(export.ready["from"], "snapshot");
        let socket = place.at("the socket");
        let mode = fs::metadata(&socket).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let run = |program, words: &[&str]| client(program, words, &place.at(""));
        let (well, said) = run("nbdcopy", &[export.uri(), "copy.raw"]);
        assert!(well, "{said}");
        assert!(fs::read(place.at(raw)).unwrap() == fs::read(place.at("copy.raw")).unwrap());
        let blocks =
            std::os::unix::fs::MetadataExt::blocks(&fs::metadata(place.at("copy.raw")).unwrap());
        assert!(blocks * 512 < 10 << 20, "holes stay holes: {blocks}");
        let (well, said) = run("qemu-img", &["compare", "-f", "raw", raw, export.uri()]);
        assert!(well, "{said}");
        // What a machine writes goes to its overlay.
        let backing = ["-F", "raw", "-b", export.uri(), "overlay"];
        let (well, said) = run(
            "qemu-img",
            &[&["create", "-f", "qcow2"], &backing[..]].concat(),
        );
        assert!(well, "{said}");
        let io = [
            "-f",
            "qcow2",
            "-c",
            "write -P 7 1M 4M",
            "-c",
            "read -P 7 1M 4M",
            "overlay",
        ];
        let (well, said) = run("qemu-io", &io);
        assert!(well && !said.contains("failed"), "{said}");
        let (well, said) = run("qemu-img", &["compare", "-f", "raw", raw, export.uri()]);
        assert!(well, "{said}");
        assert_eq!(export.end(signal), Some(0));
        assert!(!socket.exists());
    }
}

#[test]
fn a_disk_of_a_tebibyte_is_ready_at_once() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 40, &[(700 << 30, 100_000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    let start = Instant::now();
    let export = Export::start(&place, &["latest", "--socket", "s"]);
    let io = [
        "-r",
        "-f",
        "raw",
        "-c",
        "read -v 751619276800 16",
        export.uri(),
    ];
    let (well, said) = client("qemu-io", &io, &place.at(""));
    let took = start.elapsed();
    assert!(well && said.contains("16/16"), "{said}");
    let (first, name) = (noise((700 << 30) + 7, 1)[0], "751619276800");
    assert!(
        !said.contains("failed") && said.contains(&format!("{first:02x}")),
        "{name}: {said}"
    );
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[test]
fn a_damaged_chunk_is_read_from_the_other_tier_or_is_an_error_where_it_is() {
    let mut place = Place::with_vault();
    image(&place.at("a.raw"), 8 << 20, &[(0, 3 << 20)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    for store in ["snapshots", "vault"] {
        if store == "vault" {
            // The nearest tier is hurt; the other is not.
            let export = Export::start(&place, &["latest", "--socket", "s"]);
            assert_eq!(export.ready["from"], "snapshot");
            let compare = ["compare", "-f", "raw", "a.raw", export.uri()];
            let (well, said) = client("qemu-img", &compare, &place.at(""));
            assert!(well, "{said}");
        }
        let packs = crate::collect::files(&place.at(store).join("packs"));
        let (largest, size) = packs.iter().max_by_key(|p| p.1).unwrap();
        write_at(Path::new(largest), size / 2, b"flipped!");
    }
    place.set("STILLPOINT_SNAPSHOTS", "none");
    let export = Export::start(&place, &["latest", "--socket", "s"]);
    assert_eq!(export.ready["from"], "vault");
    let bytes = fs::read(place.at("a.raw")).unwrap();
    let mut hurt = 0;
    for chunk in 0..48u64 {
        let at = chunk << 16;
        let read = format!("read -v {at} 64k");
        let words = ["-r", "-f", "raw", "-c", &read, export.uri()];
        let (_, said) = client("qemu-io", &words, &place.at(""));
        if said.contains("Input/output error") {
            hurt += 1;
        } else {
            let line = format!(
                "{at:08x}:  {:02x} {:02x}",
                bytes[at as usize],
                bytes[at as usize + 1]
            );
            assert!(said.contains(&line), "{line}: {said}");
        }
    }
    assert_eq!(hurt, 1);
    let (well, _) = client("nbdcopy", &[export.uri(), "copy.raw"], &place.at(""));
    assert!(!well, "a damaged disk is not copied as if it were whole");
}

#[test]
fn an_export_that_can_not_be_says_why() {
    let place = Place::with_vault();
    image(&place.at("a.raw"), 1 << 20, &[(0, 1000)]);
    image(&place.at("b.raw"), 1 << 20, &[(0, 1000)]);
    place.ok(&["backup", "now", "--image", "a.raw"]);
    fs::write(place.at("mine"), "mine").unwrap();
    let long = "x".repeat(200);
    for (words, exit, code) in [
        (&["latest", "--socket", "mine"][..], 7, "TargetExists"),
        (&["latest", "--socket", &long], 2, "BadArgument"),
        (&["latest", "--socket", "no/such/s"], 4, "FileNotFound"),
        (
            &["latest", "--disk", "vdz", "--socket", "s"],
            4,
            "DiskNotFound",
        ),
        (&["latest:nobody", "--socket", "s"], 4, "PointNotFound"),
    ] {
        let e = place.fails(&[&["point", "export"], words].concat(), exit);
        assert_eq!(e["code"], code, "{words:?}: {e}");
    }
    assert_eq!(fs::read(place.at("mine")).unwrap(), b"mine");
    // One that was killed leaves its socket; the next takes its place.
    let export = Export::start(&place, &["latest", "--socket", "s"]);
    let e = place.fails(&["point", "export", "latest", "--socket", "s"], 7);
    assert_eq!(e["code"], "TargetExists");
    export.end("KILL");
    assert!(place.at("s").exists());
    let export = Export::start(&place, &["latest", "--socket", "s", "--disk", "disk"]);
    assert_eq!(export.end("TERM"), Some(0));
}
