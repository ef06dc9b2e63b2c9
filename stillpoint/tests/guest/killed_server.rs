//! A server that is killed while it backs up a real guest: jobs end truthfully, what was
//! acknowledged is there, no guest stays frozen.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::{DiskSpec, disk};

use crate::host::web;
use crate::serving::{Server, free_port};
use crate::user::User;

/// How often the server is killed.
const KILLS: u64 = 20;

/// A server that is started again whenever it was killed, and its user.
struct World<'a> {
    data: &'a Path,
    connection: String,
    port: u16,
    user: User,
    server: Option<Server>,
}

impl World<'_> {
    fn kill_and_start(&mut self) {
        self.server.take().unwrap().kill();
        self.server = Some(Server::start(self.data, self.port, &self.connection));
    }

    /// The newest job's details, once it has ended.
    fn ended(&self, name: &str) -> Value {
        let began = Instant::now();
        loop {
            let job = self.user.json(&format!("job show {name}"))["properties"].clone();
            let status = job["status"].as_str().unwrap();
            if !["InProgress", "Cancelling"].contains(&status) {
                return job;
            }
            assert!(began.elapsed() < Duration::from_secs(120), "{job}");
            std::thread::sleep(Duration::from_millis(200));
        }
    }
}

fn statuses(job: &Value) -> Vec<&str> {
    let all = job["extendedInfo"]["tasksList"].as_array().unwrap();
    all.iter().map(|t| t["status"].as_str().unwrap()).collect()
}

#[test]
fn a_killed_server_goes_on_with_its_jobs_and_a_cancelled_one_leaves_no_point() {
    let (guest, connection) = web([DiskSpec::qcow2(256 << 20)]);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let port = free_port();
    let server = Server::start(&data, port, &connection);
    let user = User::logged_in(folder.path(), &server);
    let mut world = World {
        data: &data,
        connection,
        port,
        user,
        server: Some(server),
    };
    world.user.ends(0, "vault create -v v1");
    world.user.ends(0, "protection enable web");
    // Each of the backups keeps its snapshot for days.
    world.user.ends(0, "limit set snapshots_per_machine 40");

    let mut whole = 0;
    for kill in 0..KILLS {
        let noise = disk::noise(kill, 30_000_000);
        guest.write_file("/data1/a", &noise).unwrap();
        let sum = guest.sha256("/data1/a").unwrap();
        let job = world.user.json("backup now web --no-wait");
        let name = job["name"].as_str().unwrap().to_owned();
        // From the first step to after the last.
        std::thread::sleep(Duration::from_millis(kill * 110));
        world.kill_and_start();
        let job = world.ended(&name);
        assert_eq!(job["status"], "Completed", "killed at {kill}: {job}");
        assert_eq!(statuses(&job), ["Completed", "Completed"], "{job}");
        whole += 1;
        let points = world.user.json("point list web");
        assert_eq!(points.as_array().unwrap().len(), whole, "{points}");
        // Not frozen, and as it was.
        assert_eq!(guest.sha256("/data1/a").unwrap(), sum);
        guest.run("echo x > /data1/b && sync").unwrap();
    }

    // A server whose program is replaced while it runs, as by an upgrade, still freezes its guests.
    world.server.take().unwrap().kill();
    let program = folder.path().join("stillpoint");
    std::fs::copy(env!("CARGO_BIN_EXE_stillpoint"), &program).unwrap();
    let connection = &world.connection;
    let server = Server::start_program(&program, &data, port, connection, &[], &[]);
    std::fs::remove_file(&program).unwrap();
    world.server = Some(server);
    world.user.ends(0, "backup now web");
    whole += 1;
    let point = world.user.json("point show latest:web");
    let consistency = &point["properties"]["recoveryPointType"];
    assert_eq!(consistency, "FileSystemConsistent", "{point}");

    // JOB-16, 21: cancelled in its snapshot, no point stays.
    let held = UnixStream::connect(guest.agent_socket()).unwrap();
    let job = world.user.json("backup now web --no-wait");
    let name = job["name"].as_str().unwrap().to_owned();
    world.user.run(&["job", "cancel", &name]);
    drop(held);
    let job = world.ended(&name);
    assert_eq!(job["status"], "Cancelled", "{job}");
    assert_eq!(statuses(&job), ["Cancelled", "NotStarted"], "{job}");
    let points = world.user.json("point list web");
    assert_eq!(points.as_array().unwrap().len(), whole, "{points}");
    assert!(guest.bitmaps().unwrap().values().all(|b| b.len() <= 2));

    // A change that was acknowledged survives too.
    world.user.ends(0, "protection disable web --as-per-policy");
    world.kill_and_start();
    let item = world.user.json("protection show web");
    assert_eq!(item["properties"]["protectionState"], "BackupsSuspended");
    let second = std::process::Command::new(env!("CARGO_BIN_EXE_stillpoint"))
        .args(["server", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert!(said.contains("DataFolderInUse"), "{said}");
}
