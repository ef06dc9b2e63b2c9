//! A server whose folder is gone: it comes back from its backup, or its vaults come back to a new
//! server from their stores and a key.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::libvirt::Libvirtd;

use crate::server::define;
use crate::serving::{Server, free_port};
use crate::user::User;

/// Bytes that are no pattern, another for each `seed`.
fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut x = seed | 1;
    let next = || {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        x as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn write(image: &Path, seed: u64) {
    let file = File::options().write(true).open(image).unwrap();
    file.write_all_at(&noise(seed, 3 << 20), seed << 20)
        .unwrap();
}

/// The points' names, times and ends.
fn points(user: &User) -> Vec<[Value; 3]> {
    let all = user.json("point list web");
    let each = all.as_array().unwrap().iter().map(|point| {
        let properties = &point["properties"];
        let ends = &properties["recoveryPointProperties"]["expiryTime"];
        [
            point["name"].clone(),
            properties["recoveryPointTime"].clone(),
            ends.clone(),
        ]
    });
    each.collect()
}

fn wait(seconds: u64, what: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(seconds);
    while !what() {
        assert!(Instant::now() < end, "it does not happen");
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Restores the newest point's disks and holds the first against the machine's.
fn restores(user: &User, image: &Path) {
    let restored = user.json("restore disks latest:web --to restores");
    let bag = &restored["properties"]["extendedInfo"]["propertyBag"];
    let copy = bag["Restored disk vda"].as_str().unwrap();
    let same = Command::new("cmp").arg(copy).arg(image).status().unwrap();
    assert!(same.success(), "{copy} differs from the machine's disk");
}

fn only_vault(pool: &Path) -> PathBuf {
    let folders = std::fs::read_dir(pool).unwrap().map(|e| e.unwrap().path());
    let mut vaults = folders.filter(|p| p.join("vault").exists());
    let vault = vaults.next().unwrap();
    assert_eq!(vaults.next(), None);
    vault
}

#[test]
fn a_lost_server_comes_back_from_its_backup_and_from_store_and_key_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let (data, pool, port) = (path("data"), path("pool"), free_port());
    let (d, p) = (data.display().to_string(), pool.display().to_string());
    let libvirtd = Libvirtd::start().unwrap();
    define(&libvirtd, "web");
    let image = libvirtd.dir().join("a.img");
    write(&image, 1);
    let outside = [("STILLPOINT_POOL", &*p)];
    let start = || Server::start_with(&data, port, &libvirtd.uri(), &[], &outside);
    let server = start();
    let user = User::new(folder.path());
    user.log_in(&server);
    let mut lines = server.said.lines().map(str::trim);
    let recovery = lines.find_map(|l| l.strip_prefix("Recovery key"));
    std::fs::write(path("recovery"), recovery.unwrap().trim()).unwrap();
    std::fs::write(path("pass"), "correct horse battery").unwrap();

    user.ends(0, "vault create -v v1 --redundancy local");
    user.ends(0, "protection enable web --policy DefaultPolicy");
    user.ends(0, "backup now web --retain-until 2031-12-30");
    let (backup, key, pass) = (path("server.age"), path("v1.age"), path("pass"));
    let backup = backup.display().to_string();
    user.ends(0, &format!("server backup {backup} --data {d}"));
    user.ends(7, &format!("server backup {backup} --data {d}"));
    let sealed = std::fs::read(&backup).unwrap();
    assert!(sealed.starts_with(b"age-encryption.org/v1"));
    let (key, pass) = (key.display().to_string(), pass.display().to_string());
    let to = format!("--to {key} --new-passphrase-file {pass}");
    user.ends(
        4,
        &format!("server export-key v2 {to} --data {d} --pool {p}"),
    );
    // Everybody is reminded of it until then.
    let reminded = || user.json("overview").to_string().contains("KeyNotExported");
    assert!(reminded());
    user.ends(
        0,
        &format!("server export-key v1 {to} --data {d} --pool {p}"),
    );
    assert!(!reminded());
    // This one the backup does not know.
    write(&image, 7);
    user.ends(0, "backup now web --retain-until 2032-12-30");
    let before = points(&user);
    assert_eq!(before.len(), 2, "{before:?}");
    let own = std::fs::read_dir(pool.join("server-backups")).unwrap();
    assert_eq!(own.count(), 1, "the server's own backup of the day");

    // All that is left: the pool, the backup, the keys.
    server.kill();
    std::fs::remove_dir_all(&data).unwrap();
    let restore = format!("server restore {backup} --data {d}");
    let wrong = user.ends(5, &format!("{restore} --passphrase-file {pass}"));
    assert!(wrong.contains("server.age"), "{wrong}");
    let recovery = path("recovery").display().to_string();
    let said = user.ends(0, &format!("{restore} --identity {recovery}"));
    assert!(said.contains("v1"), "{said}");
    let full = user.ends(7, &format!("{restore} --identity {recovery}"));
    assert!(full.contains("StateNotEmpty"), "{full}");
    let server = start();
    assert!(!server.said.contains("first time"), "{}", server.said);
    wait(60, || points(&user) == before);
    assert!(!user.ends(0, "point list").contains("Snapshot"));
    restores(&user, &image);
    user.ends(0, "backup now web");
    assert_eq!(points(&user).len(), 3);
    let before = points(&user);

    // And without any backup of the server.
    server.kill();
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::remove_dir_all(pool.join("server-backups")).unwrap();
    let server = start();
    assert!(server.said.contains("first time"), "{}", server.said);
    std::fs::create_dir(path("new")).unwrap();
    let user = User::new(&path("new"));
    user.log_in(&server);
    let store = only_vault(&pool);
    let opened = format!("--exported-key {key} --passphrase-file {pass}");
    let attach = format!("vault attach {} -v v1", store.display());
    let none = user.ends(2, &attach);
    assert!(none.contains("export-key"), "{none}");
    user.ends(4, &format!("vault attach nothing -v v1 {opened}"));
    let attached = user.json(&format!("{attach} {opened}"));
    assert_eq!(attached["properties"]["pointsAdopted"], 3, "{attached}");
    assert_eq!(attached["properties"]["pointsUnreadable"], 0, "{attached}");
    user.ends(
        7,
        &format!("vault attach {} -v v2 {opened}", store.display()),
    );
    // Nothing expires while protection is stopped; names and times are those of before.
    let attached = points(&user);
    assert!(attached.iter().all(|p| p[2].is_null()), "{attached:?}");
    let names = |all: &[[Value; 3]]| -> Vec<_> { all.iter().map(|p| p[..2].to_vec()).collect() };
    assert_eq!(names(&attached), names(&before));
    assert!(
        user.ends(0, "protection list")
            .contains("ProtectionStopped")
    );
    restores(&user, &image);

    // A command reads what the server owns; it writes only if it says so, and the server sees it.
    let direct = format!("--store {} {opened}", store.display());
    assert!(
        user.ends(0, &format!("point list {direct}"))
            .contains("web")
    );
    let refused = user.ends(7, &format!("point remove latest:web {direct}"));
    assert!(refused.contains("StoreOwned"), "{refused}");
    user.ends(7, &format!("vault collect {direct}"));
    user.ends(0, &format!("vault collect --plan {direct}"));
    assert_eq!(points(&user).len(), 3);
    let taken = user.ends(0, &format!("point remove latest:web --take-over {direct}"));
    assert!(taken.contains("taken over"), "{taken}");
    wait(60, || points(&user).len() == 2);
    user.ends(7, &format!("vault collect {direct}"));
}
