//! What has to be done to the records of networks.
//!
//! A network belongs to one host. Nothing refers to its record, which comes and goes with it.

use std::collections::BTreeSet;

use state::fold;
use state::networks::{Network, NetworkSource};
use state::resources::Record;

use super::Seen;
use super::change::Change;
use super::naming::resource_name;
use crate::networks::network_id;
use crate::plane::FoundNetwork;

/// The name of the network that QEMU makes by itself.
const USER: &str = "user";

pub(super) fn plan(hosts: &[Seen<'_>], records: Vec<Record<Network>>) -> Vec<Change<Network>> {
    let mut names: BTreeSet<String> = records.iter().map(|r| fold(&r.id)).collect();
    let mut left = Vec::new();
    let mut changes = Vec::new();
    let mut records = records;
    for seen in hosts {
        let mine = |r: &mut Record<Network>| r.body.host == seen.id;
        let mut before: Vec<Record<Network>> = records.extract_if(.., mine).collect();
        let Some(wanted) = wanted(seen, &before) else {
            continue;
        };
        let mut new = Vec::new();
        for found in wanted {
            let same = |r: &Record<Network>| {
                r.body.source == found.source && r.parent == seen.host.body.group
            };
            match before.iter().position(same) {
                Some(at) => {
                    let record = before.swap_remove(at);
                    changes.extend(Change::update(record, body(seen, found)));
                }
                None => new.push(found),
            }
        }
        for record in before {
            names.remove(&fold(&record.id));
            changes.push(Change::Delete(record));
        }
        left.extend(new.into_iter().map(|found| (seen, found)));
    }
    // Of a host that is no longer there.
    changes.extend(records.into_iter().map(Change::Delete));
    for (seen, found) in left {
        let id = free_id(seen, &found.source, &names);
        names.insert(fold(&id));
        changes.push(Change::Create(id, seen.group.id.clone(), body(seen, found)));
    }
    changes
}

/// The networks that the host is to have; `None` if nobody can tell.
fn wanted(seen: &Seen<'_>, before: &[Record<Network>]) -> Option<Vec<FoundNetwork>> {
    let mut all = match &seen.found?.networks {
        Some(all) => all.clone(),
        None if before.is_empty() => Vec::new(),
        None => return None,
    };
    if all.is_empty() {
        all.push(FoundNetwork {
            source: NetworkSource::User,
            addresses: None,
        });
    }
    Some(all)
}

fn body(seen: &Seen<'_>, found: FoundNetwork) -> Network {
    Network {
        host: seen.id.clone(),
        location: seen.host.body.location.clone(),
        source: found.source,
        addresses: found.addresses,
    }
}

/// An id that is free: by the network's name, then with the host's, then with a number.
fn free_id(seen: &Seen<'_>, source: &NetworkSource, names: &BTreeSet<String>) -> String {
    let name = match source {
        NetworkSource::Libvirt(name) | NetworkSource::Bridge(name) => resource_name(name),
        NetworkSource::User => USER.to_owned(),
    };
    let longer = format!("{name}-{}", seen.host.name);
    let numbered = (2..).map(|n: u32| format!("{longer}-{n}"));
    let all = [name.clone(), longer.clone()].into_iter().chain(numbered);
    let mut ids = all.map(|name| network_id(&seen.group.id, &name));
    let free = ids.find(|id| !names.contains(&fold(id)));
    free.unwrap_or_else(|| network_id(&seen.group.id, &longer))
}
