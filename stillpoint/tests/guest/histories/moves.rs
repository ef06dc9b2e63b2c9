//! What can happen to a machine.

use std::fs;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde_json::Value;
use testkit::{Format, process};

use super::machine::{KINDS, blank, run};
use super::model::{Disks, Point};
use super::world::World;
use crate::command::Said;

/// How long a command may take whose machine or libvirtd is gone.
const PATIENCE: Duration = Duration::from_secs(90);

/// How often each happens, its name, and what it is.
type Move = (usize, &'static str, fn(&mut World));

const MOVES: &[Move] = &[
    (5, "writes", World::some_writes),
    (6, "backup", World::backup),
    (7, "backup while it writes", World::backup_meanwhile),
    (3, "backup killed", World::backup_killed),
    (2, "machine killed in backup", World::backup_machine_killed),
    (
        2,
        "libvirtd killed in backup",
        World::backup_libvirtd_killed,
    ),
    (2, "transfer", World::transfer),
    (2, "transfer killed", World::transfer_killed),
    (2, "remove", World::remove),
    (2, "collect", World::collect),
    (1, "collect killed", World::collect_killed),
    (2, "resize", World::resize),
    (2, "plug", World::plug),
    (1, "reset", World::reset),
    (1, "pause", World::pause),
    (2, "off", World::power_off),
    (1, "machine killed", World::kill),
    (1, "libvirtd killed", World::kill_libvirtd),
    (1, "restore onto", World::restore_onto),
    (1, "put back", World::put_back),
    (1, "snapshot store lost", World::lose_snapshots),
];

impl World {
    pub fn any_move(&mut self) -> &'static str {
        let all: usize = MOVES.iter().map(|m| m.0).sum();
        let mut at = self.dice.below(all);
        for (weight, name, does) in MOVES {
            if at < *weight {
                does(self);
                self.thin_out();
                return name;
            }
            at -= weight;
        }
        unreachable!("below the sum")
    }

    fn some_writes(&mut self) {
        self.switch_on();
        let count = 1 + self.dice.below(15);
        self.writes(count);
    }

    /// Any options of a backup.
    fn options(&mut self) -> Vec<&'static str> {
        let mut options = Vec::new();
        if self.dice.one_in(3) {
            options.push("--no-transfer");
        }
        if self.dice.one_in(5) {
            let disks = match self.machine.is_on() {
                true => self.present(),
                false => self.machine.disks()[..2].to_vec(),
            };
            options.extend(["--include", *self.dice.pick(&disks)]);
        }
        options
    }

    fn backup(&mut self) {
        let options = self.options();
        self.back_up(&options);
    }

    /// Writes go on as soon as QEMU holds the instant; the command stands still meanwhile.
    fn backup_meanwhile(&mut self) {
        if !self.dice.one_in(4) {
            self.switch_on();
        }
        if !self.machine.is_on() {
            return self.backup();
        }
        let options = self.options();
        let held = self.disks.clone();
        #[allow(clippy::disallowed_methods, reason = "compared with times of files")]
        let begun = SystemTime::now();
        let mut child = self.start_backup(&options);
        while child.try_wait().unwrap().is_none() {
            // Files of this run first: then what an earlier one left is gone.
            let scratch = self.scratch();
            let ours = !scratch.is_empty() && scratch.iter().all(|born| *born >= begun);
            if ours && self.machine.is_held() {
                self.meanwhile(child.id());
                break;
            }
        }
        let said = ended(child);
        self.done_well(&said, &options, &held);
    }

    fn meanwhile(&mut self, command: u32) {
        process::signal(command, "STOP").unwrap();
        let before = self.tally.writes;
        let count = 1 + self.dice.below(20);
        self.writes(count);
        match self.dice.below(8) {
            0 => self.resize(),
            1 => self.reset(),
            2 => self.pause(),
            _ => {}
        }
        process::signal(command, "CONT").unwrap();
        let count = self.dice.below(4);
        self.writes(count);
        self.tally.meanwhile += self.tally.writes - before;
    }

    fn backup_killed(&mut self) {
        let options = self.options();
        let moment = self.moment("backup");
        let child = self.start_backup(&options);
        let held = self.disks.clone();
        self.killed(child, moment);
        self.look(&held);
        self.goes_on();
    }

    fn backup_machine_killed(&mut self) {
        if !self.machine.is_on() {
            return self.backup();
        }
        let options = self.options();
        let moment = self.moment("backup");
        // What is there after the kill is then what was there before, whichever is backed up.
        self.flush();
        let held = self.disks.clone();
        let child = self.start_backup(&options);
        std::thread::sleep(moment);
        self.machine.kill();
        self.tally.killed += 1;
        let said = ended(child);
        let there = self.look(&held);
        assert!(there || said.code != 0, "{said:?}");
        self.take_over();
        assert!(self.disks == held, "what was flushed is not there");
    }

    fn backup_libvirtd_killed(&mut self) {
        let Some(daemon) = self.machine.daemon().cloned() else {
            return self.backup();
        };
        let options = self.options();
        let moment = self.moment("backup");
        let pause = Duration::from_millis(self.dice.next() % 1500);
        let child = self.start_backup(&options);
        let held = self.disks.clone();
        std::thread::sleep(moment);
        daemon.kill9().unwrap();
        self.tally.killed += 1;
        std::thread::sleep(pause);
        daemon.restart().unwrap();
        let said = ended(child);
        let there = self.look(&held);
        assert!(there || said.code != 0, "{said:?}");
        self.goes_on();
        if self.machine.is_stuck() {
            self.tally.stuck += 1;
            let said = Said::of(&options, self.start_backup(&[]).wait_with_output().unwrap());
            let message = said.error()["message"].clone();
            assert!(
                message.as_str().unwrap().contains("started again"),
                "{said:?}"
            );
            self.power_off();
            daemon.restart().unwrap();
            self.switch_on();
        }
    }

    /// The newest point that is in the snapshot store.
    fn newest(&self) -> Option<String> {
        let mut newest = self.order.iter().rev();
        newest.find(|id| self.points[*id].snapshot).cloned()
    }

    fn transfer(&mut self) {
        let Some(newest) = self.newest() else { return };
        let start = Instant::now();
        let words = ["backup", "transfer", self.machine.name()];
        let done = self.place.json(&words);
        assert_eq!(done["point"], newest, "{done}");
        self.points.get_mut(&newest).unwrap().vault = true;
        self.took("transfer", start);
        self.stores_are_known();
    }

    fn transfer_killed(&mut self) {
        let options = ["--no-transfer"];
        self.back_up(&options);
        let moment = self.moment("transfer");
        let child = self
            .place
            .start(&["backup", "transfer", self.machine.name()]);
        self.killed(child, moment);
        self.look(&Disks::new());
    }

    fn remove(&mut self) {
        if self.order.len() < 2 {
            return;
        }
        let id = self.dice.pick(&self.order).clone();
        let point = self.points.get_mut(&id).unwrap();
        let tier = *self.dice.pick(&["all", "snapshot", "vault"]);
        match tier {
            "snapshot" if point.snapshot => point.snapshot = false,
            "vault" if point.vault => point.vault = false,
            "all" => (point.snapshot, point.vault) = (false, false),
            _ => return,
        }
        self.place.ok(&["point", "remove", &id, "--tier", tier]);
        if tier != "vault" {
            self.tracked.retain(|_, point| *point != id);
        }
        self.forget();
        self.stores_are_known();
    }

    fn collect_words(&mut self) -> Vec<&'static str> {
        let more: [&[&str]; 3] = [&[], &["--repack-from", "1"], &["--repack-from", "90"]];
        [&["vault", "collect"], *self.dice.pick(&more)].concat()
    }

    fn collect(&mut self) {
        let words = self.collect_words();
        let start = Instant::now();
        self.place.ok(&words);
        self.took("collect", start);
        self.stores_are_known();
    }

    fn collect_killed(&mut self) {
        let words = self.collect_words();
        let moment = self.moment("collect");
        let child = self.place.start(&words);
        self.killed(child, moment);
        self.look(&Disks::new());
    }

    fn resize(&mut self) {
        let present = self.present();
        let disk = *self.dice.pick(&present);
        let is = self.disks[disk].len();
        let unit = *self.dice.pick(&[512, 64 << 10]);
        let by = unit * (1 + self.dice.below((1 << 20) / unit));
        let size = match self.dice.one_in(4) {
            true => is.saturating_sub(by).max(1 << 20),
            false => (is + by).min(12 << 20),
        };
        let done = if self.machine.is_on() {
            self.machine.resize(disk, size as u64)
        } else {
            let image = self.machine.image(disk);
            let format = Format::of(&image).unwrap().name();
            let mut command = Command::new("qemu-img");
            command.args(["resize", "-q", "--shrink", "-f", format]);
            let output = command.arg(image).arg(size.to_string()).output().unwrap();
            output.status.success()
        };
        println!("    {disk} from {is} to {size}: {done}");
        if done {
            if !self.machine.is_on() || size < is {
                self.tracked.remove(disk);
            }
            Arc::make_mut(self.disks.get_mut(disk).unwrap()).resize(size, 0);
        }
    }

    fn plug(&mut self) {
        self.switch_on();
        let last = self.machine.disks()[2];
        self.tracked.remove(last);
        if self.plugged {
            self.plugged = !self.machine.unplug();
        } else {
            if self.dice.one_in(2) && self.machine.left().is_empty() {
                let (format, size) = KINDS[2];
                blank(&self.machine.image(last), format, size);
                self.disks.insert(last.to_owned(), Arc::new(vec![0; size]));
            }
            self.plugged = self.machine.plug();
        }
        println!("    {last} is plugged in: {}", self.plugged);
    }

    fn reset(&mut self) {
        self.switch_on();
        self.machine.qmp("system_reset", Value::Null).unwrap();
    }

    fn pause(&mut self) {
        self.switch_on();
        let command = if self.paused { "cont" } else { "stop" };
        self.machine.qmp(command, Value::Null).unwrap();
        self.paused = !self.paused;
    }

    fn kill(&mut self) {
        if !self.machine.is_on() {
            return;
        }
        if self.dice.one_in(2) {
            self.flush();
        }
        self.machine.kill();
        self.take_over();
    }

    fn flush(&self) {
        for disk in self.present() {
            self.machine.io(disk, "flush");
        }
    }

    fn kill_libvirtd(&mut self) {
        if let Some(daemon) = self.machine.daemon() {
            daemon.kill9().unwrap();
            daemon.restart().unwrap();
        }
    }

    /// Disks of the machine become those of a point again, where they have its size.
    fn restore_onto(&mut self) {
        self.power_off();
        let id = self.dice.pick(&self.order).clone();
        let point = self.points[&id].clone();
        let mut words = vec!["restore".to_owned(), "disks".to_owned(), id];
        let mut onto = Vec::new();
        for (disk, bytes) in &point.disks {
            if bytes.len() == self.disks[disk].len() && !self.dice.one_in(3) {
                onto.push((disk, bytes));
                let image = self.machine.image(disk);
                words.extend(["--onto".to_owned(), format!("{disk}={}", image.display())]);
            }
        }
        if onto.is_empty() {
            return;
        }
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if self.dice.one_in(2) {
            let moment = self.moment("restore onto");
            self.killed(self.place.start(&words), moment);
        }
        let start = Instant::now();
        self.place.ok(&words);
        self.took("restore onto", start);
        for (disk, bytes) in onto {
            assert!(self.machine.read(disk) == **bytes, "{words:?}");
            self.tracked.remove(disk.as_str());
            self.disks.insert(disk.clone(), Arc::clone(bytes));
        }
    }

    /// Copies of the images, with the bitmaps in them, are put aside, or put back.
    fn put_back(&mut self) {
        self.power_off();
        let back = self.kept.is_some() && !self.dice.one_in(3);
        for disk in self.machine.disks() {
            let image = self.machine.image(disk);
            let kept = image.with_extension("kept");
            let (from, to) = if back { (kept, image) } else { (image, kept) };
            run(Command::new("cp").arg("--sparse=always").args([from, to]));
        }
        println!("    back: {back}");
        self.tracked.clear();
        match back {
            true => self.disks = self.kept.clone().unwrap(),
            false => self.kept = Some(self.disks.clone()),
        }
    }

    fn lose_snapshots(&mut self) {
        let _ = fs::remove_dir_all(self.place.at("snapshots"));
        if self.dice.one_in(2) {
            let _ = fs::remove_dir_all(self.place.at("state"));
        }
        self.tracked.clear();
        for point in self.points.values_mut() {
            point.snapshot = false;
        }
        self.forget();
        if self.order.is_empty() {
            self.back_up(&[]);
        }
    }

    fn moment(&mut self, what: &str) -> Duration {
        let usual = self.usual.get(what).copied();
        let usual = usual.unwrap_or(Duration::from_millis(300));
        self.dice.moment(usual)
    }

    /// Kills a command after a while. False if it had ended before.
    fn killed(&mut self, mut child: Child, after: Duration) -> bool {
        std::thread::sleep(after);
        let killed = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        let said = Said::of(&["killed"], child.wait_with_output().unwrap());
        assert!(killed || said.code == 0, "{said:?}");
        self.tally.killed += usize::from(killed);
        killed
    }

    /// Takes in what something that was killed has done: a point of disks that held this, or a
    /// transfer of one. True if a point came.
    fn look(&mut self, held: &Disks) -> bool {
        let seen = self.seen();
        let mut came = false;
        for (id, (snapshot, vault)) in &seen {
            if let Some(known) = self.points.get_mut(id) {
                assert_eq!(*snapshot, known.snapshot, "{id} in the snapshot store");
                assert!(*vault >= known.vault, "{id} is gone from the vault");
                known.vault = *vault;
                continue;
            }
            assert!(!came, "more than one point came: {seen:?}");
            came = true;
            let shown = self.place.json(&["point", "show", id]);
            let names = shown["disks"].as_array().unwrap().iter();
            let names = names.map(|d| d["name"].as_str().unwrap().to_owned());
            let disks = names.map(|n| (n.clone(), Arc::clone(&held[&n])));
            let disks: Disks = disks.collect();
            for (disk, point) in &mut self.tracked {
                if self.machine.is_on() && disks.contains_key(*disk) {
                    point.clone_from(id);
                }
            }
            let point = Point {
                disks,
                snapshot: *snapshot,
                vault: *vault,
            };
            self.points.insert(id.clone(), point);
            self.order.push(id.clone());
            self.tally.there += 1;
            println!("    point {id} is there");
        }
        for id in self.points.keys() {
            assert!(seen.contains_key(id), "{id} is gone");
        }
        came
    }

    /// The machine is as its people left it, soon.
    fn goes_on(&self) {
        let by = Instant::now() + Duration::from_secs(15);
        // One that was reset while it was paused is in `prelaunch`.
        while self.machine.is_on() && (self.machine.status() == "running") == self.paused {
            assert!(Instant::now() < by, "{}", self.machine.status());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// How a command ended, which it must soon.
fn ended(mut child: Child) -> Said {
    let by = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > by {
            child.kill().unwrap();
            panic!(
                "it hangs: {:?}",
                Said::of(&["hanging"], child.wait_with_output().unwrap())
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Said::of(&["in the background"], child.wait_with_output().unwrap())
}
