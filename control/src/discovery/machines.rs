//! What has to be done to the records of machines.
//!
//! A machine is the same by its UUID and its group (PROT-16). Its record
//! - goes on with it when it moves to another host of the group, or is called otherwise in case
//!   only (PROT-18);
//! - keeps its name while a protected item refers to it, and follows the machine's otherwise;
//! - stays when the machine is gone while an item refers to it; for 30 days if somebody has tagged
//!   it or deleted its backups, since a host may leave out a machine that is there; and goes
//!   otherwise;
//! - and goes on with the machine that has its name and group when its own is gone (PROT-17):
//!   the items then refer to that one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use hypervisor::{AgentStatus, DiskChoice, MachineState};
use jiff::{SignedDuration, Timestamp};
use state::fold;
use state::machines::{AgentLost, Hardware, Machine, MachineDisk, Said};
use state::resources::Record;
use uuid::Uuid;

use super::change::Change;
use super::naming::candidates;
use super::{Seen, is_recent};
use crate::machines::machine_id;
use crate::plane::disk_numbers;

/// For how long it is kept what people have said of a machine that is gone.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(24 * 30);

/// A machine: its UUID and its folded group.
pub(super) type Key = (Uuid, String);
/// A machine that is gone, and the UUID of that which goes on with its items.
pub(super) type Heir = (Key, Uuid);

/// A machine on a host; `None` where the host does not answer, but had it.
struct Place<'a> {
    seen: &'a Seen<'a>,
    machine: Option<&'a hypervisor::Machine>,
}

/// Whose a name is.
enum Owner {
    /// Of a machine that is there.
    Present,
    /// Of one that is gone.
    Vanished(Key),
}

/// What has to be done, of the records of machines and of those that items refer to; and whose
/// items go over to whom.
pub(super) fn plan(
    hosts: &[Seen<'_>],
    records: Vec<Record<Machine>>,
    items: &BTreeSet<Key>,
    now: Timestamp,
) -> (Vec<Change<Machine>>, Vec<Heir>) {
    let places = places(hosts, &records);
    let mut keys: BTreeSet<Key> = BTreeSet::new();
    for (uuid, there) in &places {
        keys.extend(
            there
                .iter()
                .map(|p| (*uuid, fold(&p.seen.group_of(*uuid).id))),
        );
    }
    let mut changes = Vec::new();
    let mut names = HashMap::new();
    let mut known = BTreeMap::new();
    // What people have said of a machine goes with it to another group.
    let said: HashMap<Uuid, Said> = records.iter().map(|r| (r.body.uuid, said_of(r))).collect();
    // By their ids: records that only say that, and give up their names.
    let mut remembered = HashMap::new();
    for record in records {
        let key = (record.body.uuid, record.parent.clone());
        if keys.contains(&key) {
            names.insert(fold(&record.id), Owner::Present);
        } else if items.contains(&key) {
            names.insert(fold(&record.id), Owner::Vanished(key.clone()));
        } else if is_remembered(&record.body, now) {
            remembered.insert(fold(&record.id), record);
            continue;
        } else {
            changes.push(Change::Delete(record));
            continue;
        }
        known.insert(key, record);
    }
    let (mut more, mut heirs) = (Vec::new(), Vec::new());
    for key in &keys {
        let own = known.get(key);
        let said = own.map(said_of).or_else(|| said.get(&key.0).cloned());
        let Some((body, place)) = describe(key, &places[&key.0], own, said, now) else {
            continue;
        };
        let record = known.remove(key);
        let wanted = place.machine.map(|m| &*m.name);
        let group = place.seen.group_of(key.0);
        let choice = match (wanted, items.contains(key), &record) {
            (Some(name), false, _) | (Some(name), true, None) => {
                let candidates = candidates(name, key.0).map(|name| machine_id(&group.id, &name));
                let own = record.as_ref().map(|r| fold(&r.id));
                choose(&candidates, own.as_deref(), &names, !items.contains(key))
            }
            _ => Choice::Stay,
        };
        match (choice, record) {
            (Choice::Stay, Some(record)) => more.extend(Change::update(record, body)),
            (Choice::Stay, None) => {}
            (Choice::New(id), before) => {
                if let Some(before) = before {
                    names.remove(&fold(&before.id));
                    changes.push(Change::Delete(before));
                }
                changes.extend(remembered.remove(&fold(&id)).map(Change::Delete));
                names.insert(fold(&id), Owner::Present);
                more.push(Change::Create(id, group.id.clone(), body));
            }
            (Choice::Continue(gone), before) => {
                if let Some(before) = before {
                    names.remove(&fold(&before.id));
                    changes.push(Change::Delete(before));
                }
                if let Some(record) = known.remove(&gone) {
                    names.insert(fold(&record.id), Owner::Present);
                    // What people have said is of the name.
                    let body = Machine {
                        said: said_of(&record),
                        ..body
                    };
                    more.push(Change::Update(Record { body, ..record }));
                    heirs.push((gone, key.0));
                }
            }
        }
    }
    // What another group has of a machine that is found again goes with it.
    let (gone, back): (Vec<_>, Vec<_>) = remembered
        .into_values()
        .partition(|r| !places.contains_key(&r.body.uuid));
    changes.extend(back.into_iter().map(Change::Delete));
    let gone = gone
        .into_iter()
        .map(|r| ((r.body.uuid, r.parent.clone()), r));
    for (key, record) in known.into_iter().chain(gone) {
        // Those whose machine is on a host that does not answer stay as they are.
        if !keys.contains(&key) {
            let vanished = record.body.vanished.unwrap_or(now);
            let body = Machine {
                vanished: Some(vanished),
                running: false,
                also_on: Vec::new(),
                agent_lost: None,
                ..record.body.clone()
            };
            more.extend(Change::update(record, body));
        }
    }
    // Names become free before they are given out.
    changes.extend(more);
    (changes, heirs)
}

/// Where each machine is.
fn places<'a>(
    hosts: &'a [Seen<'a>],
    records: &[Record<Machine>],
) -> BTreeMap<Uuid, Vec<Place<'a>>> {
    let mut places: BTreeMap<Uuid, Vec<Place<'a>>> = BTreeMap::new();
    let mut add = |uuid, place: Place<'a>| {
        let all = places.entry(uuid).or_default();
        if all.iter().all(|p| p.seen.id != place.seen.id) {
            all.push(place);
        }
    };
    for seen in hosts {
        let Some(found) = seen.found else {
            let here = |m: &Machine| {
                m.vanished.is_none() && (m.host == seen.id || m.also_on.contains(&seen.id))
            };
            for record in records.iter().filter(|r| here(&r.body)) {
                let machine = None;
                add(record.body.uuid, Place { seen, machine });
            }
            continue;
        };
        for machine in &found.machines {
            match machine.uuid.parse() {
                Ok(uuid) => {
                    let machine = Some(machine);
                    add(uuid, Place { seen, machine });
                }
                Err(_) => tracing::warn!("machine {} has no UUID", machine.name),
            }
        }
    }
    places
}

/// A machine as it is now, and where; `None` if nobody can tell.
fn describe<'a>(
    key: &Key,
    places: &'a [Place<'a>],
    record: Option<&Record<Machine>>,
    said: Option<Said>,
    now: Timestamp,
) -> Option<(Machine, &'a Place<'a>)> {
    let mut here = places
        .iter()
        .filter(|p| fold(&p.seen.group_of(key.0).id) == key.1);
    let stays = |p: &&Place<'_>| record.is_some_and(|r| r.body.host == p.seen.id);
    let place = match here.clone().find(stays) {
        Some(place) => place,
        None => here.find(|p| p.machine.is_some())?,
    };
    let others = places.iter().filter(|p| p.seen.id != place.seen.id);
    let mut also_on: Vec<String> = others.map(|p| p.seen.id.clone()).collect();
    also_on.sort();
    let body = match (place.machine, record) {
        (Some(machine), _) => Machine {
            uuid: key.0,
            host: place.seen.id.clone(),
            location: place.seen.host.body.location.clone(),
            os: record.and_then(|r| r.body.os.clone()),
            disks: disks(machine),
            running: machine.state != MachineState::Stopped,
            seen: match record {
                Some(r) if is_recent(r.body.seen, now) => r.body.seen,
                _ => now,
            },
            vanished: None,
            also_on,
            agent_lost: agent_lost(machine, record, now),
            hardware: Hardware {
                processors: machine.hardware.processors,
                memory: machine.hardware.memory,
                architecture: machine.hardware.architecture.clone(),
            },
            said: said.unwrap_or_else(|| Said {
                found: Some(now),
                ..Said::default()
            }),
        },
        (None, Some(record)) => Machine {
            also_on,
            ..record.body.clone()
        },
        (None, None) => return None,
    };
    Some((body, place))
}

/// What people have said of a machine, and when it was found first.
fn said_of(machine: &Record<Machine>) -> Said {
    Said {
        found: Some(found_at(machine)),
        ..machine.body.said.clone()
    }
}

/// When a machine was found first.
pub(crate) fn found_at(machine: &Record<Machine>) -> Timestamp {
    machine.body.said.found.unwrap_or(machine.created)
}

/// Whether it is kept what people have said of a machine that is gone, for some time.
fn is_remembered(machine: &Machine, now: Timestamp) -> bool {
    let is_said = !machine.said.tags.is_empty() || machine.said.backups_deleted.is_some();
    let since = machine.vanished.unwrap_or(now);
    is_said && now.duration_since(since) < REMEMBERED
}

/// Whether a machine that runs has no guest agent that answers, and since when.
fn agent_lost(
    machine: &hypervisor::Machine,
    record: Option<&Record<Machine>>,
    now: Timestamp,
) -> Option<AgentLost> {
    let answers = matches!(machine.agent, AgentStatus::Responding { .. });
    if machine.state != MachineState::Running || answers {
        return None;
    }
    let before = record.and_then(|r| r.body.agent_lost.as_ref());
    Some(AgentLost {
        since: before.map_or(now, |b| b.since),
        absent: machine.agent == AgentStatus::NotConfigured,
    })
}

/// The disks that are backed up; those that are not keep their numbers.
fn disks(machine: &hypervisor::Machine) -> Vec<MachineDisk> {
    let numbers = disk_numbers(&machine.disks);
    let all = machine.disks.iter().zip(numbers);
    all.filter(|(disk, _)| disk.choice == DiskChoice::Included)
        .map(|(disk, lun)| MachineDisk {
            lun,
            name: disk.name.clone(),
            bytes: disk.size,
        })
        .collect()
}

/// What becomes of a machine's record.
enum Choice {
    /// It keeps its id.
    Stay,
    /// It gets this id.
    New(String),
    /// It goes on with the record of this machine, which is gone.
    Continue(Key),
}

fn choose(
    candidates: &[String],
    own: Option<&str>,
    names: &HashMap<String, Owner>,
    may_continue: bool,
) -> Choice {
    for (n, id) in candidates.iter().enumerate() {
        let folded = fold(id);
        if own == Some(&*folded) {
            return Choice::Stay;
        }
        match names.get(&folded) {
            None => return Choice::New(id.clone()),
            Some(Owner::Vanished(gone)) if n == 0 && may_continue => {
                return Choice::Continue(gone.clone());
            }
            Some(Owner::Vanished(_) | Owner::Present) => {}
        }
    }
    Choice::Stay
}
