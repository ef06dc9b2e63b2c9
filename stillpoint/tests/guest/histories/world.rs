//! A machine, what its disks hold, and the points of it.

use std::collections::BTreeMap;
use std::fs;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;

use super::dice::Dice;
use super::machine::Machine;
use super::model::{Disks, Point, Tally, Write};
use crate::command::{Place, Said};

/// Points that are kept at most.
const POINTS: usize = 5;

/// Steps between one look at everything and the next.
const EVERY: u64 = 10;

pub struct World {
    pub machine: Box<dyn Machine>,
    pub place: Place,
    /// What each disk holds, plugged in or not.
    pub disks: Disks,
    /// Whether the last disk is plugged in.
    pub plugged: bool,
    /// Disks whose next backup must not read them whole: a bitmap counts from this point, and
    /// nothing came in its way since.
    pub tracked: BTreeMap<&'static str, String>,
    /// Whether somebody paused the machine.
    pub paused: bool,
    /// An older state of all disks, and whether the last was there; as files `DISK.kept`.
    pub kept: Option<Disks>,
    pub points: BTreeMap<String, Point>,
    /// Oldest first.
    pub order: Vec<String>,
    /// How long commands take when they are left alone.
    pub usual: BTreeMap<&'static str, Duration>,
    pub tally: Tally,
    pub dice: Dice,
    seed: u64,
}

impl World {
    pub fn new(machine: Box<dyn Machine>, seed: u64) -> Self {
        let mut place = Place::with_vault();
        place.set("STILLPOINT_CONNECT", &machine.connect());
        let blank =
            |(disk, (_, size)): (&&str, (_, usize))| ((*disk).to_owned(), Arc::new(vec![0; size]));
        let disks = machine.disks();
        let disks = disks.iter().zip(super::machine::KINDS).map(blank).collect();
        let mut world = Self {
            machine,
            place,
            disks,
            plugged: true,
            tracked: BTreeMap::new(),
            paused: false,
            kept: None,
            points: BTreeMap::new(),
            order: Vec::new(),
            usual: BTreeMap::new(),
            tally: Tally::default(),
            dice: Dice::new(seed, 0),
            seed,
        };
        world.writes(20);
        world.back_up(&[]);
        world
    }

    /// Does something.
    pub fn step(&mut self, step: u64) {
        self.dice = Dice::new(self.seed, step);
        let name = self.any_move();
        println!("{step}: {name}");
        *self.tally.did.entry(name).or_default() += 1;
        if step.is_multiple_of(EVERY) {
            self.compare();
        }
    }

    /// At the end all is as it should be.
    pub fn end(mut self) -> Tally {
        self.switch_on();
        self.back_up(&[]);
        self.power_off();
        self.compare();
        self.place.ok(&["verify", "--level", "full"]);
        self.tally
    }

    /// The disks that the machine has now.
    pub fn present(&self) -> Vec<&'static str> {
        let all = self.machine.disks();
        all[..2 + usize::from(self.plugged)].to_vec()
    }

    pub fn switch_on(&mut self) {
        if !self.machine.is_on() {
            self.machine.power_on(self.plugged);
            self.paused = false;
        }
    }

    /// Ends QEMU in good order; then the images are what the model says.
    pub fn power_off(&mut self) {
        if self.machine.is_on() {
            self.machine.power_off();
            // Raw images store no bitmaps.
            self.tracked.remove(self.machine.disks()[1]);
        }
        for (disk, bytes) in &self.disks {
            differ(
                &self.machine.read(disk),
                bytes,
                &format!("the image of {disk}"),
            );
        }
    }

    /// After QEMU was killed the images are as they are.
    pub fn take_over(&mut self) {
        self.tracked.clear();
        for (disk, bytes) in &mut self.disks {
            *bytes = Arc::new(self.machine.read(disk));
        }
    }

    /// The machine writes so often.
    pub fn writes(&mut self, count: usize) {
        for _ in 0..count {
            let present = self.present();
            let disk = *self.dice.pick(&present);
            let id = (!self.order.is_empty()).then(|| self.dice.pick(&self.order).clone());
            let old = id.and_then(|id| self.points[&id].disks.get(disk).cloned());
            let bytes = Arc::make_mut(self.disks.get_mut(disk).unwrap());
            let (at, write) = Write::any(&mut self.dice, bytes.len(), old.as_ref());
            write.on(bytes, at);
            if let Write::Bytes(bytes) = &write {
                fs::write(self.place.at("source"), bytes).unwrap();
            }
            let command = write.command(at, &self.place.text("source"));
            self.machine.io(disk, &command);
            if let (Write::Discard(len), Some(_)) = (&write, self.machine.daemon()) {
                // QEMU passes over discards while a job of libvirt's copies before writes.
                self.machine.io(disk, &format!("write -z {at} {len}"));
            }
            self.tally.writes += 1;
        }
    }

    /// Backs up; it must do well.
    pub fn back_up(&mut self, more: &[&str]) {
        let start = Instant::now();
        let child = self.start_backup(more);
        let said = Said::of(more, child.wait_with_output().unwrap());
        self.done_well(&said, more, &self.disks.clone());
        self.took("backup", start);
    }

    pub fn start_backup(&self, more: &[&str]) -> Child {
        let now = ["backup", "now", self.machine.name(), "-o", "json"];
        self.place
            .start(&[&now[..], &["--quiesce", "skip"], more].concat())
    }

    /// Takes in a backup that did well, of disks that held this at its instant.
    pub fn done_well(&mut self, said: &Said, more: &[&str], held: &Disks) {
        assert_eq!(said.code, 0, "{said:?}");
        let job: Value = serde_json::from_str(&said.out).unwrap();
        assert_eq!(job["status"], "Completed", "{job}");
        let disks = job["snapshot"]["disks"].as_array().unwrap();
        for disk in disks {
            let Some(why) = disk["reason"].as_str() else {
                self.tally.tracked += 1;
                continue;
            };
            let name = disk["name"].as_str().unwrap();
            assert!(
                !self.tracked.contains_key(name),
                "{name} is read whole: {job}"
            );
            assert!(!why.starts_with("bytes that were"), "a bitmap lied: {job}");
            let why: Vec<_> = why.split(' ').filter(|w| !w.contains('-')).collect();
            *self.tally.whole.entry(why.join(" ")).or_default() += 1;
        }
        let names: Vec<_> = disks.iter().map(|d| d["name"].as_str().unwrap()).collect();
        let on = self.machine.is_on();
        let mut asked = self.present();
        if let Some(only) = more.iter().position(|w| *w == "--include") {
            asked.retain(|d| *d == more[only + 1]);
        }
        // What a bare machine that is off has is not known for certain.
        if on || self.machine.daemon().is_some() {
            assert_eq!(names, asked, "{job}");
        }
        let id = job["snapshot"]["point"].as_str().unwrap().to_owned();
        if on {
            let raw = self.machine.disks()[1];
            for disk in self.machine.disks() {
                if names.contains(&disk) && (disk != raw || self.machine.daemon().is_none()) {
                    self.tracked.insert(disk, id.clone());
                }
            }
        }
        let vault = job["phases"][1]["status"] == "Completed";
        let disks = names
            .iter()
            .map(|n| ((*n).to_owned(), Arc::clone(&held[*n])));
        let point = Point {
            disks: disks.collect(),
            snapshot: true,
            vault,
        };
        let known = disks_told(&job);
        println!("    point {id}: {known}");
        self.points.insert(id.clone(), point);
        self.order.push(id);
        self.stores_are_known();
        self.compare_point(self.order.last().cloned().as_deref().unwrap_or_default());
        if on {
            assert_eq!(self.machine.left(), Vec::<String>::new(), "{job}");
        }
        assert_eq!(self.scratch(), Vec::<SystemTime>::new(), "{job}");
    }

    /// When each scratch file was made.
    pub fn scratch(&self) -> Vec<SystemTime> {
        let mut folders = vec![self.place.at("scratch")];
        let mut born = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                match entry.metadata() {
                    Ok(of) if of.is_dir() => folders.push(entry.path()),
                    Ok(of) if of.is_file() => born.push(of.created().unwrap()),
                    _ => {}
                }
            }
        }
        born
    }

    /// The points of both tiers: whether they are on the host, and in the vault.
    pub fn seen(&self) -> BTreeMap<String, (bool, bool)> {
        let all = self.place.json(&["point", "list"]);
        let one = |p: &Value| {
            let tiers = match p["tiers"].as_str().unwrap() {
                "Snapshot and vault" => (true, true),
                "Snapshot" => (true, false),
                _ => (false, true),
            };
            (p["id"].as_str().unwrap().to_owned(), tiers)
        };
        all.as_array().unwrap().iter().map(one).collect()
    }

    /// The stores list what the model has.
    pub fn stores_are_known(&self) {
        let all = self.points.iter();
        let model: BTreeMap<_, _> = all
            .map(|(id, p)| (id.clone(), (p.snapshot, p.vault)))
            .collect();
        assert_eq!(self.seen(), model);
    }

    /// Forgets points that are in no tier any more.
    pub fn forget(&mut self) {
        self.points.retain(|_, p| p.snapshot || p.vault);
        self.order.retain(|id| self.points.contains_key(id));
    }

    /// Removes points until there are few.
    pub fn thin_out(&mut self) {
        while self.order.len() > POINTS {
            // Seldom the newest: it is what the next backup builds on.
            let newest = self.order.len() - usize::from(!self.dice.one_in(10));
            let id = self.dice.pick(&self.order[..newest]).clone();
            println!("    remove {id}");
            self.place.ok(&["point", "remove", &id]);
            self.tracked.retain(|_, point| *point != id);
            self.points.remove(&id);
            self.forget();
        }
    }

    /// Restores every point from every tier that has it and compares.
    pub fn compare(&mut self) {
        self.stores_are_known();
        for id in self.order.clone() {
            self.compare_point(&id);
        }
    }

    /// The same of one point.
    pub fn compare_point(&mut self, id: &str) {
        let point = &self.points[id];
        {
            for (there, store) in [(point.snapshot, "snapshots"), (point.vault, "vault")] {
                if !there {
                    continue;
                }
                let _ = fs::remove_dir_all(self.place.at("check"));
                // Only from this tier: the other one would stand in for it.
                let only = format!("--vault={}", self.place.text(store));
                let words = ["restore", "disks", id, "--to", "check", "--format", "raw"];
                let only = [&only, "--snapshots=none"];
                let restored = self.place.json(&[&words[..], &only].concat());
                let restored = restored["disks"].as_array().unwrap();
                assert_eq!(restored.len(), point.disks.len(), "{id}");
                for disk in restored {
                    let name = disk["name"].as_str().unwrap();
                    let path = self.place.at(disk["path"].as_str().unwrap());
                    let bytes = fs::read(path).unwrap();
                    differ(
                        &bytes,
                        &point.disks[name],
                        &format!("{id} {name} in {store}"),
                    );
                    self.tally.compared += 1;
                }
            }
        }
    }

    /// Notes how long something took.
    pub fn took(&mut self, what: &'static str, since: Instant) {
        let took = since.elapsed();
        let usual = self.usual.entry(what).or_insert(took);
        *usual = (*usual * 3 + took) / 4;
    }
}

/// What a backup told of its disks.
fn disks_told(job: &Value) -> String {
    let disks = job["snapshot"]["disks"].as_array().into_iter().flatten();
    let of = |d: &Value| {
        let base = d["reason"].as_str().unwrap_or("tracked");
        format!("{} {base}, read {}", d["name"], d["read"])
    };
    disks.map(of).collect::<Vec<_>>().join("; ")
}

/// Fails where the two are not the same.
fn differ(is: &[u8], should: &[u8], what: &str) {
    assert_eq!(is.len(), should.len(), "{what}: size");
    let wrong: Vec<usize> = (0..is.len()).filter(|i| is[*i] != should[*i]).collect();
    if let (Some(first), Some(last)) = (wrong.first(), wrong.last()) {
        panic!("{what}: {} bytes differ, {first} to {last}", wrong.len());
    }
}
