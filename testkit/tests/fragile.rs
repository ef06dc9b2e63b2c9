//! The fragile disk loses what it may lose, and never what it may not.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use testkit::fragile::{Disk, Fault, What};

/// What a file may hold after a power cut now, by each of many seeds; `None` if it is not there.
fn after_cuts(disk: &Disk, name: &str) -> Vec<Option<Vec<u8>>> {
    let now = disk.state();
    let look = |seed| {
        disk.load(&now.cut(seed));
        fs::read(disk.at(name)).ok()
    };
    let found = (0..40).map(look).collect();
    disk.load(&now);
    found
}

fn sync(path: &Path) {
    File::open(path).unwrap().sync_all().unwrap();
}

fn write_synced(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap();
    sync(path);
}

#[test]
fn it_is_a_file_system() {
    let disk = Disk::new().unwrap();
    fs::create_dir_all(disk.at("a/b")).unwrap();
    let bytes: Vec<u8> = (0..300_000u32).map(|i| (i % 251) as u8).collect();
    fs::write(disk.at("a/b/file"), &bytes).unwrap();
    assert_eq!(fs::read(disk.at("a/b/file")).unwrap(), bytes);
    fs::hard_link(disk.at("a/b/file"), disk.at("a/other")).unwrap();
    fs::remove_file(disk.at("a/b/file")).unwrap();
    assert_eq!(fs::read(disk.at("a/other")).unwrap(), bytes);
    fs::rename(disk.at("a/other"), disk.at("a/b/new")).unwrap();
    let file = File::options()
        .write(true)
        .open(disk.at("a/b/new"))
        .unwrap();
    file.set_len(5000).unwrap();
    file.set_len(9000).unwrap();
    let mut cut = bytes[..5000].to_vec();
    cut.resize(9000, 0);
    assert_eq!(fs::read(disk.at("a/b/new")).unwrap(), cut);
    assert!(fs::remove_dir(disk.at("a")).is_err());
    for i in 0..3000 {
        fs::write(disk.at(&format!("a/{i}")), b"").unwrap();
    }
    assert_eq!(fs::read_dir(disk.at("a")).unwrap().count(), 3001);
    fs::remove_dir_all(disk.at("a")).unwrap();
    assert_eq!(fs::read_dir(disk.path()).unwrap().count(), 0);
}

#[test]
fn what_is_synced_with_its_name_is_never_lost() {
    let disk = Disk::new().unwrap();
    let bytes = vec![7; 10_000];
    write_synced(&disk.at("file"), &bytes);
    sync(disk.path());
    // What is lost besides does not matter.
    fs::write(disk.at("more"), &bytes).unwrap();
    assert!(
        after_cuts(&disk, "file")
            .iter()
            .all(|f| f.as_ref() == Some(&bytes))
    );
}

#[test]
fn bytes_that_are_not_synced_may_be_lost_page_by_page() {
    let disk = Disk::new().unwrap();
    write_synced(&disk.at("file"), &[1; 20_000]);
    sync(disk.path());
    let mut file = File::options().write(true).open(disk.at("file")).unwrap();
    file.write_all(&[2; 20_000]).unwrap();
    let found = after_cuts(&disk, "file");
    let page = |f: &Option<Vec<u8>>, n: usize| f.as_ref().unwrap()[n * 4096];
    assert!(found.iter().all(|f| f.as_ref().unwrap().len() == 20_000));
    assert!(found.iter().any(|f| (0..5).all(|n| page(f, n) == 1)));
    assert!(found.iter().any(|f| (0..5).all(|n| page(f, n) == 2)));
    assert!(
        found.iter().any(|f| page(f, 0) == 1 && page(f, 3) == 2),
        "no order"
    );
    assert!(
        found.iter().any(|f| page(f, 0) == 2 && page(f, 3) == 1),
        "no order"
    );
}

#[test]
fn a_file_that_grew_may_have_its_size_and_not_its_bytes() {
    let disk = Disk::new().unwrap();
    fs::write(disk.at("file"), [9; 8192]).unwrap();
    sync(disk.path());
    let found = after_cuts(&disk, "file");
    let mut whole = found.iter().map(|f| f.as_ref().unwrap());
    assert!(whole.clone().any(Vec::is_empty));
    assert!(whole.clone().any(|f| *f == [9; 8192]));
    assert!(whole.any(|f| f.len() == 8192 && f[..4096] != [9; 4096]));
}

#[test]
fn a_name_is_lost_whose_folder_is_not_synced() {
    let disk = Disk::new().unwrap();
    write_synced(&disk.at("file"), b"x");
    let found = after_cuts(&disk, "file");
    assert!(
        found.iter().any(Option::is_none),
        "its file was synced, its name was not"
    );
    assert!(found.iter().any(Option::is_some));
    // A folder's own name is its parent's business.
    fs::create_dir(disk.at("folder")).unwrap();
    write_synced(&disk.at("folder/file"), b"x");
    sync(&disk.at("folder"));
    assert!(after_cuts(&disk, "folder/file").iter().any(Option::is_none));
    sync(disk.path());
    assert!(after_cuts(&disk, "folder/file").iter().all(Option::is_some));
    // And removal is one more change.
    fs::remove_file(disk.at("file")).unwrap();
    assert!(after_cuts(&disk, "file").iter().any(Option::is_some));
    sync(disk.path());
    assert!(after_cuts(&disk, "file").iter().all(Option::is_none));
}

#[test]
fn a_rename_is_done_or_not_and_nothing_between() {
    let disk = Disk::new().unwrap();
    fs::create_dir(disk.at("to")).unwrap();
    write_synced(&disk.at("old"), b"old");
    write_synced(&disk.at("to/new"), b"there before");
    sync(disk.path());
    sync(&disk.at("to"));
    fs::rename(disk.at("old"), disk.at("to/new")).unwrap();
    let now = disk.state();
    let mut seen = [0, 0];
    for seed in 0..40 {
        disk.load(&now.cut(seed));
        let done = !disk.at("old").exists();
        let wanted: &[u8] = if done { b"old" } else { b"there before" };
        assert_eq!(fs::read(disk.at("to/new")).unwrap(), wanted);
        seen[usize::from(done)] += 1;
    }
    assert!(seen[0] > 0 && seen[1] > 0, "{seen:?}");
    disk.load(&now);
    sync(&disk.at("to"));
    assert!(after_cuts(&disk, "old").iter().all(Option::is_none));
}

#[test]
fn a_failed_sync_loses_what_was_written_and_the_next_one_does_not_tell() {
    let disk = Disk::new().unwrap();
    write_synced(&disk.at("file"), b"old");
    sync(disk.path());
    let now = disk.state();
    disk.load(&now);
    disk.fail(Fault {
        what: What::Change,
        at: 1,
    });
    let mut file = File::options().write(true).open(disk.at("file")).unwrap();
    file.write_all(b"new").unwrap();
    assert_eq!(file.sync_all().unwrap_err().raw_os_error(), Some(5));
    file.sync_all().unwrap();
    assert_eq!(
        fs::read(disk.at("file")).unwrap(),
        b"new",
        "as long as it is in memory"
    );
    assert!(
        after_cuts(&disk, "file")
            .iter()
            .all(|f| f.as_deref() == Some(b"old"))
    );
}

#[test]
fn nothing_changes_and_nothing_answers_once_the_power_is_off() {
    let disk = Disk::new().unwrap();
    write_synced(&disk.at("file"), b"x");
    sync(disk.path());
    disk.load(&disk.state());
    disk.power_off_after(1);
    let mut file = File::options().write(true).open(disk.at("file")).unwrap();
    file.write_all(b"y").unwrap();
    assert!(!disk.is_off());
    assert!(file.sync_all().is_err() && disk.is_off());
    assert!(file.sync_all().is_err() && file.write_all(b"z").is_err());
    assert!(fs::read(disk.at("file")).is_err());
    disk.load(&disk.state());
    assert_eq!(fs::read(disk.at("file")).unwrap(), b"y");
    assert!(file.sync_all().is_err(), "it was open before");
}

#[test]
fn a_full_disk_and_a_bad_read_are_told() {
    let disk = Disk::new().unwrap();
    fs::write(disk.at("file"), b"x").unwrap();
    let now = disk.state();
    disk.load(&now);
    disk.fail(Fault {
        what: What::Full,
        at: 0,
    });
    let error = fs::write(disk.at("new"), b"x").unwrap_err();
    assert_eq!(error.raw_os_error(), Some(28));
    fs::remove_file(disk.at("file")).unwrap();
    disk.load(&now);
    disk.fail(Fault {
        what: What::Read,
        at: 0,
    });
    assert_eq!(
        fs::read(disk.at("file")).unwrap_err().raw_os_error(),
        Some(5)
    );
    assert!(fs::read(disk.at("file")).is_err());
    disk.load(&now);
    assert_eq!(fs::read(disk.at("file")).unwrap(), b"x");
}
