//! A backup: the machine works on, its disks are written into a session, the point is committed.

use std::sync::Arc;

use base::{Code, Kind, PointId, Result};
use vault::{Manifest, Phase, PointState, Session};

use super::{Actor, DAY, SECOND};
use crate::disks::{MACHINES, change, disk_key, write_disk};
use crate::world::{Known, lock};

impl Actor<'_> {
    pub(super) async fn backup(&self) -> Result<()> {
        let world = &self.host.world;
        let dice = &world.dice;
        let machine = dice.place(MACHINES.len());
        let store = usize::from(dice.chance(1500));
        let contents = {
            let mut disks = lock(&world.disks);
            let other = Arc::clone(&dice.pick(&disks)[0]);
            let other = match self.old_contents(machine).filter(|_| dice.chance(5000)) {
                Some(old) => old,
                None => other,
            };
            for disk in &mut disks[machine] {
                for _ in 0..dice.below(4) {
                    change(dice, disk, &other);
                }
            }
            disks[machine].clone()
        };
        let vault = &self.vaults[store];
        let key = vault.machine_key(MACHINES[machine].0);
        let (incremental, all) = (dice.chance(8000), dice.chance(1500));
        let session = Session::open(vault, key, Phase::Snapshot).await?;
        if dice.chance(1000) {
            self.pause(DAY).await;
        }
        let history = if incremental {
            session.history(2).await?
        } else {
            Vec::new()
        };
        let base = (!history.is_empty()).then(|| dice.pick(&history).clone());
        let before = base.as_ref().and_then(|b| {
            let known = lock(&world.known);
            known.get(&b.entry.point).cloned()
        });
        let mut roots = Vec::new();
        for (i, bytes) in contents.iter().enumerate() {
            let key = disk_key(vault, machine, i);
            let of_disk = base.as_ref().zip(before.as_ref()).and_then(|(b, known)| {
                let root = b.manifest.disks.iter().find(|d| d.key == key)?;
                let old = known.disks.iter().find(|d| d.0 == key)?;
                Some((root, old.1.as_slice()))
            });
            let pause = || self.pause(SECOND);
            match write_disk(&session, key, bytes, of_disk, all, pause).await {
                Ok(root) => roots.push(root),
                Err(e) => {
                    if dice.chance(5000) {
                        let _ = session.close().await;
                    }
                    return Err(e);
                }
            }
        }
        if dice.chance(700) {
            self.pause(40 * DAY).await;
        }
        if dice.chance(300) {
            return session.close().await;
        }
        let whole = dice.chance(8500);
        let manifest = Manifest {
            point: PointId::new(&*self.host.surroundings().random),
            machine: key,
            created_at: "2026-01-02T03:04:05Z".into(),
            state: if whole {
                PointState::Whole
            } else {
                PointState::Attempt
            },
            disks: roots,
        };
        let of = |(i, bytes)| (disk_key(vault, machine, i), bytes);
        let known = Known {
            machine,
            disks: contents.into_iter().enumerate().map(of).collect(),
        };
        lock(&world.known).insert(manifest.point, Arc::new(known));
        self.commit(store, &session, &manifest).await
    }

    /// Commits, and tries again a few times.
    async fn commit(&self, store: usize, session: &Session, manifest: &Manifest) -> Result<()> {
        let world = &self.host.world;
        let mut tries = world.dice.below(3);
        loop {
            let done = session.commit(manifest, b"definition").await;
            let Err(e) = done else { break };
            if e.kind() == Kind::Unavailable && tries > 0 {
                tries -= 1;
                self.pause(DAY).await;
                continue;
            }
            let ledger = &world.place(store).ledger;
            let open = ledger.sessions.get(&session.number());
            if e.code() == Code::Fenced && open.is_some_and(|s| s.open) {
                world.violated(format_args!("session {} is open: {e:?}", session.number()));
            }
            return Err(e);
        }
        let ledger = &world.place(store).ledger;
        let point = manifest.point.to_string();
        let is_it = |c: &(u64, String, u64)| c.1 == point && c.2 == session.number();
        if !ledger.commits.iter().any(is_it) {
            world.violated(format_args!(
                "{point} was acknowledged and is not in the log"
            ));
        }
        world.count(|s| s.commits += 1);
        Ok(())
    }

    fn old_contents(&self, machine: usize) -> Option<Arc<Vec<u8>>> {
        let point = self.some_point(0)?;
        let known = Arc::clone(lock(&self.host.world.known).get(&point)?);
        let fits = known.machine == machine;
        fits.then(|| Arc::clone(&known.disks[0].1))
    }
}
