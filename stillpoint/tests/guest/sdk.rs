//! The whole life of a protected machine, by Azure's unmodified Python SDK on a real guest. What
//! it asks for stands in `sdk.py`; what came of it on the guest is looked at here.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::Value;
use testkit::python::Python;
use testkit::{DiskSpec, Guest, disk};

use crate::host::{Restored, copies, web};
use crate::serving::{Server, commands, free_port};

struct World {
    python: Python,
    url: String,
    data: PathBuf,
    /// The tenant, the client and its secret.
    login: [String; 3],
    _server: Server,
}

impl World {
    /// Runs a part of the script, and gives what it prints.
    fn part(&self, name: &str) -> Value {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/guest/sdk.py");
        let mut command = self.python.program("python", &self.data.join("ca.pem"));
        let out = command
            .arg(script)
            .args([name, &self.url])
            .args(&self.login)
            .output()
            .unwrap();
        let (said, complained) = (
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr),
        );
        assert!(out.status.success(), "{name}: {said}{complained}");
        serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap()
    }
}

fn paths(images: &Value) -> Vec<PathBuf> {
    let all = images.as_array().unwrap().iter();
    all.map(|i| PathBuf::from(i.as_str().unwrap())).collect()
}

#[test]
fn the_python_sdk_protects_a_real_guest_backs_it_up_restores_it_and_deletes_everything() {
    let (guest, connection) = web([DiskSpec::qcow2(64 << 20), DiskSpec::raw(32 << 20)]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let server = Server::start(&data, free_port(), &connection);
    let shown = commands(&server.said);
    let login = &shown[2];
    let after = |word: &str| {
        let at = login.iter().position(|w| w == word).unwrap();
        login[at + 1].clone()
    };
    let world = World {
        python: Python::azure().unwrap(),
        url: server.url.clone(),
        data,
        login: [after("--tenant"), after("-u"), after("-p")],
        _server: server,
    };
    world.part("set_up");

    guest
        .write_file("/data1/a", &disk::noise(1, 3_000_000))
        .unwrap();
    let sum = guest.sha256("/data1/a").unwrap();
    let point = world.part("back_up");
    assert_eq!(point["consistency"], "FileSystemConsistent", "{point}");

    guest.write_file("/data1/a", b"damaged").unwrap();
    world.part("counts");
    let images = paths(&world.part("restore_disks")["images"]);
    assert_eq!(images.len(), 3, "{images:?}");
    let copy = Guest::builder("copy")
        .host(guest.host())
        .firmware_boot()
        .boot_from(&images)
        .start()
        .unwrap();
    copy.wait_agent().unwrap();
    assert_eq!(copy.sha256("/data1/a").unwrap(), sum);
    drop(copy);

    // RESTORE-2: a machine beside it.
    world.part("new_machine");
    let beside = Restored::new(&guest, "beside");
    assert_eq!(beside.sha256("/data1/a"), sum);
    drop(beside);
    // RESTORE-7: over its own disks, which are off and are backed up before.
    guest.shutdown().unwrap();
    let sources = copies(&guest, folder.path());
    let of_before = world.part("in_place");
    for (name, disks) in [("system", &[0][..]), ("chosen", &[0, 2])] {
        let images = paths(&of_before[name]);
        assert_eq!(images.len(), disks.len(), "{name}: {images:?}");
        for (image, disk) in images.iter().zip(disks) {
            disk::assert_same(image, &sources[*disk]).unwrap();
        }
    }
    guest.start_again().unwrap();
    assert_eq!(guest.sha256("/data1/a").unwrap(), sum);

    // JOB-16, 21: whoever holds the guest's agent keeps a backup in its snapshot.
    let held = UnixStream::connect(guest.agent_socket()).unwrap();
    world.part("cancel");
    drop(held);
    world.part("cancelled");
    // Not frozen.
    guest.run("echo x > /data1/c && sync").unwrap();

    world.part("stop_and_resume");
    world.part("delete_everything");
}
