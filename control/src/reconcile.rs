//! The reconcilers: they take no input but the records and the time, and may be run at any
//! moment, any number of times.
//!
//! ```text
//! tick      edits (items follow their policy) ─► scheduler ─► the engine takes up jobs
//! maintain  alerts ─► health ─► protection rules ─► adoption ─► collections of snapshots
//!           ─► retention ─► purge ─► collection ─► stores of deleted vaults ─► usages
//!           ─► the meter ─► what is old
//! ```

mod adoption;
mod alerts;
mod collection;
mod collections;
mod deleted_vaults;
mod edits;
mod health;
mod meter;
mod protection_rules;
mod purge;
mod rests;
mod retention;
mod scheduler;
mod tidy;
mod usages;

use std::sync::Arc;

use base::Result;
use futures::future::BoxFuture;

use crate::Control;

pub(crate) use deleted_vaults::{note_deleted, refuse_leaving};
pub(crate) use edits::{apply_policy, note_edit};
pub(crate) use health::is_silent;
pub(crate) use rests::Rests;

impl Control {
    /// Starts all that is due now, and takes up jobs that nobody works on. What goes wrong with
    /// one reconciler is logged, and the others run. It touches no store and no host.
    ///
    /// It is boxed so that all that it leads to, the work on jobs too, is compiled here alone,
    /// and not again by whatever calls it.
    pub fn tick(self: &Arc<Self>) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            told("taking up jobs", self.take_up_jobs().await);
            told("policy edits", self.follow_edits().await);
            told("the scheduler", self.schedule().await);
            told("taking up jobs", self.take_up_jobs().await);
        })
    }

    /// All that may wait for stores, as long as they let it, in an order that removes nothing before
    /// it is known what there is: expired points go, and their space comes back; alerts and health
    /// are looked at, stores counted, the meter read. Boxed as [`Control::tick`] is.
    pub fn maintain(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // First: it waits for no store.
            told("alerts", self.follow_alerts().await);
            told("health checks", self.check_health().await);
            told("protection rules", self.follow_rules().await);
            // Nothing is removed before it is known what there is.
            told("adoption", self.adopt_stores().await);
            told("collections", self.delete_collections().await);
            told("retention", self.prune_points().await);
            told("the purge", self.purge_items().await);
            told("collection", self.collect_stores().await);
            told("stores of deleted vaults", self.remove_deleted().await);
            told("usages", self.count_usages().await);
            told("the meter", self.read_meter().await);
            told("tidying", self.tidy().await);
        })
    }

    /// Waits until there may be work: a call has made some, or a job has ended.
    pub async fn work_is_there(&self) {
        self.engine.wake.notified().await;
    }
}

fn told(what: &str, done: Result<()>) {
    if let Err(e) = done {
        tracing::error!("{what}: {e:?}");
    }
}
