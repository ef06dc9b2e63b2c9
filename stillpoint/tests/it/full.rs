//! File systems without space: collection with a reserve, and every other work at every size.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::collect::{back_up, files, packs, restores};
use crate::command::{Place, Said, image, noise, write_at};

/// A file system of its own. Needs root.
struct Disk(PathBuf);

impl Disk {
    fn tmpfs(place: &Place, bytes: u64) -> Self {
        let path = place.at("disk");
        fs::create_dir_all(&path).unwrap();
        let options = format!("size={bytes}");
        let words = ["-t", "tmpfs", "-o", &options, "stillpoint-test"];
        assert!(mount(&words, &path), "mounting a tmpfs needs root");
        Self(path)
    }

    /// In a file; `None` where there are no loop devices.
    fn ext4(place: &Place, bytes: u64) -> Option<Self> {
        let (file, path) = (place.text("disk.ext4"), place.at("disk"));
        image(Path::new(&file), bytes, &[]);
        fs::create_dir_all(&path).unwrap();
        let made = Command::new("mkfs.ext4")
            .args(["-q", "-m", "0", &file])
            .status();
        let made = made.is_ok_and(|s| s.success());
        (made && mount(&["-o", "loop", &file], &path)).then_some(Self(path))
    }

    /// Gives a tmpfs another size; false if it holds more than that.
    fn resize(&self, bytes: u64) -> bool {
        mount(&["-o", &format!("remount,size={bytes}")], &self.0)
    }

    fn free(&self) -> u64 {
        let stat = rustix::fs::statvfs(&self.0).unwrap();
        stat.f_bavail * stat.f_frsize
    }

    fn used(&self) -> u64 {
        let stat = rustix::fs::statvfs(&self.0).unwrap();
        (stat.f_blocks - stat.f_bfree) * stat.f_frsize
    }

    /// Takes all but so many bytes away.
    fn fill(&self, name: &str, but: u64) {
        let size = self.free().saturating_sub(but);
        let file = self.0.join(name);
        let done = Command::new("fallocate")
            .args(["-l", &size.to_string()])
            .arg(&file)
            .status();
        assert!(done.unwrap().success());
    }

    /// Takes the last bytes.
    fn fill_to_the_brim(&self) {
        use std::io::Write;
        let path = self.0.join("brim");
        let mut file = fs::File::create(path).unwrap();
        while file.write_all(&[1; 4096]).is_ok() {}
        while file.write_all(&[1]).is_ok() {}
        let _ = file.sync_all();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn mount(words: &[&str], at: &Path) -> bool {
    let done = Command::new("mount").args(words).arg(at).output();
    done.unwrap().status.success()
}

/// A host whose vault is on that disk.
fn vault_on_disk(place: &mut Place) {
    place.set("STILLPOINT_VAULT", &place.text("disk/vault"));
    let (pass, key) = (place.text("pass"), place.text("host.key"));
    let words = ["vault", "create", "--passphrase-file", &pass];
    place.ok(&[&words[..], &["--host-key", &key]].concat());
    place.set("STILLPOINT_KEY", &key);
}

fn full(said: &Said) {
    assert_eq!(said.code, 10, "{said:?}");
    assert_eq!(said.error()["code"], "NoSpaceLeft", "{said:?}");
}

/// Fills the disk with backups and then to the last byte, and gets space back.
fn empty_a_full_disk(place: &mut Place, disk: &Disk) {
    vault_on_disk(place);
    let reserve = place.at("disk/vault/reserve");
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 16 << 20);
    // It is nothing that people are told of as stored.
    let shown = place.json(&["vault", "show"]);
    assert!(shown["bytes"].as_u64().unwrap() < 100_000, "{shown}");

    image(&place.at("a.raw"), 64 << 20, &[(0, 24 << 20)]);
    let first = back_up(place);
    // Three of four MiB are of the first point alone: its packs have to be copied.
    for i in 0..6 {
        write_at(&place.at("a.raw"), i << 22, &noise(i + 50, 3 << 20));
    }
    let second = back_up(place);
    let bytes = fs::read(place.at("a.raw")).unwrap();
    disk.fill("filler", 12 << 20);
    for i in 0.. {
        write_at(&place.at("a.raw"), 32 << 20, &noise(i + 90, 5 << 20));
        let said = place.run(&["backup", "now", "--image", "a.raw", "-o", "json"]);
        if said.code != 0 {
            full(&said);
            break;
        }
        assert!(i < 4, "it should be full");
    }
    disk.fill_to_the_brim();
    let lost = place.run(&["backup", "now", "--image", "a.raw", "-o", "json"]);
    full(&lost);
    restores(place, &second, &bytes);

    place.ok(&["point", "remove", &first]);
    let done = place.json(&["vault", "collect"]);
    assert!(
        done[0]["bytesDeleted"].as_u64().unwrap() > 14 << 20,
        "{done}"
    );
    assert_eq!(done[0]["bytesWaiting"], 0, "{done}");
    let reserve = fs::metadata(&reserve).map_or(0, |m| m.len());
    assert!(disk.free() + reserve > (14 + 16) << 20, "{done}");
    place.ok(&["verify", "--level", "full"]);
    restores(place, &second, &bytes);
    write_at(&place.at("a.raw"), 32 << 20, &noise(95, 1 << 20));
    back_up(place);
    restores(place, "latest", &fs::read(place.at("a.raw")).unwrap());
    let litter = files(&place.at("disk/vault"));
    assert!(litter.keys().all(|name| !name.contains('#')), "{litter:?}");
}

#[test]
fn a_full_tmpfs_gives_space_back() {
    let mut place = Place::new();
    let disk = Disk::tmpfs(&place, 400 << 20);
    empty_a_full_disk(&mut place, &disk);
}

#[test]
fn a_full_ext4_gives_space_back() {
    let mut place = Place::new();
    if let Some(disk) = Disk::ext4(&place, 400 << 20) {
        empty_a_full_disk(&mut place, &disk);
    }
}

#[test]
fn without_a_reserve_what_needs_no_copy_still_comes_back() {
    let mut place = Place::new();
    let disk = Disk::tmpfs(&place, 400 << 20);
    vault_on_disk(&mut place);
    fs::remove_file(place.at("disk/vault/reserve")).unwrap();
    image(&place.at("a.raw"), 64 << 20, &[(0, 24 << 20)]);
    let first = back_up(&place);
    image(&place.at("a.raw"), 64 << 20, &[(30 << 20, 2 << 20)]);
    write_at(&place.at("a.raw"), 0, &vec![0; 24 << 20]);
    back_up(&place);
    // A little is left: entries of the log, and an index.
    disk.fill("filler", 1 << 20);
    place.ok(&["point", "remove", &first]);
    let done = place.json(&["vault", "collect"]);
    assert!(
        done[0]["bytesDeleted"].as_u64().unwrap() > 23 << 20,
        "{done}"
    );
    assert!(!place.at("disk/vault/reserve").exists(), "there is no room");
    restores(&place, "latest", &fs::read(place.at("a.raw")).unwrap());
}

/// Runs a command with ever more space: it ends with exit code 10 until there is enough.
/// `check` is asked after every try; gives how many failed.
fn creep(place: &Place, disk: &Disk, words: &[&str], mut check: impl FnMut(&Said)) -> usize {
    let mut failed = 0;
    for more in (0..16u64).map(|n| n << 12).chain((1..64).map(|n| n << 19)) {
        // What was written at the last try is kept.
        let size = disk.used().max(4096) + more;
        if !disk.resize(size) {
            continue;
        }
        let said = place.run(&[words, &["-o", "json"]].concat());
        check(&said);
        if said.code == 0 {
            return failed;
        }
        failed += 1;
    }
    panic!("{words:?} never ended well");
}

#[test]
fn backups_at_every_size_of_the_disk_fail_clean_or_succeed() {
    let mut place = Place::new();
    let disk = Disk::tmpfs(&place, 64 << 20);
    vault_on_disk(&mut place);
    image(&place.at("a.raw"), 16 << 20, &[(0, 2 << 20)]);
    let first = back_up(&place);
    let bytes = fs::read(place.at("a.raw")).unwrap();
    write_at(&place.at("a.raw"), 512 << 10, &noise(3, 4 << 20));
    let words = ["backup", "now", "--image", "a.raw"];
    let failed = creep(&place, &disk, &words, |said| {
        if said.code != 0 {
            full(said);
            assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 1);
        }
        restores(&place, &first, &bytes);
    });
    assert!(failed > 5, "{failed}");
    restores(&place, "latest", &fs::read(place.at("a.raw")).unwrap());

    // Not even an entry of the log can be made.
    disk.resize(64 << 20);
    let second = place.json(&["point", "show", "latest"])["id"].clone();
    let removed = ["point", "remove", &first];
    let failed = creep(&place, &disk, &removed, |said| {
        if said.code != 0 {
            full(said);
            restores(&place, &first, &bytes);
        }
    });
    assert!(failed > 0);
    let stored = || packs(&place, "disk/vault");
    let before = stored();
    creep(&place, &disk, &["vault", "collect"], |said| {
        if said.code != 0 {
            full(said);
        }
        restores(
            &place,
            second.as_str().unwrap(),
            &fs::read(place.at("a.raw")).unwrap(),
        );
    });
    assert!(stored() < before, "{} {before}", stored());
}

#[test]
fn transfers_at_every_size_of_the_disk_fail_clean_or_succeed() {
    let mut place = Place::new();
    let disk = Disk::tmpfs(&place, 64 << 20);
    vault_on_disk(&mut place);
    place.set("STILLPOINT_SNAPSHOTS", &place.text("snapshots"));
    image(&place.at("a.raw"), 16 << 20, &[(0, 2 << 20)]);
    let first = back_up(&place);
    let bytes = fs::read(place.at("a.raw")).unwrap();
    write_at(&place.at("a.raw"), 1 << 20, &noise(3, 4 << 20));
    assert!(disk.resize(disk.used()));
    // The whole job: its first phase has space.
    let said = place.run(&["backup", "now", "--image", "a.raw", "-o", "json"]);
    assert_eq!(said.code, 3, "{said:?}");
    let job: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(job["phases"][1]["error"]["code"], "NoSpaceLeft");
    place.unset("STILLPOINT_SNAPSHOTS");
    let mut near = place.text("snapshots");
    near.insert_str(0, "--snapshots=");
    let words = ["backup", "transfer", "a.raw", &near];
    let failed = creep(&place, &disk, &words, |said| {
        if said.code != 0 {
            full(said);
            // From the vault alone.
            assert_eq!(place.json(&["point", "list"]).as_array().unwrap().len(), 1);
        }
        restores(&place, &first, &bytes);
    });
    assert!(failed > 5, "{failed}");
    restores(&place, "latest", &fs::read(place.at("a.raw")).unwrap());
}

#[test]
fn restores_at_every_size_of_the_disk_fail_clean_or_succeed() {
    let place = Place::with_vault();
    let disk = Disk::tmpfs(&place, 64 << 20);
    image(&place.at("a.raw"), 16 << 20, &[(0, 3 << 20)]);
    back_up(&place);
    let bytes = fs::read(place.at("a.raw")).unwrap();
    for format in ["raw", "qcow2"] {
        let new = ["restore", "disks", "latest", "--to", "disk/new", "--format"];
        let words = [&new[..], &[format]].concat();
        let failed = creep(&place, &disk, &words, |said| {
            let left = || fs::read_dir(place.at("disk/new")).map_or(0, Iterator::count);
            if said.code == 0 {
                assert_eq!(left(), 1);
            } else {
                full(said);
                assert_eq!(left(), 0);
            }
        });
        assert!(failed > 2, "{format}: {failed}");
        fs::remove_dir_all(place.at("disk/new")).unwrap();
    }

    // Over a sparse image: what it lacks needs space.
    assert!(disk.resize(64 << 20));
    image(&place.at("disk/b.raw"), 16 << 20, &[(0, 1 << 20)]);
    let mark = place.at("disk/b.raw.stillpoint-restoring");
    let words = ["restore", "disks", "latest", "--onto", "disk=disk/b.raw"];
    let mut marked = 0;
    creep(&place, &disk, &words, |said| {
        if said.code == 0 {
            assert!(!mark.exists());
            assert!(fs::read(place.at("disk/b.raw")).unwrap() == bytes);
        } else {
            full(said);
            marked += usize::from(mark.exists());
            assert!(mark.exists() != place.at("disk/b.raw").exists());
        }
    });
    assert!(marked > 0, "none was cut short");
}
