//! Hosts with a hypervisor, whose machines can be protected.

mod delete;

use std::collections::BTreeMap;
use std::path::Path;

use base::{Code, Error, Result};
use state::groups::Group;
use state::hosts::Host;
use state::machines::Machine;
use state::resources::{self, Record, Scope};
use state::{Tx, WriteTx, fold, protected_items};
use uuid::Uuid;

use crate::groups::fixed;
use crate::places::Purpose;
use crate::snapshot_stores::{check_percent, holds};
use crate::vaults::refused;
use crate::{Control, storage_accounts};

/// What a host is added or changed with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostInput {
    /// Its location; needed to add one.
    pub location: Option<String>,
    /// How its hypervisor is reached; needed to add one.
    pub connection: Option<String>,
    /// The name of the group that it gives its machines; needed to add one.
    pub group: Option<String>,
    /// The names of the groups of machines, by UUID, that are in another one: these alone, if
    /// given.
    pub machine_groups: Option<BTreeMap<Uuid, String>>,
    /// The folder of its snapshot store; one below the server's folder for a new host.
    pub snapshot_store: Option<String>,
    /// Bytes of scratch that its snapshots may take together; 0: as their disks suggest.
    pub scratch_limit: Option<u64>,
    /// Percent of scratch's file system that stay free; 0: none.
    pub scratch_keep_free: Option<u8>,
}

impl Control {
    /// The id of a host.
    #[must_use]
    pub fn host_id(&self, name: &str) -> String {
        host_id(&self.subscription_id(), name)
    }

    /// At most `limit` hosts by name, beginning after the host `after`.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn hosts(&self, after: Option<&str>, limit: u32) -> Result<Vec<Record<Host>>> {
        let mut tx = self.state.read().await?;
        let after = after.map(|name| self.host_id(name));
        let scope = self.subscription_id();
        resources::page(&mut tx, Scope::In(&scope), after.as_deref(), limit).await
    }

    /// The host of this name, as the transaction sees it.
    pub(crate) async fn host_in(&self, tx: &mut Tx, name: &str) -> Result<Record<Host>> {
        let found = resources::get::<Host>(tx, &self.host_id(name)).await?;
        found.ok_or_else(|| {
            let detail = format!("there is no host `{name}`");
            Error::new(Code::ResourceNotFound, detail)
        })
    }

    /// The host of this id, in any case.
    ///
    /// # Errors
    /// `ResourceNotFound`; those of the records.
    pub async fn host(&self, id: &str) -> Result<Record<Host>> {
        self.one(id, &format!("host {id}")).await
    }

    /// Adds a host, or changes one; and whether it was added. A new one gets a restore folder in
    /// its group. Its machines are found by the next [`Control::discover`]. Those of a host whose
    /// group is changed are other machines from then on (PROT-16). Durable when this returns.
    ///
    /// # Errors
    /// `NameInvalid`, `NameTaken` for the connection of another host; `GroupNotFound`;
    /// `LocationUnknown`, `LocationFixed`; `BadArgument` for another connection of a host that is
    /// there, or one that is none; `FolderUnusable` for a folder that can't be a snapshot store's;
    /// `ResourceInUse` for another snapshot store while its machines are protected or there are
    /// snapshots in it; those of the records.
    pub async fn put_host(&self, name: &str, mut input: HostInput) -> Result<(Record<Host>, bool)> {
        let wanted = input.location.as_deref();
        let location = match wanted {
            Some(name) => Some(self.check_location(name).await?),
            None => None,
        };
        let id = self.host_id(name);
        check_percent(input.scratch_keep_free)?;
        let known = resources::get::<Host>(&mut self.state.read().await?, &id).await?;
        if let (None, Some(connection)) = (&known, &input.connection) {
            self.check_connection(connection).await?;
        }
        let is_same = |known: &Record<Host>, store: &str| known.body.snapshot_store == store;
        let asked = input.snapshot_store.take();
        let is_new = |store: &String| !known.as_ref().is_some_and(|k| is_same(k, store));
        let place = match asked.filter(is_new) {
            Some(store) => {
                let place = self.new_place(&store, Purpose::Snapshots, &id).await?;
                if let Some(known) = known.as_ref().filter(|k| !is_same(k, &place.text())) {
                    self.refuse_snapshots(known).await?;
                }
                Some(place)
            }
            None => None,
        };
        input.snapshot_store = place.as_ref().map(|p| p.text());
        let mut tx = self.state.write().await?;
        if let Some(place) = &place {
            self.check_place(&mut tx, place.path(), Purpose::Snapshots, &id)
                .await?;
        }
        let group = match &input.group {
            Some(group) => Some(self.group_in(&mut tx, group).await?.id),
            None => None,
        };
        let of_machines = match &input.machine_groups {
            Some(all) => Some(self.groups_of_machines(&mut tx, all).await?),
            None => None,
        };
        let done = match resources::get::<Host>(&mut tx, &id).await? {
            Some(host) => {
                if let Some(location) = location.filter(|l| l.name != host.body.location) {
                    return Err(fixed(&host.name, &host.body.location, &location.name));
                }
                (
                    change(&mut tx, host, input, group, of_machines).await?,
                    false,
                )
            }
            None => {
                policy::check_fabric_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
                let missing = || Error::new(Code::LocationUnknown, "a host needs a location");
                let location = location.ok_or_else(missing)?.name.clone();
                let group = group.ok_or_else(|| needs("group"))?;
                let connection = input.connection.ok_or_else(|| needs("connection"))?;
                let taken = resources::all::<Host>(&mut tx).await?;
                if let Some(other) = taken.iter().find(|h| h.body.connection == connection) {
                    let detail = format!("{connection} is the connection of {}", other.name);
                    return Err(Error::new(Code::NameTaken, detail));
                }
                let body = Host {
                    snapshot_store: match input.snapshot_store {
                        Some(store) => store,
                        None => default_store(&self.data, Some(name)),
                    },
                    scratch_limit: input.scratch_limit.filter(|limit| *limit > 0),
                    scratch_keep_free: input.scratch_keep_free.filter(|percent| *percent > 0),
                    machine_groups: of_machines.unwrap_or_default(),
                    ..new_host(connection, location, &group)
                };
                let parent = self.subscription_id();
                let host = resources::create(&mut tx, &id, &parent, body).await?;
                let folder = storage_accounts::name_for(name);
                storage_accounts::create(&mut tx, &self.data, &folder, &host, &group).await?;
                (host, true)
            }
        };
        // From here on it may be recorded, whatever is answered.
        if let Some(place) = place {
            place.keep();
        }
        tx.commit().await?;
        Ok(done)
    }

    /// The ids of these groups of machines, folded.
    async fn groups_of_machines(
        &self,
        tx: &mut Tx,
        names: &BTreeMap<Uuid, String>,
    ) -> Result<BTreeMap<Uuid, String>> {
        let mut ids = BTreeMap::new();
        for (machine, name) in names {
            let group = self.group_in(tx, name).await?;
            ids.insert(*machine, fold(&group.id));
        }
        Ok(ids)
    }

    /// Refuses what can't be a connection; one that does not answer now may later.
    async fn check_connection(&self, connection: &str) -> Result<()> {
        match self.plane.discover(connection).await {
            Err(e) if e.code() == Code::BadArgument => Err(e),
            _ => Ok(()),
        }
    }
}

async fn change(
    tx: &mut WriteTx,
    mut host: Record<Host>,
    input: HostInput,
    group: Option<String>,
    of_machines: Option<BTreeMap<Uuid, String>>,
) -> Result<Record<Host>> {
    let before = host.body.clone();
    if input.connection.is_some_and(|c| c != before.connection) {
        let detail = format!(
            "{} is reached at {}; add another host for another connection",
            host.name, before.connection
        );
        return Err(Error::new(Code::BadArgument, detail));
    }
    if let Some(store) = input.snapshot_store.filter(|s| *s != before.snapshot_store) {
        if let Some(machine) = protected(tx, &fold(&host.id)).await? {
            return Err(holds(&host.name, &machine));
        }
        host.body.snapshot_store = store;
    }
    if let Some(limit) = input.scratch_limit {
        host.body.scratch_limit = Some(limit).filter(|limit| *limit > 0);
    }
    if let Some(percent) = input.scratch_keep_free {
        host.body.scratch_keep_free = Some(percent).filter(|percent| *percent > 0);
    }
    if let Some(group) = group {
        host.body.group = fold(&group);
    }
    if let Some(all) = of_machines {
        host.body.machine_groups = all;
    }
    match host.body == before {
        true => Ok(host),
        false => resources::update(tx, host).await,
    }
}

/// A machine of the host that a protected item refers to.
pub(crate) async fn protected(tx: &mut Tx, host: &str) -> Result<Option<String>> {
    let items = protected_items::machines(tx).await?;
    let machines: Vec<Record<Machine>> = resources::all(tx).await?;
    let mut here = machines.into_iter().filter(|m| m.body.host == host);
    let found = here.find(|m| items.contains(&(m.body.uuid, m.parent.clone())));
    Ok(found.map(|m| m.name))
}

/// The host that the server itself is on: made at the first start, with its restore folder.
pub(crate) async fn create_first(
    tx: &mut WriteTx,
    data: &Path,
    subscription: &str,
    name: &str,
    connection: String,
    group: &Record<Group>,
) -> Result<()> {
    let body = Host {
        snapshot_store: default_store(data, None),
        ..new_host(connection, group.body.location.clone(), &group.id)
    };
    let id = host_id(subscription, name);
    let host = resources::create(tx, &id, subscription, body).await?;
    storage_accounts::create(tx, data, storage_accounts::RESTORES, &host, &group.id).await
}

/// Whether it is the host that the first start made.
pub(crate) async fn is_first(tx: &mut Tx, host: &Record<Host>) -> Result<bool> {
    let all = resources::all::<Host>(tx).await?;
    let first = all.iter().min_by_key(|h| (h.created, &h.id));
    Ok(first.is_some_and(|first| first.id == host.id))
}

/// A host by itself, without a snapshot store.
fn new_host(connection: String, location: String, group: &str) -> Host {
    Host {
        connection,
        location,
        group: fold(group),
        machine_groups: BTreeMap::new(),
        snapshot_store: String::new(),
        scratch_limit: None,
        scratch_keep_free: None,
        seen: None,
    }
}

/// The folder of a snapshot store below the server's folder; without a name the first host's.
pub(crate) fn default_store(data: &Path, host: Option<&str>) -> String {
    let folder = match host {
        Some(name) => data.join(format!("snapshots-{}", fold(name))),
        None => data.join("snapshots"),
    };
    folder.display().to_string()
}

fn host_id(subscription: &str, name: &str) -> String {
    format!("{subscription}/providers/Stillpoint.Fabric/hosts/{name}")
}

fn needs(what: &str) -> Error {
    Error::new(Code::BadArgument, format!("a host needs a {what}"))
}
