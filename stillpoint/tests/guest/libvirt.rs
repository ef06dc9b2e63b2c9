//! Machines of libvirt.

use serde_json::{Value, json};
use testkit::agent::Channel;
use testkit::libvirt::Libvirtd;
use testkit::{DiskSpec, Machine, disk};

use crate::command::Place;
use crate::serving::{Server, free_port};
use crate::user::User;

/// A restored machine, which goes with the test.
struct Copy<'a> {
    daemon: &'a Libvirtd,
    name: &'static str,
}

impl Copy<'_> {
    fn read(&self, path: &str) -> Vec<u8> {
        let start = std::time::Instant::now();
        while let Err(e) = self.ask("guest-ping", &json!({})) {
            assert!(start.elapsed().as_secs() < 120, "{e:#}");
            std::thread::sleep(std::time::Duration::from_millis(500));
        }
        testkit::agent::Agent(Through(self)).read(path).unwrap()
    }

    fn ask(&self, command: &str, arguments: &Value) -> anyhow::Result<Value> {
        let message = json!({ "execute": command, "arguments": arguments }).to_string();
        let said = self
            .daemon
            .virsh(&["qemu-agent-command", self.name, &message])?;
        let said: Value = serde_json::from_str(&said)?;
        anyhow::ensure!(said["error"].is_null(), "{command}: {said}");
        Ok(said["return"].clone())
    }
}

struct Through<'a>(&'a Copy<'a>);

impl Channel for Through<'_> {
    fn call(
        &mut self,
        command: &str,
        arguments: Value,
        _: std::time::Duration,
    ) -> anyhow::Result<Value> {
        self.0.ask(command, &arguments)
    }
}

impl Drop for Copy<'_> {
    fn drop(&mut self) {
        let _ = self.daemon.virsh(&["destroy", self.name]);
        let _ = self.daemon.virsh(&["undefine", self.name]);
    }
}

/// RESTORE-2, 4: by a server, with a QEMU that is nobody's.
#[test]
fn a_server_makes_a_new_domain_of_a_point_and_starts_it() {
    let daemon = Libvirtd::start().unwrap();
    daemon.run_guests_as("nobody", "nogroup").unwrap();
    let domain = daemon
        .domain("web")
        .disk(DiskSpec::qcow2(64 << 20))
        .start()
        .unwrap();
    domain.wait_agent().unwrap();
    let folder = tempfile::tempdir().unwrap();
    // Or nobody could not reach what is in it.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o711);
    std::fs::set_permissions(folder.path(), open).unwrap();
    let server = Server::start(&folder.path().join("data"), free_port(), &daemon.uri());
    let user = User::logged_in(folder.path(), &server);
    let name = domain.name();
    user.ends(0, "vault create -v v1");
    user.ends(
        0,
        &format!("protection enable {name} --policy DefaultPolicy"),
    );
    let content = disk::noise(3, 500_000);
    domain.write_file("/data1/a", &content).unwrap();
    domain.shutdown().unwrap();
    user.ends(0, &format!("backup now {name}"));
    let unnamed = user.ends(2, &format!("restore vm latest:{name}"));
    assert!(unnamed.contains("--name"), "{unnamed}");
    let taken = user.ends(7, &format!("restore vm latest --name {name}"));
    assert!(taken.contains("MachineExists"), "{taken}");
    let copy = Copy {
        daemon: &daemon,
        name: "copy",
    };
    let said = user.ends(0, "restore vm latest --name copy");
    for task in [
        "Transfer data from vault",
        "Create the restored virtual machine",
    ] {
        assert!(said.contains(task), "{said}");
    }
    assert_eq!(copy.read("/data1/a"), content);
    let uuid = daemon.virsh(&["domuuid", "copy"]).unwrap();
    assert_eq!(user.json("vm show copy")["properties"]["vmId"], uuid.trim());
}

#[test]
fn a_domain_is_backed_up_incrementally_and_comes_back_under_a_new_name() {
    let daemon = Libvirtd::start().unwrap();
    let domain = daemon
        .domain("web")
        .disk(DiskSpec::qcow2(64 << 20))
        .disk(DiskSpec::raw(32 << 20))
        .start()
        .unwrap();
    domain.wait_agent().unwrap();
    let name = domain.name().to_owned();
    let mut place = Place::with_vault();
    place.set("STILLPOINT_CONNECT", &daemon.uri());

    let machine = place.json(&["vm", "show", &name]);
    assert_eq!(machine["uuid"], domain.uuid().unwrap());
    assert_eq!(machine["agent"]["status"], "responding");

    domain
        .write_file("/data1/a", &disk::noise(3, 500_000))
        .unwrap();
    domain.write_file("/data2/b", b"first").unwrap();
    let first = place.json(&["backup", "now", &name]);
    assert_eq!(first["status"], "Completed", "{first}");
    assert_eq!(
        first["snapshot"]["consistency"], "fileSystemConsistent",
        "{first}"
    );
    domain.write_file("/data2/b", b"second").unwrap();
    let second = place.json(&["backup", "now", &name, "--quiesce", "require"]);
    let disks = second["snapshot"]["disks"].as_array().unwrap();
    let tracked: Vec<bool> = disks.iter().map(|d| d["tracker"].is_string()).collect();
    assert_eq!(
        tracked,
        [true, true, false],
        "libvirt keeps no bitmaps of raw disks: {second}"
    );
    assert!(disks[2]["reason"].is_string(), "{second}");
    let read: u64 = disks.iter().map(|d| d["read"].as_u64().unwrap()).sum();
    assert!(read < 30 << 20, "{second}");
    domain.write_file("/data2/b", b"in no point").unwrap();

    // Beside the old one only with another name and identity.
    let to = place.text("restored");
    let restore = ["restore", "vm", "latest", "--to", &to];
    let e = place.fails(&[&restore[..], &["--define"]].concat(), 7);
    assert_eq!(e["code"], "MachineExists");
    let e = place.fails(&[&restore[..], &["--define", "--name", "copy"]].concat(), 7);
    assert_eq!(e["code"], "MachineExists", "the UUID is taken");
    assert!(!place.at("restored").exists());
    let onto = format!("vda={}", domain.disks()[0].display());
    let e = place.fails(&["restore", "disks", "latest", "--onto", &onto], 7);
    assert_eq!(e["code"], "UserErrorVmNotShutDown");

    let copy = Copy {
        daemon: &daemon,
        name: "copy",
    };
    let new = ["--name", "copy", "--new-identity", "--start"];
    let restored = place.json(&[&restore[..], &new].concat());
    assert_eq!(
        (&restored["defined"], &restored["started"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(copy.read("/data2/b"), b"second");
    assert_eq!(copy.read("/data1/a"), disk::noise(3, 500_000));
    let uuid = daemon.virsh(&["domuuid", "copy"]).unwrap();
    assert_eq!(restored["uuid"], uuid.trim());
    assert_eq!(domain.state().unwrap(), "running");
}
