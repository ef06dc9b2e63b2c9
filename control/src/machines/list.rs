//! Machines with all that a list of them shows: how each stands, and how it is protected.

use std::collections::HashMap;

use base::{Code, Error, Result};
use state::hosts::Host;
use state::machines::{self, Filter, Machine, Protection, Standing};
use state::protected_items::{self as items, ProtectedItem, ProtectionState};
use state::resources::{self, Record};
use state::{Tx, fold};
use uuid::Uuid;

use crate::protected_items::check_machine;
use crate::{Control, Sees};

/// Which machines to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MachineFilter {
    /// Those that are, or aren't, protected so.
    pub protection: Option<Protected>,
    /// Those that stand so on their host.
    pub standing: Option<Standing>,
    /// Those on the host of this name.
    pub host: Option<String>,
    /// Those of this location.
    pub location: Option<String>,
    /// Those with this in their name, in any case.
    pub name: Option<String>,
}

/// How a machine is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protected {
    /// By no live item, although it is there.
    No,
    /// It is backed up.
    Active,
    /// Its protection was stopped, and its points are kept.
    Stopped,
    /// By a live item in this state.
    As(ProtectionState),
}

/// A machine, and how it is protected.
#[derive(Debug)]
pub struct ShownMachine {
    /// The machine.
    pub machine: Record<Machine>,
    /// The name of its host; `None` if that was taken away.
    pub host: Option<String>,
    /// How a live item protects it.
    pub state: Option<ProtectionState>,
    /// That item, if it may be seen.
    pub item: Option<ProtectedItem>,
    /// What keeps a machine without one from being protected.
    pub refusal: Option<Error>,
}

impl Control {
    /// At most `limit` machines that `sees` lets see, by id, beginning after the id `after`; of
    /// their items those that `sees_items` lets see.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn shown_machines(
        &self,
        filter: &MachineFilter,
        sees: &Sees,
        sees_items: Option<&Sees>,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<ShownMachine>> {
        let mut tx = self.state.read().await?;
        let hosts: Vec<Record<Host>> = resources::all(&mut tx).await?;
        let wanted = Filter {
            within: sees.scopes(),
            standing: standing(filter),
            protection: filter.protection.map(protection),
            hosts: self.hosts_of(filter, &hosts),
            name: filter.name.clone(),
        };
        let found = machines::page(&mut tx, &wanted, after, limit).await?;
        let mut of = items_of(&mut tx, &found).await?;
        let hosts: HashMap<String, &str> = hosts
            .iter()
            .map(|host| (fold(&host.id), host.name.as_str()))
            .collect();
        let shown = found.into_iter().map(|machine| {
            let key = (machine.body.uuid, machine.parent.clone());
            let all = of.remove(&key).unwrap_or_default();
            let host = hosts.get(&machine.body.host).map(|name| (*name).to_owned());
            shown(machine, host, all, sees_items)
        });
        Ok(shown.collect())
    }

    /// The folded ids of the hosts that are asked for; `None`: any.
    fn hosts_of(&self, filter: &MachineFilter, all: &[Record<Host>]) -> Option<Vec<String>> {
        if filter.host.is_none() && filter.location.is_none() {
            return None;
        }
        let wanted = filter.host.as_deref().map(|name| fold(&self.host_id(name)));
        let location = filter.location.as_deref();
        let is_there =
            |host: &Host| location.is_none_or(|name| name.eq_ignore_ascii_case(&host.location));
        let ids = all.iter().filter(|host| is_there(&host.body));
        let ids = ids.map(|host| fold(&host.id));
        let is_wanted = |id: &String| wanted.as_ref().is_none_or(|wanted| wanted == id);
        Some(ids.filter(is_wanted).collect())
    }
}

fn standing(filter: &MachineFilter) -> Option<Vec<Standing>> {
    match (filter.standing, filter.protection) {
        (Some(standing), _) => Some(vec![standing]),
        // What is gone is nothing that anybody could protect.
        (None, Some(Protected::No)) => Some(vec![Standing::Listed, Standing::Conflict]),
        (None, _) => None,
    }
}

fn protection(wanted: Protected) -> Protection {
    match wanted {
        Protected::No => Protection::None,
        Protected::Active => Protection::As(ProtectionState::ACTIVE.into()),
        Protected::Stopped => Protection::As(ProtectionState::STOPPED.into()),
        Protected::As(state) => Protection::As(vec![state]),
    }
}

/// The items of machines, by UUID and folded group.
async fn items_of(
    tx: &mut Tx,
    machines: &[Record<Machine>],
) -> Result<HashMap<(Uuid, String), Vec<ProtectedItem>>> {
    let ids: Vec<Uuid> = machines.iter().map(|machine| machine.body.uuid).collect();
    let mut of: HashMap<_, Vec<ProtectedItem>> = HashMap::new();
    // What a statement can take.
    for some in ids.chunks(500) {
        for item in items::of_machines(tx, some).await? {
            let key = (item.machine, item.machine_group.clone());
            of.entry(key).or_default().push(item);
        }
    }
    Ok(of)
}

fn shown(
    machine: Record<Machine>,
    host: Option<String>,
    items: Vec<ProtectedItem>,
    sees_items: Option<&Sees>,
) -> ShownMachine {
    let has_deleted = items.iter().any(|item| item.purge_at.is_some());
    let live = items.into_iter().find(|item| item.purge_at.is_none());
    let refusal = match (&live, check_machine(None, &machine)) {
        (Some(_), _) => None,
        (None, Err(refusal)) => Some(refusal),
        (None, Ok(())) if has_deleted => {
            let detail = format!("the backups of {} are soft-deleted", machine.name);
            Some(Error::new(Code::ItemSoftDeleted, detail))
        }
        (None, Ok(())) => None,
    };
    ShownMachine {
        state: live.as_ref().map(|item| item.state),
        item: live.filter(|item| sees_items.is_some_and(|sees| sees.lets(&item.id))),
        machine,
        host,
        refusal,
    }
}
