//! Restoring from recovery points (RESTORE-1, 2, 5, 7, 22). What the job does is in `jobs/restore`.

use std::path::Path;

use base::{Code, Error, Result};
use state::jobs::JobOperation;
use state::machines::Machine;
use state::networks::Network;
use state::protected_items::ProtectedItem;
use state::recovery_points as points;
use state::resources::{self, Record};
use state::storage_accounts::StorageAccount;
use state::{Tx, fold};

use crate::Control;
use crate::discovery::naming::resource_name;
use crate::jobs::{
    CREATE_MACHINE, FROM_VAULT, NewJob, NewPlace, Place, Plan, RestorePlan, RestoreStage,
};
use crate::limits::check_restores;
use crate::machines::machine_id;
use crate::operations::Accepted;
use crate::plane::MachineTarget;
use crate::protected_items::{ItemName, find};
use crate::recovery_points::no_point;

/// What is asked of a restore (RESTORE-22).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restore {
    /// The number of the point.
    pub point: i64,
    /// Numbers of data disks beside the disk of the operating system; `None`: all.
    pub disks: Option<Vec<u16>>,
    /// Where to.
    pub to: RestoreTo,
}

/// Where a restore goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RestoreTo {
    /// New images in the folder of the storage account of this id, under a group's name.
    Disks {
        /// The storage account.
        account: String,
        /// The name of the target group, if one was given.
        group: Option<String>,
    },
    /// Over the disks of the machine itself.
    Original,
    /// A new machine (RESTORE-2).
    Machine(RestoredMachine),
}

/// A new machine that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestoredMachine {
    /// The id of the storage account for its disks.
    pub account: String,
    /// The name of its group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// The id of its network.
    pub network: String,
}

impl Control {
    /// Starts a restore. The job is durable when this returns, and works on its own.
    ///
    /// # Errors
    /// `ObjectNotFound`; `ItemSoftDeleted` (SOFT-3); `RecoveryPointNotFound`; `DiskNotFound` for a
    /// disk that the point lacks; `ResourceNotFound` for the storage account or the network,
    /// `GroupNotFound`; of a new machine `NameInvalid`, `MachineExists`, and `InvalidInput` for a
    /// network that is not on the host of the storage account; `LimitReached`; those of the records.
    pub async fn restore(
        &self,
        group: &str,
        vault: &str,
        name: &ItemName,
        asked: Restore,
    ) -> Result<Accepted> {
        let mut tx = self.state.write().await?;
        let item = find(&mut tx, &self.item_id(group, vault, name)).await?;
        if item.purge_at.is_some() {
            let detail = format!(
                "the backups of {} are soft-deleted",
                item.body.friendly_name
            );
            return Err(Error::new(Code::ItemSoftDeleted, detail));
        }
        let now = tx.now();
        check_restores(&mut tx, &item, now).await?;
        let point = points::get(&mut tx, item.data_id, asked.point).await?;
        let point = point.ok_or_else(|| no_point(&item, asked.point))?;
        for lun in asked.disks.iter().flatten() {
            if !point.body.disks.iter().any(|d| d.lun == Some(*lun)) {
                let detail = format!("recovery point {} has no disk {lun}", asked.point);
                return Err(Error::new(Code::DiskNotFound, detail));
            }
        }
        let target = self.target(&mut tx, &item, asked.to).await?;
        let mut properties = target.properties;
        properties.push(("Recovery point time ", point.taken_at.to_string()));
        let tasks: &[&str] = match target.place {
            Place::Machine(_) => &[FROM_VAULT, CREATE_MACHINE],
            Place::Folder(_) | Place::Original(_) => &[FROM_VAULT],
        };
        let new = NewJob {
            item: &item,
            operation: JobOperation::Restore,
            by_user: true,
            properties: &properties,
        };
        let plan = Plan::Restore(RestorePlan {
            item: item.data_id,
            point: point.number,
            disks: asked.disks,
            place: target.place,
            stage: RestoreStage::Check,
        });
        let job = self.start_job(&mut tx, new, tasks, &plan).await?;
        let accepted = self.accept(&mut tx, &item.id, job).await?;
        tx.commit().await?;
        self.engine.wake.notify_one();
        Ok(accepted)
    }

    /// Where a restore goes.
    async fn target(&self, tx: &mut Tx, item: &ProtectedItem, to: RestoreTo) -> Result<Target> {
        let folder = |account: &Record<StorageAccount>, group: &str, name: &str| {
            let folder = Path::new(&account.body.folder).join(group);
            folder.join(format!("{name}-{}", self.new_id()))
        };
        let name = &item.body.friendly_name;
        Ok(match to {
            RestoreTo::Original => Target {
                place: Place::Original(item.machine),
                properties: vec![
                    ("Job Type", "Replace disks".to_owned()),
                    ("Target Storage Account Name", name.clone()),
                ],
            },
            RestoreTo::Disks { account, group } => {
                let account = account_of(tx, &account).await?;
                // A name in a path: only that of a group that there is.
                let group = match group {
                    None => "default".to_owned(),
                    Some(name) => self.group_in(tx, &name).await?.name,
                };
                Target {
                    place: Place::Folder(folder(&account, &group, name)),
                    properties: vec![
                        ("Job Type", "Recover disks".to_owned()),
                        ("Target Storage Account Name", account.name),
                    ],
                }
            }
            RestoreTo::Machine(new) => {
                let account = account_of(tx, &new.account).await?;
                let group = self.group_in(tx, &new.group).await?;
                if resource_name(&new.name) != new.name {
                    let detail = format!(
                        "`{}` is no name of a machine: use 1 to 64 letters, digits, `-`, `_` \
                         and `.`, and no `.` at either end",
                        new.name
                    );
                    return Err(Error::new(Code::NameInvalid, detail));
                }
                let id = machine_id(&group.id, &new.name);
                // One that is gone may come back under its name (RESTORE-13; PROT-17).
                let there = resources::get::<Machine>(tx, &id).await?;
                if there.is_some_and(|m| m.body.vanished.is_none()) {
                    let detail = format!("the group {} has a machine {}", group.name, new.name);
                    return Err(Error::new(Code::MachineExists, detail));
                }
                let network = resources::get::<Network>(tx, &new.network).await?;
                let network = network.ok_or_else(|| {
                    let detail = format!("there is no virtual network {}", new.network);
                    Error::new(Code::ResourceNotFound, detail)
                })?;
                if network.body.host != account.body.host {
                    let detail = format!(
                        "the virtual network {} is on another host than the storage account {}",
                        network.name, account.name
                    );
                    return Err(Error::new(Code::InvalidInput, detail));
                }
                let properties = vec![
                    ("Job Type", "Create new virtual machine".to_owned()),
                    ("Target VM Name", new.name.clone()),
                    ("Target Storage Account Name", account.name.clone()),
                ];
                let machine = MachineTarget {
                    folder: folder(&account, &group.name, &new.name),
                    name: new.name,
                    uuid: self.new_id(),
                    network: network.body.source,
                };
                let place = Place::Machine(NewPlace {
                    host: account.body.host,
                    group: fold(&group.id),
                    machine,
                });
                Target { place, properties }
            }
        })
    }
}

/// Where a restore goes, and what its job says of that.
struct Target {
    place: Place,
    properties: Vec<(&'static str, String)>,
}

async fn account_of(tx: &mut Tx, id: &str) -> Result<Record<StorageAccount>> {
    let found = resources::get::<StorageAccount>(tx, id).await?;
    found.ok_or_else(|| {
        let detail = format!("there is no storage account {id}");
        Error::new(Code::ResourceNotFound, detail)
    })
}
