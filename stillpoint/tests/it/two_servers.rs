//! Two servers on one PostgreSQL: one is killed in the middle of a backup, the other ends it.

use std::fs::File;
use std::os::unix::fs::FileExt;

use testkit::libvirt::Libvirtd;
use testkit::postgres::Postgres;

use crate::server::define;
use crate::serving::{Server, free_port};
use crate::user::User;

#[test]
fn of_two_servers_on_one_postgres_the_second_ends_the_job_of_one_that_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let postgres = Postgres::start().unwrap();
    let (database, pool) = (
        postgres.database().unwrap(),
        path("pool").display().to_string(),
    );
    let libvirtd = Libvirtd::start().unwrap();
    define(&libvirtd, "web");
    // Enough to be killed in the middle of.
    let image = File::options()
        .write(true)
        .open(libvirtd.dir().join("a.img"))
        .unwrap();
    let mut noise = vec![0; 1 << 20];
    for part in 0..512_u64 {
        let mut x = part + 1;
        for byte in &mut noise {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            *byte = x as u8;
        }
        image.write_all_at(&noise, part << 20).unwrap();
    }
    let shared = [
        ("STILLPOINT_STATE", &*database),
        ("STILLPOINT_POOL", &*pool),
    ];
    let (one, other) = (path("one"), path("other"));
    let first = Server::start_with(&one, free_port(), &libvirtd.uri(), &[], &shared);
    let user = User::new(folder.path());
    user.log_in(&first);
    std::fs::create_dir(&other).unwrap();
    std::fs::copy(one.join("server.key"), other.join("server.key")).unwrap();
    let port = free_port();
    let second = Server::start_with(&other, port, &libvirtd.uri(), &[], &shared);
    assert!(!second.said.contains("first time"), "{}", second.said);
    let authority = |data: &std::path::Path| std::fs::read_to_string(data.join("ca.pem")).unwrap();
    assert_eq!(authority(&one), authority(&other));

    user.ends(0, "vault create -v v1 --redundancy local");
    user.ends(0, "protection enable web --policy DefaultPolicy");
    let job = user.json("backup now web --no-wait --retain-until 2031-12-30");
    let job = job["name"].as_str().unwrap();
    first.kill();
    // The same login at the other server: what was given out by one is good at both.
    let login = std::fs::read_to_string(user.login_file()).unwrap();
    let mut login: serde_json::Value = serde_json::from_str(&login).unwrap();
    login["url"] = format!("https://localhost:{port}").into();
    std::fs::write(user.login_file(), login.to_string()).unwrap();
    let there = user.json(&format!("job show {job}"));
    assert_eq!(there["properties"]["status"], "InProgress", "{there}");
    let watched = user.ends(0, &format!("job watch {job}"));
    assert!(watched.contains("Completed"), "{watched}");
    let listed = user.ends(0, "point list web");
    assert!(listed.contains("Snapshot and vault"), "{listed}");
    assert_eq!(user.json("point list web").as_array().unwrap().len(), 1);
}
