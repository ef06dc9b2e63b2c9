//! What a host does: one thing after another, as the dice say, each checked against the log.

use std::sync::Arc;
use std::time::Duration;

use base::{Code, Error, Kind, PointId, Result};
use jiff::SignedDuration;
use tokio::time::{sleep, timeout};
use vault::{
    CollectOptions, Level, PointDisk, Vault, collect, plan_collection, sync_point, verify,
};

use crate::host::{Host, Life};
use crate::world::lock;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Points of which the newest are asked for most.
const RECENT: usize = 4;

mod backup;

/// A process at work.
pub(crate) struct Actor<'a> {
    pub(crate) host: &'a Host,
    pub(crate) life: Arc<Life>,
    pub(crate) vaults: Vec<Arc<Vault>>,
}

impl Actor<'_> {
    /// Does one thing. Now and then it is dropped in the middle.
    pub(crate) async fn act(&self, lane: usize) {
        let dice = &self.host.world.dice;
        let (what, store) = (dice.below(100), dice.place(2));
        let most = if dice.chance(500) {
            dice.time(Duration::from_secs(3))
        } else {
            365 * DAY
        };
        let (name, done) = match what {
            0..=39 => ("backup", timeout(most, self.backup()).await),
            40..=59 => ("transfer", timeout(most, self.transfer()).await),
            60..=75 => ("collect", timeout(most, self.collect(store)).await),
            76..=86 => ("remove", timeout(most, self.remove(store)).await),
            87..=94 => ("restore", timeout(most, self.restore(store)).await),
            95..=97 => ("verify", timeout(most, self.verify(store)).await),
            _ => ("plan", timeout(most, self.plan(store)).await),
        };
        let world = &self.host.world;
        let done = done.unwrap_or_else(|_| {
            world.count(|s| s.dropped += 1);
            Ok(())
        });
        world.say(&format_args!("{} lane {lane} {name}: {done:?}", self.life));
        world.count(|s| {
            s.actions += 1;
            s.failed += u64::from(done.is_err());
        });
        let Err(e) = done else { return };
        let expected = match e.kind() {
            Kind::Unavailable => lock(&world.weather).fails(),
            Kind::Conflict => e.code() == Code::Fenced,
            Kind::NotFound => e.code() == Code::PointNotFound,
            _ => false,
        };
        if !expected {
            world.violated(format_args!("{}: {name}: {e:?}", self.life));
        }
    }

    async fn pause(&self, most: Duration) {
        sleep(self.host.world.dice.time(most)).await;
    }

    /// The head of a store's log, as the store has it.
    fn head(&self, store: usize) -> u64 {
        self.host.world.place(store).ledger.head
    }

    /// A point: most likely one that `store` has, maybe any that was ever made.
    fn some_point(&self, store: usize) -> Option<PointId> {
        let world = &self.host.world;
        let there: Vec<PointId> = {
            let place = world.place(store);
            let points = place.ledger.points.iter().filter(|p| p.whole);
            points.filter_map(|p| p.point.parse().ok()).collect()
        };
        if world.dice.chance(8500) && !there.is_empty() {
            let recent = there.len().saturating_sub(RECENT);
            let from = if world.dice.chance(7000) { recent } else { 0 };
            return Some(*world.dice.pick(&there[from..]));
        }
        let known: Vec<PointId> = lock(&world.known).keys().copied().collect();
        (!known.is_empty()).then(|| *world.dice.pick(&known))
    }

    async fn transfer(&self) -> Result<()> {
        let world = &self.host.world;
        let from = usize::from(world.dice.chance(2000));
        let Some(point) = self.some_point(from) else {
            return Ok(());
        };
        let to = 1 - from;
        let start = self.head(from);
        let done = sync_point(&self.vaults[from], &self.vaults[to], point, &|_| {}).await;
        let name = point.to_string();
        match done {
            Ok(_) => {
                let ledger = &world.place(to).ledger;
                if !ledger.commits.iter().any(|c| c.1 == name) {
                    world.violated(format_args!("{name} was transferred and is not in the log"));
                }
                world.count(|s| s.transfers += 1);
                Ok(())
            }
            // It was removed from the source meanwhile.
            Err(e) if e.kind() == Kind::Integrity => {
                let removed = world.place(from).ledger.removed_since(&name, start);
                if removed { Ok(()) } else { Err(e) }
            }
            Err(e) => Err(e),
        }
    }

    fn options(&self) -> CollectOptions {
        let dice = &self.host.world.dice;
        let hours = *dice.pick(&[24 * 7, 24 * 7, 24, 1]);
        CollectOptions {
            repack_from_percent: *dice.pick(&[50, 50, 1, 20, 100]),
            most_copied: *dice.pick(&[u64::MAX, u64::MAX, 50_000]),
            patience: SignedDuration::from_hours(hours),
        }
    }

    async fn collect(&self, store: usize) -> Result<()> {
        let report = collect(&self.vaults[store], &self.options()).await?;
        self.host.world.count(|s| {
            s.collections += 1;
            s.deleted += report.swept.objects;
        });
        Ok(())
    }

    async fn plan(&self, store: usize) -> Result<()> {
        plan_collection(&self.vaults[store], &self.options())
            .await
            .map(|_| ())
    }

    async fn remove(&self, store: usize) -> Result<()> {
        let world = &self.host.world;
        let mut points: Vec<PointId> = Vec::new();
        for _ in 0..=world.dice.below(3) {
            points.extend(self.some_point(store));
        }
        let names = points.iter().map(ToString::to_string);
        lock(&world.unwanted).extend(names.clone());
        let start = self.head(store);
        self.vaults[store].remove_points(&points).await?;
        let ledger = &world.place(store).ledger;
        for name in names {
            let last = |mut of: Vec<u64>| of.pop().unwrap_or(0);
            let commits = ledger.commits.iter().filter(|c| c.1 == name).map(|c| c.0);
            if ledger.has(&name) && last(commits.collect()) <= start {
                world.violated(format_args!("{name} was removed and is there"));
            }
        }
        world.count(|s| s.removals += 1);
        Ok(())
    }

    async fn restore(&self, store: usize) -> Result<()> {
        let world = &self.host.world;
        let Some(point) = self.some_point(store) else {
            return Ok(());
        };
        let name = point.to_string();
        let start = self.head(store);
        let there = world
            .place(store)
            .ledger
            .points
            .iter()
            .any(|p| p.point == name && p.whole);
        let read = self.read(store, point).await;
        let removed = world.place(store).ledger.removed_since(&name, start);
        match read {
            Err(e) if removed && [Kind::Integrity, Kind::NotFound].contains(&e.kind()) => Ok(()),
            Err(e) if e.kind() == Kind::NotFound && there => {
                Err(Error::new(Code::Internal, format!("{name} is there")).because(e))
            }
            read => {
                world.count(|s| s.restores += u64::from(read.is_ok()));
                read
            }
        }
    }

    async fn read(&self, store: usize, point: PointId) -> Result<()> {
        let world = &self.host.world;
        let vault = &self.vaults[store];
        let info = vault.point(point).await?;
        let known = lock(&world.known).get(&point).cloned();
        let known = known.expect("only known points are asked for");
        let slow = world.dice.chance(1000);
        for (root, (key, bytes)) in info.manifest.disks.iter().zip(&known.disks) {
            let disk = PointDisk::new(vault.reader().await?, root, vault.chunk_size());
            let mut at = 0;
            while at < bytes.len() {
                let len = (1 + world.dice.place(100_000)).max(bytes.len() / 8);
                let end = (at + len).min(bytes.len());
                let read = block::BlockSource::read(&disk, at as u64, vec![0xAA; end - at]);
                if root.key != *key || read.await? != bytes[at..end] {
                    world.violated(format_args!("{point} was restored with other bytes"));
                }
                at = end;
                self.pause(if slow { 3 * DAY } else { SECOND }).await;
            }
        }
        Ok(())
    }

    async fn verify(&self, store: usize) -> Result<()> {
        let world = &self.host.world;
        let start = self.head(store);
        let level = *world
            .dice
            .pick(&[Level::Structure, Level::Sealed, Level::Full]);
        let report = verify(&self.vaults[store], level, None, &|_, _| {}).await?;
        let ledger = &world.place(store).ledger;
        for finding in &report.findings {
            if !ledger.removed_since(&finding.point.to_string(), start) {
                world.violated(format_args!(
                    "verify calls sound bytes damaged: {finding:?}"
                ));
            }
        }
        for object in &report.damaged_objects {
            world.violated(format_args!(
                "verify calls a sound object damaged: {object}"
            ));
        }
        Ok(())
    }
}
