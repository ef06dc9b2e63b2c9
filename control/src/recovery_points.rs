//! Recovery points of items, and restoring from them.

use std::path::Path;

use base::{Code, Error, Result};
use jiff::Timestamp;
use state::groups::Group;
use state::jobs::JobOperation;
use state::protected_items::ProtectedItem;
use state::recovery_points::{self as points, Range, RecoveryPoint, Summary};
use state::resources;
use state::storage_accounts::StorageAccount;

use crate::Control;
use crate::groups::no_group;
use crate::jobs::{FROM_VAULT, NewJob, Place, Plan, RestorePlan};
use crate::operations::Accepted;
use crate::protected_items::{ItemName, find};

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
}

impl Control {
    /// At most `limit` points of an item, newest first.
    ///
    /// # Errors
    /// `ObjectNotFound`; those of the records.
    pub async fn recovery_points(
        &self,
        item: &ProtectedItem,
        range: Range,
        after: Option<(Timestamp, i64)>,
        limit: u32,
    ) -> Result<Vec<RecoveryPoint>> {
        let mut tx = self.state.read().await?;
        points::page(&mut tx, item.data_id, range, after, limit).await
    }

    /// The points of an item in numbers.
    ///
    /// # Errors
    /// Those of the records.
    pub async fn recovery_point_summary(&self, item: &ProtectedItem) -> Result<Summary> {
        let mut tx = self.state.read().await?;
        points::summary(&mut tx, item.data_id).await
    }

    /// The point of this number.
    ///
    /// # Errors
    /// `RecoveryPointNotFound`; those of the records.
    pub async fn recovery_point(&self, item: &ProtectedItem, number: i64) -> Result<RecoveryPoint> {
        let mut tx = self.state.read().await?;
        let found = points::get(&mut tx, item.data_id, number).await?;
        found.ok_or_else(|| no_point(item, number))
    }

    /// Starts a restore. The job is durable when this returns, and works on its own.
    ///
    /// # Errors
    /// `ObjectNotFound`; `ItemSoftDeleted` (SOFT-3); `RecoveryPointNotFound`; `DiskNotFound` for a
    /// disk that the point lacks; `ResourceNotFound` for the storage account, `GroupNotFound`;
    /// those of the records.
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
        let point = points::get(&mut tx, item.data_id, asked.point).await?;
        let point = point.ok_or_else(|| no_point(&item, asked.point))?;
        for lun in asked.disks.iter().flatten() {
            if !point.body.disks.iter().any(|d| d.lun == Some(*lun)) {
                let detail = format!("recovery point {} has no disk {lun}", asked.point);
                return Err(Error::new(Code::DiskNotFound, detail));
            }
        }
        let (place, kind, target) = match asked.to {
            RestoreTo::Original => {
                let place = Place::InPlace(item.machine);
                (place, "Replace disks", item.body.friendly_name.clone())
            }
            RestoreTo::Disks { account, group } => {
                let found = resources::get::<StorageAccount>(&mut tx, &account).await?;
                let account = found.ok_or_else(|| {
                    let detail = format!("there is no storage account {account}");
                    Error::new(Code::ResourceNotFound, detail)
                })?;
                // A name in a path: only that of a group that there is.
                let group = match group {
                    None => "default".to_owned(),
                    Some(name) => {
                        let found = resources::get::<Group>(&mut tx, &self.group_id(&name)).await?;
                        found.ok_or_else(|| no_group(&name))?.name
                    }
                };
                let folder = Path::new(&account.body.folder).join(group).join(format!(
                    "{}-{}",
                    item.body.friendly_name,
                    self.new_id()
                ));
                (Place::Folder(folder), "Recover disks", account.name)
            }
        };
        let new = NewJob {
            item: &item,
            operation: JobOperation::Restore,
            by_user: true,
            properties: &[
                ("Job Type", kind.to_owned()),
                ("Target Storage Account Name", target),
                ("Recovery point time ", point.taken_at.to_string()),
            ],
        };
        let plan = Plan::Restore(RestorePlan {
            item: item.data_id,
            point: point.number,
            disks: asked.disks,
            place,
        });
        let job = self.start_job(&mut tx, new, &[FROM_VAULT], &plan).await?;
        let accepted = self.accept(&mut tx, &item.id, job).await?;
        tx.commit().await?;
        self.engine.wake.notify_one();
        Ok(accepted)
    }
}

fn no_point(item: &ProtectedItem, number: i64) -> Error {
    let detail = format!("{} has no recovery point {number}", item.body.friendly_name);
    Error::new(Code::RecoveryPointNotFound, detail)
}
