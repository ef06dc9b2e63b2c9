//! Restore folders, which clients of Azure see as storage accounts (MAP-17), made and taken away.

use base::{Code, Error, Result};
use state::hosts::Host;
use state::jobs::{self, Filter, JobOperation};
use state::resources::{self, Record};
use state::storage_accounts::StorageAccount;
use state::{Tx, fold};
use uuid::Uuid;

use crate::Control;
use crate::jobs::{Place, restoring};
use crate::locks::forget_scope;
use crate::places::Purpose;
use crate::vaults::{check_match, refuse_match};

/// What a restore folder is made or changed with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RestoreFolderInput {
    /// The name of its host, which never changes; needed to make one if there are several.
    pub host: Option<String>,
    /// Its path; needed to make one, and changed only while no restore goes to it.
    pub folder: Option<String>,
    /// The eTag that it must have; `None`: any.
    pub if_match: Option<String>,
}

impl Control {
    /// Makes a restore folder, or changes one; and whether it was made. What it holds stays where
    /// it is. Durable when this returns; if it fails, nothing of the folder stays.
    ///
    /// # Errors
    /// `NameInvalid`; `GroupNotFound`; `ResourceNotFound` without the host; `BadArgument` without
    /// a folder, or a host where there are several, or for another host; `FolderUnusable`;
    /// `ResourceInUse` while a restore goes to it; `PreconditionFailed`; those of the records.
    pub async fn put_restore_folder(
        &self,
        group: &str,
        name: &str,
        input: RestoreFolderInput,
    ) -> Result<(Record<StorageAccount>, bool)> {
        check_name(name)?;
        let id = self.storage_account_id(group, name);
        let known: Option<Record<StorageAccount>> =
            resources::get(&mut self.state.read().await?, &id).await?;
        let is_same = |f: &String| known.as_ref().is_some_and(|k| k.body.folder == *f);
        let place = match input.folder.filter(|f| !is_same(f)) {
            Some(folder) => Some(self.new_place(&folder, Purpose::Restores, &id).await?),
            None => None,
        };
        let mut tx = self.state.write().await?;
        if let Some(place) = &place {
            self.check_place(&mut tx, place.path(), Purpose::Restores, &id)
                .await?;
        }
        let host = match &input.host {
            Some(name) => Some(self.host_in(&mut tx, name).await?),
            None => None,
        };
        let folder = place.as_ref().map(|p| p.text());
        let bad = |detail: &str| Err(Error::new(Code::BadArgument, detail));
        let done = match resources::get::<StorageAccount>(&mut tx, &id).await? {
            Some(mut there) => {
                check_match(&there, input.if_match.as_deref())?;
                if host.is_some_and(|h| fold(&h.id) != there.body.host) {
                    return bad("a restore folder stays with its host; make another one");
                }
                if let Some(folder) = folder.filter(|f| *f != there.body.folder) {
                    refuse_restores(&mut tx, &there).await?;
                    there.body.folder = folder;
                }
                (resources::update(&mut tx, there).await?, false)
            }
            None => {
                refuse_match(name, input.if_match.as_deref())?;
                let into = self.group_in(&mut tx, group).await?;
                let hosts = resources::all::<Host>(&mut tx).await?;
                let host = match (host, &hosts[..]) {
                    (Some(host), _) => host,
                    (None, [only]) => only.clone(),
                    (None, _) => return bad("a restore folder needs a host"),
                };
                let Some(folder) = folder else {
                    return bad("a restore folder needs a folder");
                };
                let body = StorageAccount {
                    host: fold(&host.id),
                    location: host.body.location,
                    folder,
                };
                let id = self.storage_account_id(&into.name, name);
                (resources::create(&mut tx, &id, &into.id, body).await?, true)
            }
        };
        // From here on it may be recorded, whatever is answered.
        if let Some(place) = place {
            place.keep();
        }
        tx.commit().await?;
        Ok(done)
    }

    /// Takes away a restore folder that no restore goes to; and whether there was one. What was
    /// restored stays on the disk. Durable when this returns.
    ///
    /// # Errors
    /// `ResourceInUse` while a restore goes to it; `PreconditionFailed`; those of the records.
    pub async fn delete_restore_folder(
        &self,
        group: &str,
        name: &str,
        if_match: Option<&str>,
    ) -> Result<bool> {
        let mut tx = self.state.write().await?;
        let id = self.storage_account_id(group, name);
        let Some(there) = resources::get::<StorageAccount>(&mut tx, &id).await? else {
            return Ok(false);
        };
        check_match(&there, if_match)?;
        refuse_restores(&mut tx, &there).await?;
        resources::delete(&mut tx, &there).await?;
        forget_scope(&mut tx, &there.id).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// Refuses to give up a restore folder while a restore goes to it.
///
/// # Errors
/// `ResourceInUse`; those of the records.
pub(crate) async fn refuse_restores(tx: &mut Tx, folder: &Record<StorageAccount>) -> Result<()> {
    let Some(job) = restoring_into(tx, &folder.body.folder).await? else {
        return Ok(());
    };
    let detail = format!("the restore {job} goes to {}", folder.name);
    Err(Error::new(Code::ResourceInUse, detail))
}

/// A restore that has not ended and goes to a folder.
async fn restoring_into(tx: &mut Tx, folder: &str) -> Result<Option<Uuid>> {
    let filter = Filter {
        operation: Some(JobOperation::Restore),
        unfinished: true,
        ..Filter::default()
    };
    // Few go on at once.
    let all = jobs::page(tx, &filter, None, u32::MAX).await?;
    let goes = |job: &jobs::Job| match restoring(job).map(|plan| plan.place) {
        Some(Place::Folder(to)) => to.starts_with(folder),
        Some(Place::Machine(new)) => new.machine.folder.starts_with(folder),
        Some(Place::Original(_)) | None => false,
    };
    Ok(all.into_iter().find(goes).map(|job| job.id))
}

/// A storage account's name, as clients take it.
fn check_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if (3..=24).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    let detail = format!("`{name}` is no name of a restore folder: use 3 to 24 of a-z and 0-9");
    Err(Error::new(Code::NameInvalid, detail))
}
