//! Deleting an item with all its points (PROT-12; SOFT-1 to 5): when soft delete is off, and when
//! its days are over.
//!
//! ```text
//! the item's other jobs end ─► points leave the stores ─► their records ─► the item's ─► space
//! ```

use base::{Code, Error, Result};
use serde::{Deserialize, Serialize};
use state::alerts::{AlertBody, AlertRule};
use state::collections::Collection;
use state::jobs::JobStatus;
use state::protected_items as items;
use state::recovery_points::{self as points, Range, RecoveryPoint};
use state::resources;

use super::held::{Held, Outcome};
use super::of_item::{unfinished_backups, unfinished_restores};
use super::{end, shown};
use crate::alerts::about;
use crate::collections::{forget, refuse_kept};
use crate::plane::Tier;

/// A deletion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DeletePlan {
    /// The number of the item.
    pub(crate) item: i64,
}

/// Points that are removed at once.
const PAGE: u32 = 500;
/// Seconds until a deletion looks again that waits for the item's other jobs.
const LOOK: i64 = 5;

pub(super) async fn run(held: &Held<'_>, plan: DeletePlan) -> Result<Outcome> {
    match work(held, &plan).await {
        Ok(outcome) => Ok(outcome),
        Err(e) if e.code() == Code::LeaseLost => Err(e),
        Err(e) => {
            tracing::warn!("deletion job {}: {e:?}", held.id);
            let (tx, mut job) = held.write().await?;
            job.body.errors.push(shown(&e));
            end(&mut job, JobStatus::Failed, tx.now());
            held.commit(tx, job).await?;
            Ok(Outcome::Ended)
        }
    }
}

async fn work(held: &Held<'_>, plan: &DeletePlan) -> Result<Outcome> {
    let control = held.control;
    let mut tx = control.state.read().await?;
    let item = items::by_data_id(&mut tx, plan.item).await?;
    if let Some(item) = &item {
        if item.purge_at.is_none() {
            let detail = "the deletion was taken back";
            return Err(Error::new(Code::ItemStateWrong, detail));
        }
        if !unfinished_backups(&mut tx, item).await?.is_empty() {
            return Ok(Outcome::Later(LOOK));
        }
        if !unfinished_restores(&mut tx, item).await?.is_empty() {
            return Ok(Outcome::Later(LOOK));
        }
        let alias = Collection::alias_of(item.data_id);
        for collection in resources::find::<Collection>(&mut tx, &alias).await? {
            refuse_kept(&mut tx, &collection.id).await?;
        }
        let stores = control.stores_of_item(&mut tx, item).await?;
        for of in &stores {
            if !control.is_adopted(&mut tx, of.id).await? {
                return Ok(Outcome::Later(LOOK));
            }
        }
        drop(tx);
        let given_up = &item.body.given_up;
        if !given_up.is_empty() {
            for stores in &stores {
                control
                    .plane
                    .remove(stores, Tier::Snapshot, given_up)
                    .await?;
            }
        }
        loop {
            let mut tx = control.state.read().await?;
            let page = points::page(&mut tx, plan.item, Range::default(), None, PAGE).await?;
            if page.is_empty() {
                break;
            }
            let all: Vec<&RecoveryPoint> = page.iter().collect();
            let on_hosts = control.stores_of_points(&mut tx, item, &all).await?;
            drop(tx);
            // The vault first: cut short, they are where they are nearest.
            if let Some(stores) = stores.first() {
                let ids: Vec<_> = page.iter().map(|p| p.point).collect();
                control.plane.remove(stores, Tier::Vault, &ids).await?;
            }
            for (stores, ids) in &on_hosts {
                control.plane.remove(stores, Tier::Snapshot, ids).await?;
            }
            let (mut tx, job) = held.write().await?;
            for point in &page {
                points::delete(&mut tx, point).await?;
            }
            held.commit(tx, job).await?;
        }
        if let Some(stores) = stores.first() {
            control.want_collection(stores, Tier::Vault);
        }
        for stores in &stores {
            control.want_collection(stores, Tier::Snapshot);
        }
    } else {
        drop(tx);
    }
    let (mut tx, mut job) = held.write().await?;
    if let Some(item) = items::by_data_id(&mut tx, plan.item).await? {
        forget(&mut tx, &item).await?;
        items::delete(&mut tx, &item).await?;
        let detail = "the deleted backups are gone for good".to_owned();
        let body = AlertBody {
            job: Some(held.id),
            ..about(&item, detail, tx.now())
        };
        let rule = AlertRule::PurgeComplete;
        control.raise(&mut tx, rule, body).await?;
    }
    end(&mut job, JobStatus::Completed, tx.now());
    held.commit(tx, job).await?;
    Ok(Outcome::Ended)
}
