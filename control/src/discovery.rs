//! Discovery: what is on the hosts, brought into the records (DISC-1, 2).
//!
//! All hosts are looked at before anything is decided, since only then can be told whether a
//! machine moved or is on two hosts at once. What has to be done is then found from the records
//! alone, and done in one transaction. A host that does not answer changes nothing.

mod change;
pub(crate) mod machines;
pub(crate) mod naming;
mod networks;

use std::collections::{BTreeMap, BTreeSet};

use base::{Error, Result};
use futures::future::join_all;
use jiff::{SignedDuration, Timestamp};
use state::groups::Group;
use state::hosts::Host;
use state::machines::Machine;
use state::networks::Network;
use state::resources::{self, Record};
use state::{Tx, WriteTx, fold, protected_items};
use uuid::Uuid;

use self::change::Change;
use crate::Control;
use crate::plane::Discovered;

/// How old the time may be at which something was seen last before it is written anew.
const SEEN: SignedDuration = SignedDuration::from_secs(60);

/// The hosts that did not answer at the last look, by folded id. Its lock is held for as long as
/// a look takes, so that an earlier look never undoes a later one.
pub(crate) type Silent = tokio::sync::Mutex<BTreeSet<String>>;

/// A host, and what was found there; `None` if it did not answer.
struct Seen<'a> {
    id: String,
    host: &'a Record<Host>,
    group: &'a Record<Group>,
    /// Those of machines that are in another group than the host's, and that there are.
    groups: BTreeMap<Uuid, &'a Record<Group>>,
    found: Option<&'a Discovered>,
}

impl<'a> Seen<'a> {
    /// The group of a machine of the host.
    fn group_of(&self, machine: Uuid) -> &'a Record<Group> {
        self.groups.get(&machine).unwrap_or(&self.group)
    }
}

/// What has to be done to the records.
struct Work {
    machines: Vec<Change<Machine>>,
    heirs: Vec<machines::Heir>,
    networks: Vec<Change<Network>>,
    hosts: Vec<Record<Host>>,
}

impl Control {
    /// Looks at every host, and brings the records of machines and networks up to date. Durable
    /// when this returns; nothing is written if nothing has changed, but for when machines and
    /// hosts were seen last, once a minute.
    ///
    /// # Errors
    /// Those of the records. A host that does not answer is logged, once.
    pub async fn discover(&self) -> Result<()> {
        let mut silent = self.silent.lock().await;
        let mut tx = self.state.read().await?;
        let hosts = resources::all::<Host>(&mut tx).await?;
        drop(tx);
        let looks = hosts
            .iter()
            .map(|h| self.plane.discover(&h.body.connection));
        let mut found = BTreeMap::new();
        for (host, look) in hosts.iter().zip(join_all(looks).await) {
            let known = silent.remove(&fold(&host.id));
            match look {
                Ok(there) => {
                    if known {
                        tracing::info!("host {} answers again", host.name);
                    }
                    found.insert((fold(&host.id), host.body.connection.clone()), there);
                }
                Err(e) => {
                    if !known {
                        log(host, &e);
                    }
                    silent.insert(fold(&host.id));
                }
            }
        }
        self.rests.looks.note(&silent, self.now());
        if Work::find(&mut self.state.read().await?, &found)
            .await?
            .is_empty()
        {
            return Ok(());
        }
        let mut tx = self.state.write().await?;
        let work = Work::find(&mut tx, &found).await?;
        work.write(&mut tx).await?;
        tx.commit().await
    }
}

fn log(host: &Record<Host>, error: &Error) {
    tracing::warn!("host {} does not answer: {error}", host.name);
}

impl Work {
    /// What has to be done, of what was found at each host, by its folded id and its connection.
    async fn find(tx: &mut Tx, found: &BTreeMap<(String, String), Discovered>) -> Result<Self> {
        let hosts = resources::all::<Host>(tx).await?;
        let groups: Vec<Record<Group>> = resources::all(tx).await?;
        let seen: Vec<Seen<'_>> = hosts
            .iter()
            .filter_map(|host| {
                let id = fold(&host.id);
                let key = (id.clone(), host.body.connection.clone());
                let group = |id: &str| groups.iter().find(|g| fold(&g.id) == id);
                let of_machines = host.body.machine_groups.iter();
                Some(Seen {
                    id,
                    host,
                    group: group(&host.body.group)?,
                    groups: of_machines
                        .filter_map(|(uuid, id)| Some((*uuid, group(id)?)))
                        .collect(),
                    found: found.get(&key),
                })
            })
            .collect();
        let items = protected_items::machines(tx).await?;
        let now = tx.now();
        let networks: Vec<Record<Network>> = resources::all(tx).await?;
        let (machines, heirs) = machines::plan(&seen, resources::all(tx).await?, &items, now);
        Ok(Self {
            machines,
            heirs,
            networks: networks::plan(&seen, networks),
            hosts: seen.iter().filter_map(|s| answered(s, now)).collect(),
        })
    }

    fn is_empty(&self) -> bool {
        self.machines.is_empty() && self.networks.is_empty() && self.hosts.is_empty()
    }

    async fn write(self, tx: &mut WriteTx) -> Result<()> {
        for change in self.machines {
            change.write(tx).await?;
        }
        for ((before, group), now) in self.heirs {
            for mut item in protected_items::of_machine(tx, before, &group).await? {
                item.machine = now;
                protected_items::update(tx, item).await?;
            }
        }
        for change in self.networks {
            change.write(tx).await?;
        }
        for host in self.hosts {
            resources::update(tx, host).await?;
        }
        Ok(())
    }
}

/// The host's record, if when it answered last has to be written.
fn answered(seen: &Seen<'_>, now: Timestamp) -> Option<Record<Host>> {
    seen.found?;
    let mut host = seen.host.clone();
    if host.body.seen.is_some_and(|before| is_recent(before, now)) {
        return None;
    }
    host.body.seen = Some(now);
    Some(host)
}

fn is_recent(seen: Timestamp, now: Timestamp) -> bool {
    now.duration_since(seen) < SEEN
}
