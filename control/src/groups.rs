//! Resource groups.

use std::collections::BTreeMap;

use base::{Code, Error, Result};
use state::collections::Collection;
use state::groups::Group;
use state::hosts::Host;
use state::machines::Machine;
use state::resources::{self, Record, Scope};
use state::storage_accounts::StorageAccount;
use state::vaults::Vault;
use state::{Resource, Tx, fold, protected_items};

use crate::Control;
use crate::admission_rules::admit;
use crate::collections::in_group;
use crate::locks::forget_scope;
use crate::vaults::refused;

/// What a group is made or changed with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupInput {
    /// Its location; needed to make one.
    pub location: Option<String>,
    /// Its tags; those before stay where `None`.
    pub tags: Option<BTreeMap<String, String>>,
}

impl Control {
    /// The id of a group.
    #[must_use]
    pub fn group_id(&self, name: &str) -> String {
        format!("{}/resourceGroups/{name}", self.subscription_id())
    }

    /// At most `limit` groups by name, beginning after the group `after`.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn groups(&self, after: Option<&str>, limit: u32) -> Result<Vec<Record<Group>>> {
        let mut tx = self.state.read().await?;
        let after = after.map(|name| self.group_id(name));
        let scope = self.subscription_id();
        resources::page(&mut tx, Scope::In(&scope), after.as_deref(), limit).await
    }

    /// The group of this name.
    ///
    /// # Errors
    /// `GroupNotFound`; those of the records.
    pub async fn group(&self, name: &str) -> Result<Record<Group>> {
        self.group_in(&mut self.state.read().await?, name).await
    }

    /// The group of this name, as the transaction sees it.
    pub(crate) async fn group_in(&self, tx: &mut Tx, name: &str) -> Result<Record<Group>> {
        let found = resources::get(tx, &self.group_id(name)).await?;
        found.ok_or_else(|| no_group(name))
    }

    /// Makes a group, or changes its tags; and whether it was made. Durable when this returns.
    ///
    /// # Errors
    /// `NameInvalid`; `LocationUnknown`, `LocationFixed`; `RequestDisallowed`; those of the
    /// records.
    pub async fn put_group(&self, name: &str, input: GroupInput) -> Result<(Record<Group>, bool)> {
        let wanted = input.location.as_deref();
        let location = match wanted {
            Some(name) => Some(self.check_location(name).await?),
            None => None,
        };
        let id = self.group_id(name);
        let mut tx = self.state.write().await?;
        let code = Code::RequestDisallowed;
        let done = match resources::get::<Group>(&mut tx, &id).await? {
            Some(mut group) => {
                if let Some(location) = location.filter(|l| l.name != group.body.location) {
                    return Err(fixed(&group.name, &group.body.location, &location.name));
                }
                let of_service = group.body.managed_by.is_some();
                group.body.tags = input.tags.unwrap_or(group.body.tags);
                admit(&mut tx, code, &group.name, &group.body.tags, of_service).await?;
                (resources::update(&mut tx, group).await?, false)
            }
            None => {
                policy::check_group_name(name).map_err(|r| refused(Code::NameInvalid, &r))?;
                let missing = || Error::new(Code::LocationUnknown, "a group needs a location");
                let group = Group {
                    location: location.ok_or_else(missing)?.name.clone(),
                    tags: input.tags.unwrap_or_default(),
                    managed_by: None,
                };
                admit(&mut tx, code, name, &group.tags, false).await?;
                let parent = self.subscription_id();
                (resources::create(&mut tx, &id, &parent, group).await?, true)
            }
        };
        tx.commit().await?;
        Ok(done)
    }

    /// Deletes a group that holds nothing. Networks don't count: they go with their host; nor do
    /// machines that are gone: what is kept of them goes with the group.
    ///
    /// # Errors
    /// `GroupNotFound`; `ResourceInUse` if there are vaults, machines, restore folders or
    /// collections of snapshots in it, or a host gives it its machines; those of the records.
    pub async fn delete_group(&self, name: &str) -> Result<()> {
        let mut tx = self.state.write().await?;
        let group = self.group_in(&mut tx, name).await?;
        refuse_if_holds::<Vault>(&mut tx, &group, "vault").await?;
        let gone = gone_machines(&mut tx, &group).await?;
        let scope = Scope::In(&group.id);
        let held = resources::page::<Collection>(&mut tx, scope, None, 1).await?;
        if let Some(collection) = held.first() {
            return Err(in_group(&group.name, collection));
        }
        refuse_if_holds::<StorageAccount>(&mut tx, &group, "storage account").await?;
        let mut all = resources::all::<Host>(&mut tx).await?.into_iter();
        if let Some(host) = all.find(|h| h.body.group == fold(&group.id)) {
            let detail = format!("the group {name} is that of the host {}", host.name);
            return Err(Error::new(Code::ResourceInUse, detail));
        }
        for machine in &gone {
            resources::delete(&mut tx, machine).await?;
        }
        resources::delete(&mut tx, &group).await?;
        forget_scope(&mut tx, &group.id).await?;
        tx.commit().await
    }
}

async fn refuse_if_holds<T: Resource>(
    tx: &mut Tx,
    group: &Record<Group>,
    what: &str,
) -> Result<()> {
    let found = resources::page::<T>(tx, Scope::In(&group.id), None, 1).await?;
    found
        .first()
        .map_or(Ok(()), |one| Err(held(group, what, &one.name)))
}

/// The machines of a group, if all are gone, and no item refers to them: their records only keep
/// what people have said of them.
///
/// # Errors
/// `ResourceInUse` naming another; those of the records.
async fn gone_machines(tx: &mut Tx, group: &Record<Group>) -> Result<Vec<Record<Machine>>> {
    let items = protected_items::machines(tx).await?;
    let all: Vec<Record<Machine>> =
        resources::page(tx, Scope::In(&group.id), None, u32::MAX).await?;
    let is_here = |m: &&Record<Machine>| {
        m.body.vanished.is_none() || items.contains(&(m.body.uuid, m.parent.clone()))
    };
    match all.iter().find(is_here) {
        Some(machine) => Err(held(group, "machine", &machine.name)),
        None => Ok(all),
    }
}

fn held(group: &Record<Group>, what: &str, name: &str) -> Error {
    let detail = format!("the group {} holds the {what} {name}", group.name);
    Error::new(Code::ResourceInUse, detail)
}

fn no_group(name: &str) -> Error {
    let detail = format!("there is no resource group `{name}`");
    Error::new(Code::GroupNotFound, detail)
}

/// Somebody asked for another location.
pub(crate) fn fixed(name: &str, is: &str, wanted: &str) -> Error {
    let detail = format!("{name} is in {is} and can't be moved to {wanted}");
    Error::new(Code::LocationFixed, detail)
}
