//! A host with an image, and a model of what its stores hold.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::command::{Place, image, noise, write_at};

const SIZE: usize = 20 << 20;
/// Points that are kept at most.
const POINTS: usize = 3;

/// What is done, and killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Act {
    BackUp,
    Transfer,
    Remove,
    Collect,
    RestoreNew,
    RestoreOnto,
}

impl Act {
    pub const ALL: [Self; 6] = [
        Self::BackUp,
        Self::Transfer,
        Self::RestoreNew,
        Self::Remove,
        Self::Collect,
        Self::RestoreOnto,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::BackUp => "backup",
            Self::Transfer => "transfer",
            Self::Remove => "remove",
            Self::Collect => "collect",
            Self::RestoreNew => "restore to a new image",
            Self::RestoreOnto => "restore onto an image",
        }
    }
}

/// A command, and what it is about.
pub struct Job {
    act: Act,
    words: Vec<String>,
    /// The point removed or restored.
    point: Option<String>,
    /// The bytes that an image had before it was restored over.
    before: Vec<u8>,
}

impl Job {
    fn of(act: Act, words: &str) -> Self {
        Self {
            act,
            words: words.split(' ').map(str::to_owned).collect(),
            point: None,
            before: Vec::new(),
        }
    }
}

/// A point as it should be.
#[derive(Clone)]
struct Point {
    bytes: Arc<Vec<u8>>,
    snapshot: bool,
    vault: bool,
}

pub struct World {
    place: Place,
    /// By their ids, oldest first in `order`.
    points: BTreeMap<String, Point>,
    order: Vec<String>,
    disk: Vec<u8>,
    luck: u64,
}

const TARGET: &str = "onto.raw";

impl World {
    pub fn new(seed: u64) -> Self {
        let place = Place::with_vault();
        let pieces = [(0, 3 << 20), (9 << 20, 2 << 20), (18 << 20, 500_000)];
        image(&place.at("a.raw"), SIZE as u64, &pieces);
        let disk = fs::read(place.at("a.raw")).unwrap();
        let mut world = Self {
            place,
            points: BTreeMap::new(),
            order: Vec::new(),
            disk,
            luck: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
        };
        // A first point: there is something to lose from the beginning.
        let job = Job::of(Act::BackUp, "backup now --image a.raw");
        world.complete(&job);
        world
    }

    fn chance(&mut self, below: usize) -> usize {
        self.luck ^= self.luck << 13;
        self.luck ^= self.luck >> 7;
        self.luck ^= self.luck << 17;
        usize::try_from(self.luck >> 33).unwrap() % below
    }

    fn any_point(&mut self, fits: impl Fn(&Point) -> bool) -> Option<String> {
        let all: Vec<String> = self
            .order
            .iter()
            .filter(|id| fits(&self.points[*id]))
            .cloned()
            .collect();
        (!all.is_empty()).then(|| all[self.chance(all.len())].clone())
    }

    /// Changes the image; some of it to zeros, or to what it was before.
    fn change(&mut self) {
        for _ in 0..1 + self.chance(12) {
            let len = match self.chance(4) {
                0 => 1 + self.chance(1 << 20),
                _ => 1 + self.chance(8192),
            };
            let at = self.chance(SIZE - len);
            let bytes = match (self.chance(5), self.any_point(|_| true)) {
                (0, _) => vec![0; len],
                (1, Some(old)) => self.points[&old].bytes[at..at + len].to_vec(),
                _ => noise(self.luck, len),
            };
            self.disk[at..at + len].copy_from_slice(&bytes);
            write_at(&self.place.at("a.raw"), at as u64, &bytes);
        }
    }

    /// Writes the list of what changed since the newest point, and sometimes more. False if
    /// there is no such point.
    fn list_changes(&mut self) -> bool {
        let newest = self.order.iter().rfind(|id| self.points[*id].snapshot);
        let Some(old) = newest.map(|id| Arc::clone(&self.points[id].bytes)) else {
            return false;
        };
        let pairs = self.disk.chunks(4096).zip(old.chunks(4096));
        let mut changed: Vec<usize> = pairs
            .enumerate()
            .filter(|(_, (new, old))| new != old)
            .map(|(i, _)| i)
            .collect();
        for _ in 0..self.chance(20) {
            changed.push(self.chance(SIZE / 4096));
        }
        changed.sort_unstable();
        changed.dedup();
        let line = |i: &usize| format!("{} 4096\n", i * 4096);
        let list: String = changed.iter().map(line).collect();
        fs::write(self.place.at("list"), list).unwrap();
        true
    }

    /// Makes things ready for `act`, without being killed.
    pub fn prepare(&mut self, act: Act) -> Job {
        match act {
            Act::BackUp => {
                self.change();
                if self.list_changes() && self.chance(5) > 0 {
                    return Job::of(act, "backup now --image a.raw --changed list");
                }
                Job::of(act, "backup now --image a.raw")
            }
            Act::Transfer => {
                self.change();
                let listed = match self.list_changes() {
                    true => " --changed list",
                    false => "",
                };
                let words = format!("backup now --image a.raw --no-transfer{listed}");
                self.complete(&Job::of(Act::BackUp, &words));
                Job::of(act, "backup transfer a.raw")
            }
            Act::Remove => {
                let point = self.any_point(|_| true).unwrap();
                let tier = ["all", "all", "snapshot", "vault"][self.chance(4)];
                let has = &self.points[&point];
                let tier = match tier {
                    "snapshot" if has.snapshot => tier,
                    "vault" if has.vault => tier,
                    _ => "all",
                };
                let mut job = Job::of(act, &format!("point remove {point} --tier {tier}"));
                job.point = Some(point);
                job
            }
            Act::Collect => {
                while self.points.len() > POINTS {
                    let point = self.any_point(|_| true).unwrap();
                    let words = format!("point remove {point} --tier all");
                    let mut job = Job::of(Act::Remove, &words);
                    job.point = Some(point);
                    self.complete(&job);
                }
                let more = ["", " --repack-from 1", " --repack-from 90"][self.chance(3)];
                Job::of(act, &format!("vault collect{more}"))
            }
            Act::RestoreNew => {
                let point = self.point_to_restore();
                let _ = fs::remove_dir_all(self.place.at("new"));
                let format = ["raw", "raw", "qcow2"][self.chance(3)];
                let words = format!("restore disks {point} --to new --overwrite --format {format}");
                let mut job = Job::of(act, &words);
                job.point = Some(point);
                job
            }
            Act::RestoreOnto => {
                let point = self.point_to_restore();
                let mut bytes = self.disk.clone();
                for _ in 0..1 + self.chance(4) {
                    let len = 1 + self.chance(2 << 20);
                    let at = self.chance(SIZE - len);
                    bytes[at..at + len].copy_from_slice(&noise(self.luck, len));
                }
                fs::write(self.place.at(TARGET), &bytes).unwrap();
                let words = format!("restore disks {point} --onto disk={TARGET}");
                let mut job = Job::of(act, &words);
                job.point = Some(point);
                job.before = bytes;
                job
            }
        }
    }

    fn point_to_restore(&mut self) -> String {
        match self.any_point(|_| true) {
            Some(point) => point,
            None => {
                self.complete(&Job::of(Act::BackUp, "backup now --image a.raw"));
                self.order.last().unwrap().clone()
            }
        }
    }

    /// Starts the command and kills it after a while. False if it had ended before.
    pub fn kill(&self, job: &Job, after: Duration) -> bool {
        let words: Vec<&str> = job.words.iter().map(String::as_str).collect();
        let end = Instant::now() + after;
        let mut process = self.place.start(&words);
        while let Some(left) = end.checked_duration_since(Instant::now()) {
            std::thread::sleep(left.min(Duration::from_millis(2)));
        }
        let killed = process.try_wait().unwrap().is_none();
        process.kill().unwrap();
        let output = process.wait_with_output().unwrap();
        assert!(
            killed || output.status.success(),
            "{}: {}",
            job.words.join(" "),
            String::from_utf8_lossy(&output.stderr)
        );
        killed
    }

    /// Takes in what a killed command has done: all, a part, or nothing. True for all.
    pub fn look(&mut self, job: &Job) -> bool {
        let seen = self.seen();
        let mut done = false;
        for (id, (snapshot, vault)) in &seen {
            if let Some(known) = self.points.get_mut(id) {
                let brought =
                    (job.act == Act::Transfer && known.snapshot) || job.act == Act::BackUp;
                assert!(*vault <= known.vault || brought, "{id} came to the vault");
                assert!(*snapshot <= known.snapshot, "{id} came to the host");
                done |= *vault & !known.vault;
                known.vault |= *vault;
            } else {
                assert_eq!(job.act, Act::BackUp, "{id} came from nowhere");
                self.keep(id.clone(), *snapshot, *vault);
                done = *vault;
            }
        }
        for id in self.order.clone() {
            let (snapshot, vault) = seen.get(&id).copied().unwrap_or_default();
            let known = self.points.get_mut(&id).unwrap();
            if job.act == Act::Remove && job.point.as_ref() == Some(&id) {
                let words = &job.words;
                let tier = words.last().unwrap();
                assert!(snapshot == known.snapshot || tier != "vault", "{words:?}");
                assert!(vault == known.vault || tier != "snapshot", "{words:?}");
                (known.snapshot, known.vault) = (snapshot, vault);
                done = !snapshot && !vault;
                if done {
                    self.forget(&id);
                }
            } else {
                assert!(snapshot == known.snapshot, "{id} is gone from the host");
                assert!(vault == known.vault, "{id} is gone from the vault");
            }
        }
        self.look_at_images(job) || done
    }

    /// An image that is there under its name is whole.
    fn look_at_images(&self, job: &Job) -> bool {
        match job.act {
            Act::RestoreNew => {
                let image = self.new_image(job);
                let there = image.exists();
                if there {
                    self.is_point(&image, job);
                }
                there
            }
            Act::RestoreOnto => {
                let (image, mark) = self.target();
                assert!(image.exists() != mark.exists(), "one of the two names");
                if !image.exists() {
                    return false;
                }
                let bytes = fs::read(&image).unwrap();
                let done = bytes == *self.points[job.point.as_ref().unwrap()].bytes;
                assert!(done || bytes == job.before, "a mixture is not marked");
                done
            }
            _ => false,
        }
    }

    fn target(&self) -> (PathBuf, PathBuf) {
        let mark = format!("{TARGET}.stillpoint-restoring");
        (self.place.at(TARGET), self.place.at(&mark))
    }

    fn new_image(&self, job: &Job) -> PathBuf {
        let format = job.words.last().unwrap();
        self.place.at(&format!("new/a.raw-disk.{format}"))
    }

    fn is_point(&self, image: &PathBuf, job: &Job) {
        let point = &self.points[job.point.as_ref().unwrap()];
        if image.extension().is_some_and(|e| e == "raw") {
            assert!(fs::read(image).unwrap() == *point.bytes, "{:?}", job.words);
            return;
        }
        let raw = self.place.at("converted.raw");
        let done = Command::new("qemu-img")
            .args(["convert", "-f", "qcow2", "-O", "raw"])
            .args([image, &raw])
            .status();
        assert!(done.unwrap().success());
        assert!(fs::read(&raw).unwrap() == *point.bytes, "{:?}", job.words);
    }

    /// The points of both tiers: whether they are on the host, and in the vault.
    fn seen(&self) -> BTreeMap<String, (bool, bool)> {
        let all = self.place.json(&["point", "list"]);
        let one = |p: &Value| {
            let tiers = p["tiers"].as_str().unwrap();
            let places = match tiers {
                "Snapshot and vault" => (true, true),
                "Snapshot" => (true, false),
                _ => (false, true),
            };
            (p["id"].as_str().unwrap().to_owned(), places)
        };
        all.as_array().unwrap().iter().map(one).collect()
    }

    fn keep(&mut self, id: String, snapshot: bool, vault: bool) {
        let bytes = Arc::new(self.disk.clone());
        self.order.push(id.clone());
        let point = Point {
            bytes,
            snapshot,
            vault,
        };
        self.points.insert(id, point);
    }

    fn forget(&mut self, id: &str) {
        self.points.remove(id);
        self.order.retain(|o| o != id);
    }

    /// Restores every point from every tier that has it and compares; gives how many.
    pub fn compare(&mut self, after: Option<&Job>) -> usize {
        let mut compared = 0;
        for (id, point) in self.points.clone() {
            for (there, tier) in [(point.snapshot, "snapshot"), (point.vault, "vault")] {
                if !there {
                    continue;
                }
                let _ = fs::remove_dir_all(self.place.at("check"));
                // Only from this tier: the other one would stand in for it.
                let store = match tier {
                    "vault" => "vault",
                    _ => "snapshots",
                };
                let only = format!("--vault={}", self.place.text(store));
                let words = ["restore", "disks", &id, "--to", "check"];
                self.place
                    .ok(&[&words[..], &[&only, "--snapshots=none"]].concat());
                let bytes = fs::read(self.place.at("check/a.raw-disk.raw")).unwrap();
                let words = after.map(|job| job.words.join(" "));
                assert!(bytes == *point.bytes, "{id} in {tier} after {words:?}");
                compared += 1;
            }
        }
        compared
    }

    /// Runs the command to its end; it must succeed. Then the model is as the stores are.
    pub fn complete(&mut self, job: &Job) {
        let words: Vec<&str> = job.words.iter().map(String::as_str).collect();
        match job.act {
            Act::BackUp => {
                let done = self.place.json(&words);
                assert_eq!(done["status"], "Completed", "{done}");
                let id = done["snapshot"]["point"].as_str().unwrap().to_owned();
                let vault = done["phases"][1]["status"] == "Completed";
                self.keep(id, true, vault);
            }
            Act::Transfer => {
                let done = self.place.json(&words);
                let id = done["point"].as_str().unwrap();
                self.points.get_mut(id).unwrap().vault = true;
            }
            Act::Remove => {
                let id = job.point.clone().unwrap();
                let said = self.place.run(&words);
                // What a killed one has removed is removed.
                let known = self.points.get(&id).map(|p| (p.snapshot, p.vault));
                let (snapshot, vault) = known.unwrap_or_default();
                let tier = words.last().copied().unwrap();
                let there = match tier {
                    "snapshot" => snapshot,
                    "vault" => vault,
                    _ => snapshot || vault,
                };
                let code = if there { 0 } else { 4 };
                assert_eq!(said.code, code, "{said:?}");
                let left = (snapshot && tier == "vault", vault && tier == "snapshot");
                match left {
                    (false, false) => self.forget(&id),
                    (snapshot, vault) => {
                        let point = self.points.get_mut(&id).unwrap();
                        (point.snapshot, point.vault) = (snapshot, vault);
                    }
                }
            }
            Act::Collect => {
                self.place.json(&words);
            }
            Act::RestoreNew => {
                self.place.json(&words);
                self.is_point(&self.new_image(job), job);
            }
            Act::RestoreOnto => {
                self.place.json(&words);
                let (image, _) = self.target();
                let bytes = &self.points[job.point.as_ref().unwrap()].bytes;
                assert!(fs::read(image).unwrap() == **bytes, "{words:?}");
            }
        }
        let model: BTreeMap<String, (bool, bool)> = self
            .points
            .iter()
            .map(|(id, p)| (id.clone(), (p.snapshot, p.vault)))
            .collect();
        assert_eq!(self.seen(), model, "after {words:?}");
    }

    /// What a killed command left is gone when the same command has ended well.
    pub fn tidy(&self, job: &Job) {
        let stores: &[&str] = match job.act {
            Act::BackUp | Act::Collect => &["snapshots", "vault"],
            // The one that was killed may have done it all but for removing the staged file of
            // its last entry; the next session in that store does.
            Act::Transfer | Act::Remove => &[],
            Act::RestoreNew => {
                let images = fs::read_dir(self.place.at("new")).unwrap().count();
                assert_eq!(images, 1, "one image");
                &[]
            }
            Act::RestoreOnto => {
                assert!(!self.target().1.exists());
                &[]
            }
        };
        for store in stores {
            for name in crate::collect::files(&self.place.at(store)).into_keys() {
                // What a probe left is removed an hour later.
                let litter = name.contains('#') && !name.contains("/probe/");
                assert!(!litter, "{name} after {:?}", job.words);
            }
        }
        if job.act == Act::Collect {
            let again = self.place.json(&["vault", "collect"]);
            for store in again.as_array().unwrap() {
                assert_eq!(store["garbageRecords"], 0, "{again}");
                assert_eq!(store["bytesWaiting"], 0, "{again}");
                if store["packsCopied"] == 0 && store["segmentsRewritten"] == 0 {
                    assert_eq!(store["objectsDeleted"], 0, "{again}");
                }
            }
        }
    }

    /// At the end all is sound, and no process is left.
    pub fn end(&self) {
        self.place.ok(&["verify", "--level", "full"]);
        let folder = self.place.text("");
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let left = testkit::process::mentioning(&folder);
            if left.is_empty() {
                return;
            }
            let what = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/cmdline"));
            let left: Vec<_> = left.iter().map(what).collect();
            assert!(Instant::now() < end, "{left:?}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
