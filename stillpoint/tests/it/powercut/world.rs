//! A host whose stores, keys, state and images are on a fragile disk.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use testkit::fragile::Disk;

use crate::command::{Place, Said, image, noise, write_at};

const SIZE: u64 = 1 << 20;

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    Create,
    BackUp,
    Again,
    NewKey,
    Remove,
    Collect,
}

impl Act {
    pub const ALL: [Self; 6] = [
        Self::Create,
        Self::BackUp,
        Self::Again,
        Self::NewKey,
        Self::Remove,
        Self::Collect,
    ];
}

/// Where to restore to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    Raw,
    Qcow2,
    Onto,
}

/// What was acknowledged.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Points, and what they hold.
    points: Vec<(String, Vec<u8>)>,
    made: bool,
    new_key: bool,
}

/// The disk, and what is not on it: the image that is backed up and a passphrase.
pub struct World {
    pub disk: Disk,
    place: Place,
}

impl World {
    pub fn new() -> Self {
        let disk = Disk::new().unwrap();
        let mut place = Place::new();
        for (name, folder) in [
            ("STILLPOINT_VAULT", "stores/vault"),
            ("STILLPOINT_SNAPSHOTS", "stores/snapshots"),
            ("STILLPOINT_STATE_DIR", "state"),
            ("STILLPOINT_SCRATCH", "scratch"),
        ] {
            place.set(name, &disk.at(folder).display().to_string());
        }
        image(
            &place.at("a.raw"),
            SIZE,
            &[(0, 200_000), (600_000, 100_000)],
        );
        Self { disk, place }
    }

    fn on_disk(&self, name: &str) -> String {
        self.disk.at(name).display().to_string()
    }

    /// Makes things ready; gives the command.
    pub fn prepare(&mut self, act: Act, known: &Known) -> Vec<String> {
        let words = match act {
            Act::Create => format!("vault create --key-file {}", self.on_disk("key")),
            Act::BackUp => "backup now --image a.raw".to_owned(),
            Act::Again => {
                write_at(&self.place.at("a.raw"), 300_000, &noise(5, 90_000));
                "backup now --image a.raw".to_owned()
            }
            Act::NewKey => format!(
                "vault change-passphrase --key-file {} --new-key-file {}",
                self.on_disk("key"),
                self.on_disk("new-key")
            ),
            Act::Remove => format!("point remove {} --tier all", known.points[0].0),
            Act::Collect => "vault collect --repack-from 1".to_owned(),
        };
        words.split(' ').map(str::to_owned).collect()
    }

    fn said(&self, words: &[String], key: Option<&str>) -> Said {
        let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
        words.extend(["-o", "json"]);
        let key = key.map(|k| self.on_disk(k));
        if let Some(key) = &key {
            words.extend(["--key-file", key]);
        }
        self.place.run(&words)
    }

    /// Runs it with the first key; gives the exit code.
    pub fn run(&self, words: &[String]) -> i32 {
        self.said(words, Some("key")).code
    }

    fn json(&self, words: &[&str], known: &Known) -> Value {
        let words: Vec<String> = words.iter().map(|w| (*w).to_owned()).collect();
        let key = if known.new_key { "new-key" } else { "key" };
        let said = self.said(&words, Some(key));
        assert_eq!(said.code, 0, "{said:?}");
        serde_json::from_str(&said.out).unwrap()
    }

    /// Runs it, maybe again; it must succeed. Gives what is acknowledged then.
    pub fn complete(&self, act: Act, words: &[String], known: &Known) -> Known {
        let key = match act {
            Act::Create | Act::NewKey => None,
            _ if known.new_key => Some("new-key"),
            _ => Some("key"),
        };
        let said = self.said(words, key);
        let mut known = known.clone();
        match act {
            Act::Create => {
                // It had come to be. An error acknowledges nothing.
                let there = said.code == 7 && said.error()["code"] == "VaultExists";
                assert!(there || said.code == 0, "{said:?}");
                known.made = said.code == 0;
            }
            Act::BackUp | Act::Again => {
                assert_eq!(said.code, 0, "{said:?}");
                let job: Value = serde_json::from_str(&said.out).unwrap();
                let point = job["snapshot"]["point"].as_str().unwrap().to_owned();
                let bytes = fs::read(self.place.at("a.raw")).unwrap();
                known.points.push((point, bytes));
            }
            Act::NewKey => {
                // If the old key does not open it any more, it had been done, and was not
                // acknowledged.
                assert!([0, 5].contains(&said.code), "{said:?}");
                known.new_key = said.code == 0;
            }
            Act::Remove => {
                // A point that is gone can't be removed again.
                assert!([0, 4].contains(&said.code), "{said:?}");
                known.points.remove(0);
            }
            Act::Collect => assert_eq!(said.code, 0, "{said:?}"),
        }
        known
    }

    /// What is acknowledged is there, byte for byte, in each store; all is sound, and nothing
    /// else is to be seen but what is being done.
    pub fn check(&self, doing: Act, known: &Known) {
        if !known.made {
            return;
        }
        let mut known = known.clone();
        if doing == Act::NewKey && !known.new_key {
            // By either key.
            let list = ["point".to_owned(), "list".to_owned()];
            let old = self.said(&list, Some("key"));
            known.new_key = old.code != 0;
        }
        let seen = self.json(&["point", "list"], &known);
        let seen: Vec<&str> = seen
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["id"].as_str().unwrap())
            .collect();
        for (i, (point, bytes)) in known.points.iter().enumerate() {
            let removed = doing == Act::Remove && i == 0 && known.points.len() > 1;
            assert!(removed || seen.contains(&point.as_str()), "{point} is lost");
            if !removed {
                self.restores(point, bytes, &known);
            }
        }
        let now = fs::read(self.place.at("a.raw")).unwrap();
        for point in seen {
            if !known.points.iter().any(|(p, _)| p == point) {
                assert!(
                    [Act::BackUp, Act::Again, Act::Remove].contains(&doing),
                    "{point}?"
                );
                if doing != Act::Remove {
                    self.restores(point, &now, &known);
                }
            }
        }
        if !known.points.is_empty() {
            self.json(&["verify", "--level", "full"], &known);
        }
    }

    fn restores(&self, point: &str, bytes: &[u8], known: &Known) {
        let _ = fs::remove_dir_all(self.place.at("out"));
        self.json(&["restore", "disks", point, "--to", "out"], known);
        assert!(
            fs::read(self.place.at("out/a.raw-disk.raw")).unwrap() == bytes,
            "{point}"
        );
    }

    /// A point to restore, durable, and a target; gives the command too.
    pub fn prepare_restore(&mut self, target: Target) -> (Known, Vec<String>) {
        let mut known = Known::default();
        for act in [Act::Create, Act::BackUp] {
            let words = self.prepare(act, &known);
            known = self.complete(act, &words, &known);
        }
        // What was there before is no image of the point.
        if target == Target::Onto {
            write_at(
                &self.disk.at("onto.raw"),
                0,
                &noise(9, usize::try_from(SIZE).unwrap()),
            );
            fs::File::open(self.disk.at("onto.raw"))
                .unwrap()
                .sync_all()
                .unwrap();
            fs::File::open(self.disk.path())
                .unwrap()
                .sync_all()
                .unwrap();
        }
        let new = self.on_disk("new/folder");
        let words = match target {
            Target::Raw => format!("restore disks latest --to {new} --overwrite --format raw"),
            Target::Qcow2 => format!("restore disks latest --to {new} --overwrite --format qcow2"),
            Target::Onto => format!(
                "restore disks latest --onto disk={}",
                self.on_disk("onto.raw")
            ),
        };
        (known, words.split(' ').map(str::to_owned).collect())
    }

    /// Whether the target holds the point. If it does not, it is as before, or not to be seen
    /// by its own name.
    pub fn image_is_old_or_new(&self, target: Target, known: &Known) -> bool {
        let image = match target {
            Target::Raw => self.disk.at("new/folder/a.raw-disk.raw"),
            Target::Qcow2 => self.disk.at("new/folder/a.raw-disk.qcow2"),
            Target::Onto => self.disk.at("onto.raw"),
        };
        if !image.exists() {
            let marked = self.disk.at("onto.raw.stillpoint-restoring").exists();
            assert!(marked || target != Target::Onto, "neither name");
            return false;
        }
        let bytes = match target {
            Target::Qcow2 => fs::read(self.converted(&image)).unwrap(),
            _ => fs::read(&image).unwrap(),
        };
        let new = bytes == known.points[0].1;
        if !new {
            assert_eq!(
                target,
                Target::Onto,
                "an image with its own name is not whole"
            );
            assert!(bytes == noise(9, bytes.len()), "a mixture is not marked");
        }
        new
    }

    fn converted(&self, image: &PathBuf) -> PathBuf {
        let raw = self.place.at("converted.raw");
        let done = Command::new("qemu-img")
            .args(["convert", "-f", "qcow2", "-O", "raw"])
            .args([image, &raw])
            .status();
        assert!(
            done.unwrap().success(),
            "an image with its own name is not whole"
        );
        raw
    }
}
