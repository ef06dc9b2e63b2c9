//! Records made from what a store tells: points, their items, their machines.

use std::collections::BTreeMap;
use std::fmt;

use base::{Code, Error, PointId, Result};
use jiff::Timestamp;
use policy::{Keep, Marks};
use serde_json::json;
use state::groups::Group;
use state::hosts::Host;
use state::machines::{Hardware, Machine, Said};
use state::protected_items::{
    self as items, Filter, ItemBody, NewItem, ProtectedItem, ProtectionState,
};
use state::recovery_points::{self as points, Tiers};
use state::resources::{self, Record};
use state::vaults::Vault;
use state::{WriteTx, fold};

use crate::Control;
use crate::discovery::naming::candidates;
use crate::plane::FoundPoint;
use crate::points::{expiries, record_of};
use crate::protected_items::{ItemName, is_active};

/// What a comparison of records and stores came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Points that the records lacked, and have now.
    pub points: u64,
    /// Points that are in other tiers than the records said.
    pub moved: u64,
    /// Points that the records had, and that no store has any more: they are no longer listed.
    pub gone: Vec<PointId>,
    /// Points that a store has and that are too damaged to be listed.
    pub unreadable: u64,
}

impl fmt::Display for Adopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let gone = self.gone.len();
        let (points, moved, unreadable) = (self.points, self.moved, self.unreadable);
        write!(
            f,
            "{points} points adopted, {moved} in other tiers, {gone} gone, {unreadable} unreadable"
        )
    }
}

/// Until when a point is kept of which nothing was promised: until somebody deletes it.
fn for_good() -> Timestamp {
    let day = jiff::civil::date(9999, 1, 1).at(0, 0, 0, 0);
    jiff::tz::Offset::UTC
        .to_timestamp(day)
        .unwrap_or(Timestamp::MAX)
}

impl Control {
    /// Records a point that a store has; false if it is recorded already.
    pub(crate) async fn adopt_point(
        &self,
        tx: &mut WriteTx,
        vault: &Record<Vault>,
        hosts: &[Record<Host>],
        found: &FoundPoint,
        tiers: Tiers,
    ) -> Result<bool> {
        let mut item = match self.item_of(tx, vault, found).await? {
            Some(item) => item,
            None => self.new_item(tx, vault, hosts, found).await?,
        };
        let facts = &found.facts;
        let follows = is_active(&item) || item.state == ProtectionState::BackupsSuspended;
        let policy = item.body.policy_seen.clone().filter(|_| follows);
        let origin = found.origin.as_ref();
        let due = origin.and_then(|o| o.due);
        let keep = match (due, &policy) {
            (Some(due), Some(policy)) if tiers != Tiers::Snapshot => {
                let since = item.vaulted_since();
                item.reach_vault(due);
                Keep::Marks(policy.marks(due, since))
            }
            (Some(_), Some(_)) => Keep::Marks(Marks::default()),
            // What was promised when it was taken holds, whatever policy comes.
            _ => Keep::Until(origin.and_then(|o| o.keep_until).unwrap_or_else(for_good)),
        };
        let mut point = record_of(item.data_id, facts, tiers, keep);
        let size = point.body.logical();
        if let Some(policy) = &policy {
            expiries(&mut point, policy);
        }
        match points::create(tx, point).await {
            Err(e) if e.code() == Code::ResourceExists => return Ok(false),
            done => drop(done?),
        }
        if item.body.data.is_none() || item.body.last_point <= Some(facts.taken_at) {
            item.body.data = Some(size);
        }
        item.body.last_point = item.body.last_point.max(Some(facts.taken_at));
        if item.state == ProtectionState::InitialBackupPending {
            item.state = ProtectionState::Protected;
        }
        items::update(tx, item).await?;
        Ok(true)
    }

    /// The item that a point is of: that of the name it was taken under, else one of its machine,
    /// a live one before others.
    async fn item_of(
        &self,
        tx: &mut WriteTx,
        vault: &Record<Vault>,
        found: &FoundPoint,
    ) -> Result<Option<ProtectedItem>> {
        let name = name_of(found);
        if found.origin.is_some()
            && let Some(item) = items::get(tx, &name.id(&vault.id)).await?
        {
            return Ok(Some(item));
        }
        let filter = Filter {
            vault: Some(vault.id.clone()),
            machine: Some(found.machine),
            ..Filter::default()
        };
        let of_machine = items::page(tx, &filter, None, u32::MAX).await?;
        Ok(of_machine.into_iter().min_by_key(|i| i.purge_at.is_some()))
    }

    /// Makes the item of a point: stopped, with its data retained. Its machine stands among the
    /// records as one that is gone, until it is found on a host.
    async fn new_item(
        &self,
        tx: &mut WriteTx,
        vault: &Record<Vault>,
        hosts: &[Record<Host>],
        found: &FoundPoint,
    ) -> Result<ProtectedItem> {
        let name = name_of(found);
        // Where the machine is protected elsewhere by now, these are backups of another time.
        let groups = [name.group, format!("attached-{}", vault.name)];
        let mut taken = None;
        for group in groups {
            for machine in candidates(&name.machine, found.machine) {
                let group = group.clone();
                let name = ItemName { group, machine };
                match self.try_new_item(tx, vault, hosts, found, &name).await {
                    Err(e) if e.code() == Code::ResourceExists => taken = Some(e),
                    done => return done,
                }
            }
        }
        Err(taken.unwrap_or_else(|| Error::new(Code::Internal, "no name was tried")))
    }

    async fn try_new_item(
        &self,
        tx: &mut WriteTx,
        vault: &Record<Vault>,
        hosts: &[Record<Host>],
        found: &FoundPoint,
        name: &ItemName,
    ) -> Result<ProtectedItem> {
        let group = self.group_id(&name.group);
        let source = self.machine_id(&name.group, &name.machine);
        let there = resources::get::<Machine>(tx, &source).await?;
        if there.as_ref().is_some_and(|m| m.body.uuid != found.machine) {
            let detail = format!("{source} is another machine");
            return Err(Error::new(Code::ResourceExists, detail));
        }
        let new = NewItem {
            id: name.id(&vault.id),
            vault: vault.id.clone(),
            machine: found.machine,
            machine_group: group.clone(),
            policy: None,
            state: ProtectionState::ProtectionStopped,
            next_run: None,
            body: ItemBody {
                friendly_name: name.machine.clone(),
                source: source.clone(),
                last_point: Some(found.facts.taken_at),
                ..ItemBody::default()
            },
        };
        let item = items::create(tx, new).await?;
        let location = vault.body.location.clone();
        if resources::get::<Group>(tx, &group).await?.is_none() {
            let body = Group {
                location: location.clone(),
                tags: BTreeMap::new(),
                managed_by: None,
            };
            resources::create(tx, &group, &self.subscription_id(), body).await?;
        }
        let near = |h: &&Record<Host>| h.body.location == location;
        let host = hosts.iter().find(near).or(hosts.first());
        if let Some(host) = host
            && there.is_none()
        {
            let body = gone(found, fold(&host.id), location, tx.now());
            resources::create(tx, &source, &group, body).await?;
        }
        if let Some(mut vault) = resources::get::<Vault>(tx, &vault.id).await?
            && !vault.body.ever_protected
        {
            vault.body.ever_protected = true;
            resources::update(tx, vault).await?;
        }
        Ok(item)
    }

    /// Tells of it in the activity log.
    pub(crate) async fn log_adoption(&self, vault: &Record<Vault>, what: &Adopted) -> Result<()> {
        let action = "Stillpoint.Fabric/vaults/adopt/action";
        let text = |text: &str| json!({"value": text, "localizedValue": text});
        let gone: Vec<String> = what.gone.iter().map(ToString::to_string).collect();
        let body = json!({
            "caller": "Stillpoint",
            "operationName": text(action),
            "status": text("Succeeded"),
            "subStatus": text(&what.to_string()),
            "level": if gone.is_empty() { "Informational" } else { "Warning" },
            "authorization": {"action": action, "scope": vault.id},
            "resourceId": fold(&vault.id),
            "correlationId": self.new_id(),
            "properties": {"message": what.to_string(), "gone": gone},
        });
        self.log_activity(&fold(&vault.id), body).await
    }
}

/// The record of a point's machine, which is not found on a host yet.
fn gone(found: &FoundPoint, host: String, location: String, now: Timestamp) -> Machine {
    Machine {
        uuid: found.machine,
        host,
        location,
        os: None,
        disks: found.disks.clone(),
        running: false,
        seen: found.facts.taken_at,
        vanished: Some(now),
        also_on: Vec::new(),
        agent_lost: None,
        hardware: Hardware::default(),
        said: Said::default(),
    }
}

/// The group and the name that a point was taken under; those of its machine on its host, and the
/// first group, if no server took it.
fn name_of(found: &FoundPoint) -> ItemName {
    match &found.origin {
        Some(origin) if !origin.group.is_empty() && !origin.name.is_empty() => ItemName {
            group: origin.group.clone(),
            machine: origin.name.clone(),
        },
        _ => ItemName {
            group: crate::first_start::GROUP.to_owned(),
            machine: found.name.clone(),
        },
    }
}

#[cfg(test)]
mod tests {
    use state::recovery_points::Consistency;
    use state::resources::Scope;
    use uuid::Uuid;

    use super::*;
    use crate::fixture::server;
    use crate::plane::PointFacts;

    /// A point that no server took.
    fn point_of(machine: Uuid, name: &str, number: u8, taken_at: Timestamp) -> FoundPoint {
        let facts = PointFacts {
            point: PointId::from_bytes([number; 16]),
            taken_at,
            consistency: Consistency::CrashConsistent,
            downgrade: None,
            disks: Vec::new(),
            excluded: Vec::new(),
            data: None,
            warnings: Vec::new(),
        };
        FoundPoint {
            facts,
            machine,
            name: name.to_owned(),
            disks: Vec::new(),
            origin: None,
        }
    }

    /// Of machines whose names become one, and where another machine has that name.
    #[tokio::test]
    async fn machines_whose_names_become_one_have_an_item_each() {
        let (_folder, control) = server().await;
        let mut tx = control.state.write().await.unwrap();
        let vaults: Vec<Record<Vault>> =
            resources::page(&mut tx, Scope::All, None, 9).await.unwrap();
        let group = control.group_id("default");
        let taken = control.machine_id("default", "web-1");
        let other = point_of(Uuid::from_u128(1), "web-1", 0, tx.now());
        let other = gone(&other, String::new(), "onprem".to_owned(), tx.now());
        resources::create(&mut tx, &taken, &group, other)
            .await
            .unwrap();
        let mut ids = Vec::new();
        for (number, name) in (1..).zip(["web 1", "web/1", "web-1", "web;1"]) {
            let machine = Uuid::from_u128(u128::from(number) << 96);
            let found = point_of(machine, name, number, tx.now());
            let made = control.adopt_point(&mut tx, &vaults[0], &[], &found, Tiers::Vault);
            assert!(made.await.unwrap());
            ids.push((machine, points::number_of(found.facts.point)));
        }
        let items = items::page(&mut tx, &Filter::default(), None, 9)
            .await
            .unwrap();
        assert_eq!(items.len(), ids.len());
        for (machine, point) in ids {
            let item = items.iter().find(|i| i.machine == machine).unwrap();
            let its = points::get(&mut tx, item.data_id, point).await.unwrap();
            assert!(its.is_some(), "{}", item.id);
            assert_ne!(item.body.source, taken);
        }
    }
}
